/*
 * interpreter_terminal.h - the module promptic.terminal.
 */
#ifndef PROMPTIC_INTERPRETER_TERMINAL_H
#define PROMPTIC_INTERPRETER_TERMINAL_H

#include <lua.h>

/* [-?, +1, e] Opens the module promptic.terminal. */
int interpreter_open_terminal(lua_State *L);

#endif
