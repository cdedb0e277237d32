/*
 * foreign.h - requests to other servers: the targets of the platform's redirects and presigned
 * uploads; of an anonymous client, any URL. They carry no credential of the client and follow no
 * redirect. Source of the rules: README.md, "The wire, safely".
 */
#ifndef PROMPTIC_FOREIGN_H
#define PROMPTIC_FOREIGN_H

#include "promptic.h"
#include "proxy.h"
#include "transfer.h"

#include <curl/curl.h>

/* What is needed of the client. */
typedef struct foreign_origin {
    const promptic_allocator *allocator;
    const char *endpoint; /* its own host may be used without TLS, unless it has TLS itself */
    const char *base;     /* relative URLs are relative to what stands below it */
    bool is_anonymous;    /* the host names the URL: it may be any that is absolute */
} foreign_origin;

/* The parts that replace the client's own for such a request. Zeroed: an ordinary request. */
struct foreign {
    bool active;
    bool is_plain;              /* has no settings of its own: see foreign_handle */
    struct curl_slist *headers; /* the request's own; owned */
    struct curl_slist *last_header;
    struct proxy proxy; /* for this URL; none for this machine */
    char *ca_file;      /* of the request; NULL: the client's */
};

/*
 * Checks request->url, which may be relative to the path of the request whose response named it
 * (request->path, NULL: the endpoint), and prepares the request. *url is the absolute URL, *path
 * what messages show of it: scheme, host, port and path, since the query of a presigned URL is a
 * secret. Both are freed with memory_free, also on failure.
 *
 * PROMPTIC_OK, and *out is to be freed with foreign_close; PROMPTIC_DECODE if it is not a URL
 * or may not be used; PROMPTIC_ARGUMENT for a method or a header that cannot be sent, and for the
 * URL of an anonymous client's request; PROMPTIC_CONFIG for a wrong proxy; PROMPTIC_MEMORY. *error
 * is filled then.
 */
promptic_kind foreign_open(const foreign_origin *origin, const promptic_request *request,
                           struct foreign *out, char **url, char **path, promptic_error *error);

/* Frees what it holds; `active` and `is_plain` stay. */
void foreign_close(const promptic_allocator *allocator, struct foreign *foreign);

/* A new easy handle for the request, with the client's settings for those that the request leaves
 * out; freed with curl_easy_cleanup; NULL as transfer_handle. That of a request which is_plain fits
 * every other such request of the client. */
CURL *foreign_handle(const transfer_settings *of_client, const struct foreign *foreign,
                     CURLcode *problem);

#endif
