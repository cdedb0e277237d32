/*
 * interpreter_repl.h - -i without a terminal.
 */
#ifndef PROMPTIC_INTERPRETER_REPL_H
#define PROMPTIC_INTERPRETER_REPL_H

#include <lua.h>

#include <stdbool.h>

/* [-?, +?, e] Reads statements from stdin and runs them, until its end. */
void interpreter_repl(lua_State *L);

bool interpreter_stdin_is_terminal(void);

#endif
