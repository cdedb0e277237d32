/*
 * request.h - builds a URL from an endpoint's row, or a raw path, and arguments.
 */
#ifndef PROMPTIC_REQUEST_H
#define PROMPTIC_REQUEST_H

#include "promptic.h"
#include "text.h"

/*
 * Builds {base}{path}[?query].
 *
 *   base     what the path stands below, {endpoint}/api/v1: no trailing slash, query or fragment
 *   request  what to ask for; everything is borrowed
 *   row      the row of request->endpoint, NULL for a raw request (method and path)
 *   *url     the whole URL; freed with memory_free
 *   *path    the encoded path below the base, without the query; freed with memory_free
 *
 * A row: each argument becomes one segment of the path (encode_percent); NULL, "", "." and
 * ".." are refused, since a server would take them for another resource (RFC 3986 5.2.4). The
 * query holds the row's query parameters in the row's order: the request's value, else the
 * fallback, else nothing. The request names them by their wire names, each once.
 *
 * Raw: the method is GET, POST, PUT, PATCH or DELETE; the path begins with '/', is encoded already
 * (RFC 3986 3.3: pchar and '/'), and no segment of it is "." or "..", also not as %2e. The query's
 * pairs are encoded in their order; names may repeat.
 *
 * PROMPTIC_OK, or PROMPTIC_ARGUMENT or PROMPTIC_MEMORY with *error filled and both pointers NULL.
 */
promptic_kind request_url(const promptic_allocator *allocator, const char *base,
                          const promptic_request *request, const promptic_endpoint *row, char **url,
                          char **path, promptic_error *error);

/* Why this cannot be an id, a static string, or NULL if it can: see above. */
const char *request_id_problem(const char *id);

/* PROMPTIC_ARGUMENT with *error filled unless the path is right for a raw request: see above. */
promptic_kind request_check_path(const char *path, promptic_error *error);

/* The methods of raw requests, and of those to any server; ended by NULL. */
extern const char *const request_methods[];
extern const char *const request_web_methods[];

/* PROMPTIC_ARGUMENT with *error filled unless the method is one of these, in capitals. */
promptic_kind request_check_method(const char *method, const char *const methods[],
                                   promptic_error *error);

#endif
