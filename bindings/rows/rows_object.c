/*
 * rows_object.c - what all objects of a bulk upload share that Lua sees.
 */
#include "rows_object.h"

#include "registry.h"

#include <string.h>

int rows_out_of_memory(lua_State *L) {
    return luaL_error(L, "not enough memory");
}

void *rows_new_object(lua_State *L, const char *type, size_t size) {
    void *object = compat_newuserdata(L, size);
    memset(object, 0, size);
    luaL_getmetatable(L, type);
    lua_setmetatable(L, -2);
    return object;
}

void rows_push_number(lua_State *L, int64_t number) {
#if COMPAT_INTEGERS
    lua_pushinteger(L, (lua_Integer)number);
#else
    lua_pushnumber(L, (lua_Number)number);
#endif
}

int64_t rows_check_number(lua_State *L, int index) {
    lua_Number number = luaL_checknumber(L, index);
    return number < 9e18 ? (int64_t)number : INT64_MAX;
}

void rows_add_type(lua_State *L, const char *type, const luaL_Reg *methods) {
    luaL_newmetatable(L, type);
    bindings_name_metatable(L, type);
    luaL_setfuncs(L, methods, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

rows_batch *rows_check_batch(lua_State *L, int index) {
    return luaL_checkudata(L, index, ROWS_BATCH);
}

rows_reader *rows_check_reader(lua_State *L, int index) {
    return luaL_checkudata(L, index, ROWS_READER);
}
