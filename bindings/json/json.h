/*
 * json.h - the functions of the Lua module promptic.json.
 */
#ifndef PROMPTIC_JSON_H
#define PROMPTIC_JSON_H

#include "compat.h"

/* encode(value), decode(text [, { strict =, nulls = }]) and array([table]) of promptic.json. */
int json_function_encode(lua_State *L);
int json_function_decode(lua_State *L);
int json_function_array(lua_State *L);

#endif
