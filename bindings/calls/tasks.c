/*
 * tasks.c - what tasks need of C: coroutines that are made and resumed without the global
 * `coroutine`, which a host may replace or forbid; when their calls have ended, and how to wait for
 * that. The rest is Lua, in bindings/prelude/scheduler.lua.
 */
#include "bindings.h"

#include <stdio.h>

const char bindings_resumed_elsewhere[] =
    "the coroutine of a task was resumed or closed by something else than promptic";

/* --------------------------------------------------------------- coroutines */

/* [-0, +1, m] create(f): a coroutine that runs it. */
static int create_coroutine(lua_State *L) {
    lua_State *coroutine = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, coroutine, 1);
    return 1;
}

/* [-0, +0, e] yield(): suspends the running task. */
static int yield_task(lua_State *L) {
    return lua_yield(L, 0);
}

/* Whether it can be resumed: it has not begun, or has yielded. */
static bool is_suspended(lua_State *coroutine) {
    lua_Debug info;
    int status = lua_status(coroutine);
    return status == LUA_YIELD || (status == LUA_OK && lua_getstack(coroutine, 0, &info) == 0 &&
                                   lua_gettop(coroutine) > 0);
}

/* [-0, +2, e] What a coroutine that has yielded waits for, from its stack, where its count values
 * on top are dropped. */
static int push_reason(lua_State *L, bindings_state *state, lua_State *coroutine, int count) {
    bindings_owner *owner = state->suspending;
    state->suspending = NULL;
    if (owner == NULL || count != 1 || lua_touserdata(coroutine, -1) != owner) {
        lua_pop(coroutine, count);
        lua_pushliteral(L, "yielded");
        return 1;
    }
    lua_xmove(coroutine, L, 1);
    lua_pushliteral(L, "called");
    lua_pushlightuserdata(L, owner);
    lua_pushvalue(L, -3);
    return 3;
}

/* [-0, +n, e] */
static int push_outcome(lua_State *L, bindings_state *state, lua_State *coroutine, int status,
                        int count) {
    bool interrupted = atomic_exchange(&state->task_interrupted, false);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    if (status == LUA_YIELD)
        return push_reason(L, state, coroutine, count);
    if (status != LUA_OK) {
        lua_pushstring(L, interrupted ? "interrupted" : "failed");
        lua_xmove(coroutine, L, 1);
        return 2;
    }
    luaL_checkstack(L, count + 1, "too many results of a task");
    lua_pushliteral(L, "returned");
    lua_xmove(coroutine, L, count);
    return count + 1;
}

/* [-?, +n, e] resume(coroutine, ...): "returned" and its values; "failed" and its error, or
 * "interrupted" and its error where a signal was the reason; "called", its call's address and its
 * owner; or "yielded", for anything else. */
static int resume_coroutine(lua_State *L) {
    bindings_state *state = bindings_state_of(L);
    lua_State *coroutine = lua_tothread(L, 1);
    int count = lua_gettop(L) - 1;
    if (!is_suspended(coroutine)) {
        lua_pushliteral(L, "failed");
        lua_pushstring(L, bindings_resumed_elsewhere);
        return 2;
    }
    if (!lua_checkstack(coroutine, count))
        return luaL_error(L, "too many arguments of a task");
    lua_xmove(L, coroutine, count);
    lua_State *outer = state->task;
    state->suspending = NULL;
    state->task = coroutine;
    int status = compat_resume(coroutine, L, count, &count);
    state->task = outer;
    bindings_pass_hook(state, coroutine, L);
    return push_outcome(L, state, coroutine, status, count);
}

/* [-0, +0, e] close(coroutine): runs what is still to be closed in one that has failed; nothing if
 * it is running. */
static int close_coroutine(lua_State *L) {
    lua_State *coroutine = lua_tothread(L, 1);
    if (lua_status(coroutine) != LUA_OK)
        compat_closethread(coroutine);
    return 0;
}

/* [-0, +1, e] can_suspend(): whether the caller is a task that can wait, others running meanwhile.
 */
static int can_suspend(lua_State *L) {
    lua_pushboolean(L, bindings_can_suspend(L, bindings_state_of(L)));
    return 1;
}

/* [-0, +1, e] traceback(coroutine): where it is, or was when it failed. */
static int traceback(lua_State *L) {
    compat_traceback(L, lua_tothread(L, 1));
    return 1;
}

/* ------------------------------------------------------------------ waiting */

/* [-0, +0, e] poll(seconds): lets the core work until a task's call has ended, or time is up. */
static int poll_loop(lua_State *L) {
    bindings_state *state = bindings_state_of(L);
    double end = bindings_time() + luaL_checknumber(L, 1);
    bindings_check_idle(L, state);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    for (;;) {
        bindings_work(L, state, state->ended != NULL ? 0 : end - bindings_time());
        if (!bindings_run_hooks(L, state))
            return lua_error(L);
        if (state->ended != NULL || bindings_time() >= end)
            return 0;
    }
}

int bindings_sleep(lua_State *L) {
    bindings_state *state = bindings_state_of(L);
    double end = bindings_time() + luaL_checknumber(L, 1);
    bindings_check_idle(L, state);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    do {
        bindings_work(L, state, end - bindings_time());
        if (!bindings_run_hooks(L, state))
            return lua_error(L);
    } while (bindings_time() < end);
    return 0;
}

/* --------------------------------------------------------------------- open */

/* [-0, +0, e] report(message): to stderr, as io.stderr may not be there. */
static int report_failure(lua_State *L) {
    fprintf(stderr, "promptic: a task that nothing awaits has failed: %s\n",
            luaL_checkstring(L, 1));
    return 0;
}

int bindings_open_tasks(lua_State *L) {
    static const luaL_Reg functions[] = {{"create", create_coroutine},
                                         {"yield", yield_task},
                                         {"resume", resume_coroutine},
                                         {"close", close_coroutine},
                                         {"can_suspend", can_suspend},
                                         {"traceback", traceback},
                                         {"poll", poll_loop},
                                         {"report", report_failure},
                                         {"ended", bindings_next_ended},
                                         {"cancel", bindings_cancel_call},
                                         {"decode_ahead", bindings_decode_ahead},
                                         {"resume_values", bindings_resume_values},
                                         {"sleep", bindings_sleep},
                                         {"generation", bindings_push_generation},
                                         {NULL, NULL}};
    bindings_generation(); /* counts from here on */
    luaL_newlib(L, functions);
    lua_pushstring(L, bindings_resumed_elsewhere);
    lua_setfield(L, -2, "resumed_elsewhere");
#if !COMPAT_CONTINUATIONS
    lua_pushlightuserdata(L, (void *)&bindings_success_mark);
    lua_setfield(L, -2, "success_mark");
    lua_pushlightuserdata(L, (void *)&bindings_failure_mark);
    lua_setfield(L, -2, "failure_mark");
#endif
    return 1;
}
