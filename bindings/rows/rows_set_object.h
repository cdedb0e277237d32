/*
 * rows_set_object.h - sets of numbers as Lua sees them.
 */
#ifndef PROMPTIC_ROWS_SET_OBJECT_H
#define PROMPTIC_ROWS_SET_OBJECT_H

#include "compat.h"
#include "rows_set.h"

/* [-0, +0, e] */
rows_set *rows_check_set(lua_State *L, int index);

/* rows.set([text]) */
int rows_new_set(lua_State *L);
extern const luaL_Reg rows_set_methods[];

#endif
