/*
 * unwinding.c - the end of a task that has failed: its variables are closed inside of it, where
 * `__close` may call the platform and be suspended like the rest of the task. Only Lua 5.4 closes
 * variables; a coroutine that has died of an error closes them without being able to yield.
 */
#include "unwinding.h"

#include "state.h"

#include <string.h>

#if LUA_VERSION_NUM >= 504

static const char failure_mark; /* its address is the first result of a task that has failed */

/* Message handler: notes where the task was, and whether a signal was the reason. */
static int note_failure(lua_State *L) {
    static const char bottom[] = "\n\t[C]: in ?"; /* the task's body */
    bindings_state *state = bindings_state_of(L);
    if (state->task != L)
        return 1;
    bool interrupted = atomic_exchange(&state->task_interrupted, false);
    lua_pushboolean(L, interrupted);
    lua_replace(L, lua_upvalueindex(2));
    luaL_traceback(L, L, NULL, 1);
    size_t length, ending = sizeof bottom - 1;
    const char *text = lua_tolstring(L, -1, &length);
    if (length > ending && strcmp(text + length - ending, bottom) == 0)
        lua_pushlstring(L, text, length - ending);
    lua_replace(L, lua_upvalueindex(1));
    lua_settop(L, 1);
    return 1;
}

/* [-1, +3, -] The results of a task that has failed, with its error on top. Whoever else has
 * resumed the coroutine gets the error as usual. */
static int fail(lua_State *L) {
    if (bindings_state_of(L)->task != L)
        return lua_error(L);
    lua_pushlightuserdata(L, (void *)&failure_mark);
    lua_insert(L, -2);
    lua_getupvalue(L, 1, 1);
    lua_getupvalue(L, 1, 2);
    return 4;
}

COMPAT_CONTINUATION(ended) {
    (void)context;
    if (status == LUA_OK || status == LUA_YIELD)
        return lua_gettop(L) - 1;
    return fail(L);
}

static int run_task(lua_State *L) {
    lua_pushnil(L);
    lua_pushnil(L);
    lua_pushcclosure(L, note_failure, 2);
    lua_insert(L, 1);
    int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 1, 0, ended);
    return ended(L, status, 0);
}

void bindings_push_task_body(lua_State *coroutine) {
    lua_pushcfunction(coroutine, run_task);
}

bool bindings_take_failure(lua_State *coroutine, int *count, bool *interrupted) {
    if (*count != 4 || lua_touserdata(coroutine, -4) != &failure_mark)
        return false;
    *interrupted = lua_toboolean(coroutine, -1) != 0;
    lua_pop(coroutine, 1);
    lua_remove(coroutine, -3);
    *count = 2;
    return true;
}

#else

void bindings_push_task_body(lua_State *coroutine) {
    (void)coroutine;
}

bool bindings_take_failure(lua_State *coroutine, int *count, bool *interrupted) {
    (void)coroutine;
    (void)count;
    (void)interrupted;
    return false;
}

#endif
