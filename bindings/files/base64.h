/*
 * base64.h - base64 (RFC 4648, section 4), for the prelude.
 */
#ifndef PROMPTIC_BASE64_H
#define PROMPTIC_BASE64_H

#include "compat.h"

/* base64(bytes), unbase64(text) */
int bindings_base64(lua_State *L);
int bindings_unbase64(lua_State *L);

#endif
