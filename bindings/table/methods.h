/*
 * methods.h - the functions of endpoints, and what they need to write into requests.
 */
#ifndef PROMPTIC_METHODS_H
#define PROMPTIC_METHODS_H

#include "compat.h"
#include "promptic.h"

#include <stddef.h>

/* [-0, +1, m] Pushes the function that calls the endpoint, with the row as its upvalue. */
void bindings_push_endpoint(lua_State *L, const promptic_endpoint *row);

/* [-0, +n, e] Collects what the options at this index give of the row's query; the core adds the
 * defaults. Needs two stack slots a pair; returns how many there are. */
enum { BINDINGS_MAX_QUERY = 16 };
size_t bindings_take_query(lua_State *L, const promptic_endpoint *row, int options,
                           promptic_pair query[BINDINGS_MAX_QUERY]);

/* [-0, +1, m] Pushes the integer at index, or the text of one, as decimal digits. */
const char *bindings_push_digits(lua_State *L, int index);

/* [-0, +1, m] Pushes the number at index as its shortest text, which no locale changes. */
const char *bindings_push_number(lua_State *L, int index);

#endif
