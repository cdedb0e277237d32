/* place.h - the parts of a URL, as libcurl reads them. */
#ifndef PROMPTIC_PLACE_H
#define PROMPTIC_PLACE_H

#include "text.h"

#include <curl/curl.h>
#include <stdbool.h>

/* Parts that the URL does not have are NULL; user, password and so on are still encoded. The port
 * of a known scheme is always there; so is the host of a URL of the web. */
struct place {
    char *scheme, *user, *password, *options, *host, *port, *path, *query, *fragment;
    char *url; /* absolute, without a fragment */
};

/* Reads the URL `value`, which may be relative to `base`; NULL: it is absolute. *out is freed with
 * place_free, also on failure. CURLUE_OUT_OF_MEMORY if out of memory. */
CURLUcode place_read(struct place *out, const char *base, const char *value);

/* Wipes the password, and frees the parts. */
void place_free(struct place *place);

/* Whether the text has no white space, control character or backslash, of which libcurl would make
 * something else. */
bool place_is_plain(const char *value);

/* Adds what messages show of it: scheme, host, port and path, since user and query may hold a
 * secret. */
void place_show(const struct place *place, struct text *out);

/* Whether libcurl can write the host name in ASCII: not an internationalised one (IDN) that it cannot
 * convert, in this locale or at all. It would refuse each request. */
bool place_is_writable(const struct place *place);

/* Whether it is http or https. */
bool place_is_web(const struct place *place);

#endif
