/*
 * interpreter_report.h - calls of a script, and what becomes of their errors.
 */
#ifndef PROMPTIC_INTERPRETER_REPORT_H
#define PROMPTIC_INTERPRETER_REPORT_H

#include <lua.h>

#include <stdbool.h>

/* [-arguments - 1, +results, -] Calls with a traceback on errors and with Ctrl-C as an error.
 * Returns the status, with the message instead of results where it is not LUA_OK. */
int interpreter_call(lua_State *L, int arguments, int results);

/* [-0 or 1, +0, -] Prints the message on top where the status is not LUA_OK; returns the status. */
int interpreter_report(lua_State *L, int status);

#define INTERPRETER_NAME "promptic-lua"

/* Prints "program: text" to stderr; without the program's name within the REPL. */
void interpreter_message(const char *text);

/* The name that messages start with, or NULL for none; returns the one before. */
const char *interpreter_rename(const char *program);

/* Whether the error that was reported last was that of a signal. The second one forgets it. */
bool interpreter_ended_by_interrupt(void);
void interpreter_forgive(void);

#endif
