#include "headers.h"

#include "text.h"

#include <string.h>

/* Appends "name: value" to *list; false if out of memory. The intermediate copy is wiped, for the
 * value may be a secret. */
static bool add_header(const struct config *config, struct curl_slist **list, const char *name,
                       const char *value) {
    struct text line;
    text_init(&line, &config->allocator);
    text_addf(&line, "%s: %s", name, value);
    char *copy = text_take(&line, NULL);
    struct curl_slist *longer = copy != NULL ? curl_slist_append(*list, copy) : NULL;
    text_free_secret(&config->allocator, copy);
    if (longer != NULL)
        *list = longer;
    return longer != NULL;
}

/* "Name:" removes a header that libcurl would add by itself (CURLOPT_HTTPHEADER(3)). */
static bool remove_header(struct curl_slist **list, const char *line) {
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer != NULL)
        *list = longer;
    return longer != NULL;
}

static bool add_credential(const struct config *config, struct curl_slist **list) {
    struct text bearer;
    if (config->credential == NULL)
        return true;
    text_init(&bearer, &config->allocator);
    text_addf(&bearer, "Bearer %s", config->credential);
    char *value = text_take(&bearer, NULL);
    bool ok = value != NULL && add_header(config, list, "Authorization", value);
    text_free_secret(&config->allocator, value);
    /* One value under both names: older platforms know only the second. */
    if (ok && config->is_session && config->application_id != NULL)
        ok = add_header(config, list, "X-AI-Application-Id", config->application_id) &&
             add_header(config, list, "X-Workspace-Id", config->application_id);
    return ok;
}

/* CURLOPT_USERAGENT would have libcurl format the same line anew in every request. */
static bool add_common_headers(const struct config *config, const char *user_agent,
                               bool wants_bytes, struct curl_slist **list) {
    return add_header(config, list, "User-Agent", user_agent) && add_credential(config, list) &&
           add_header(config, list, "Accept", wants_bytes ? "*/*" : "application/json") &&
           add_header(config, list, "Accept-Encoding", wants_bytes ? "identity" : "gzip");
}

/* Each line costs libcurl some work in every request, so each kind of request has a list of its
 * own. Before a large body libcurl would ask with Expect whether it is welcome, and wait a second
 * for servers that do not know the header. */
bool headers_build(struct headers *out, const struct config *config, const char *user_agent) {
    *out = (struct headers){.json = NULL};
    return add_common_headers(config, user_agent, false, &out->json) &&
           add_header(config, &out->json, "Content-Type", "application/json") &&
           remove_header(&out->json, "Expect:") &&
           add_common_headers(config, user_agent, false, &out->empty) &&
           remove_header(&out->empty, "Content-Type:") &&
           add_common_headers(config, user_agent, false, &out->plain) &&
           add_common_headers(config, user_agent, true, &out->bytes);
}

static void free_list(struct curl_slist *list) {
    for (struct curl_slist *line = list; line != NULL; line = line->next)
        text_wipe(line->data, strlen(line->data));
    curl_slist_free_all(list);
}

void headers_free(struct headers *headers) {
    free_list(headers->json);
    free_list(headers->empty);
    free_list(headers->plain);
    free_list(headers->bytes);
}

struct curl_slist *headers_of(const struct headers *headers, const char *method, bool has_body,
                              bool wants_bytes) {
    if (has_body)
        return headers->json;
    if (wants_bytes)
        return headers->bytes;
    return strcmp(method, "POST") == 0 ? headers->empty : headers->plain;
}
