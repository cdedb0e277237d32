/* client.h - what the calls of one client share. */
#ifndef PROMPTIC_CLIENT_H
#define PROMPTIC_CLIENT_H

#include "clean.h"
#include "config.h"
#include "list.h"
#include "loop.h"
#include "promptic.h"
#include "transfer.h"

#include <curl/curl.h>

/* Easy handles that are kept for the next call. */
#define CLIENT_IDLE_HANDLES 16

struct promptic_client {
    promptic_allocator allocator; /* of the client and its calls */
    promptic_loop *loop;          /* retained */
    size_t references;            /* the host's, and one per call */
    bool closed;
    config config;
    clean_secrets secrets; /* hidden in all texts of the client; in config */
    pool *pool;            /* its connections; NULL once it is closed */
    unsigned generation;   /* of the loop, when the idle handles were made */
    char *base; /* what paths stand below: {endpoint}/api/v1, {endpoint} of an anonymous client */
    CURLU *origin;          /* the endpoint, parsed once; NULL where a proxy may want whole URLs */
    size_t origin_length;   /* of scheme, host and port in the endpoint */
    promptic_limits limits; /* of calls that have none of their own */
    double backoff;         /* seconds */
    bool certificate;       /* see promptic_options */
    promptic_log_fn log;
    void *log_userdata;
    struct curl_slist *json_headers;  /* of requests with a body */
    struct curl_slist *empty_headers; /* of a POST without */
    struct curl_slist *plain_headers; /* of other requests without */
    struct curl_slist *bytes_headers; /* the same where the response is no JSON */
    CURL *idle[CLIENT_IDLE_HANDLES];
    size_t idle_count;
    list_link calls; /* unfinished ones */
};

void client_retain(promptic_client *client);
void client_release(promptic_client *client);

/* Of a URL that begins with the client's base: what stands in the request line where libcurl takes
 * the rest from the origin; NULL where it has to parse the whole. */
const char *client_target(const promptic_client *client, const char *url);

/* The headers of such a request; the client's own. */
struct curl_slist *client_headers(const promptic_client *client, const char *method, bool has_body,
                                  bool wants_bytes);

/* The settings of its easy handles. */
transfer_settings client_settings(const promptic_client *client);

/* An easy handle with the client's settings, new or used before; NULL if out of memory. The pool
 * has been reserved before. */
CURL *client_take_handle(promptic_client *client);
void client_give_handle(promptic_client *client, CURL *easy);

/* Writes a line to the client's log, where it has one. */
void client_log(const promptic_client *client, promptic_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
