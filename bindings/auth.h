/*
 * auth.h - what promptic.auth needs of C.
 */
#ifndef PROMPTIC_AUTH_H
#define PROMPTIC_AUTH_H

#include "compat.h"

/* promptic.auth.save{ ... }, with checked options at index 1 */
int bindings_save_config(lua_State *L);

/* [-0, +1, m] Pushes what logging in needs of C: the prelude's "c.auth". */
int bindings_open_auth(lua_State *L);

#endif
