/*
 * interpreter_session.c - promptic-lua at a terminal: the C part of scripts/repl.
 */
#include "interpreter_session.h"

#include "interpreter_line.h"
#include "interpreter_report.h"
#include "interpreter_signals.h"
#include "writer.h"

#include <lauxlib.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* ------------------------------------------------------------------- files */

/* make_folder(path): with mode 0700; an existing folder stays unchanged */
static int make_folder(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    bool there = mkdir(path, S_IRWXU) == 0 || errno == EEXIST;
    return luaL_fileresult(L, there, path);
}

/* with_lock(folder, f): calls f while no other session has the folder; returns whether it did, and
 * well. It never waits: a prompt that hangs is worse than a history that lacks a line. */
static int with_lock(lua_State *L) {
    const char *folder = luaL_checkstring(L, 1);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool well = descriptor >= 0 && flock(descriptor, LOCK_EX | LOCK_NB) == 0 &&
                lua_pcall(L, 0, 0, 0) == LUA_OK;
    if (descriptor >= 0)
        close(descriptor);
    lua_pushboolean(L, well);
    return 1;
}

/* append(path, text): to a file that only its owner can read, which it makes if there is none.
 * One behind a symbolic link was put elsewhere on purpose, and keeps its permissions. */
static int append(lua_State *L) {
    size_t length;
    const char *path = luaL_checkstring(L, 1);
    const char *text = luaL_checklstring(L, 2, &length);
    int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    int descriptor = open(path, flags | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    bool is_link = descriptor < 0 && errno == ELOOP;
    if (is_link)
        descriptor = open(path, flags, S_IRUSR | S_IWUSR);
    int problem = descriptor < 0 ? errno : 0;
    if (problem == 0 && !is_link && fchmod(descriptor, S_IRUSR | S_IWUSR) != 0)
        problem = errno;
    if (problem == 0)
        problem = writer_put(descriptor, text, length);
    if (descriptor >= 0)
        close(descriptor);
    errno = problem;
    return luaL_fileresult(L, problem == 0, path);
}

/* replace(path, text): all that is in such a file, as a whole or not at all */
static int replace(lua_State *L) {
    writer file;
    size_t length;
    const char *path = luaL_checkstring(L, 1);
    const char *text = luaL_checklstring(L, 2, &length);
    int problem = writer_open(&file, path, S_IRUSR | S_IWUSR);
    if (problem == 0 && !file.in_place && fchmod(file.draft, S_IRUSR | S_IWUSR) != 0)
        problem = errno;
    if (problem == 0) {
        writer_add(&file, text, length);
        problem = writer_commit(&file);
    }
    writer_discard(&file);
    errno = problem;
    return luaL_fileresult(L, problem == 0, path);
}

/* -------------------------------------------------------------------- call */

/* call(f, ...): as pcall, and Ctrl-C is an error of f */
static int call(lua_State *L) {
    luaL_checkany(L, 1);
    int status = interpreter_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    lua_pushboolean(L, status == LUA_OK);
    lua_insert(L, 1);
    return lua_gettop(L);
}

/* ----------------------------------------------------------------- session */

/* [-?, +?, e] */
static int run(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"append", append},           {"call", call},
        {"make_folder", make_folder}, {"read", interpreter_read_line},
        {"replace", replace},         {"set_history", interpreter_set_history},
        {"with_lock", with_lock},     {NULL, NULL},
    };
    lua_getglobal(L, "require");
    lua_pushliteral(L, "promptic.repl");
    lua_call(L, 1, 1);
    luaL_newlib(L, functions);
    lua_pushliteral(L, LUA_RELEASE);
    lua_setfield(L, -2, "release");
    lua_call(L, 1, 0);
    return 0;
}

void interpreter_session(lua_State *L) {
    const char *program = interpreter_rename(NULL);
    interpreter_shrug(true);
    lua_settop(L, 0);
    lua_pushcfunction(L, run);
    interpreter_report(L, lua_pcall(L, 0, 0, 0));
    interpreter_shrug(false);
    interpreter_rename(program);
}
