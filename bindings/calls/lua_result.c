/*
 * lua_result.c - from a call that has ended to a value or an error.
 */
#include "lua_result.h"

#include "clock.h"
#include "errors.h"
#include "hooks.h"
#include "json_decode.h"
#include "registry.h"
#include "response.h"

#include <string.h>
#include <strings.h>

/* [-0, +1, m] The response as it came. */
static void push_exchange(lua_State *L, const promptic_result *result) {
    lua_createtable(L, 0, 4);
    lua_pushinteger(L, result->status);
    lua_setfield(L, -2, "status");
    lua_pushstring(L, result->path);
    lua_setfield(L, -2, "path");
    lua_pushlstring(L, result->body, result->body_length);
    lua_setfield(L, -2, "body");
    bindings_push_headers(L, result);
    lua_setfield(L, -2, "headers");
}

/* Whether the response's Content-Type is that of JSON: application/json, or any with +json. */
static bool is_json(const promptic_result *result) {
    static const char json[] = "application/json", suffix[] = "+json";
    const char *type = promptic_result_header(result, "content-type");
    if (type == NULL)
        return false;
    size_t length = strcspn(type, "; \t"), tail = sizeof suffix - 1;
    if (length == sizeof json - 1 && strncasecmp(type, json, length) == 0)
        return true;
    return length > tail && strncasecmp(type + length - tail, suffix, tail) == 0;
}

/* Whether the value of the response's body is wanted. */
static bool wants_value(const bindings_call_handle *handle, const promptic_result *result) {
    return !handle->exchange || (handle->json && result->body_length > 0 && is_json(result));
}

/* [-0, +1, m] The error of a call that is given up after its response has come. */
static void push_given_up(lua_State *L, const promptic_result *result, promptic_kind kind,
                          const char *message) {
    promptic_result given_up = *result;
    given_up.status = 0; /* not the reason */
    given_up.kind = kind;
    given_up.message = message;
    given_up.maybe_sent = true; /* a 2xx says that it took effect */
    bindings_push_error(L, &given_up);
}

static bool is_late(const bindings_call_handle *handle) {
    return promptic_call_left_ms(handle->call) == 0;
}

/* [-0, +1, m] */
static void push_late(lua_State *L, const promptic_result *result) {
    promptic_result late = *result;
    late.code = "deadline";
    push_given_up(L, &late, PROMPTIC_TIMEOUT,
                  "the deadline has passed while the response was decoded");
}

/* [-0, +0, e] Of json_bounds: decoding is a part of the call. */
static void check_decoding(lua_State *L, void *userdata) {
    bindings_call_handle *handle = userdata;
    bool late = is_late(handle);
    if (late)
        push_late(L, promptic_call_result(handle->call));
    if (!late && bindings_run_hooks(L, handle->state))
        return;
    bindings_release(L, handle);
    lua_error(L);
}

void bindings_bound_decoding(bindings_call_handle *handle, size_t most_values) {
    handle->bounds =
        (json_bounds){.most_values = most_values, .check = check_decoding, .userdata = handle};
}

/* ------------------------------------------------------------- the decoding */

/* Bytes of a response that are decoded between two readings of the clock, roughly. What they
 * allocate the collector makes up for within them, up to 30 times as long as the decoding itself:
 * with 8 KiB that would be frames of 30 ms. Half as many cost 10 percent more. */
#define STEP_BYTES ((size_t)1024)

/* [-0, +0, m] Decodes a part of the response; true once it is done. */
static bool decode_step(lua_State *L, bindings_call_handle *handle, size_t bytes) {
    if (handle->decoding != LUA_NOREF && handle->progress != JSON_GOES_ON)
        return true;
    if (handle->decoding == LUA_NOREF) {
        const promptic_result *result = promptic_call_result(handle->call);
        json_decoding_push(L, result->body, result->body_length, 0, &handle->bounds);
        handle->progress = JSON_GOES_ON;
        handle->decoding = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, handle->decoding);
    json_progress progress = json_decoding_step(L, -1, bytes);
    if (progress != JSON_GOES_ON) {
        if (lua_isnil(L, -1)) { /* what a reference is to must not be nil */
            lua_pop(L, 1);
            lua_pushlightuserdata(L, NULL);
        }
        lua_rawseti(L, LUA_REGISTRYINDEX, handle->decoding);
        handle->progress = progress;
    }
    lua_pop(L, 1);
    return progress != JSON_GOES_ON;
}

/* [-0, +1, m] Pushes the response's value, or a message that says why it has none. */
static bool push_value(lua_State *L, bindings_call_handle *handle) {
    const promptic_result *result = promptic_call_result(handle->call);
    if (handle->decoding == LUA_NOREF)
        return json_decode_bounded(L, result->body, result->body_length, 0, &handle->bounds);
    lua_rawgeti(L, LUA_REGISTRYINDEX, handle->decoding);
    if (lua_islightuserdata(L, -1)) {
        lua_pop(L, 1);
        lua_pushnil(L);
    }
    return handle->progress == JSON_DONE;
}

/* [-1, +1, m] The error for a response that the message on top says is not JSON. */
static void push_unreadable(lua_State *L, const bindings_call_handle *handle,
                            const promptic_result *result) {
    promptic_result unreadable = *result;
    unreadable.code = "too_large";
    const char *message = "the response holds more values than max_response_values allows";
    if (!handle->bounds.exceeded) {
        unreadable.code = "not_json";
        message = lua_pushfstring(L, "the response of %s %s is not JSON: %s", result->method,
                                  result->path, lua_tostring(L, -1));
    }
    push_given_up(L, &unreadable, PROMPTIC_DECODE, message);
}

/* -------------------------------------------------------------- the outcome */

/* [-0, +1, m] The response as it came, with the value of its body where that is wanted; of a 2xx
 * whose body has none, the error. Returns whether it is the response. */
static bool push_whole(lua_State *L, bindings_call_handle *handle, const promptic_result *result) {
    push_exchange(L, result);
    if (!wants_value(handle, result))
        return true;
    if (push_value(L, handle)) {
        lua_setfield(L, -2, "json");
    } else if (result->status >= 200 && result->status < 300) {
        push_unreadable(L, handle, result);
        return false;
    } else {
        lua_pop(L, 1);
    }
    return true;
}

/* [-0, +0, e] Makes the result on top strict. */
static void mark_result(lua_State *L, const promptic_returns *returns) {
    bindings_get(L, BINDINGS_STRICT_MARK);
    lua_pushvalue(L, -2);
    lua_pushstring(L, returns->type);
    lua_pushstring(L, returns->field);
    lua_call(L, 3, 0);
}

int bindings_finish(lua_State *L, bindings_call_handle *handle) {
    const promptic_result *result = promptic_call_result(handle->call);
    bool failed = result->kind != PROMPTIC_OK || handle->cancelled || handle->late;
    if (result->kind != PROMPTIC_OK) {
        bindings_push_error(L, result);
    } else if (handle->cancelled) {
        push_given_up(L, result, PROMPTIC_CANCELLED, "the call was cancelled");
    } else if (failed) {
        push_late(L, result);
    } else if (handle->exchange) {
        failed = !push_whole(L, handle, result);
    } else if (result->body_length == 0 && handle->decoding == LUA_NOREF) {
        lua_pushnil(L);
    } else if (!push_value(L, handle)) {
        push_unreadable(L, handle, result);
        failed = true;
    } else if (lua_istable(L, -1)) {
        bindings_keep_response(L, result);
        if (handle->marked != NULL)
            mark_result(L, handle->marked);
    }
    bindings_release(L, handle);
    return failed ? lua_error(L) : 1;
}

/* ------------------------------------------------------------------- ahead */

/* Bytes of a response that are freed between two readings of the clock: some 0.3 ms. */
#define FREED_BYTES ((size_t)4 * 1024 * 1024)

/* Of a response that is in an error this much stays: see errors.c. */
#define ERROR_BYTES ((size_t)64 * 1024 + 4)

/* [-0, +0, m] Does a part of what there is to do before a call of a task can be finished; true
 * where nothing is left. */
static bool prepare_step(lua_State *L, bindings_call_handle *handle) {
    const promptic_result *result = promptic_call_result(handle->call);
    bool is_given_up = handle->cancelled || handle->late;
    bool is_value = result->kind == PROMPTIC_OK && !is_given_up && wants_value(handle, result);
    bool is_begun = handle->decoding != LUA_NOREF;
    if (is_value &&
        (is_begun ? handle->progress == JSON_GOES_ON : result->body_length > STEP_BYTES)) {
        handle->late = !decode_step(L, handle, STEP_BYTES) && is_late(handle);
        return false;
    }
    if (result->kind == PROMPTIC_OK && !is_begun && !is_given_up) /* short, or handed on as it is */
        return true;
    if (handle->exchange && result->kind == PROMPTIC_OK &&
        !is_given_up) /* the body is wanted too */
        return true;
    bool is_error = result->kind != PROMPTIC_OK || handle->progress == JSON_REFUSED;
    return promptic_call_shrink(handle->call, is_error ? ERROR_BYTES : 0, FREED_BYTES);
}

int bindings_decode_ahead(lua_State *L) {
    bindings_call_handle *handle = lua_touserdata(L, 1);
    double stop = luaL_checknumber(L, 2), before = clock_seconds(), longest = 0;
    bool done = handle->call == NULL || promptic_call_result(handle->call) == NULL;
    while (!done) {
        done = prepare_step(L, handle);
        double after = clock_seconds();
        longest = after - before > longest ? after - before : longest;
        before = after;
        if (after + longest > stop)
            break;
    }
    lua_pushboolean(L, done);
    return 1;
}
