/*
 * guard.h - entries into the scheduler from outside of tasks.
 */
#ifndef PROMPTIC_GUARD_H
#define PROMPTIC_GUARD_H

#include "state.h"

/* [-0, +0, -] Where tasks are to run as their script expects though the hook that all coroutines of
 * LuaJIT share was taken off: bindings_lend_hook puts it on, bindings_return_hook takes it off. */
void bindings_lend_hook(lua_State *L, const bindings_state *state);
void bindings_return_hook(lua_State *L, const bindings_state *state);

/* [-0, +0, -] The coroutine whose hook one that is made on L inherits. */
lua_State *bindings_hook_giver(lua_State *L, const bindings_state *state);

/* [-?, +n, e] guard(f, ...): calls f below this C call, in a coroutine that has no hook, so that
 * nothing can suspend it half-way. */
int bindings_guard(lua_State *L);

#endif
