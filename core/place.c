#include "place.h"

#include "clean.h"

#include <string.h>
#include <strings.h>

enum { PARTS = 6 };

static void list_parts(place *place, char **parts[PARTS]) {
    char **const list[PARTS] = {&place->scheme, &place->user, &place->host,
                                &place->port,   &place->path, &place->url};
    memcpy(parts, list, sizeof list);
}

CURLUcode place_read(place *out, const char *base, const char *value) {
    static const CURLUPart names[PARTS] = {CURLUPART_SCHEME, CURLUPART_USER, CURLUPART_HOST,
                                           CURLUPART_PORT,   CURLUPART_PATH, CURLUPART_URL};
    char **parts[PARTS];
    memset(out, 0, sizeof *out);
    list_parts(out, parts);
    CURLU *url = curl_url();
    if (url == NULL)
        return CURLUE_OUT_OF_MEMORY;
    CURLUcode code = base != NULL ? curl_url_set(url, CURLUPART_URL, base, 0) : CURLUE_OK;
    if (code == CURLUE_OK)
        code = curl_url_set(url, CURLUPART_URL, value, CURLU_NON_SUPPORT_SCHEME);
    if (code == CURLUE_OK)
        code = curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0);
    for (int i = 0; i < PARTS && code == CURLUE_OK; i++) {
        unsigned flags = names[i] == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0;
        if (curl_url_get(url, names[i], parts[i], flags) == CURLUE_OUT_OF_MEMORY)
            code = CURLUE_OUT_OF_MEMORY;
    }
    curl_url_cleanup(url);
    if (code == CURLUE_OK && (out->scheme == NULL || out->host == NULL || out->url == NULL))
        code = CURLUE_NO_HOST;
    return code;
}

void place_free(place *place) {
    char **parts[PARTS];
    list_parts(place, parts);
    for (int i = 0; i < PARTS; i++) {
        curl_free(*parts[i]);
        *parts[i] = NULL;
    }
}

bool place_is_web(const place *place) {
    return strcasecmp(place->scheme, "https") == 0 || strcasecmp(place->scheme, "http") == 0;
}

static bool is_default_port(const place *place) {
    const char *usual = strcasecmp(place->scheme, "https") == 0 ? "443" : "80";
    return place->port == NULL || strcmp(place->port, usual) == 0;
}

void place_show(const place *place, text *out) {
    text whole;
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

bool place_is_same_origin(const place *a, const place *b) {
    const char *port = a->port != NULL ? a->port : "", *other = b->port != NULL ? b->port : "";
    return strcasecmp(a->scheme, b->scheme) == 0 && strcasecmp(a->host, b->host) == 0 &&
           strcmp(port, other) == 0;
}
