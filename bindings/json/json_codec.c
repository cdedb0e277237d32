/* json_codec.c - the codec's table in a lua_State. */
#include "json_codec.h"

#include "json_array.h"

static const char codec_key; /* its address is the registry's key */

void json_push_codec(lua_State *L) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &codec_key);
    if (!lua_isnil(L, -1))
        return;
    lua_pop(L, 1);
    lua_createtable(L, JSON_CODEC_SIZE, 0);
    json_push_array_metatable(L);
    lua_rawseti(L, -2, JSON_CODEC_ARRAY);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &codec_key);
}

void *json_codec_take(lua_State *L, int codec, int index) {
    lua_rawgeti(L, codec, index);
    void *block = lua_touserdata(L, -1);
    if (block != NULL) {
        lua_pushnil(L);
        lua_rawseti(L, codec, index);
    }
    return block;
}

void json_codec_protect(lua_State *L, const void *key, const char *name, lua_CFunction gc) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, key);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_createtable(L, 0, 2);
        lua_pushstring(L, name);
        lua_setfield(L, -2, "__metatable");
        lua_pushcfunction(L, gc);
        lua_setfield(L, -2, "__gc");
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, key);
    }
    lua_setmetatable(L, -2);
}
