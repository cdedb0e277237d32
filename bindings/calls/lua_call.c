/*
 * lua_call.c - a call from Lua: submitted and awaited.
 */
#include "lua_call.h"

#include "errors.h"
#include "hooks.h"
#include "lua_client.h"
#include "lua_result.h"
#include "state.h"
#include "tasks.h"

#include <math.h>
#include <stdlib.h>

/* ------------------------------------------------------------------ waiting */

/* Whether there is no reason to wait for the call: it has ended, or bytes of it are there. */
static bool has_news(const bindings_call_handle *handle) {
    return handle->length > 0 || handle->lost || promptic_call_done(handle->call);
}

void bindings_block(lua_State *L, bindings_call_handle *handle) {
    bindings_state *state = handle->state;
    while (!has_news(handle)) {
        if (state->background && state->task == NULL && !state->logging) {
            if (bindings_drive_background(L, state, INFINITY))
                continue;
            bindings_release(L, handle);
            lua_error(L);
        }
        bindings_work(L, state, INFINITY);
        if (has_news(handle) && !state->interrupted)
            return;
        if (!bindings_run_hooks(L, state)) {
            bindings_release(L, handle);
            lua_error(L);
        }
    }
}

/* ------------------------------------------------------- a call of a task */

int bindings_cancel_call(lua_State *L) {
    bindings_call_handle *handle = lua_touserdata(L, 1);
    if (handle->call == NULL)
        return 0;
    handle->cancelled = promptic_call_done(handle->call);
    promptic_call_cancel(handle->call);
    return 0;
}

const char bindings_success_mark, bindings_failure_mark;

const char bindings_resumed_elsewhere[] =
    "the coroutine of a task was resumed or closed by something else than promptic";

/* [-0, +1, e] What a call that a task has waited for has come to. */
static int complete(lua_State *L, bindings_call_handle *handle) {
    return handle->take != NULL ? handle->take(L, handle) : bindings_finish(L, handle);
}

#if COMPAT_CONTINUATIONS

/* A script that has got hold of the coroutine can resume it as well. The call is given up then, so
 * that the scheduler soon finds out what has become of its task. */
COMPAT_CONTINUATION(resumed) {
    bindings_call_handle *handle = lua_touserdata(L, (int)context);
    (void)status;
    if (handle->state->task == L)
        return complete(L, handle);
    if (!handle->state->logging)
        promptic_call_cancel(handle->call);
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

int bindings_suspend(lua_State *L, bindings_call_handle *handle) {
    int index = lua_gettop(L);
    lua_pushvalue(L, index);
    handle->state->suspending = handle;
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

bindings_call_handle *bindings_prepare(lua_State *L, const promptic_request *request) {
    const bindings_client *client = lua_touserdata(L, 1);
    const promptic_error error = {
        .kind = PROMPTIC_CANCELLED, .code = "client_closed", .message = "the client is closed"};
    bindings_check_idle(L, client->state);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    if (bindings_client_handle(client) == NULL)
        refuse(L, request, &error);
    bindings_call_handle *handle = bindings_push_call_handle(L, client->state);
    bindings_bound_decoding(handle, client->most_values);
    return handle;
}

/* Runs inside the core. */
static void on_log(promptic_log_level level, const char *line, void *userdata) {
    const bindings_call_handle *handle = userdata;
    bindings_log_to(handle->state, handle->log, level, line);
}

/* Runs inside the core, so it only puts the call into the scheduler's list. */
static void on_done(promptic_call *call, void *userdata) {
    (void)call;
    bindings_notify(userdata);
}

void bindings_submit(lua_State *L, bindings_call_handle *handle, const promptic_request *given) {
    const bindings_client *client = lua_touserdata(L, 1);
    promptic_request request = *given;
    promptic_error error = {.kind = PROMPTIC_OK};
    if (client->parent != NULL)
        request.limits = &client->limits;
    if (handle->log != LUA_NOREF) {
        request.log = on_log;
        request.log_userdata = handle;
    }
    lua_State *outer = bindings_enter(client->state, L);
    handle->call =
        promptic_submit(bindings_client_handle(client), &request, on_done, handle, &error);
    bindings_leave(client->state, outer);
    if (handle->call == NULL)
        refuse(L, given, &error);
}

int bindings_start(lua_State *L, bindings_call_handle *handle, const promptic_request *request) {
    bool suspends = bindings_can_suspend(L, handle->state);
    bindings_submit(L, handle, request);
    if (suspends)
        return bindings_suspend(L, handle);
    bindings_block(L, handle);
    bindings_finish(L, handle);
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
    bindings_call_handle *handle = bindings_prepare(L, request);
    if (client->strict && request->row != NULL && request->row->returns.type != NULL)
        handle->marked = &request->row->returns;
    bindings_give_body(request, body);
    return bindings_start(L, handle, request);
}
