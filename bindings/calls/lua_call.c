/*
 * lua_call.c - a call from Lua: submitted, awaited, and turned into a value or an error.
 */
#include "lua_call.h"

#include "clock.h"
#include "errors.h"
#include "hooks.h"
#include "lua_client.h"
#include "registry.h"
#include "response.h"
#include "tasks.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* -------------------------------------------------------------- ended calls */

void bindings_notify(bindings_owner *owner) {
    if (owner->link != NULL)
        return;
    owner->next = NULL;
    owner->link = owner->state->ended_tail;
    *owner->link = owner;
    owner->state->ended_tail = &owner->next;
}

/* Runs inside the core, so it only puts the call into the scheduler's list. */
static void on_done(promptic_call *call, void *userdata) {
    (void)call;
    bindings_notify(userdata);
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

/* ---------------------------------------------------------------- the owner */

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

/* [-0, +1, m] */
static bindings_owner *push_owner(lua_State *L, bindings_state *state) {
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

/* --------------------------------------------------------------- the call */

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

/* [-0, +1, e] Returns an ended call's response as a value, or raises its failure. */
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

/* [-0, +1, e] decode_ahead(owner, stop): decodes a call's response until then, at least one step.
 * Returns whether it is done, so that the call can be finished. */
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

/* Whether there is no reason to wait for the call: it has ended, or bytes of it are there. */
static bool has_news(const bindings_owner *owner) {
    return owner->length > 0 || owner->lost || promptic_call_done(owner->call);
}

void bindings_block(lua_State *L, bindings_owner *owner) {
    bindings_state *state = owner->state;
    while (!has_news(owner)) {
        if (state->background && state->task == NULL && !state->logging) {
            if (bindings_drive_background(L, state, INFINITY))
                continue;
            bindings_release(L, owner);
            lua_error(L);
        }
        bindings_work(L, state, INFINITY);
        if (has_news(owner) && !state->interrupted)
            return;
        if (!bindings_run_hooks(L, state)) {
            bindings_release(L, owner);
            lua_error(L);
        }
    }
}

/* ------------------------------------------------------- a call of a task */

int bindings_cancel_call(lua_State *L) {
    bindings_owner *owner = lua_touserdata(L, 1);
    if (owner->call == NULL)
        return 0;
    owner->cancelled = promptic_call_done(owner->call);
    promptic_call_cancel(owner->call);
    return 0;
}

const char bindings_success_mark, bindings_failure_mark;

const char bindings_resumed_elsewhere[] =
    "the coroutine of a task was resumed or closed by something else than promptic";

/* [-0, +1, e] What a call that a task has waited for has come to. */
static int complete(lua_State *L, bindings_owner *owner) {
    return owner->take != NULL ? owner->take(L, owner) : bindings_finish(L, owner);
}

#if COMPAT_CONTINUATIONS

/* A script that has got hold of the coroutine can resume it as well. The call is given up then, so
 * that the scheduler soon finds out what has become of its task. */
COMPAT_CONTINUATION(resumed) {
    bindings_owner *owner = lua_touserdata(L, (int)context);
    (void)status;
    if (owner->state->task == L)
        return complete(L, owner);
    if (!owner->state->logging)
        promptic_call_cancel(owner->call);
    return luaL_error(L, "%s", bindings_resumed_elsewhere);
}

int bindings_return_value(lua_State *L) {
    (void)L;
    return 1;
}

/* The continuation finds its call by itself. */
int bindings_resume_values(lua_State *L) {
    (void)L;
    return 0;
}

#else

/* prelude/methods.lua takes the mark away. */
int bindings_return_value(lua_State *L) {
    lua_pushlightuserdata(L, (void *)&bindings_success_mark);
    lua_insert(L, -2);
    return 2;
}

static int finish_call(lua_State *L) {
    return complete(L, lua_touserdata(L, 1));
}

/* The function that has yielded is over, so an error is handed to its caller in Lua, which raises
 * it: prelude/methods.lua. */
int bindings_resume_values(lua_State *L) {
    lua_settop(L, 1);
    lua_pushcfunction(L, finish_call);
    lua_insert(L, 1);
    if (lua_pcall(L, 1, 1, 0) == LUA_OK)
        return bindings_return_value(L);
    lua_pushlightuserdata(L, (void *)&bindings_failure_mark);
    lua_insert(L, 1);
    return 2;
}

#endif

bool bindings_can_suspend(lua_State *L, const bindings_state *state) {
    return state->task == L && compat_isyieldable(L);
}

int bindings_suspend(lua_State *L, bindings_owner *owner) {
    int index = lua_gettop(L);
    lua_pushvalue(L, index);
    owner->state->suspending = owner;
    return compat_yield(L, 1, index, resumed);
}

/* ------------------------------------------------------------------- start */

/* [-?, +?, e] Raises the failure to start the request. */
static int refuse(lua_State *L, const promptic_request *request, const promptic_error *error) {
    const promptic_result result = {.kind = error->kind,
                                    .code = error->code,
                                    .message = error->message,
                                    .method = request->method,
                                    .path = request->path,
                                    .retry_after = -1};
    return bindings_raise(L, &result);
}

bindings_owner *bindings_prepare(lua_State *L, const promptic_request *request) {
    const bindings_client *client = lua_touserdata(L, 1);
    const promptic_error error = {
        .kind = PROMPTIC_CANCELLED, .code = "client_closed", .message = "the client is closed"};
    bindings_check_idle(L, client->state);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    if (bindings_client_handle(client) == NULL)
        refuse(L, request, &error);
    bindings_owner *owner = push_owner(L, client->state);
    owner->bounds = (json_bounds){
        .most_values = client->most_values, .check = check_decoding, .userdata = owner};
    return owner;
}

/* Runs inside the core. */
static void on_log(promptic_log_level level, const char *line, void *userdata) {
    const bindings_owner *owner = userdata;
    bindings_log_to(owner->state, owner->log, level, line);
}

void bindings_submit(lua_State *L, bindings_owner *owner, const promptic_request *given) {
    const bindings_client *client = lua_touserdata(L, 1);
    promptic_request request = *given;
    promptic_error error = {.kind = PROMPTIC_OK};
    if (client->parent != NULL)
        request.limits = &client->limits;
    if (owner->log != LUA_NOREF) {
        request.log = on_log;
        request.log_userdata = owner;
    }
    lua_State *outer = bindings_enter(client->state, L);
    owner->call = promptic_submit(bindings_client_handle(client), &request, on_done, owner, &error);
    bindings_leave(client->state, outer);
    if (owner->call == NULL)
        refuse(L, given, &error);
}

int bindings_start(lua_State *L, bindings_owner *owner, const promptic_request *request) {
    bool suspends = bindings_can_suspend(L, owner->state);
    bindings_submit(L, owner, request);
    if (suspends)
        return bindings_suspend(L, owner);
    bindings_block(L, owner);
    bindings_finish(L, owner);
    return bindings_return_value(L);
}

void bindings_give_body(promptic_request *request, json_buffer *body) {
    if (body == NULL)
        return;
    request->body = json_buffer_take(body, &request->body_length);
    request->body_free = free;
}

int bindings_call(lua_State *L, promptic_request *request, json_buffer *body) {
    const bindings_client *client = lua_touserdata(L, 1);
    bindings_owner *owner = bindings_prepare(L, request);
    if (client->strict && request->row != NULL && request->row->returns.type != NULL)
        owner->marked = &request->row->returns;
    bindings_give_body(request, body);
    return bindings_start(L, owner, request);
}
