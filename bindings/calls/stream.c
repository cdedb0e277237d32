/*
 * stream.c - exchanges whose response is taken as it came: at once, or piece by piece.
 */
#include "stream.h"

#include "call_handle.h"
#include "lua_call.h"
#include "lua_result.h"
#include "state.h"

#include <stdlib.h>
#include <string.h>

/* Bytes that wait for the script at most; the response is held back from then on. */
#define MOST_WAITING ((size_t)64 * 1024)

/* ------------------------------------------------------------------- pieces */

/* Makes room for further bytes. */
static bool reserve(bindings_owner *owner, size_t length) {
    size_t needed = owner->length + length, capacity = 2 * MOST_WAITING;
    if (needed <= owner->capacity)
        return true;
    while (capacity < needed)
        capacity *= 2;
    char *bytes = realloc(owner->bytes, capacity);
    if (bytes == NULL)
        return false;
    owner->bytes = bytes;
    owner->capacity = capacity;
    return true;
}

/* Runs inside the core. */
static void on_piece(const char *piece, size_t length, void *userdata) {
    bindings_owner *owner = userdata;
    if (piece == NULL) { /* an attempt begins, so earlier bytes are void */
        owner->length = 0;
        return;
    }
    if (!owner->lost && reserve(owner, length)) {
        memcpy(owner->bytes + owner->length, piece, length);
        owner->length += length;
    } else {
        owner->lost = true;
    }
    if (owner->lost || owner->length >= MOST_WAITING)
        promptic_call_hold(owner->call, true);
    bindings_notify(owner);
}

/* [-0, +1, e] Pushes the bytes that have come, or the response at the end. */
static int take_piece(lua_State *L, bindings_owner *owner) {
    const promptic_result *result = promptic_call_result(owner->call);
    bool is_cancelled = owner->cancelled || (result && result->kind == PROMPTIC_CANCELLED);
    if (owner->lost) {
        bindings_release(L, owner);
        return luaL_error(L, "not enough memory");
    }
    if (result != NULL && (is_cancelled || owner->length == 0))
        return bindings_finish(L, owner);
    lua_pushlstring(L, owner->bytes, owner->length);
    owner->length = 0;
    promptic_call_hold(owner->call, true); /* what the script does with it is no quiet time */
    return 1;
}

/* [-0, +1, e] next(stream): the bytes that have come, a string; the response, a table, once it has
 * ended; or its error. */
static int next_piece(lua_State *L) {
    bindings_owner *owner = lua_touserdata(L, 1);
    lua_settop(L, 1);
    if (owner->call == NULL)
        return luaL_error(L, "the stream has ended");
    if (owner->length == 0 && !owner->lost && !promptic_call_done(owner->call)) {
        bindings_check_idle(L, owner->state);
        promptic_call_hold(owner->call, false);
        bindings_unlink_ended(owner); /* of pieces that were taken since */
        if (bindings_can_suspend(L, owner->state))
            return bindings_suspend(L, owner);
        bindings_block(L, owner);
    }
    take_piece(L, owner);
    return bindings_return_value(L);
}

/* [-0, +0, e] cut(stream): the response ends here. */
static int cut(lua_State *L) {
    bindings_owner *owner = lua_touserdata(L, 1);
    owner->length = 0;
    lua_State *outer = bindings_enter(owner->state, L);
    promptic_call_cut(owner->call);
    bindings_leave(owner->state, outer);
    return 0;
}

/* [-0, +0, -] drop(stream): aborts it, where it has not ended. */
static int drop(lua_State *L) {
    bindings_release(L, lua_touserdata(L, 1));
    return 0;
}

/* ----------------------------------------------------------------- exchange */

/* [-0, +0, m] Keeps the log function at index, which may be 0 or that of nil. */
static void keep_log(lua_State *L, bindings_owner *owner, int index) {
    if (index == 0 || lua_isnil(L, index))
        return;
    lua_pushvalue(L, index);
    owner->log = luaL_ref(L, LUA_REGISTRYINDEX);
}

int bindings_exchange(lua_State *L, promptic_request *request, json_buffer *body,
                      const bindings_exchange_kind *kind) {
    bindings_owner *owner = bindings_prepare(L, request);
    owner->exchange = true;
    owner->json = kind->json;
    keep_log(L, owner, kind->log);
    if (!kind->is_stream) {
        bindings_give_body(request, body);
        return bindings_start(L, owner, request);
    }
    owner->take = take_piece;
    request->is_stream = true;
    request->on_body = on_piece;
    request->body_userdata = owner;
    bindings_give_body(request, body);
    bindings_submit(L, owner, request);
    return bindings_return_value(L);
}

void bindings_open_stream(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"next", next_piece}, {"cut", cut}, {"drop", drop}, {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
}
