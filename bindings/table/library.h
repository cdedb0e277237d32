/*
 * library.h - the rows of the names that the library itself adds to the platform's: functions of
 * promptic and its tables, methods of clients and tasks, and the fields of what they return.
 */
#ifndef PROMPTIC_LIBRARY_H
#define PROMPTIC_LIBRARY_H

#include "arguments.h"
#include "compat.h"
#include "promptic.h"

#include <stddef.h>

typedef enum library_kind {
    LIBRARY_FUNCTION, /* promptic.run, promptic.auth.login */
    LIBRARY_METHOD,   /* of a client */
    LIBRARY_TASK,     /* a method of a task */
    LIBRARY_TRACER,   /* of a tracer */
    LIBRARY_SPAN,     /* of a span */
    LIBRARY_PROMPT,   /* of what client:prompt returns */
    LIBRARY_CLASS     /* no function: the fields of a table that functions return or raise */
} library_kind;

/* A row. Everything else follows from it: argument checks, promptic.library, editor stubs, help and
 * completion at the prompt, the tables of the READMEs and the manual. */
typedef struct library_row {
    library_kind kind;
    const char *key;        /* unique in promptic.library: "client", "auth.login", "task.await" */
    const char *table;      /* the table of promptic that it is in: "auth"; NULL: promptic itself */
    promptic_endpoint call; /* name, parameters, returns, summary, and for a method of a client the
                             * resource whose module has it too, or "client"; no verb and no path */
    lua_CFunction function; /* called with checked arguments, the options complete with their
                             * defaults and not to be changed; NULL: it is Lua, in the prelude */
    int level;              /* of that function on the call stack: see BINDINGS_METHOD_LEVEL */
    const char *like;       /* the endpoint whose parameters it has: call.parameters is NULL */
    void (*check)(lua_State *L, const bindings_site *site); /* what types cannot say; the settings
                                                             * are on top */
} library_row;

/* The rows in their order, *count of them. Static memory. */
const library_row *library_rows(size_t *count);

/* ---------------------------------------------------------- library_call.c */

/* [-0, +0, m] Lets the others find the rows. Only what opens the module needs the rows themselves,
 * which need every function that they name. */
void library_open(lua_State *L, const library_row *rows, size_t count);

/* [-0, +0, m] The row of this key, or NULL. */
const library_row *library_find(lua_State *L, const char *key);

/* The row's parameters, its own or those of the endpoint that it is like. */
const promptic_parameter *library_parameters(const library_row *row);

/* [-0, +1, m] Pushes the row's function, which checks its arguments and fills in the defaults of
 * its options before it runs. */
void library_push_function(lua_State *L, const library_row *row);

/* [-0, +1, m] Pushes the function that checks the arguments of the prelude's function of this key,
 * of the library or of an endpoint, and returns them: options complete with their defaults. Raises
 * for other keys. */
void library_push_check(lua_State *L, const char *key);

/* [-0, +1, m] Pushes a table of the options at index, or of none where there is nil, with the
 * defaults of those that are absent. */
void library_push_settings(lua_State *L, const promptic_parameter *parameters, int options);

#endif
