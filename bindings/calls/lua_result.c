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
static bool wants_value(const bindings_owner *owner, const promptic_result *result) {
    return !owner->exchange || (owner->json && result->body_length > 0 && is_json(result));
}

/* [-0, +1, m] The error of a call that is given up after its response has come. */
static void push_given_up(lua_State *L, const promptic_result *result, promptic_kind kind,
                          const char *message) {
    promptic_result given_up = *result;
    given_up.status = 0; /* which is not what is wrong */
    given_up.kind = kind;
    given_up.message = message;
    given_up.maybe_sent = true; /* a 2xx says that it took effect */
    bindings_push_error(L, &given_up);
}

static bool is_late(const bindings_owner *owner) {
    return promptic_call_left_ms(owner->call) == 0;
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
    bindings_owner *owner = userdata;
    bool late = is_late(owner);
    if (late)
        push_late(L, promptic_call_result(owner->call));
    if (!late && bindings_run_hooks(L, owner->state))
        return;
    bindings_release(L, owner);
    lua_error(L);
}

void bindings_bound_decoding(bindings_owner *owner, size_t most_values) {
    owner->bounds =
        (json_bounds){.most_values = most_values, .check = check_decoding, .userdata = owner};
}

/* ------------------------------------------------------------- the decoding */

/* Bytes of a response that are decoded between two readings of the clock, roughly. What they
 * allocate the collector makes up for within them, up to 30 times as long as the decoding itself:
 * with 8 KiB that would be frames of 30 ms. Half as many cost 10 percent more. */
#define STEP_BYTES ((size_t)1024)

/* [-0, +0, m] Decodes a part of the response; true once it is done. */
static bool decode_step(lua_State *L, bindings_owner *owner, size_t bytes) {
    if (owner->decoding != LUA_NOREF && owner->progress != JSON_GOES_ON)
        return true;
    if (owner->decoding == LUA_NOREF) {
        const promptic_result *result = promptic_call_result(owner->call);
        json_decoding_push(L, result->body, result->body_length, 0, &owner->bounds);
        owner->progress = JSON_GOES_ON;
        owner->decoding = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, owner->decoding);
    json_progress progress = json_decoding_step(L, -1, bytes);
    if (progress != JSON_GOES_ON) {
        if (lua_isnil(L, -1)) { /* what a reference is to must not be nil */
            lua_pop(L, 1);
            lua_pushlightuserdata(L, NULL);
        }
        lua_rawseti(L, LUA_REGISTRYINDEX, owner->decoding);
        owner->progress = progress;
    }
    lua_pop(L, 1);
    return progress != JSON_GOES_ON;
}

/* [-0, +1, m] Pushes the response's value, or a message that says why it has none. */
static bool push_value(lua_State *L, bindings_owner *owner) {
    const promptic_result *result = promptic_call_result(owner->call);
    if (owner->decoding == LUA_NOREF)
        return json_decode_bounded(L, result->body, result->body_length, 0, &owner->bounds);
    lua_rawgeti(L, LUA_REGISTRYINDEX, owner->decoding);
    if (lua_islightuserdata(L, -1)) {
        lua_pop(L, 1);
        lua_pushnil(L);
    }
    return owner->progress == JSON_DONE;
}

/* [-1, +1, m] The error for a response that the message on top says is not JSON. */
static void push_unreadable(lua_State *L, const bindings_owner *owner,
                            const promptic_result *result) {
    promptic_result unreadable = *result;
    unreadable.code = "too_large";
    const char *message = "the response holds more values than max_response_values allows";
    if (!owner->bounds.exceeded) {
        unreadable.code = "not_json";
        message = lua_pushfstring(L, "the response of %s %s is not JSON: %s", result->method,
                                  result->path, lua_tostring(L, -1));
    }
    push_given_up(L, &unreadable, PROMPTIC_DECODE, message);
}

/* -------------------------------------------------------------- the outcome */

/* [-0, +1, m] The response as it came, with the value of its body where that is wanted; of a 2xx
 * whose body has none, the error. Returns whether it is the response. */
static bool push_whole(lua_State *L, bindings_owner *owner, const promptic_result *result) {
    push_exchange(L, result);
    if (!wants_value(owner, result))
        return true;
    if (push_value(L, owner)) {
        lua_setfield(L, -2, "json");
    } else if (result->status >= 200 && result->status < 300) {
        push_unreadable(L, owner, result);
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

int bindings_finish(lua_State *L, bindings_owner *owner) {
    const promptic_result *result = promptic_call_result(owner->call);
    bool failed = result->kind != PROMPTIC_OK || owner->cancelled || owner->late;
    if (result->kind != PROMPTIC_OK) {
        bindings_push_error(L, result);
    } else if (owner->cancelled) {
        push_given_up(L, result, PROMPTIC_CANCELLED, "the call was cancelled");
    } else if (failed) {
        push_late(L, result);
    } else if (owner->exchange) {
        failed = !push_whole(L, owner, result);
    } else if (result->body_length == 0 && owner->decoding == LUA_NOREF) {
        lua_pushnil(L);
    } else if (!push_value(L, owner)) {
        push_unreadable(L, owner, result);
        failed = true;
    } else if (lua_istable(L, -1)) {
        bindings_keep_response(L, result);
        if (owner->marked != NULL)
            mark_result(L, owner->marked);
    }
    bindings_release(L, owner);
    return failed ? lua_error(L) : 1;
}

/* ------------------------------------------------------------------- ahead */

/* Bytes of a response that are freed between two readings of the clock: some 0.3 ms. */
#define FREED_BYTES ((size_t)4 * 1024 * 1024)

/* Of a response that is in an error this much stays: see errors.c. */
#define ERROR_BYTES ((size_t)64 * 1024 + 4)

/* [-0, +0, m] Does a part of what there is to do before a call of a task can be finished; true
 * where nothing is left. */
static bool prepare_step(lua_State *L, bindings_owner *owner) {
    const promptic_result *result = promptic_call_result(owner->call);
    bool is_given_up = owner->cancelled || owner->late;
    bool is_value = result->kind == PROMPTIC_OK && !is_given_up && wants_value(owner, result);
    bool is_begun = owner->decoding != LUA_NOREF;
    if (is_value &&
        (is_begun ? owner->progress == JSON_GOES_ON : result->body_length > STEP_BYTES)) {
        owner->late = !decode_step(L, owner, STEP_BYTES) && is_late(owner);
        return false;
    }
    if (result->kind == PROMPTIC_OK && !is_begun && !is_given_up) /* short, or handed on as it is */
        return true;
    if (owner->exchange && result->kind == PROMPTIC_OK && !is_given_up) /* the body is wanted too */
        return true;
    bool is_error = result->kind != PROMPTIC_OK || owner->progress == JSON_REFUSED;
    return promptic_call_shrink(owner->call, is_error ? ERROR_BYTES : 0, FREED_BYTES);
}

int bindings_decode_ahead(lua_State *L) {
    bindings_owner *owner = lua_touserdata(L, 1);
    double stop = luaL_checknumber(L, 2), before = clock_seconds(), longest = 0;
    bool done = owner->call == NULL || promptic_call_result(owner->call) == NULL;
    while (!done) {
        done = prepare_step(L, owner);
        double after = clock_seconds();
        longest = after - before > longest ? after - before : longest;
        before = after;
        if (after + longest > stop)
            break;
    }
    lua_pushboolean(L, done);
    return 1;
}
