/*
 * response.h - promptic.response: what came with a result besides its body.
 */
#ifndef PROMPTIC_RESPONSE_H
#define PROMPTIC_RESPONSE_H

#include "compat.h"
#include "promptic.h"

/* [-0, +1, m] Pushes the headers by their names in lower case, those of one name joined. */
void bindings_push_headers(lua_State *L, const promptic_result *result);

/* [-0, +0, m] Keeps the response's data of the table on top, for as long as that lives. */
void bindings_keep_response(lua_State *L, const promptic_result *result);

/* promptic.response(result) */
int bindings_response(lua_State *L);

#endif
