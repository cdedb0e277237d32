/*
 * interpreter_flush.h - what is left to do in the background when the program ends.
 */
#ifndef PROMPTIC_INTERPRETER_FLUSH_H
#define PROMPTIC_INTERPRETER_FLUSH_H

#include <lua.h>

/* [-0, +0, -] Waits for background tasks, 2 s at most. */
void interpreter_flush(lua_State *L);

/* [-0, +0, m] Makes os.exit do so too. */
void interpreter_flush_at_exit(lua_State *L);

#endif
