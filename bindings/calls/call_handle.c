/*
 * call_handle.c - what owns a call of Lua's, and the list of those that have ended.
 */
#include "call_handle.h"

#include "registry.h"

#include <stdlib.h>

/* -------------------------------------------------------------- ended calls */

void bindings_notify(bindings_call_handle *handle) {
    if (handle->link != NULL)
        return;
    handle->next = NULL;
    handle->link = handle->state->ended_tail;
    *handle->link = handle;
    handle->state->ended_tail = &handle->next;
}

void bindings_unlink_ended(bindings_call_handle *handle) {
    if (handle->link == NULL)
        return;
    *handle->link = handle->next;
    if (handle->next != NULL)
        handle->next->link = handle->link;
    else
        handle->state->ended_tail = handle->link;
    handle->link = NULL;
}

int bindings_next_ended(lua_State *L) {
    bindings_call_handle *handle = bindings_state_of(L)->ended;
    if (handle == NULL)
        return 0;
    bindings_unlink_ended(handle);
    lua_pushlightuserdata(L, handle);
    return 1;
}

/* --------------------------------------------------------------- the handle */

void bindings_release(lua_State *L, bindings_call_handle *handle) {
    luaL_unref(L, LUA_REGISTRYINDEX, handle->decoding);
    handle->decoding = LUA_NOREF;
    bindings_unlink_ended(handle);
    promptic_call_free(handle->call);
    handle->call = NULL;
    luaL_unref(L, LUA_REGISTRYINDEX, handle->log);
    handle->log = LUA_NOREF;
    free(handle->bytes);
    handle->bytes = NULL;
    handle->length = handle->capacity = 0;
}

static int collect(lua_State *L) {
    bindings_release(L, lua_touserdata(L, 1));
    return 0;
}

bindings_call_handle *bindings_push_call_handle(lua_State *L, bindings_state *state) {
    bindings_call_handle *handle = compat_newuserdata(L, sizeof *handle);
    *handle = (bindings_call_handle){.state = state, .decoding = LUA_NOREF, .log = LUA_NOREF};
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
    return handle;
}
