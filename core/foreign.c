#include "foreign.h"

#include "ascii.h"
#include "config.h"
#include "failure.h"
#include "place.h"
#include "request.h"
#include "text.h"

#include <string.h>
#include <strings.h>

/* ---------------------------------------------------------------------- URL */

/* No message quotes the URL: its query may be as good as a password. */
static promptic_kind refuse_code(const foreign_origin *origin, CURLUcode code,
                                 promptic_error *error) {
    if (code == CURLUE_OUT_OF_MEMORY)
        return failure_memory(error);
    if (origin->is_anonymous)
        return failure_set(error, PROMPTIC_ARGUMENT, "url: %s", curl_url_strerror(code));
    return failure_set(error, PROMPTIC_DECODE, "the platform sent an invalid URL: %s",
                       curl_url_strerror(code));
}

static bool is_same_host(const foreign_origin *origin, const char *host, bool *same) {
    struct place own;
    CURLUcode code = place_read(&own, NULL, origin->endpoint);
    *same = code == CURLUE_OK && strcasecmp(own.host, host) == 0;
    place_free(&own);
    return code != CURLUE_OUT_OF_MEMORY;
}

static promptic_kind check_place(const foreign_origin *origin, const struct place *place,
                                 promptic_error *error) {
    bool same, is_http = strcasecmp(place->scheme, "http") == 0;
    if (!place_is_web(place) && origin->is_anonymous)
        return failure_set(error, PROMPTIC_ARGUMENT, "url must begin with https:// or http://");
    if (!place_is_web(place))
        return failure_set(error, PROMPTIC_DECODE,
                           "the platform sent a URL that is neither https nor http");
    if (origin->is_anonymous)
        return PROMPTIC_OK;
    if (place->user != NULL)
        return failure_set(error, PROMPTIC_DECODE, "the platform sent a URL with a user name");
    if (!is_same_host(origin, place->host, &same))
        return failure_memory(error);
    if (is_http && !same)
        return failure_set(error, PROMPTIC_DECODE,
                           "the platform sent a plain http URL on another host, %s: refused",
                           place->host);
    if (is_http && strncmp(origin->endpoint, "https:", 6) == 0)
        return failure_set(
            error, PROMPTIC_DECODE,
            "the platform sent a plain http URL, but the endpoint is https: refused");
    return PROMPTIC_OK;
}

/* What a relative URL is relative to: the URL of the request whose response named it. */
static char *base_of(const foreign_origin *origin, const promptic_request *request) {
    struct text base;
    text_init(&base, origin->allocator);
    text_add(&base, origin->base);
    if (request->path != NULL)
        text_add(&base, request->path);
    return text_take(&base, NULL);
}

/* The part of the URL for messages. NULL if out of memory. */
static char *shown_path(const foreign_origin *origin, const struct place *place) {
    struct text shown;
    text_init(&shown, origin->allocator);
    place_show(place, &shown);
    return text_take(&shown, NULL);
}

static promptic_kind resolve(const foreign_origin *origin, const promptic_request *request,
                             struct foreign *out, char **url, char **path, promptic_error *error) {
    struct place place;
    char *base = base_of(origin, request);
    if (base == NULL)
        return failure_memory(error);
    CURLUcode code = place_read(&place, origin->is_anonymous ? NULL : base, request->url);
    promptic_kind kind =
        code == CURLUE_OK ? check_place(origin, &place, error) : refuse_code(origin, code, error);
    if (kind == PROMPTIC_OK) {
        *path = shown_path(origin, &place);
        *url = text_copy(origin->allocator, place.url, strlen(place.url));
        if (*path == NULL || *url == NULL)
            kind = failure_memory(error);
        else if (!config_is_loopback(place.host))
            kind = proxy_find(origin->allocator, place.scheme, &out->proxy, error);
        /* A handle that has had a user, or HEAD, may keep some of it. */
        out->is_plain = out->proxy.url == NULL && request->ca_file == NULL && place.user == NULL &&
                        strcmp(request->method, "HEAD") != 0;
    }
    place_free(&place);
    memory_free(origin->allocator, base);
    return kind;
}

/* ------------------------------------------------------------------ headers */

/* Appends a line; false if out of memory. From the list's start libcurl would walk it each time. */
static bool add_line(struct foreign *out, const char *line) {
    struct curl_slist *longer = curl_slist_append(out->last_header, line);
    if (longer == NULL)
        return false;
    if (out->headers == NULL)
        out->headers = longer;
    out->last_header = longer->next != NULL ? longer->next : longer;
    return true;
}

/* libcurl takes a header without a value as "Name;" (CURLOPT_HTTPHEADER(3)). */
static promptic_kind add_header(const foreign_origin *origin, struct foreign *out,
                                const promptic_pair *header, promptic_error *error) {
    struct text line;
    if (!ascii_is_token(header->name, strlen(header->name)) ||
        !ascii_is_line(header->value, strlen(header->value)))
        return failure_set(error, PROMPTIC_ARGUMENT,
                           "a header has a name or a value that HTTP does not allow");
    text_init(&line, origin->allocator);
    if (header->value[0] == '\0')
        text_addf(&line, "%s;", header->name);
    else
        text_addf(&line, "%s: %s", header->name, header->value);
    bool added = !line.failed && add_line(out, line.data);
    text_free(&line);
    return added ? PROMPTIC_OK : failure_memory(error);
}

static bool has_header(const promptic_request *request, const char *name, size_t length) {
    for (size_t i = 0; i < request->header_count; i++)
        if (strncasecmp(request->headers[i].name, name, length) == 0 &&
            request->headers[i].name[length] == '\0')
            return true;
    return false;
}

/* "Name:" removes a header that libcurl would add by itself. What the request has of its own stands
 * in the place of these. */
static promptic_kind add_headers(const foreign_origin *origin, const promptic_request *request,
                                 struct foreign *out, promptic_error *error) {
    const char *const usual[] = {
        "User-Agent: promptic-lua/" PROMPTIC_VERSION,
        "Expect:", origin->is_anonymous ? "Accept-Encoding: gzip" : "Accept-Encoding: identity",
        "Content-Type:"};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (!has_header(request, usual[i], strcspn(usual[i], ":")) && !add_line(out, usual[i]))
            return failure_memory(error);
    for (size_t i = 0; i < request->header_count; i++) {
        promptic_kind kind = add_header(origin, out, &request->headers[i], error);
        if (kind != PROMPTIC_OK)
            return kind;
    }
    return PROMPTIC_OK;
}

static promptic_kind take_ca_file(const foreign_origin *origin, const promptic_request *request,
                                  struct foreign *out, promptic_error *error) {
    if (request->ca_file == NULL)
        return PROMPTIC_OK;
    out->ca_file = text_copy(origin->allocator, request->ca_file, strlen(request->ca_file));
    return out->ca_file != NULL ? PROMPTIC_OK : failure_memory(error);
}

/* ---------------------------------------------------------------- interface */

promptic_kind foreign_open(const foreign_origin *origin, const promptic_request *request,
                           struct foreign *out, char **url, char **path, promptic_error *error) {
    *out = (struct foreign){.active = true};
    *url = *path = NULL;
    promptic_kind kind = request_check_method(
        request->method, origin->is_anonymous ? request_web_methods : request_methods, error);
    if (kind == PROMPTIC_OK)
        kind = resolve(origin, request, out, url, path, error);
    if (kind == PROMPTIC_OK)
        kind = add_headers(origin, request, out, error);
    if (kind == PROMPTIC_OK)
        kind = take_ca_file(origin, request, out, error);
    if (kind != PROMPTIC_OK)
        foreign_close(origin->allocator, out);
    return kind;
}

void foreign_close(const promptic_allocator *allocator, struct foreign *foreign) {
    for (struct curl_slist *line = foreign->headers; line != NULL; line = line->next)
        text_wipe(line->data, strlen(line->data)); /* a key may be in it */
    curl_slist_free_all(foreign->headers);
    memory_free(allocator, foreign->ca_file);
    foreign->ca_file = NULL;
    foreign->headers = foreign->last_header = NULL;
    proxy_free(allocator, &foreign->proxy);
}

CURL *foreign_handle(const transfer_settings *of_client, const struct foreign *foreign,
                     CURLcode *problem) {
    transfer_settings settings = *of_client;
    settings.origin = NULL;
    settings.proxy = foreign->proxy.url;
    settings.no_proxy = foreign->proxy.exceptions;
    if (foreign->ca_file != NULL) {
        settings.ca_file = foreign->ca_file;
        settings.ca_path = NULL;
    }
    return transfer_handle(&settings, problem);
}
