#include "proxy.h"

#include "encode.h"
#include "failure.h"
#include "place.h"
#include "text.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------- environment */

/* The first of these variables that is set; *name says which. */
static const char *first_set(const char *const names[], const char **name) {
    for (size_t i = 0; names[i] != NULL; i++) {
        const char *value = getenv(names[i]);
        *name = names[i];
        if (value != NULL)
            return value;
    }
    return NULL;
}

static const char *find_variable(const char *scheme, const char **name) {
    static const char *const https[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
                                        NULL};
    static const char *const http[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL};
    return first_set(strcmp(scheme, "https") == 0 ? https : http, name);
}

/* ------------------------------------------------------------------- checks */

static bool is_known_scheme(const char *scheme) {
    static const char *const known[] = {"http",   "https",   "socks4", "socks4a",
                                        "socks5", "socks5h", NULL};
    for (size_t i = 0; known[i] != NULL; i++)
        if (strcmp(known[i], scheme) == 0)
            return true;
    return false;
}

static promptic_kind refuse(const char *name, promptic_error *error) {
    return failure_set(error, PROMPTIC_CONFIG,
                       "%s is not the URL of a proxy: it must be "
                       "scheme://[user:password@]host[:port], the scheme http, https, socks4, "
                       "socks4a, socks5 or socks5h, with characters such as '#', '/', '?' and '@' "
                       "in user and password percent-encoded (%%23, %%2F, %%3F, %%40)",
                       name);
}

/* libcurl takes "http://user:12#34@host" for the host "user": a proxy's URL has no more parts than
 * these. */
static bool is_proxy(const struct place *place) {
    return is_known_scheme(place->scheme) && place->host != NULL && place->query == NULL &&
           place->fragment == NULL && (place->path == NULL || strcmp(place->path, "/") == 0);
}

/* ----------------------------------------------------------------- secrets */

static void add_base64(struct text *out, const char *bytes, size_t length) {
    if (!text_reserve(out, ENCODE_BASE64_SIZE(length)))
        return;
    out->length += encode_base64(out->data + out->length, bytes, length);
    out->data[out->length] = '\0';
}

/* "user:password" in base64. NULL if out of memory. */
static char *basic_of(const promptic_allocator *allocator, const char *user, const char *password) {
    struct text plain, encoded;
    text_init(&plain, allocator);
    text_init(&encoded, allocator);
    text_addf(&plain, "%s:%s", user != NULL ? user : "", password);
    if (!plain.failed)
        add_base64(&encoded, plain.data, plain.length);
    encoded.failed = encoded.failed || plain.failed;
    text_free_secret(allocator, text_take(&plain, NULL));
    return text_take(&encoded, NULL);
}

/* A part of the URL as it was before percent-encoding. NULL if there is none or out of memory. */
static char *decoded(const promptic_allocator *allocator, const char *part) {
    char *plain = part != NULL ? text_copy(allocator, part, strlen(part)) : NULL;
    if (plain != NULL)
        encode_read_percent(plain, part);
    return plain;
}

static bool keep_secrets(const promptic_allocator *allocator, const struct place *place,
                         struct proxy *out) {
    char *user = decoded(allocator, place->user);
    bool fine = user != NULL || place->user == NULL;
    if (place->password != NULL) {
        out->password = decoded(allocator, place->password);
        out->basic =
            fine && out->password != NULL ? basic_of(allocator, user, out->password) : NULL;
        fine = out->basic != NULL;
    }
    memory_free(allocator, user);
    return fine;
}

/* -------------------------------------------------------------------- find */

/* Fills in the parts of the variable's value. */
static promptic_kind read_proxy(const promptic_allocator *allocator, const char *value,
                                const char *name, struct proxy *out, promptic_error *error) {
    struct text whole;
    struct place place;
    text_init(&whole, allocator);
    text_addf(&whole, "%s%s", strstr(value, "://") == NULL ? "http://" : "", value);
    out->url = text_take(&whole, NULL);
    if (out->url == NULL)
        return failure_memory(error);
    promptic_kind kind = PROMPTIC_OK;
    CURLUcode code = place_read(&place, NULL, out->url);
    if (code == CURLUE_OUT_OF_MEMORY)
        kind = failure_memory(error);
    else if (code != CURLUE_OK || !is_proxy(&place))
        kind = refuse(name, error);
    else if (!keep_secrets(allocator, &place, out))
        kind = failure_memory(error);
    place_free(&place);
    return kind;
}

promptic_kind proxy_find(const promptic_allocator *allocator, const char *scheme, struct proxy *out,
                         promptic_error *error) {
    static const char *const exceptions[] = {"no_proxy", "NO_PROXY", NULL};
    const char *name, *unused;
    const char *value = find_variable(scheme, &name), *none = first_set(exceptions, &unused);
    *out = (struct proxy){.url = NULL};
    if (value == NULL || value[0] == '\0' || (none != NULL && strcmp(none, "*") == 0))
        return PROMPTIC_OK;
    promptic_kind kind = place_is_plain(value) ? read_proxy(allocator, value, name, out, error)
                                               : refuse(name, error);
    if (kind == PROMPTIC_OK && none != NULL &&
        (out->exceptions = text_copy(allocator, none, strlen(none))) == NULL)
        kind = failure_memory(error);
    if (kind != PROMPTIC_OK)
        proxy_free(allocator, out);
    return kind;
}

void proxy_free(const promptic_allocator *allocator, struct proxy *proxy) {
    text_free_secret(allocator, proxy->url);
    text_free_secret(allocator, proxy->password);
    text_free_secret(allocator, proxy->basic);
    memory_free(allocator, proxy->exceptions);
    memset(proxy, 0, sizeof *proxy);
}
