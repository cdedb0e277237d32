/*
 * interpreter_repl.c - promptic-lua -i: statements from stdin, one after the other.
 */
#include "interpreter_repl.h"

#include "interpreter_report.h"

#include <lauxlib.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char chunk_name[] = "=stdin";

bool interpreter_stdin_is_terminal(void) {
    return isatty(STDIN_FILENO) != 0;
}

/* ------------------------------------------------------------------- lines */

/* [-0, +0, e] */
static void print_prompt(lua_State *L, bool first) {
    const char *prompt = first ? "> " : ">> ";
    if (lua_getglobal(L, first ? "_PROMPT" : "_PROMPT2") != LUA_TNIL)
        prompt = luaL_tolstring(L, -1, NULL);
    fputs(prompt, stdout);
    fflush(stdout);
    lua_settop(L, first ? 0 : 2);
}

/* [-0, +1, m] Pushes a line without its end; pushes nothing and returns false at the end of stdin. */
static bool push_line(lua_State *L) {
    luaL_Buffer line;
    bool complete = false, some = false;
    luaL_buffinit(L, &line);
    while (!complete) {
        char *piece = luaL_prepbuffsize(&line, BUFSIZ);
        if (fgets(piece, BUFSIZ, stdin) == NULL)
            break;
        size_t length = strlen(piece);
        some = true;
        complete = length > 0 && piece[length - 1] == '\n';
        luaL_addsize(&line, complete ? length - 1 : length);
    }
    luaL_pushresult(&line);
    if (!some)
        lua_pop(L, 1);
    return some;
}

/* [-0, +1, e] Prompts for a line and pushes it. Input from a pipe is echoed, as readline does, so
 * that the output reads like a session. */
static bool read_line(lua_State *L, bool first) {
    print_prompt(L, first);
    if (!push_line(L))
        return false;
    if (!interpreter_stdin_is_terminal())
        printf("%s\n", lua_tostring(L, -1));
    const char *line = lua_tostring(L, -1);
    if (first && line[0] == '=') { /* how Lua 5.1 was asked for a value */
        lua_pushfstring(L, "return %s", line + 1);
        lua_remove(L, -2);
    }
    return true;
}

/* -------------------------------------------------------------- statements */

/* [-0, +0, -] Whether the message on top says that more lines may make the statement right. */
static bool is_incomplete(lua_State *L, int status) {
    static const char mark[] = "<eof>";
    size_t length;
    if (status != LUA_ERRSYNTAX)
        return false;
    const char *message = lua_tolstring(L, -1, &length);
    return length >= sizeof mark - 1 && strcmp(message + length - (sizeof mark - 1), mark) == 0;
}

/* [-0, +1, m] Tries the line on top as an expression. Pushes a chunk, or else nothing. */
static int load_expression(lua_State *L) {
    const char *text = lua_pushfstring(L, "return %s;", lua_tostring(L, -1));
    int status = luaL_loadbuffer(L, text, strlen(text), chunk_name);
    lua_remove(L, -2);
    if (status != LUA_OK)
        lua_pop(L, 1);
    return status;
}

/* [-1, +1, e] Loads the line at index 1, and further ones while it is incomplete. */
static int load_lines(lua_State *L) {
    for (;;) {
        size_t length;
        const char *text = lua_tolstring(L, 1, &length);
        int status = luaL_loadbuffer(L, text, length, chunk_name);
        if (!is_incomplete(L, status) || !read_line(L, false)) {
            lua_remove(L, 1);
            return status;
        }
        lua_pushfstring(L, "%s\n%s", lua_tostring(L, 1), lua_tostring(L, -1));
        lua_replace(L, 1);
        lua_settop(L, 1);
    }
}

/* [-?, +1, e] Leaves only a chunk or the message on the stack; -1 at the end of stdin. */
static int load_statement(lua_State *L) {
    lua_settop(L, 0);
    if (!read_line(L, true))
        return -1;
    if (load_expression(L) != LUA_OK)
        return load_lines(L);
    lua_remove(L, 1);
    return LUA_OK;
}

/* [-n, +0, e] Prints all values on the stack. */
static void print_values(lua_State *L) {
    int count = lua_gettop(L);
    if (count == 0)
        return;
    luaL_checkstack(L, LUA_MINSTACK, "too many results to print");
    lua_getglobal(L, "print");
    lua_insert(L, 1);
    if (lua_pcall(L, count, 0, 0) != LUA_OK)
        interpreter_message(lua_pushfstring(L, "error calling 'print' (%s)", lua_tostring(L, -1)));
}

void interpreter_repl(lua_State *L) {
    const char *program = interpreter_rename(NULL);
    int status;
    while ((status = load_statement(L)) != -1) {
        if (status == LUA_OK)
            status = interpreter_call(L, 0, LUA_MULTRET);
        if (status == LUA_OK)
            print_values(L);
        else
            interpreter_report(L, status);
    }
    lua_settop(L, 0);
    putchar('\n');
    fflush(stdout);
    interpreter_rename(program);
}
