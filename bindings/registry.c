/*
 * registry.c - what the bindings keep in the registry of a lua_State, and the metatables of their
 * userdata.
 */
#include "registry.h"

static const char slots[BINDINGS_SLOT_COUNT]; /* only their addresses matter */

void bindings_get(lua_State *L, bindings_slot slot) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &slots[slot]);
}

void bindings_set(lua_State *L, bindings_slot slot) {
    lua_rawsetp(L, LUA_REGISTRYINDEX, &slots[slot]);
}

void bindings_name_metatable(lua_State *L, const char *name) {
    lua_pushstring(L, name);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "__name");
    lua_setfield(L, -2, "__metatable");
}
