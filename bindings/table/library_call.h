/*
 * library_call.h - from the rows of the library's own names to functions with checked arguments.
 */
#ifndef PROMPTIC_LIBRARY_CALL_H
#define PROMPTIC_LIBRARY_CALL_H

#include "library.h"

/* [-0, +1, m] Pushes the row's function, which checks its arguments and fills in the defaults of
 * its options before it runs. */
void library_push_function(lua_State *L, const library_row *row);

/* [-0, +1, m] Pushes the function that checks the arguments of the prelude's function of this key,
 * of the library or of an endpoint, and returns them: options complete with their defaults. Raises
 * for other keys. */
void library_push_check(lua_State *L, const char *key);

/* [-0, +1, m] Pushes a table of the options at index, or of none if there is nil, with the
 * defaults of those that are absent. */
void library_push_settings(lua_State *L, const promptic_parameter *parameters, int options);

#endif
