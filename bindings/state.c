/*
 * state.c - what a lua_State has once: the loop, and who runs inside of it.
 */
#include "state.h"

#include "errors.h"
#include "registry.h"
#include "site.h"

#include <string.h>

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
