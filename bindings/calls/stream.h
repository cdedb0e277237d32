/*
 * stream.h - exchanges whose response is taken as it came: at once, or piece by piece.
 */
#ifndef PROMPTIC_STREAM_H
#define PROMPTIC_STREAM_H

#include "json_buffer.h"
#include "promptic.h"

#include <stdbool.h>

/* How a response is returned that is taken as it came. */
typedef struct bindings_exchange_kind {
    bool json;      /* the value of its body too, where Content-Type says that it is JSON */
    bool is_stream; /* bytes of a 2xx as they come */
    int log;        /* stack index of the request's own log function; 0: the client's */
} bindings_exchange_kind;

/* [-0, +1, e] As bindings_call, but what it pushes is a table of the response as it came: status,
 * path, headers by their names in lower case, body, json. Of a stream it is that, submitted, for
 * the functions of bindings_open_stream. */
int bindings_exchange(lua_State *L, promptic_request *request, json_buffer *body,
                      const bindings_exchange_kind *kind);

/* [-0, +0, m] Adds next, cut and drop to the table on top: see stream.c. */
void bindings_open_stream(lua_State *L);

#endif
