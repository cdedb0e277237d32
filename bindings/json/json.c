/* json.c - the Lua module promptic.json. */
#include "json.h"

#include "json_array.h"
#include "json_codec.h"

#include <string.h>

/* A larger buffer is given back after each text. */
#define KEPT_BYTES ((size_t)64 * 1024)

/* encode(value) -> string */
static int module_encode(lua_State *L) {
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    json_push_codec(L);
    json_buffer *b = json_codec_take(L, 2, JSON_CODEC_BUFFER);
    if (b == NULL) {
        lua_pop(L, 1);
        b = json_buffer_push(L);
    }
    if (!json_encode(L, 1, JSON_ANY, NULL, b))
        return luaL_argerror(L, 1, lua_tostring(L, -1));
    lua_pushlstring(L, b->data, b->length);
    b->length = 0;
    if (b->capacity > KEPT_BYTES)
        json_buffer_clear(b);
    lua_pushvalue(L, 3);
    lua_rawseti(L, 2, JSON_CODEC_BUFFER);
    return 1;
}

/* [-0, +0, e] The options that the table at index 2, if there is one, asks for. */
static unsigned check_options(lua_State *L) {
    unsigned options = 0;
    if (lua_isnoneornil(L, 2))
        return options;
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, 2)) {
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        unsigned option = strcmp(name, "strict") == 0  ? JSON_STRICT
                          : strcmp(name, "nulls") == 0 ? JSON_KEEP_NULLS
                                                       : 0;
        if (option == 0)
            luaL_argerror(L, 2, lua_pushfstring(L, "unknown option '%s': strict, nulls", name));
        if (!lua_isboolean(L, -1))
            luaL_argerror(
                L, 2,
                lua_pushfstring(L, "%s: boolean expected, got %s", name, luaL_typename(L, -1)));
        options |= lua_toboolean(L, -1) ? option : 0;
        lua_pop(L, 1);
    }
    return options;
}

/* decode(text [, { strict = boolean, nulls = boolean }]) -> value */
static int module_decode(lua_State *L) {
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    if (!json_decode(L, text, length, check_options(L)))
        return luaL_argerror(L, 1, lua_tostring(L, -1));
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
    luaL_newlib(L, functions);
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &module);
    return 1;
}
