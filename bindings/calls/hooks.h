/*
 * hooks.h - waiting without making the script deaf to Ctrl-C.
 */
#ifndef PROMPTIC_HOOKS_H
#define PROMPTIC_HOOKS_H

#include "state.h"

#include <stdbool.h>

/* [-0, +0, -] Lets the core work: once, and for `seconds` at most before there is any work. Run the
 * hooks afterwards. */
void bindings_work(lua_State *L, bindings_state *state, double seconds);

/* [-0, +0 or 1, -] Runs the debug hook, which is how Ctrl-C reaches a script. False with the error
 * pushed where it raised. Needs two free stack slots. */
bool bindings_run_hooks(lua_State *L, bindings_state *state);

#endif
