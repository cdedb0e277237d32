/*
 * tasks.h - what tasks need of C.
 */
#ifndef PROMPTIC_TASKS_H
#define PROMPTIC_TASKS_H

#include "state.h"

#include <stdbool.h>

/* [-0, +1, m] Pushes what tasks need of C: the prelude's "c.tasks". */
int bindings_open_tasks(lua_State *L);

/* [-0, +0, -] Whether there may be tasks in the background. Needs a stack slot. */
bool bindings_has_background(lua_State *L);

/* [-0, +0 or 1, -] Lets tasks in the background go on, and the core work, for `seconds` at most.
 * False with the error pushed where one was raised. Needs LUA_MINSTACK slots. */
bool bindings_drive_background(lua_State *L, bindings_state *state, double seconds);

#endif
