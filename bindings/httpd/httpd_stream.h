/*
 * httpd_stream.h - responses whose body a function gives, piece by piece.
 */
#ifndef PROMPTIC_HTTPD_STREAM_H
#define PROMPTIC_HTTPD_STREAM_H

#include "httpd.h"

#include <lua.h>

#include <microhttpd.h>

/* [-0, +0, m] Sets *response to one whose body the function at index gives: a string each time it
 * is called, nil at the end. NULL if out of memory. *response is set before anything can raise. */
void httpd_stream_response(lua_State *L, httpd_server *server, int index,
                           struct MHD_Response **response);

#endif
