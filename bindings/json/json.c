/* json.c - the Lua module promptic.json, and the mark that makes a table an array. */
#include "json.h"

/* One key for every library of this project that a lua_State loads, hence a name, no address. */
#define ARRAY_TYPE "promptic.array"

void json_push_array_metatable(lua_State *L) {
    luaL_newmetatable(L, ARRAY_TYPE);
}

void json_mark_array(lua_State *L, int index) {
    index = lua_absindex(L, index);
    json_push_array_metatable(L);
    lua_setmetatable(L, index);
}

/* encode(value) -> string */
static int module_encode(lua_State *L) {
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    json_buffer *b = json_buffer_push(L);
    if (!json_encode(L, 1, JSON_ANY, NULL, b)) {
        return luaL_argerror(L, 1, lua_tostring(L, -1));
    }
    lua_pushlstring(L, b->data, b->length);
    json_buffer_clear(b);
    return 1;
}

/* decode(text) -> value */
static int module_decode(lua_State *L) {
    luaL_checkstring(L, 1);
    lua_settop(L, 1);
    if (!json_decode_string(L, 1)) {
        return luaL_argerror(L, 1, lua_tostring(L, -1));
    }
    return 1;
}

/* array([table]) -> table: marks the table, by default a new one. */
static int module_array(lua_State *L) {
    lua_settop(L, 1);
    if (lua_isnil(L, 1)) {
        lua_newtable(L);
        lua_replace(L, 1);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    json_mark_array(L, 1);
    return 1;
}

/* One table a lua_State, whoever asks for it first and whatever becomes of package.loaded. */
int luaopen_promptic_json(lua_State *L) {
    static const char module; /* only its address matters */
    static const luaL_Reg functions[] = {
        {"encode", module_encode},
        {"decode", module_decode},
        {"array", module_array},
        {NULL, NULL},
    };
    lua_rawgetp(L, LUA_REGISTRYINDEX, &module);
    if (!lua_isnil(L, -1)) {
        return 1;
    }
    json_open(L);
    luaL_newlib(L, functions);
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &module);
    return 1;
}
