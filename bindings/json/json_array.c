/* json_array.c - the mark that makes a table an array. */
#include "json_array.h"

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
