/*
 * call_handle.c - what owns a call of Lua's, and the list of those that have ended.
 */
#include "call_handle.h"

#include "registry.h"

#include <stdlib.h>

/* -------------------------------------------------------------- ended calls */

void bindings_notify(bindings_owner *owner) {
    if (owner->link != NULL)
        return;
    owner->next = NULL;
    owner->link = owner->state->ended_tail;
    *owner->link = owner;
    owner->state->ended_tail = &owner->next;
}

void bindings_unlink_ended(bindings_owner *owner) {
    if (owner->link == NULL)
        return;
    *owner->link = owner->next;
    if (owner->next != NULL)
        owner->next->link = owner->link;
    else
        owner->state->ended_tail = owner->link;
    owner->link = NULL;
}

int bindings_next_ended(lua_State *L) {
    bindings_owner *owner = bindings_state_of(L)->ended;
    if (owner == NULL)
        return 0;
    bindings_unlink_ended(owner);
    lua_pushlightuserdata(L, owner);
    return 1;
}

/* --------------------------------------------------------------- the handle */

void bindings_release(lua_State *L, bindings_owner *owner) {
    luaL_unref(L, LUA_REGISTRYINDEX, owner->decoding);
    owner->decoding = LUA_NOREF;
    bindings_unlink_ended(owner);
    promptic_call_free(owner->call);
    owner->call = NULL;
    luaL_unref(L, LUA_REGISTRYINDEX, owner->log);
    owner->log = LUA_NOREF;
    free(owner->bytes);
    owner->bytes = NULL;
    owner->length = owner->capacity = 0;
}

static int collect(lua_State *L) {
    bindings_release(L, lua_touserdata(L, 1));
    return 0;
}

bindings_owner *bindings_push_owner(lua_State *L, bindings_state *state) {
    bindings_owner *owner = compat_newuserdata(L, sizeof *owner);
    *owner = (bindings_owner){.state = state, .decoding = LUA_NOREF, .log = LUA_NOREF};
    bindings_get(L, BINDINGS_CALL_METATABLE);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_createtable(L, 0, 3);
        bindings_name_metatable(L, "promptic.call");
        lua_pushcfunction(L, collect);
        lua_setfield(L, -2, "__gc");
        lua_pushvalue(L, -1);
        bindings_set(L, BINDINGS_CALL_METATABLE);
    }
    lua_setmetatable(L, -2);
    return owner;
}
