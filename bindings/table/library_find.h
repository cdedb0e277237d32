/*
 * library_find.h - the rows of the library's own names by their keys.
 */
#ifndef PROMPTIC_LIBRARY_FIND_H
#define PROMPTIC_LIBRARY_FIND_H

#include "library.h"

/* [-0, +0, m] Lets the others find the rows. Only what opens the module needs the rows themselves,
 * which need every function that they name. */
void library_open(lua_State *L, const library_row *rows, size_t count);

/* [-0, +0, m] The row of this key, or NULL. */
const library_row *library_find(lua_State *L, const char *key);

/* The row's parameters, its own or those of the endpoint that it is like. */
const promptic_parameter *library_parameters(const library_row *row);

#endif
