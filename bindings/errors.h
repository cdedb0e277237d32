/*
 * errors.h - promptic.Error: what a failed call raises.
 */
#ifndef PROMPTIC_ERRORS_H
#define PROMPTIC_ERRORS_H

#include "compat.h"
#include "promptic.h"

/* [-?, +?, e] Raises the result's failure as a promptic.Error, out of memory as Lua does. */
int bindings_raise(lua_State *L, const promptic_result *result);

/* [-?, +?, e] The same for a function of the core that fails before there is a call. */
int bindings_raise_failure(lua_State *L, const promptic_error *error);

/* [-0, +1, m] Pushes that error, so that the call that lends the result can be freed before it is
 * raised. */
void bindings_push_error(lua_State *L, const promptic_result *result);

/* [-0, +1, e] new_error(fields): the table as a promptic.Error, its texts cleaned. clean(text): the
 * text as a line without secrets and without what a terminal would obey. */
int bindings_new_error(lua_State *L);
int bindings_clean(lua_State *L);

/* [-0, +1, e] is_passing(error): whether the next attempt may succeed. */
int bindings_is_passing(lua_State *L);

/* promptic.is_error(value [, kind]) */
int bindings_is_error(lua_State *L);

/* [-0, +1, m] Pushes the metatable of errors, promptic.Error. */
void bindings_push_error_metatable(lua_State *L);

#endif
