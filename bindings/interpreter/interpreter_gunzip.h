/*
 * interpreter_gunzip.h - the module promptic.gunzip.
 */
#ifndef PROMPTIC_INTERPRETER_GUNZIP_H
#define PROMPTIC_INTERPRETER_GUNZIP_H

#include <lua.h>

/* [-?, +1, e] Opens the module promptic.gunzip. */
int interpreter_open_gunzip(lua_State *L);

#endif
