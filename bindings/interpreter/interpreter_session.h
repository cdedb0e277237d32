/*
 * interpreter_session.h - -i at a terminal.
 */
#ifndef PROMPTIC_INTERPRETER_SESSION_H
#define PROMPTIC_INTERPRETER_SESSION_H

#include <lua.h>

/* [-?, +0, e] A person at a terminal: runs scripts/repl, until Ctrl-D. */
void interpreter_session(lua_State *L);

#endif
