/*
 * config.h - resolves options, the environment and ~/.promptic/config.toml to one credential and
 * one endpoint. Source of the rules: README.md, "Credentials" and "The wire, safely".
 *
 *   credential    the highest source that gives one: arguments, environment, file. Within a source
 *                 the session token goes before the API key.
 *   AI Application id
 *                 with a session token only: the highest source that gives one, whichever the token
 *                 came from. So an argument beats PROMPTIC_AI_APPLICATION_ID, which completes a
 *                 token given as an argument or found in the file. workspace_id is an older name of
 *                 it; a source that gives two different values under the two names is an error.
 *   endpoint      the highest source that gives one, else PROMPTIC_DEFAULT_ENDPOINT.
 *
 * An endpoint on this machine that comes from the file is a PROMPTIC_CONFIG error if the
 * credential comes from elsewhere. A file that another user than this one or root owns, or that
 * anybody can write, is refused.
 *
 * Empty variables and empty values of the file count as not given; an empty argument is an error.
 * White space around variables and values of the file is dropped; control characters (below 0x20,
 * and 0x7f) are refused. An anonymous client looks for its endpoint alone. Environment and
 * file are not read for what a higher source has settled. No message holds a value of a credential.
 */
#ifndef PROMPTIC_CONFIG_H
#define PROMPTIC_CONFIG_H

#include "memory.h"
#include "promptic.h"
#include "proxy.h"

struct config {
    promptic_allocator allocator; /* of the strings below */
    char *credential;             /* NULL for an anonymous client only */
    bool is_session;              /* the credential is a session token, not an API key */
    char *application_id;         /* with a session token: NULL if no source gives one. Else NULL */
    char *endpoint;               /* scheme://host[:port][/path], no trailing slash */
    bool is_loopback;             /* config_is_loopback of its host: goes past any proxy */
    const char *source; /* of the credential: "arguments", "environment" or "file"; static. NULL
                           * if there is none */
    const char *endpoint_source; /* the same of the endpoint, or "default" */
    char *ca_file;               /* PEM file, or NULL: libcurl's own */
    char *ca_path;               /* directory of PEM files, or NULL: libcurl's own */
    struct proxy proxy;          /* of the environment; none to this machine: it would read
                                  * the credential */
};

/*
 * Resolves what the options leave open. *options is borrowed and must be complete: defaults
 * have replaced the fields that an older, smaller struct lacks. Memory comes from its allocator.
 *
 * ca_file is the option, else CURL_CA_BUNDLE, else SSL_CERT_FILE; ca_path is SSL_CERT_DIR if
 * neither of the first two is given (the curl tool does the same).
 *
 * PROMPTIC_OK, and *out is to be freed with config_free; or PROMPTIC_AUTH (no credential),
 * PROMPTIC_CONFIG, PROMPTIC_MEMORY with *error filled, and *out empty. A session token without an
 * AI Application's id is no error here: listing them needs none.
 */
promptic_kind config_resolve(const promptic_options *options, struct config *out,
                             promptic_error *error);

/* Where the credential comes from, for messages: "from PROMPTIC_API_KEY". A static string. */
const char *config_origin(const struct config *config);

/* Wipes the credential and frees what *config holds; it is empty afterwards. */
void config_free(struct config *config);

/* Whether the host of a URL is this machine by its spelling: localhost, 127.0.0.0/8 or [::1].
 * No name is resolved. */
bool config_is_loopback(const char *host);

/*
 * Checks an endpoint and writes its normal form to *out (freed with memory_free): http or https, a
 * host, no user, no query, no fragment; plain http to loopback only, unless allow_http. *is_local
 * is config_is_loopback of its host. `name` is the source of the value in messages: "endpoint",
 * "PROMPTIC_ENDPOINT". PROMPTIC_OK, or PROMPTIC_CONFIG or PROMPTIC_MEMORY with *error filled.
 */
promptic_kind config_endpoint(const promptic_allocator *allocator, const char *value,
                              const char *name, bool allow_http, char **out, bool *is_local,
                              promptic_error *error);

#endif
