/*
 * forking.c - fork for specs, which Lua has not: a module for the Lua that runs them.
 *
 *    local forking = require "forking"
 *    local pid = forking.fork()     0 in the child
 *    forking.exit(0)                ends the process at once: nothing is closed, no buffer written
 *    local code = forking.wait(pid) the code it ended with, or 128 and its signal
 */
#include <lauxlib.h>
#include <lua.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static int l_fork(lua_State *L) {
    pid_t pid = fork();
    if (pid < 0)
        return luaL_error(L, "fork has failed");
    lua_pushinteger(L, pid);
    return 1;
}

static int l_wait(lua_State *L) {
    int status = 0;
    pid_t pid = (pid_t)luaL_checkinteger(L, 1);
    if (waitpid(pid, &status, 0) != pid)
        return luaL_error(L, "there is no such child");
    lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 1;
}

static int l_exit(lua_State *L) {
    _exit((int)luaL_checkinteger(L, 1));
}

int luaopen_forking(lua_State *L);

int luaopen_forking(lua_State *L) {
    lua_newtable(L);
    lua_pushcfunction(L, l_fork);
    lua_setfield(L, -2, "fork");
    lua_pushcfunction(L, l_wait);
    lua_setfield(L, -2, "wait");
    lua_pushcfunction(L, l_exit);
    lua_setfield(L, -2, "exit");
    return 1;
}
