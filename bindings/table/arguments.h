/*
 * arguments.h - checks whether a function was called as its row says.
 */
#ifndef PROMPTIC_ARGUMENTS_H
#define PROMPTIC_ARGUMENTS_H

#include "compat.h"
#include "promptic.h"
#include "site.h"

/* [-0, +0, e] Raises unless the value at index is one of the parameter's. */
void bindings_check_value(lua_State *L, const bindings_site *site,
                          const promptic_parameter *parameter, int index);

/* [-0, +0, e] Raises unless the running function was called as the row says: a client (a row
 * without a module is no method and takes none), the arguments given by position, at most one table
 * of options. Makes the stack exactly that long, absent arguments being nil, and returns the
 * options' index, or 0 if the row has none. With "..." any further arguments stay. */
int bindings_check_arguments(lua_State *L, const promptic_endpoint *row, int level);

/* [-0, +1, m] Pushes an option's value, nil if there is none. index is what
 * bindings_check_arguments returned; the value there may be nil. */
void bindings_push_option(lua_State *L, int index, const char *name);

#endif
