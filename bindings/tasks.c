/*
 * tasks.c - what tasks need of C: which coroutine is one, when their calls have ended, and how to
 * wait for that. The rest is Lua, in bindings/prelude/tasks.lua.
 */
#include "bindings.h"

/* How long the core may block before hooks get a turn: see state.c. */
#define SLICE_SECONDS 0.05

/* [-0, +0, e] enter(coroutine or nil): calls made on this coroutine suspend it from now on. */
static int enter(lua_State *L) {
    bindings_state_of(L)->task = lua_tothread(L, 1);
    return 0;
}

/* [-0, +1, e] can_suspend(): whether the caller is a task that can wait, others running meanwhile.
 */
static int can_suspend(lua_State *L) {
    lua_pushboolean(L, bindings_can_suspend(L, bindings_state_of(L)));
    return 1;
}

/* [-0, +1, e] poll(seconds): lets the core work until a task's call has ended, or time is up. */
static int poll(lua_State *L) {
    bindings_state *state = bindings_state_of(L);
    double end = bindings_time() + luaL_checknumber(L, 1);
    bindings_check_idle(L, state);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    for (;;) {
        double left = state->ended != NULL ? 0 : end - bindings_time();
        double slice = left < SLICE_SECONDS ? left : SLICE_SECONDS;
        lua_State *outer = bindings_enter(state, L);
        if (slice > 0)
            promptic_wait(state->loop, (long)(slice * 1000 + 0.999));
        else
            promptic_step(state->loop);
        bindings_leave(state, outer);
        if (!bindings_run_hooks(L, state))
            return lua_error(L);
        if (state->ended != NULL || bindings_time() >= end)
            return 0;
    }
}

/* [-0, +1, e] traceback(coroutine): where it is, or was when it failed. */
static int traceback(lua_State *L) {
    compat_traceback(L, lua_tothread(L, 1));
    return 1;
}

void bindings_open_tasks(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"enter", enter},
        {"can_suspend", can_suspend},
#if COMPAT_RESUMES
        {"resume", compat_resume},
#endif
        {"poll", poll},
        {"traceback", traceback},
        {"ended", bindings_next_ended},
        {"cancel", bindings_cancel_call},
        {"decode_ahead", bindings_decode_ahead},
        {"resume_values", bindings_resume_values},
        {NULL, NULL}
    };
    luaL_setfuncs(L, functions, 0);
    lua_pushlightuserdata(L, (void *)&bindings_failure_mark);
    lua_setfield(L, -2, "failure_mark");
}
