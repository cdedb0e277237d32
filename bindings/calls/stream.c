/*
 * stream.c - exchanges whose response is taken as it came: at once, or piece by piece.
 */
#include "stream.h"

#include "call_handle.h"
#include "grow.h"
#include "lua_call.h"
#include "lua_result.h"
#include "state.h"

#include <stdlib.h>
#include <string.h>

/* Bytes that wait for the script at most; the response is held back from then on. */
#define MOST_WAITING ((size_t)64 * 1024)

/* ------------------------------------------------------------------- pieces */

/* Makes room for further bytes. */
static bool reserve(bindings_call_handle *handle, size_t length) {
    char *bytes =
        grow(handle->bytes, &handle->capacity, handle->length + length, 1, 2 * MOST_WAITING);
    if (bytes != NULL)
        handle->bytes = bytes;
    return bytes != NULL;
}

/* Runs inside the core. */
static void on_piece(const char *piece, size_t length, void *userdata) {
    bindings_call_handle *handle = userdata;
    if (piece == NULL) { /* an attempt begins, so earlier bytes are void */
        handle->length = 0;
        return;
    }
    if (!handle->lost && reserve(handle, length)) {
        memcpy(handle->bytes + handle->length, piece, length);
        handle->length += length;
    } else {
        handle->lost = true;
    }
    if (handle->lost || handle->length >= MOST_WAITING)
        promptic_call_hold(handle->call, true);
    bindings_notify(handle);
}

/* [-0, +1, e] Pushes the bytes that have come, or the response at the end. */
static int take_piece(lua_State *L, bindings_call_handle *handle) {
    const promptic_result *result = promptic_call_result(handle->call);
    bool is_cancelled = handle->cancelled || (result && result->kind == PROMPTIC_CANCELLED);
    if (handle->lost) {
        bindings_release(L, handle);
        return luaL_error(L, "not enough memory");
    }
    if (result != NULL && (is_cancelled || handle->length == 0))
        return bindings_finish(L, handle);
    lua_pushlstring(L, handle->bytes, handle->length);
    handle->length = 0;
    promptic_call_hold(handle->call, true); /* what the script does with it is no quiet time */
    return 1;
}

/* [-0, +1, e] next(stream): the bytes that have come, a string; the response, a table, once it has
 * ended; or its error. */
static int next_piece(lua_State *L) {
    bindings_call_handle *handle = lua_touserdata(L, 1);
    lua_settop(L, 1);
    if (handle->call == NULL)
        return luaL_error(L, "the stream has ended");
    if (handle->length == 0 && !handle->lost && !promptic_call_done(handle->call)) {
        bindings_check_idle(L, handle->state);
        promptic_call_hold(handle->call, false);
        bindings_unlink_ended(handle); /* of pieces that were taken since */
        if (bindings_can_suspend(L, handle->state))
            return bindings_suspend(L, handle);
        bindings_block(L, handle);
    }
    take_piece(L, handle);
    return bindings_return_value(L);
}

/* [-0, +0, e] cut(stream): the response ends here. */
static int cut(lua_State *L) {
    bindings_call_handle *handle = lua_touserdata(L, 1);
    handle->length = 0;
    lua_State *outer = bindings_enter(handle->state, L);
    promptic_call_cut(handle->call);
    bindings_leave(handle->state, outer);
    return 0;
}

/* [-0, +0, -] drop(stream): aborts it, where it has not ended. */
static int drop(lua_State *L) {
    bindings_release(L, lua_touserdata(L, 1));
    return 0;
}

/* ----------------------------------------------------------------- exchange */

/* [-0, +0, m] Keeps the log function at index, which may be 0 or that of nil. */
static void keep_log(lua_State *L, bindings_call_handle *handle, int index) {
    if (index == 0 || lua_isnil(L, index))
        return;
    lua_pushvalue(L, index);
    handle->log = luaL_ref(L, LUA_REGISTRYINDEX);
}

int bindings_exchange(lua_State *L, promptic_request *request, json_buffer *body,
                      const bindings_exchange_kind *kind) {
    bindings_call_handle *handle = bindings_prepare(L, request);
    handle->exchange = true;
    handle->json = kind->json;
    keep_log(L, handle, kind->log);
    if (!kind->is_stream) {
        bindings_give_body(request, body);
        return bindings_start(L, handle, request);
    }
    handle->take = take_piece;
    request->is_stream = true;
    request->on_body = on_piece;
    request->body_userdata = handle;
    bindings_give_body(request, body);
    bindings_submit(L, handle, request);
    return bindings_return_value(L);
}

void bindings_open_stream(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"next", next_piece}, {"cut", cut}, {"drop", drop}, {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
}
