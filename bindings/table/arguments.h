/*
 * arguments.h - checks whether a function was called as its row says.
 */
#ifndef PROMPTIC_ARGUMENTS_H
#define PROMPTIC_ARGUMENTS_H

#include "compat.h"
#include "promptic.h"

#include <stdbool.h>
#include <stddef.h>

/* Where a method is on the call stack while its C function runs: without continuations it is a
 * function in Lua that calls that one (prelude/methods.lua). */
#define BINDINGS_METHOD_LEVEL (COMPAT_CONTINUATIONS ? 0 : 1)

/* Whose argument is checked, for the message. */
typedef struct bindings_site {
    const char *function;
    int level;        /* of that function on the call stack, 0 for the running C function */
    int argument;     /* its index, the client included */
    const char *list; /* the name of the list or of the changes the value is in, else NULL */
    size_t item;      /* in the list, counted from 1; 0 elsewhere */
    bool *refused;    /* not NULL: the message alone is raised, and that is noted here */
} bindings_site;

/* [-?, +?, e] Raises "bad argument #n to 'function' (message)", n counted as Lua counts it. The
 * format is that of lua_pushfstring. */
int bindings_argument_error(lua_State *L, const bindings_site *site, const char *format, ...);

/* [-0, +1, m] Pushes how messages call this parameter: observations[3].expected */
const char *bindings_push_label(lua_State *L, const bindings_site *site,
                                const promptic_parameter *parameter);

/* Whether a parameter is given by position or in the table of options, not inside a body. */
bool bindings_is_positional(const promptic_parameter *parameter);
bool bindings_is_option(const promptic_parameter *parameter);

/* [-0, +0, e] Raises unless the value at index is one of the parameter's. */
void bindings_check_value(lua_State *L, const bindings_site *site,
                          const promptic_parameter *parameter, int index);

/* [-0, +0, e] Raises unless the running function was called as the row says: a client (a row
 * without a module is no method and takes none), the arguments given by position, at most one table
 * of options. Makes the stack exactly that long, absent arguments being nil, and returns the
 * options' index, or 0 where the row has none. With "..." any further arguments stay. */
int bindings_check_arguments(lua_State *L, const promptic_endpoint *row, int level);

/* [-0, +0, e] Raises unless the table at index has known options with right values only. */
void bindings_check_options(lua_State *L, const bindings_site *site,
                            const promptic_parameter *parameters, int index);

/* [-0, +1, m] Pushes an option's value, nil where there is none. index is what
 * bindings_check_arguments returned; the value there may be nil. */
void bindings_push_option(lua_State *L, int index, const char *name);

typedef struct bindings_client bindings_client; /* lua_client.h */

/* [-0, +0, -] The client at index, NULL where that is something else. */
bindings_client *bindings_to_client(lua_State *L, int index);

/* [-0, +0, e] The client at the site's argument, which may be closed; raises for anything else. */
bindings_client *bindings_check_client(lua_State *L, const bindings_site *site);

#endif
