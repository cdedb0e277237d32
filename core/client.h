/* client.h - a client: settings, header lists and connections, shared by its calls. */
#ifndef PROMPTIC_CLIENT_H
#define PROMPTIC_CLIENT_H

#include "clean.h"
#include "config.h"
#include "foreign.h"
#include "headers.h"
#include "list.h"
#include "loop.h"
#include "promptic.h"
#include "transfer.h"

#include <curl/curl.h>

/* Easy handles that are kept for the next call, of one kind. */
#define CLIENT_IDLE_HANDLES 16
typedef struct client_handles {
    CURL *idle[CLIENT_IDLE_HANDLES];
    size_t count;
} client_handles;

/* What requests that began before promptic_client_renew still use. */
typedef struct client_retired {
    struct headers headers;
    char *credential, *application_id;
    struct client_retired *older;
} client_retired;

struct promptic_client {
    promptic_allocator allocator; /* of the client and its calls */
    promptic_loop *loop;          /* retained */
    size_t references;            /* the host's, and one per call */
    bool closed;
    struct config config;
    clean_secrets secrets; /* hidden in all texts of the client; in config */
    struct pool *pool;     /* its connections; NULL once it is closed */
    unsigned generation;   /* of the loop, when the idle handles were made */
    char *base; /* what paths stand below: {endpoint}/api/v1, {endpoint} of an anonymous client */
    CURLU *origin;          /* the endpoint, parsed once; NULL if a proxy may want whole URLs */
    size_t origin_length;   /* of scheme, host and port in the endpoint */
    promptic_limits limits; /* of calls that have none of their own */
    double backoff;         /* seconds */
    bool certificate;       /* see promptic_options */
    promptic_log_fn log;
    void *log_userdata;
    struct headers headers;
    client_retired *retired; /* what a renewed credential has replaced */
    char *user_agent;
    char *config_file;      /* as the option was given; NULL: it was not */
    client_handles own;     /* for calls of the platform */
    client_handles foreign; /* for requests to other places: foreign.h */
    list_link calls;        /* unfinished ones */
};

/* Closes its connections and takes no further calls. None may be under way. */
void client_disconnect(promptic_client *client);

void client_retain(promptic_client *client);
void client_release(promptic_client *client);

/* The request target of a URL that begins with the client's base, for libcurl to join with the
 * parsed origin; NULL if it has to parse the whole URL. */
const char *client_target(const promptic_client *client, const char *url);

/* An easy handle with the client's settings, for a request to another place with those that it has
 * of its own; new or used before. NULL as transfer_handle. The pool has been reserved before. */
CURL *client_take_handle(promptic_client *client, const struct foreign *foreign, CURLcode *problem);
void client_give_handle(promptic_client *client, const struct foreign *foreign, CURL *easy);

#endif
