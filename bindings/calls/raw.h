/*
 * raw.h - client:request, for operations that have no row yet.
 */
#ifndef PROMPTIC_RAW_H
#define PROMPTIC_RAW_H

#include "site.h"

#include <stddef.h>

/* client:request(method, path [, options]), with checked arguments */
int bindings_request(lua_State *L);

/* [-0, +2, e] Makes sorted pairs of the table at index, whose values are texts, numbers, booleans
 * or lists of these; what it pushes keeps them. Messages call it `label`. */
promptic_pair *bindings_take_pairs(lua_State *L, const bindings_site *site, const char *label,
                                   int index, size_t *count);

#endif
