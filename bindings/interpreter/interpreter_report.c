/* interpreter_report.c - calls of a script, and what becomes of their errors. */
#include "interpreter_report.h"

#include "interpreter_signals.h"
#include "state.h"

#include <lauxlib.h>

#include <stdio.h>
#include <string.h>

static const char *program = INTERPRETER_NAME;

/* A script may catch the error that Ctrl-C raises, go on, and fail of something else. */
static bool ended_by_interrupt;

/* ---------------------------------------------------------------- messages */

const char *interpreter_rename(const char *name) {
    const char *before = program;
    program = name;
    return before;
}

void interpreter_message(const char *text) {
    if (program != NULL)
        fprintf(stderr, "%s: ", program);
    fprintf(stderr, "%s\n", text);
    fflush(stderr);
}

int interpreter_report(lua_State *L, int status) {
    if (status == LUA_OK)
        return status;
    const char *text = lua_tostring(L, -1);
    ended_by_interrupt = text != NULL && interpreter_is_interrupt(text);
    interpreter_message(text == NULL ? "(error message not a string)" : text);
    lua_pop(L, 1);
    return status;
}

void interpreter_forgive(void) {
    ended_by_interrupt = false;
}

bool interpreter_ended_by_interrupt(void) {
    return ended_by_interrupt;
}

/* ------------------------------------------------------------------- calls */

/* [-0, +0, -] Whether it is an error of the platform; with a traceback, as a failed call is rarely
 * where it was typed. */
static bool is_promptic_error(lua_State *L, int index) {
    if (luaL_getmetafield(L, index, "__name") == LUA_TNIL)
        return false;
    bool same =
        lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "promptic.Error") == 0;
    lua_pop(L, 1);
    return same;
}

/* Message handler: the text printed of an error. */
static int describe_error(lua_State *L) {
    const char *text = lua_tostring(L, 1);
    if (text == NULL) {
        if (luaL_callmeta(L, 1, "__tostring") && lua_type(L, -1) == LUA_TSTRING) {
            if (!is_promptic_error(L, 1))
                return 1;
            text = lua_tostring(L, -1);
            if (bindings_is_interrupt(L, 1) && lua_getfield(L, 1, "message") == LUA_TSTRING)
                text = lua_tostring(L, -1); /* may have an account of the work */
        } else {
            text = lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
        }
    }
    luaL_traceback(L, L, text, 1);
    return 1;
}

int interpreter_call(lua_State *L, int arguments, int results) {
    int handler = lua_gettop(L) - arguments;
    lua_pushcfunction(L, describe_error);
    lua_insert(L, handler);
    lua_State *outer = interpreter_begin(L);
    int status = lua_pcall(L, arguments, results, handler);
    interpreter_end(L, outer);
    lua_remove(L, handler);
    return status;
}
