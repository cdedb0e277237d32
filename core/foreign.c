#include "foreign.h"

#include "clean.h"
#include "config.h"
#include "failure.h"
#include "request.h"
#include "text.h"

#include <string.h>
#include <strings.h>

/* ---------------------------------------------------------------------- URL */

/* The parts that are checked. */
enum { SCHEME, USER, HOST, PATH, WHOLE, PARTS };

static const CURLUPart names[PARTS] = {
    [SCHEME] = CURLUPART_SCHEME, [USER] = CURLUPART_USER, [HOST] = CURLUPART_HOST,
    [PATH] = CURLUPART_PATH,     [WHOLE] = CURLUPART_URL,
};

static void free_parts(char *parts[PARTS]) {
    for (int i = 0; i < PARTS; i++)
        curl_free(parts[i]);
}

/* Reads the URL that `value` is, as seen from `base`; parts that it has not are NULL. Freed with
 * free_parts, also on failure. */
static CURLUcode read_parts(const char *base, const char *value, char *parts[PARTS]) {
    memset(parts, 0, PARTS * sizeof *parts);
    CURLU *url = curl_url();
    if (url == NULL)
        return CURLUE_OUT_OF_MEMORY;
    CURLUcode code = curl_url_set(url, CURLUPART_URL, base, 0);
    if (code == CURLUE_OK)
        code = curl_url_set(url, CURLUPART_URL, value, CURLU_NON_SUPPORT_SCHEME);
    if (code == CURLUE_OK)
        code = curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0);
    for (int i = 0; i < PARTS && code == CURLUE_OK; i++)
        if (curl_url_get(url, names[i], &parts[i], 0) == CURLUE_OUT_OF_MEMORY)
            code = CURLUE_OUT_OF_MEMORY;
    curl_url_cleanup(url);
    if (code == CURLUE_OK && (parts[SCHEME] == NULL || parts[HOST] == NULL || parts[WHOLE] == NULL))
        code = CURLUE_NO_HOST;
    return code;
}

/* No message quotes the URL: its query may be as good as a password. */
static promptic_kind refuse_code(CURLUcode code, promptic_error *error) {
    if (code == CURLUE_OUT_OF_MEMORY)
        return failure_memory(error);
    return failure_set(error, PROMPTIC_DECODE, "the platform names a URL that is none: %s",
                       curl_url_strerror(code));
}

static bool is_same_host(const foreign_origin *origin, const char *host, bool *same) {
    char *parts[PARTS];
    CURLUcode code = read_parts(origin->endpoint, origin->endpoint, parts);
    *same = code == CURLUE_OK && strcasecmp(parts[HOST], host) == 0;
    free_parts(parts);
    return code != CURLUE_OUT_OF_MEMORY;
}

static promptic_kind check_parts(const foreign_origin *origin, char *const parts[PARTS],
                                 promptic_error *error) {
    bool same;
    bool is_http = strcmp(parts[SCHEME], "http") == 0;
    if (!is_http && strcmp(parts[SCHEME], "https") != 0)
        return failure_set(error, PROMPTIC_DECODE,
                           "the platform names a URL that is neither https nor http");
    if (parts[USER] != NULL)
        return failure_set(error, PROMPTIC_DECODE, "the platform names a URL with a user");
    if (!is_same_host(origin, parts[HOST], &same))
        return failure_memory(error);
    if (is_http && !same)
        return failure_set(error, PROMPTIC_DECODE,
                           "the platform names plain http on another host, %s, which is not used",
                           parts[HOST]);
    if (is_http && strncmp(origin->endpoint, "https:", 6) == 0)
        return failure_set(error, PROMPTIC_DECODE,
                           "the platform names plain http after https, which is not used");
    return PROMPTIC_OK;
}

/* What a relative URL is relative to: the URL of the request whose response named it. */
static char *base_of(const foreign_origin *origin, const promptic_request *request) {
    text base;
    text_init(&base, origin->allocator);
    text_add(&base, origin->base);
    if (request->path != NULL)
        text_add(&base, request->path);
    return text_take(&base, NULL);
}

/* The part of the URL for messages. NULL if out of memory. */
static char *shown_path(const foreign_origin *origin, char *const parts[PARTS]) {
    text whole, shown;
    text_init(&whole, origin->allocator);
    text_init(&shown, origin->allocator);
    text_addf(&whole, "%s://%s%s", parts[SCHEME], parts[HOST],
              parts[PATH] != NULL ? parts[PATH] : "/");
    if (!whole.failed && text_reserve(&shown, 3 * whole.length))
        shown.length = clean_line(shown.data, 3 * whole.length + 1, whole.data, whole.length);
    shown.failed = shown.failed || whole.failed;
    text_free(&whole);
    return text_take(&shown, NULL);
}

static promptic_kind resolve(const foreign_origin *origin, const promptic_request *request,
                             foreign *out, char **url, char **path, promptic_error *error) {
    char *parts[PARTS], *base = base_of(origin, request);
    if (base == NULL)
        return failure_memory(error);
    CURLUcode code = read_parts(base, request->url, parts);
    promptic_kind kind =
        code == CURLUE_OK ? check_parts(origin, parts, error) : refuse_code(code, error);
    if (kind == PROMPTIC_OK) {
        *path = shown_path(origin, parts);
        *url = text_copy(origin->allocator, parts[WHOLE], strlen(parts[WHOLE]));
        if (*path == NULL || *url == NULL)
            kind = failure_memory(error);
        else if (!config_is_loopback(*url))
            kind = proxy_find(origin->allocator, parts[SCHEME], &out->proxy, error);
    }
    free_parts(parts);
    memory_free(origin->allocator, base);
    return kind;
}

/* ------------------------------------------------------------------ headers */

/* Appends a line; false if out of memory. From the list's start libcurl would walk it each time. */
static bool add_line(foreign *out, const char *line) {
    struct curl_slist *longer = curl_slist_append(out->last_header, line);
    if (longer == NULL)
        return false;
    if (out->headers == NULL)
        out->headers = longer;
    out->last_header = longer->next != NULL ? longer->next : longer;
    return true;
}

static bool is_token(const char *name) {
    if (*name == '\0')
        return false;
    for (; *name != '\0'; name++)
        if (*name <= ' ' || *name >= 0x7F || strchr("\"(),/:;<=>?@[\\]{}", *name) != NULL)
            return false;
    return true;
}

static bool is_line(const char *value) {
    for (; *value != '\0'; value++)
        if (((unsigned char)*value < 0x20 && *value != '\t') || *value == 0x7F)
            return false;
    return true;
}

/* libcurl takes a header without a value as "Name;" (CURLOPT_HTTPHEADER(3)). */
static promptic_kind add_header(const foreign_origin *origin, foreign *out,
                                const promptic_pair *header, promptic_error *error) {
    text line;
    if (!is_token(header->name) || !is_line(header->value))
        return failure_set(error, PROMPTIC_ARGUMENT, "a header cannot be sent as it is given");
    text_init(&line, origin->allocator);
    if (header->value[0] == '\0')
        text_addf(&line, "%s;", header->name);
    else
        text_addf(&line, "%s: %s", header->name, header->value);
    bool added = !line.failed && add_line(out, line.data);
    text_free(&line);
    return added ? PROMPTIC_OK : failure_memory(error);
}

/* "Name:" removes a header that libcurl would add by itself. */
static promptic_kind add_headers(const foreign_origin *origin, const promptic_request *request,
                                 foreign *out, promptic_error *error) {
    bool has_type = false;
    bool added = add_line(out, "User-Agent: promptic-lua/" PROMPTIC_VERSION) &&
                 add_line(out, "Expect:") && add_line(out, "Accept-Encoding: identity");
    for (size_t i = 0; added && i < request->header_count; i++) {
        promptic_kind kind = add_header(origin, out, &request->headers[i], error);
        if (kind != PROMPTIC_OK)
            return kind;
        has_type = has_type || strcasecmp(request->headers[i].name, "Content-Type") == 0;
    }
    if (added && !has_type)
        added = add_line(out, "Content-Type:");
    return added ? PROMPTIC_OK : failure_memory(error);
}

/* ---------------------------------------------------------------- interface */

promptic_kind foreign_open(const foreign_origin *origin, const promptic_request *request,
                           foreign *out, char **url, char **path, promptic_error *error) {
    *out = (foreign){.active = true};
    *url = *path = NULL;
    promptic_kind kind = request_check_method(request->method, error);
    if (kind == PROMPTIC_OK)
        kind = resolve(origin, request, out, url, path, error);
    if (kind == PROMPTIC_OK)
        kind = add_headers(origin, request, out, error);
    if (kind != PROMPTIC_OK)
        foreign_close(origin->allocator, out);
    return kind;
}

void foreign_close(const promptic_allocator *allocator, foreign *foreign) {
    curl_slist_free_all(foreign->headers);
    foreign->headers = foreign->last_header = NULL;
    proxy_free(allocator, &foreign->proxy);
}

CURL *foreign_handle(const transfer_settings *of_client, const foreign *foreign,
                     CURLcode *problem) {
    transfer_settings settings = *of_client;
    settings.origin = NULL;
    settings.proxy = foreign->proxy.url;
    settings.no_proxy = foreign->proxy.exceptions;
    return transfer_handle(&settings, problem);
}
