/*
 * proxy.h - finds the proxy of an endpoint in the environment, once per client, so that a wrong
 * variable is an error of promptic_client_new and not of every call.
 *
 * The variables are those of curl(1): http_proxy in lower case only (a CGI program has HTTP_PROXY
 * from its client), https_proxy, all_proxy and no_proxy in either case. The one for the endpoint's
 * scheme goes before all_proxy; if it is set and empty, there is no proxy.
 */
#ifndef PROMPTIC_PROXY_H
#define PROMPTIC_PROXY_H

#include "memory.h"
#include "promptic.h"

struct proxy {
    char *url;        /* scheme://[user:password@]host[:port]; NULL: none */
    char *exceptions; /* no_proxy, as CURLOPT_NOPROXY(3) takes it; NULL: none */
    char *password;   /* decoded, NULL if there is none: a secret */
    char *basic;      /* "user:password" in base64, as Proxy-Authorization has it: a secret */
};

/*
 * Finds the proxy for an endpoint of this scheme ("http" or "https"). PROMPTIC_OK, and *out is
 * freed with proxy_free; or PROMPTIC_CONFIG (not a URL of a proxy; the message names the variable
 * and nothing of its value) or PROMPTIC_MEMORY with *error filled and *out empty.
 */
promptic_kind proxy_find(const promptic_allocator *allocator, const char *scheme, struct proxy *out,
                         promptic_error *error);

/* Wipes and frees what *proxy holds; it is empty afterwards. */
void proxy_free(const promptic_allocator *allocator, struct proxy *proxy);

#endif
