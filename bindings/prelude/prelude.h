/*
 * prelude.h - what is written in Lua.
 */
#ifndef PROMPTIC_PRELUDE_H
#define PROMPTIC_PRELUDE_H

#include "compat.h"

#include <stdbool.h>

/* [-0, +0, -] Whether a hook was called by the library's own Lua code, or by a C function that this
 * has called: a hook that raised there would stop it half-way. */
bool bindings_in_prelude(lua_State *L, lua_Debug *activation);

/* [-0, +0, e] Adds the functions of bindings/prelude to the module on top, to the
 * methods and to the modules of their resources, which are in their slots already. */
void bindings_open_prelude(lua_State *L);

#endif
