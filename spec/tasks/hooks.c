/*
 * hooks.c - for hooks_spec.lua: a host that suspends its coroutines by count hooks, anywhere, as
 * HAProxy does; and functions that yield to a host's own scheduler, as ngx.sleep does.
 */
#include <lauxlib.h>
#include <lua.h>

/* In LuaJIT all coroutines share a hook; the main one is not to be suspended. */
static void suspend(lua_State *L, lua_Debug *activation) {
    (void)activation;
    int is_main = lua_pushthread(L);
    lua_pop(L, 1);
    if (!is_main)
        lua_yield(L, 0);
}

/* set(coroutine, count): it is suspended after each count instructions; 0: no longer. */
static int set(lua_State *L) {
    int count = (int)luaL_checkinteger(L, 2);
    lua_sethook(lua_tothread(L, 1), count > 0 ? suspend : NULL, count > 0 ? LUA_MASKCOUNT : 0,
                count);
    return 0;
}

/* resume(coroutine): as coroutine.resume, which in Lua 5.1 moves arguments, of which there are none,
 * to a coroutine that its hook may have suspended with more on its stack than Lua's API allows. */
static int resume(lua_State *L) {
    lua_State *coroutine = lua_tothread(L, 1);
#if LUA_VERSION_NUM >= 504
    int count, status = lua_resume(coroutine, L, 0, &count);
#elif LUA_VERSION_NUM >= 502
    int status = lua_resume(coroutine, L, 0), count = lua_gettop(coroutine);
#else
    int status = lua_resume(coroutine, 0), count = lua_gettop(coroutine);
#endif
    lua_pushboolean(L, status == 0 || status == LUA_YIELD);
    count = status == LUA_YIELD ? 0 : status == 0 ? count : 1;
    luaL_checkstack(L, count, "too many results");
    lua_xmove(coroutine, L, count);
    return count + 1;
}

static int calls, yields;

static void count_call(lua_State *L, lua_Debug *activation) {
    (void)L;
    (void)activation;
    calls++;
}

/* count(coroutine, count): counts how often the hook is called; 0: no longer, and how often. */
static int count(lua_State *L) {
    int instructions = (int)luaL_checkinteger(L, 2);
    lua_sethook(lua_tothread(L, 1), instructions > 0 ? count_call : NULL,
                instructions > 0 ? LUA_MASKCOUNT : 0, instructions);
    lua_pushinteger(L, calls);
    calls = 0;
    return 1;
}

/* wait(...): yields without values to whoever resumed the coroutine. */
static int wait_in_host(lua_State *L) {
    yields++;
    return lua_yield(L, 0);
}

/* wait_for(value): yields the value. */
static int wait_for(lua_State *L) {
    return lua_yield(L, 1);
}

int luaopen_hooks(lua_State *L);

int luaopen_hooks(lua_State *L) {
    static const luaL_Reg functions[] = {{"set", set},
                                         {"resume", resume},
                                         {"count", count},
                                         {"wait", wait_in_host},
                                         {"wait_for", wait_for},
                                         {NULL, NULL}};
    lua_newtable(L);
    for (const luaL_Reg *function = functions; function->name != NULL; function++) {
        lua_pushcfunction(L, function->func);
        lua_setfield(L, -2, function->name);
    }
    return 1;
}
