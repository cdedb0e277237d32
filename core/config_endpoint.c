#include "config.h"

#include "failure.h"
#include "place.h"
#include "text.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

/* Whether the host, as libcurl spells it, is this machine. The spelling must be exact: what only
 * begins like an address of this machine, 127.0.0.1.example.com, may be anywhere. */
bool config_is_loopback(const char *host) {
    char address[INET6_ADDRSTRLEN];
    struct in_addr v4;
    struct in6_addr v6;
    size_t length = host != NULL ? strlen(host) : 0;
    if (length == 0)
        return false;
    if (host[0] != '[')
        return strcasecmp(host, "localhost") == 0 ||
               (inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127);
    if (length < 3 || length - 2 >= sizeof address)
        return false;
    memcpy(address, host + 1, length - 2);
    address[length - 2] = '\0';
    return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* ------------------------------------------------------------------- checks */

/* Messages name the value's source and never quote it: there may be a password in it. */
static promptic_kind check_characters(const char *value, const char *name, promptic_error *error) {
    if (!place_is_plain(value))
        return failure_set(error, PROMPTIC_CONFIG,
                           "%s holds a space, a control character or a backslash", name);
    /* libcurl makes a host of the path: "https:///api" would send the credential to "api". */
    const char *scheme_end = strchr(value, ':');
    if (scheme_end != NULL && scheme_end[1] == '/' &&
        (scheme_end[2] != '/' || scheme_end[3] == '/' || scheme_end[3] == '\0'))
        return failure_set(error, PROMPTIC_CONFIG, "%s has no host", name);
    /* Only some versions of libcurl distinguish an empty query from none. */
    if (strpbrk(value, "?#") != NULL)
        return failure_set(error, PROMPTIC_CONFIG, "%s must not have a query or a fragment", name);
    return PROMPTIC_OK;
}

static promptic_kind refuse_code(CURLUcode code, const char *name, promptic_error *error) {
    if (code == CURLUE_OUT_OF_MEMORY)
        return failure_memory(error);
    if (code == CURLUE_NO_HOST)
        return failure_set(error, PROMPTIC_CONFIG, "%s has no host", name);
    if (code == CURLUE_BAD_SCHEME || code == CURLUE_BAD_SLASHES)
        return failure_set(error, PROMPTIC_CONFIG,
                           "%s must begin with https:// (or http:// for this machine)", name);
    return failure_set(error, PROMPTIC_CONFIG, "%s is not a URL: %s", name,
                       curl_url_strerror(code));
}

static bool ends_in_api(const char *endpoint) {
    static const char ending[] = "/api/v1";
    size_t length = strlen(endpoint);
    while (length > 0 && endpoint[length - 1] == '/')
        length--;
    size_t start = length >= sizeof ending - 1 ? length - (sizeof ending - 1) : 0;
    return strncasecmp(endpoint + start, ending, sizeof ending - 1) == 0;
}

static promptic_kind check_parts(const struct place *place, const char *name, bool allow_http,
                                 promptic_error *error) {
    bool is_http = strcmp(place->scheme, "http") == 0;
    if (!is_http && strcmp(place->scheme, "https") != 0)
        return refuse_code(CURLUE_BAD_SCHEME, name, error);
    if (place->user != NULL || place->password != NULL || place->options != NULL)
        return failure_set(error, PROMPTIC_CONFIG,
                           "%s must not hold a user or a password; the credential is given as "
                           "api_key or access_token",
                           name);
    if (!place_is_writable(place))
        return failure_set(
            error, PROMPTIC_CONFIG,
            "%s has a host name that this libcurl cannot write in ASCII: write it as "
            "it is in DNS, xn--...",
            name);
    if (ends_in_api(place->url))
        return failure_set_code(error, PROMPTIC_CONFIG, "api_in_endpoint",
                                "%s ends in /api/v1, which the library adds: leave it out", name);
    if (is_http && !allow_http && !config_is_loopback(place->host))
        return failure_set(error, PROMPTIC_CONFIG,
                           "%s is plain http, which sends the credential unencrypted: "
                           "use https, or set allow_http to permit it",
                           name);
    return PROMPTIC_OK;
}

promptic_kind config_endpoint(const promptic_allocator *allocator, const char *value,
                              const char *name, bool allow_http, char **out, bool *is_local,
                              promptic_error *error) {
    struct place place;
    *out = NULL;
    promptic_kind kind = check_characters(value, name, error);
    if (kind != PROMPTIC_OK)
        return kind;
    CURLUcode code = place_read(&place, NULL, value);
    kind = code == CURLUE_OK ? check_parts(&place, name, allow_http, error)
                             : refuse_code(code, name, error);
    if (kind == PROMPTIC_OK) {
        size_t length = strlen(place.url);
        while (length > 0 && place.url[length - 1] == '/')
            length--;
        *is_local = config_is_loopback(place.host);
        *out = text_copy(allocator, place.url, length);
        kind = *out != NULL ? PROMPTIC_OK : failure_memory(error);
    }
    place_free(&place);
    return kind;
}
