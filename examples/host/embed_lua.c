/*
 * embed_lua.c - a program with a lua_State of its own: it lends the script a function, opens
 * promptic, and runs the script's tasks a little in each frame, so that it is never held up.
 *
 *    cc -o embed_lua embed_lua.c $(pkg-config --cflags --libs lua5.4)
 *    PROMPTIC_API_KEY=... ./embed_lua [script.lua]
 *
 * The module promptic.so is found where Lua looks for modules (LUA_CPATH); the program itself is
 * linked with Lua only.
 */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char own_script[] = "local client = promptic.client()\n"
                                 "local function create(name)\n"
                                 "   local component = client:create_component(name)\n"
                                 "   show('created ' .. client:get_component(component.id).name)\n"
                                 "end\n"
                                 "promptic.spawn(function()\n"
                                 "   promptic.map({ 'north', 'east', 'south', 'west' }, create)\n"
                                 "   show(#client:list_components().data .. ' components in all')\n"
                                 "end)\n";

/* show(text), the program's gift to the script */
static int show(lua_State *L) {
    printf("%s\n", luaL_checkstring(L, 1));
    return 0;
}

/* [-1, +1, m] The error with where it was raised; a promptic.Error has a __tostring. */
static int add_traceback(lua_State *L) {
    luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
    return 1;
}

/* Remembers that a task has failed; without this promptic would only warn. */
static int on_task_error(lua_State *L) {
    fprintf(stderr, "a task failed: %s\n", luaL_tolstring(L, 1, NULL));
    lua_pushboolean(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "example.failed");
    return 0;
}

/* [-0, +1, e] Runs protected: opens what the script needs, then the script, and leaves promptic. */
static int set_up(lua_State *L) {
    const char *path = lua_tostring(L, 1);
    luaL_openlibs(L);
    lua_register(L, "show", show);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "promptic");
    lua_call(L, 1, 1);
    lua_pushcfunction(L, on_task_error);
    lua_setfield(L, -2, "on_task_error");
    lua_pushvalue(L, -1);
    lua_setglobal(L, "promptic");
    int status = path != NULL ? luaL_loadfile(L, path)
                              : luaL_loadbuffer(L, own_script, sizeof own_script - 1, "=script");
    if (status != LUA_OK)
        return lua_error(L);
    lua_call(L, 0, 0);
    return 1;
}

/* [-0, +1, e] promptic.step(0): runs ready tasks, and returns how many are alive. */
static int step(lua_State *L) {
    lua_getglobal(L, "promptic");
    lua_getfield(L, -1, "step");
    lua_pushinteger(L, 0);
    lua_call(L, 1, 1);
    return 1;
}

/* Calls a C function of one argument protected; its result, or the error, is on top. */
static int call(lua_State *L, lua_CFunction function, const char *argument) {
    lua_settop(L, 0);
    lua_pushcfunction(L, add_traceback);
    lua_pushcfunction(L, function);
    lua_pushstring(L, argument);
    return lua_pcall(L, 1, 1, 1);
}

int main(int count, char **arguments) {
    const struct timespec frame = {0, 16666667};
    lua_State *L = luaL_newstate();
    if (L == NULL)
        return EXIT_FAILURE;
    int frames = 0, status = call(L, set_up, count > 1 ? arguments[1] : NULL);
    while (status == LUA_OK && (status = call(L, step, NULL)) == LUA_OK &&
           lua_tointeger(L, -1) > 0) {
        frames++; /* here the program does what it is there for: draws, plays, serves */
        nanosleep(&frame, NULL);
    }
    if (status != LUA_OK)
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
    lua_getfield(L, LUA_REGISTRYINDEX, "example.failed");
    bool failed = status != LUA_OK || lua_toboolean(L, -1);
    lua_close(L); /* also gives back what tasks in flight hold */
    printf("%d frames\n", frames);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
