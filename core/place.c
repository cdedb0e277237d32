#include "place.h"

#include "ascii.h"
#include "clean.h"

#include <string.h>
#include <strings.h>

/* The URL comes last: without the fragment. */
enum { PARTS = 10 };

static void list_parts(struct place *place, char **parts[PARTS]) {
    char **const list[PARTS] = {&place->scheme,   &place->user, &place->password, &place->options,
                                &place->host,     &place->port, &place->path,     &place->query,
                                &place->fragment, &place->url};
    memcpy(parts, list, sizeof list);
}

static CURLUcode read_parts(CURLU *url, struct place *out) {
    static const CURLUPart names[PARTS] = {
        CURLUPART_SCHEME, CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS,  CURLUPART_HOST,
        CURLUPART_PORT,   CURLUPART_PATH, CURLUPART_QUERY,    CURLUPART_FRAGMENT, CURLUPART_URL};
    char **parts[PARTS];
    CURLUcode code = CURLUE_OK;
    list_parts(out, parts);
    for (int i = 0; i < PARTS && code == CURLUE_OK; i++) {
        unsigned flags = names[i] == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0;
        if (names[i] == CURLUPART_URL)
            code = curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0);
        if (curl_url_get(url, names[i], parts[i], flags) == CURLUE_OUT_OF_MEMORY)
            code = CURLUE_OUT_OF_MEMORY;
    }
    bool is_whole =
        out->scheme != NULL && out->url != NULL && (out->host != NULL || !place_is_web(out));
    return code == CURLUE_OK && !is_whole ? CURLUE_NO_HOST : code;
}

CURLUcode place_read(struct place *out, const char *base, const char *value) {
    memset(out, 0, sizeof *out);
    CURLU *url = curl_url();
    if (url == NULL)
        return CURLUE_OUT_OF_MEMORY;
    CURLUcode code = base != NULL ? curl_url_set(url, CURLUPART_URL, base, 0) : CURLUE_OK;
    if (code == CURLUE_OK)
        code = curl_url_set(url, CURLUPART_URL, value, CURLU_NON_SUPPORT_SCHEME);
    if (code == CURLUE_OK)
        code = read_parts(url, out);
    curl_url_cleanup(url);
    return code;
}

void place_free(struct place *place) {
    char **parts[PARTS];
    list_parts(place, parts);
    if (place->password != NULL)
        text_wipe(place->password, strlen(place->password));
    for (int i = 0; i < PARTS; i++) {
        curl_free(*parts[i]);
        *parts[i] = NULL;
    }
}

bool place_is_plain(const char *value) {
    for (const char *c = value; *c != '\0'; c++)
        if (*c == ' ' || *c == '\\' || ascii_is_control(*c))
            return false;
    return true;
}

bool place_is_web(const struct place *place) {
    return strcasecmp(place->scheme, "https") == 0 || strcasecmp(place->scheme, "http") == 0;
}

static bool is_default_port(const struct place *place) {
    const char *usual = strcasecmp(place->scheme, "https") == 0 ? "443" : "80";
    return place->port == NULL || strcmp(place->port, usual) == 0;
}

void place_show(const struct place *place, struct text *out) {
    struct text whole;
    text_init(&whole, out->allocator);
    text_addf(&whole, "%s://%s", place->scheme, place->host);
    if (!is_default_port(place))
        text_addf(&whole, ":%s", place->port);
    text_add(&whole, place->path != NULL ? place->path : "/");
    size_t room = 3 * whole.length; /* a byte may become U+FFFD */
    if (whole.failed)
        out->failed = true;
    else if (text_reserve(out, room))
        out->length += clean_line(out->data + out->length, room + 1, whole.data, whole.length);
    text_free(&whole);
}

/* Any failure of the conversion is taken for want of memory by libcurl's requests. */
bool place_is_writable(const struct place *place) {
    char *host = NULL;
    bool is_ascii = true;
    for (const char *c = place->host; c != NULL && *c != '\0'; c++)
        is_ascii = is_ascii && (unsigned char)*c < 0x80;
    if (is_ascii)
        return true;
    CURLU *url = curl_url();
    bool written = url != NULL && curl_url_set(url, CURLUPART_URL, place->url, 0) == CURLUE_OK &&
                   curl_url_get(url, CURLUPART_HOST, &host, CURLU_PUNYCODE) == CURLUE_OK;
    curl_free(host);
    curl_url_cleanup(url);
    return written;
}
