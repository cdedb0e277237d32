/*
 * state.c - what a lua_State has once: the loop, the slots in the registry, and how the bindings
 * wait without making the script deaf to Ctrl-C.
 */
#include "bindings.h"

#include <string.h>
#include <time.h>

/* How long the core may block before hooks get a turn. A signal wakes it at once; this bounds the
 * wait where the signal came just before, or to another thread. */
#define SLICE_SECONDS 0.05

/* ------------------------------------------------------------------- slots */

static const char slots[BINDINGS_SLOT_COUNT]; /* only their addresses matter */

void bindings_get(lua_State *L, bindings_slot slot) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &slots[slot]);
}

void bindings_set(lua_State *L, bindings_slot slot) {
    lua_rawsetp(L, LUA_REGISTRYINDEX, &slots[slot]);
}

/* ------------------------------------------------------------------- state */

/* [-0, +0, -] */
static int free_state(lua_State *L) {
    bindings_state *state = lua_touserdata(L, 1);
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
    lua_createtable(L, 0, 2);
    lua_pushliteral(L, "promptic.state");
    lua_setfield(L, -2, "__name");
    lua_pushcfunction(L, free_state);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    state->loop = promptic_loop_new(&error);
    if (state->loop == NULL)
        bindings_raise(
            L, &(promptic_result){.kind = error.kind, .message = error.message, .retry_after = -1});
    return state;
}

bindings_state *bindings_state_of(lua_State *L) {
    bindings_get(L, BINDINGS_STATE);
    bindings_state *state = lua_touserdata(L, -1);
    lua_pop(L, 1);
    if (state == NULL) {
        state = new_state(L);
        bindings_set(L, BINDINGS_STATE);
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
    lua_pushliteral(L, "a log function cannot use the client whose calls it is told of");
    lua_concat(L, 2);
    lua_error(L);
}

/* ------------------------------------------------------------------- hooks */

static int nothing(lua_State *L) {
    (void)L;
    return 0;
}

/* Hooks belong to coroutines, and the interpreter's signal handler can only set that of the main
 * one. So in any other a hook of the main one is lent for this single call, unless it has its own.
 * [-0, +0, -] */
static bool lend_hook(lua_State *L) {
    lua_State *main = compat_mainthread(L);
    if (main == NULL || main == L || lua_gethook(L) != NULL || lua_gethook(main) == NULL)
        return false;
    lua_sethook(L, lua_gethook(main), lua_gethookmask(main), lua_gethookcount(main));
    return true;
}

bool bindings_run_hooks(lua_State *L, bindings_state *state) {
    if (state->interrupted) {
        state->interrupted = false;
        bindings_get(L, BINDINGS_INTERRUPTION);
        return false;
    }
    bool lent = lend_hook(L);
    lua_pushcfunction(L, nothing);
    int status = lua_pcall(L, 0, 0, 0);
    if (lent)
        lua_sethook(L, NULL, 0, 0);
    return status == LUA_OK;
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

int bindings_sleep(lua_State *L) {
    static const bindings_site site = {.function = "sleep", .argument = 1};
    bindings_state *state = bindings_state_of(L);
    if (lua_type(L, 1) != LUA_TNUMBER || !(lua_tonumber(L, 1) >= 0))
        return bindings_argument_error(L, &site, "seconds: number of at least 0 expected");
    double end = bindings_time() + lua_tonumber(L, 1);
    bindings_check_idle(L, state);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    do {
        double left = end - bindings_time();
        double slice = left < SLICE_SECONDS ? left : SLICE_SECONDS;
        lua_State *outer = bindings_enter(state, L);
        promptic_wait(state->loop, slice > 0 ? (long)(slice * 1000 + 0.999) : 0);
        bindings_leave(state, outer);
        if (!bindings_run_hooks(L, state))
            return lua_error(L);
    } while (bindings_time() < end);
    return 0;
}
