/*
 * interpreter_line.h - lines from a terminal, with editing.
 */
#ifndef PROMPTIC_INTERPRETER_LINE_H
#define PROMPTIC_INTERPRETER_LINE_H

#include <lua.h>

/* [-?, +1 or 2, e] Lua function: read(prompt, completer) reads a line from the terminal, or a paste
 * of several. The line, or nil and "end" or "interrupted". Escape sequences in the prompt stand
 * between \1 and \2. */
int interpreter_read_line(lua_State *L);

/* The same for a question: the prompt goes to stderr. */
int interpreter_ask_line(lua_State *L);

/* [-?, +0, e] Lua function: gives the line editor its history. */
int interpreter_set_history(lua_State *L);

#endif
