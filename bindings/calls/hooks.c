/*
 * hooks.c - how the bindings wait without making the script deaf to Ctrl-C: hooks get their turn
 * between two waits.
 */
#include "hooks.h"

#include "clock.h"
#include "guard.h"
#include "registry.h"

#include <string.h>

/* How long the core may block before hooks get a turn, where no signal handler wakes it, or a
 * script's own hook counts on being called. */
#define SLICE_SECONDS 0.05

/* How often a hook that counts single instructions is called meanwhile. */
#define IDLE_SECONDS 0.1

/* Longer than any wait, and no number of milliseconds overflows. */
#define MOST_SECONDS 1e6

static int nothing(lua_State *L) {
    (void)L;
    return 0;
}

/* A hook is to be run while the core waits: one of calls, as those that signal handlers set, or one
 * that counts every instruction. One that counts more is not called for waiting, as it may be a
 * limit. */
static bool is_waiting(lua_State *L) {
    int mask = lua_gethook(L) != NULL ? lua_gethookmask(L) : 0;
    return (mask & (LUA_MASKCALL | LUA_MASKRET)) != 0 ||
           ((mask & LUA_MASKCOUNT) != 0 && lua_gethookcount(L) == 1);
}

/* The coroutine whose hook is to be run: L, those that entered the scheduler, the running task, or
 * the main one, whose hook is all that the signal handler of a stock interpreter can set. NULL
 * where none has any. [-0, +0, -] */
static lua_State *hooked(lua_State *L, const bindings_state *state) {
    if (is_waiting(L))
        return L;
    for (const bindings_entry *entry = state->entry; entry != NULL; entry = entry->outer)
        if (is_waiting(entry->caller))
            return entry->caller;
    lua_State *task = state->task;
    if (task != NULL && is_waiting(task))
        return task;
    lua_State *main = compat_mainthread(L);
    return main != NULL && is_waiting(main) ? main : NULL;
}

/* Below a C call a hook cannot yield. One that tries is called again later. */
static bool has_tried_to_yield(lua_State *L) {
    const char *message = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    return strstr(message, "attempt to yield") != NULL;
}

/* [-0, +0 or 1, -] Runs the hook of this coroutine, which has called the running one or is it. */
static bool run_hook(lua_State *L, bindings_state *state) {
    if ((lua_gethookmask(L) & (LUA_MASKCALL | LUA_MASKRET)) != 0) {
        lua_pushcfunction(L, nothing);
    } else {
        if (clock_seconds() < state->next_idle)
            return true;
        state->next_idle = clock_seconds() + IDLE_SECONDS;
        bindings_get(L, BINDINGS_IDLE);
    }
    if (lua_pcall(L, 0, 0, 0) == LUA_OK)
        return true;
    if (!has_tried_to_yield(L))
        return false;
    lua_pop(L, 1);
    return true;
}

bool bindings_run_hooks(lua_State *L, bindings_state *state) {
    if (state->interrupted) {
        state->interrupted = false;
        bindings_get(L, BINDINGS_INTERRUPTION);
        return false;
    }
    bindings_lend_hook(L, state);
    lua_State *owner = hooked(L, state);
    bool fine = owner == NULL || !lua_checkstack(owner, LUA_MINSTACK) || run_hook(owner, state);
    bindings_return_hook(L, state);
    compat_reenter(L);
    if (fine || owner == L)
        return fine;
    lua_xmove(owner, L, 1);
    if (state->task != NULL)
        state->task_interrupted = true;
    return false;
}

void bindings_work(lua_State *L, bindings_state *state, double seconds) {
    double most =
        state->interrupter != NULL && hooked(L, state) == NULL ? MOST_SECONDS : SLICE_SECONDS;
    double wait = seconds < most ? seconds : most;
    lua_State *outer = bindings_enter(state, L);
    if (wait > 0)
        promptic_wait(state->loop, (long)(wait * 1000 + 0.999));
    else
        promptic_step(state->loop);
    bindings_leave(state, outer);
}
