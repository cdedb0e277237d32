/*
 * library.h - the rows of the names that the library itself adds to the platform's: functions of
 * promptic and its tables, methods of clients and tasks, and the fields of what they return.
 */
#ifndef PROMPTIC_LIBRARY_H
#define PROMPTIC_LIBRARY_H

#include "site.h"
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

#endif
