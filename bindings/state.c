/*
 * state.c - what a lua_State has once: the loop, and how the bindings wait without making the
 * script deaf to Ctrl-C.
 */
#include "bindings.h"

#include <string.h>
#include <time.h>

/* How long the core may block before hooks get a turn, where no signal handler wakes it, or a
 * script's own hook counts on being called. */
#define SLICE_SECONDS 0.05

/* How often a hook that counts single instructions is called meanwhile. */
#define IDLE_SECONDS 0.1

/* Longer than any wait, and no number of milliseconds overflows. */
#define MOST_SECONDS 1e6

/* ------------------------------------------------------------------- state */

/* [-0, +0, -] */
static int free_state(lua_State *L) {
    bindings_state *state = lua_touserdata(L, 1);
    if (state->interrupter != NULL)
        state->interrupter->state = NULL;
    promptic_loop_free(state->loop);
    state->loop = NULL;
    return 0;
}

/* [-0, +1, e] */
static bindings_state *new_state(lua_State *L) {
    promptic_error error = {.kind = PROMPTIC_OK};
    bindings_state *state = compat_newuserdata(L, sizeof *state);
    memset(state, 0, sizeof *state);
    state->ended_tail = &state->ended;
    lua_createtable(L, 0, 3);
    bindings_name_metatable(L, "promptic.state");
    lua_pushcfunction(L, free_state);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    state->loop = promptic_loop_new(&error);
    if (state->loop == NULL)
        bindings_raise_failure(L, &error);
    return state;
}

/* [-1, +0, m] Keeps the state on top, and lets the program's signal handler find it. */
static void keep_state(lua_State *L, bindings_state *state) {
    bindings_set(L, BINDINGS_STATE);
    bindings_get(L, BINDINGS_INTERRUPTER);
    state->interrupter = lua_touserdata(L, -1);
    lua_pop(L, 1);
    if (state->interrupter != NULL)
        state->interrupter->state = state;
}

bindings_state *bindings_state_of(lua_State *L) {
    bindings_get(L, BINDINGS_STATE);
    bindings_state *state = lua_touserdata(L, -1);
    lua_pop(L, 1);
    if (state == NULL) {
        state = new_state(L);
        keep_state(L, state);
    } else if (state->loop == NULL) {
        luaL_error(L, "promptic cannot be used any more: the Lua state is being closed");
    }
    return state;
}

/* ------------------------------------------------------------ in the core */

lua_State *bindings_enter(bindings_state *state, lua_State *L) {
    lua_State *outer = state->running;
    state->running = L;
    return outer;
}

void bindings_leave(bindings_state *state, lua_State *outer) {
    state->running = outer;
}

void bindings_check_idle(lua_State *L, const bindings_state *state) {
    if (!state->logging)
        return;
    luaL_where(L, 1 + BINDINGS_METHOD_LEVEL);
    lua_pushliteral(L, "a log function cannot use the client whose calls it logs");
    lua_concat(L, 2);
    lua_error(L);
}

/* ------------------------------------------------------------------- hooks */

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
        if (bindings_time() < state->next_idle)
            return true;
        state->next_idle = bindings_time() + IDLE_SECONDS;
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

/* ----------------------------------------------------------------- signals */

void bindings_use_interrupter(lua_State *L, bindings_interrupter *interrupter) {
    lua_pushlightuserdata(L, interrupter);
    bindings_set(L, BINDINGS_INTERRUPTER);
}

void bindings_interrupt(bindings_interrupter *interrupter) {
    bindings_state *state = interrupter->state;
    lua_State *running = state != NULL ? state->running : NULL;
    lua_State *task = state != NULL ? state->task : NULL;
    lua_State *target = running != NULL ? running : task != NULL ? task : interrupter->script;
    if (task != NULL)
        state->task_interrupted = true;
    if (target != NULL)
        lua_sethook(target, interrupter->hook, interrupter->mask, interrupter->count);
    if (state != NULL)
        promptic_wake(state->loop);
}

void bindings_pass_hook(const bindings_state *state, lua_State *from, lua_State *to) {
    const bindings_interrupter *interrupter = state->interrupter;
    if (interrupter == NULL || lua_gethook(from) != interrupter->hook)
        return;
    lua_sethook(from, NULL, 0, 0);
    lua_sethook(to, interrupter->hook, interrupter->mask, interrupter->count);
}

/* -------------------------------------------------------------------- time */

double bindings_time(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int bindings_now(lua_State *L) {
    lua_pushnumber(L, bindings_time());
    return 1;
}
