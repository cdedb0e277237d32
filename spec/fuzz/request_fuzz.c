/*
 * request_fuzz.c - libFuzzer target: any strings as arguments of any row of the table, and as a
 * raw path. Whatever is accepted keeps its place: each argument is one segment of the URL's path,
 * each value one value of its query, and both decode to what was given.
 *
 * The input: one byte chooses the row, then strings divided by NULs: path arguments, then values
 * of the query; a raw request takes its path, then names and values.
 */
#include "request.h"

#include <curl/curl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BASE "https://host.example:8443/prefix/api/v1"
#define BELOW "/prefix/api/v1"
#define MOST 12

static void require(bool condition) {
    if (!condition)
        abort();
}

static size_t count_of(const char *string, char wanted) {
    size_t count = 0;
    for (; *string != '\0'; string++)
        count += *string == wanted;
    return count;
}

/* Whether the encoded bytes stand for the string. */
static bool decodes_to(const char *encoded, size_t length, const char *string) {
    int decoded_length = 0;
    if (length == 0) /* libcurl would take it for strlen */
        return string[0] == '\0';
    char *decoded = curl_easy_unescape(NULL, encoded, (int)length, &decoded_length);
    bool is_equal = decoded != NULL && (size_t)decoded_length == strlen(string) &&
                    memcmp(decoded, string, (size_t)decoded_length) == 0;
    curl_free(decoded);
    return is_equal;
}

/* The URL that libcurl would ask for has our host, this path, and no other part. */
static void check_url(const char *url, const char *path, bool has_query) {
    CURLU *parts = curl_url();
    char *host = NULL, *whole_path = NULL, *query = NULL, *other = NULL;
    require(curl_url_set(parts, CURLUPART_URL, url, CURLU_PATH_AS_IS) == CURLUE_OK);
    require(curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK);
    require(curl_url_get(parts, CURLUPART_PATH, &whole_path, 0) == CURLUE_OK);
    require(strcmp(host, "host.example") == 0);
    require(strncmp(whole_path, BELOW, strlen(BELOW)) == 0);
    require(strcmp(whole_path + strlen(BELOW), path) == 0);
    require((curl_url_get(parts, CURLUPART_QUERY, &query, 0) == CURLUE_OK) == has_query);
    require(curl_url_get(parts, CURLUPART_FRAGMENT, &other, 0) != CURLUE_OK);
    curl_free(host);
    curl_free(whole_path);
    curl_free(query);
    curl_url_cleanup(parts);
}

/* Template and path have the same segments but for the arguments. */
static void check_path(const promptic_endpoint *row, const promptic_request *request,
                       const char *path) {
    const char *template = row->path;
    size_t used = 0;
    require(count_of(template, '/') == count_of(path, '/'));
    while (*path == '/') {
        size_t length = strcspn(++path, "/"), template_length = strcspn(++template, "/");
        if (*template == '{')
            require(decodes_to(path, length, request->path_args[used++]));
        else
            require(length == template_length && memcmp(path, template, length) == 0);
        path += length;
        template += template_length;
    }
    require(used == request->path_count);
}

/* The value that the URL's query gives for a name, which needs no encoding itself. */
static void check_value(const char *url, const promptic_pair *pair) {
    const char *at = strchr(url, '?');
    size_t length = strlen(pair->name);
    while (at != NULL) {
        at++;
        size_t pair_length = strcspn(at, "&");
        if (strncmp(at, pair->name, length) == 0 && at[length] == '=') {
            require(decodes_to(at + length + 1, pair_length - length - 1, pair->value));
            return;
        }
        at = strchr(at, '&');
    }
    abort();
}

static void try_row(const promptic_endpoint *row, const char *const *strings, size_t count) {
    promptic_error error;
    promptic_pair pairs[MOST];
    char *url, *path;
    size_t holes = count_of(row->path, '{');
    promptic_request request = {.size = sizeof(promptic_request),
                                .endpoint = row->name,
                                .path_args = strings,
                                .query = pairs};
    request.path_count = holes < count ? holes : count;
    for (const promptic_parameter *p = row->parameters; p->name != NULL; p++)
        if (p->place == PROMPTIC_IN_QUERY && request.path_count + request.query_count < count) {
            const char *value = strings[request.path_count + request.query_count];
            pairs[request.query_count++] = (promptic_pair){p->wire, value};
        }
    promptic_kind kind = request_url(NULL, BASE, &request, row, &url, &path, &error);
    require(kind == PROMPTIC_OK || (kind == PROMPTIC_ARGUMENT && error.message[0] != '\0'));
    if (kind != PROMPTIC_OK)
        return;
    check_url(url, path, strchr(url, '?') != NULL);
    check_path(row, &request, path);
    for (size_t i = 0; i < request.query_count; i++)
        check_value(url, &pairs[i]);
    free(url);
    free(path);
}

static void try_raw(const char *const *strings, size_t count) {
    promptic_error error;
    promptic_pair pairs[MOST];
    char *url, *path, *removed = NULL;
    promptic_request request = {
        .size = sizeof(promptic_request), .method = "GET", .path = strings[0], .query = pairs};
    for (size_t i = 1; i + 1 < count; i += 2)
        pairs[request.query_count++] = (promptic_pair){strings[i], strings[i + 1]};
    if (request_url(NULL, BASE, &request, NULL, &url, &path, &error) != PROMPTIC_OK)
        return;
    require(strcmp(path, strings[0]) == 0);
    check_url(url, path, request.query_count > 0);
    /* Without CURLU_PATH_AS_IS libcurl takes dot segments out: there must be none. */
    CURLU *parts = curl_url();
    require(curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK);
    require(curl_url_get(parts, CURLUPART_PATH, &removed, 0) == CURLUE_OK);
    require(strcmp(removed + strlen(BELOW), path) == 0);
    curl_free(removed);
    curl_url_cleanup(parts);
    free(url);
    free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *strings[MOST];
    size_t row_count, count = 0;
    const promptic_endpoint *rows = promptic_endpoints(&row_count);
    if (size == 0)
        return 0;
    char *text = malloc(size);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    for (const char *at = text; at < text + size && count < MOST; at += strlen(at) + 1)
        strings[count++] = at;
    if (data[0] < row_count)
        try_row(&rows[data[0]], strings, count);
    else
        try_raw(strings, count);
    free(text);
    return 0;
}
