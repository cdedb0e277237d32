/*
 * site.h - errors of arguments, worded like Lua's own.
 */
#ifndef PROMPTIC_SITE_H
#define PROMPTIC_SITE_H

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

#endif
