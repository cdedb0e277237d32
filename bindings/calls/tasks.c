/*
 * tasks.c - what tasks need of C: coroutines that are made and resumed without the global
 * `coroutine`, which a host may replace or forbid; when their calls have ended, and how to wait for
 * that. The rest is Lua, in bindings/prelude/scheduler.lua.
 */
#include "tasks.h"

#include "call_handle.h"
#include "clock.h"
#include "forks.h"
#include "guard.h"
#include "hooks.h"
#include "lua_call.h"
#include "lua_result.h"
#include "registry.h"
#include "unwinding.h"
#include "yields.h"

#include <stdio.h>
#include <string.h>

/* --------------------------------------------------------------- coroutines */

/* [-0, +1, m] create(f): a coroutine that runs it, with the hook that it would inherit if the
 * scheduler did not run in a coroutine of its own. */
static int create_coroutine(lua_State *L) {
    lua_State *giver = bindings_hook_giver(L, bindings_state_of(L));
    lua_State *coroutine = lua_newthread(L);
    if (giver != L)
        lua_sethook(coroutine, lua_gethook(giver), lua_gethookmask(giver), lua_gethookcount(giver));
    bindings_push_task_body(coroutine);
    lua_pushvalue(L, 1);
    lua_xmove(L, coroutine, 1);
    return 1;
}

/* [-0, +1, -] is_bare(f): whether no coroutine can have the function at its bottom: Lua 5.1 crashes
 * where a C function is resumed there. */
static int is_bare(lua_State *L) {
    lua_pushboolean(L, COMPAT_MEASURES_DEPTH && lua_iscfunction(L, 1));
    return 1;
}

/* [-0, +0, e] yield(): suspends the running task, which waits for something else than a call. */
static int yield_task(lua_State *L) {
    bindings_state_of(L)->waiting = true;
    return lua_yield(L, 0);
}

/* Whether it can be resumed: it has not begun, or has yielded. */
static bool is_suspended(lua_State *coroutine) {
    lua_Debug info;
    int status = lua_status(coroutine);
    return status == LUA_YIELD || (status == LUA_OK && lua_getstack(coroutine, 0, &info) == 0 &&
                                   lua_gettop(coroutine) > 0);
}

/* [-0, +n, e] What a coroutine that has yielded waits for, from its stack, where its count values
 * on top are dropped. */
static int push_reason(lua_State *L, bindings_state *state, lua_State *coroutine, int count) {
    bindings_call_handle *handle = state->suspending;
    state->suspending = NULL;
    if (handle == NULL) {
        lua_pop(coroutine, count);
        lua_pushliteral(L, "yielded");
        return 1;
    }
    lua_xmove(coroutine, L, 1);
    lua_pushliteral(L, "called");
    lua_pushlightuserdata(L, handle);
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
    luaL_checkstack(L, count + 1, "too many results of a task");
    if (status != LUA_OK || bindings_take_failure(coroutine, &count, &interrupted))
        lua_pushstring(L, interrupted ? "interrupted" : "failed");
    else
        lua_pushliteral(L, "returned");
    count = status == LUA_OK || status == LUA_YIELD ? count : 1;
    lua_xmove(coroutine, L, count);
    return count + 1;
}

/* Whether it has yielded for nothing that the library knows. */
static bool has_yielded_itself(const bindings_state *state, lua_State *coroutine, int status,
                               int count) {
    if (status != LUA_YIELD || state->waiting)
        return false;
    return state->suspending == NULL || count != 1 ||
           lua_touserdata(coroutine, -1) != state->suspending;
}

/* [-?, +?, -] Resumes it until it waits, has called coroutine.yield, or is over. */
static int resume_task(lua_State *L, bindings_state *state, lua_State *coroutine, int *count,
                       bindings_foreign *foreign) {
    int status = compat_resume(coroutine, L, *count, count);
    while (has_yielded_itself(state, coroutine, status, *count)) {
        state->suspending = NULL;
        bindings_yield yield = bindings_yield_of(coroutine, *count);
        if (yield == BINDINGS_YIELD_OWN ||
            (yield == BINDINGS_YIELD_FOREIGN && foreign->coroutine != NULL && !foreign->raised))
            break;
        if (yield == BINDINGS_YIELD_FOREIGN) {
            *foreign = (bindings_foreign){.coroutine = NULL};
            bindings_refuse_yield(coroutine, foreign, *count);
        }
        status = compat_resume(coroutine, L, 0, count);
    }
    return bindings_end_refusal(coroutine, foreign, status, count);
}

/* [-?, +n, e] resume(coroutine, ...): "returned" and its values; "failed" and its error, or
 * "interrupted" and its error where a signal was the reason, and behind it the traceback where the
 * coroutine could make it; "called", its call's address and its owner; or "yielded", for anything
 * else. */
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
    if (lua_status(coroutine) == LUA_OK)
        count += BINDINGS_TASK_BODY; /* the task's function is its argument */
    lua_State *outer = state->task;
    bindings_foreign foreign = {.coroutine = NULL}, *outer_foreign = state->foreign;
    state->suspending = NULL;
    state->waiting = false;
    state->task = coroutine;
    state->foreign = &foreign;
    bindings_lend_hook(L, state);
    int status = resume_task(L, state, coroutine, &count, &foreign);
    bindings_return_hook(L, state);
    state->foreign = outer_foreign;
    state->task = outer;
    state->waiting = false;
    bindings_pass_hook(state, coroutine, L);
    count = push_outcome(L, state, coroutine, status, count);
    bindings_put_refusal(L, &foreign);
    return count;
}

/* [-0, +0, e] close(coroutine): closes the open <close> variables of one that has failed; nothing if
 * it is running. */
static int close_coroutine(lua_State *L) {
    lua_State *coroutine = lua_tothread(L, 1);
    if (lua_status(coroutine) != LUA_OK)
        compat_closethread(coroutine);
    return 0;
}

/* [-0, +1, e] can_suspend(): whether the caller is a task that can wait, others running meanwhile. */
static int can_suspend(lua_State *L) {
    lua_pushboolean(L, bindings_can_suspend(L, bindings_state_of(L)));
    return 1;
}

/* [-0, +1, e] traceback(coroutine): where it is, or was when it failed. */
static int traceback(lua_State *L) {
    compat_traceback(L, lua_tothread(L, 1));
    return 1;
}

/* [-0, +1, -] in_task(): whether the caller is the running task itself, in its own coroutine. */
static int in_task(lua_State *L) {
    lua_pushboolean(L, bindings_state_of(L)->task == L);
    return 1;
}

/* ------------------------------------------------------------------ waiting */

/* [-0, +0, e] Lets the core work for as many seconds as the argument says; with `for_calls`, until a
 * task's call has ended at most. */
static int work(lua_State *L, bool for_calls) {
    bindings_state *state = bindings_state_of(L);
    double end = clock_seconds() + luaL_checknumber(L, 1);
    bindings_check_idle(L, state);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    do {
        bool has_ended = for_calls && state->ended != NULL;
        bindings_work(L, state, has_ended ? 0 : end - clock_seconds());
        if (!bindings_run_hooks(L, state))
            return lua_error(L);
    } while (!(for_calls && state->ended != NULL) && clock_seconds() < end);
    return 0;
}

/* poll(seconds): for the scheduler. */
static int poll_loop(lua_State *L) {
    return work(L, true);
}

/* sleep(seconds): outside of tasks. */
static int sleep_outside(lua_State *L) {
    return work(L, false);
}

/* [-0, +0, e] has_background(): there are tasks in the background from now on. */
static int has_background(lua_State *L) {
    bindings_state_of(L)->background = true;
    return 0;
}

bool bindings_has_background(lua_State *L) {
    bindings_get(L, BINDINGS_STATE);
    const bindings_state *state = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return state != NULL && state->loop != NULL && state->background;
}

/* [-0, +0, m] set_driver(f, flush): f(seconds) drives background tasks, and returns how
 * many tasks are there; flush is promptic.flush. */
static int set_driver(lua_State *L) {
    lua_settop(L, 2);
    bindings_set(L, BINDINGS_FLUSH);
    bindings_set(L, BINDINGS_DRIVER);
    return 0;
}

/* -------------------------------------------------------------- task objects */

/* [-0, +1, e] The status of the task at index 1. The upvalues are the states of tasks, their
 * methods, and a function that notices a fork. */
static void push_status(lua_State *L) {
    unsigned generation = bindings_generation();
    if (generation != (unsigned)lua_tointeger(L, lua_upvalueindex(4))) {
        lua_pushvalue(L, lua_upvalueindex(3));
        lua_call(L, 0, 0);
    }
    lua_pushvalue(L, 1);
    lua_rawget(L, lua_upvalueindex(1));
    lua_pushliteral(L, "status");
    lua_rawget(L, -2);
    lua_remove(L, -2);
}

/* task.status, task.await */
static int index_task(lua_State *L) {
    lua_settop(L, 2);
    if (lua_type(L, 2) == LUA_TSTRING && strcmp(lua_tostring(L, 2), "status") == 0)
        push_status(L);
    else
        lua_rawget(L, lua_upvalueindex(2));
    return 1;
}

/* tostring(task) */
static int describe_task(lua_State *L) {
    push_status(L);
    lua_pushfstring(L, "promptic.task (%s)", lua_tostring(L, -1));
    return 1;
}

/* [-0, +1, m] */
static void push_field(lua_State *L, lua_CFunction function) {
    for (int i = 1; i <= 3; i++)
        lua_pushvalue(L, i);
    lua_pushinteger(L, (lua_Integer)bindings_generation());
    lua_pushcclosure(L, function, 4);
}

/* [-0, +2, m] task_fields(states, methods, check_process): __index and __tostring of tasks. */
static int task_fields(lua_State *L) {
    lua_settop(L, 3);
    push_field(L, index_task);
    push_field(L, describe_task);
    return 2;
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
                                         {"is_bare", is_bare},
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
                                         {"sleep", sleep_outside},
                                         {"generation", bindings_push_generation},
                                         {"guard", bindings_guard},
                                         {"task_fields", task_fields},
                                         {"in_task", in_task},
                                         {"has_background", has_background},
                                         {"set_driver", set_driver},
                                         {NULL, NULL}};
    bindings_generation(); /* counts from here on */
    bindings_open_yields(L);
    if (luaL_loadbuffer(L, "", 0, "=promptic") != LUA_OK)
        return lua_error(L);
    bindings_set(L, BINDINGS_IDLE);
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
