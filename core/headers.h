/* headers.h - the header lists of a client's requests: a list per kind of request. */
#ifndef PROMPTIC_HEADERS_H
#define PROMPTIC_HEADERS_H

#include "config.h"

#include <curl/curl.h>

struct headers {
    struct curl_slist *json;  /* of requests with a body */
    struct curl_slist *empty; /* of a POST without a body */
    struct curl_slist *plain; /* of other requests without a body */
    struct curl_slist *bytes; /* the same if the response is not JSON */
};

/* Fills *out; freed with headers_free, also on failure. False if out of memory. */
bool headers_build(struct headers *out, const struct config *config, const char *user_agent);

/* Wipes the lists, which hold the credential. */
void headers_free(struct headers *headers);

/* The list for such a request. */
struct curl_slist *headers_of(const struct headers *headers, const char *method, bool has_body,
                              bool wants_bytes);

#endif
