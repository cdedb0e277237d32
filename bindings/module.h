/*
 * module.h - what `require "promptic"` and the modules of its resources return.
 */
#ifndef PROMPTIC_MODULE_H
#define PROMPTIC_MODULE_H

#include "compat.h"
#include "promptic.h"

PROMPTIC_API int luaopen_promptic(lua_State *L);
PROMPTIC_API int luaopen_promptic_json(lua_State *L);
PROMPTIC_API int luaopen_promptic_auth(lua_State *L);

/* The modules of the resources, "promptic.experiments" and the like, with their open functions;
 * ended by a NULL name. */
extern const luaL_Reg bindings_resource_modules[];

#endif
