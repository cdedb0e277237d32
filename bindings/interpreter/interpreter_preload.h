/*
 * interpreter_preload.h - what is built in, for require.
 */
#ifndef PROMPTIC_INTERPRETER_PRELOAD_H
#define PROMPTIC_INTERPRETER_PRELOAD_H

#include <lua.h>

/* [-0, +0, e] Registers the built-in modules with require, and sets the global promptic. */
void interpreter_preload(lua_State *L);

/* [-0, +1, -] Loads a module that is written in Lua and built in; returns the status. */
int interpreter_load_baked(lua_State *L, const char *name);

/* [-0, +0, e] Puts the folder of the script first in package.path. */
void interpreter_add_folder(lua_State *L, const char *script);

#endif
