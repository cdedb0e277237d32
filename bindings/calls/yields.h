/*
 * yields.h - what a task's coroutine yields for by itself.
 */
#ifndef PROMPTIC_YIELDS_H
#define PROMPTIC_YIELDS_H

#include "compat.h"

#include <stdbool.h>

/* Why a task's coroutine has yielded by itself: coroutine.yield without values, which goes on in
 * the next step; a host's hook, which goes on at once; or a function of the host's, which is an
 * error. */
typedef enum bindings_yield {
    BINDINGS_YIELD_OWN,
    BINDINGS_YIELD_HOOK,
    BINDINGS_YIELD_FOREIGN
} bindings_yield;

/* A function of the host's that has yielded inside a task. */
typedef struct bindings_foreign {
    lua_State *coroutine; /* the task's; NULL: there is none */
    char name[96];        /* empty: unknown */
    bool is_yield;        /* it is coroutine.yield, with values */
    bool raised;          /* the error was raised in the task */
    lua_Hook hook;        /* that the coroutine had */
    int mask, count;      /* of that */
} bindings_foreign;

/* [-0, +0, m] Learns what coroutine.yield is. */
void bindings_open_yields(lua_State *L);

/* [-0, +0, -] Of a coroutine that has yielded count values. */
bindings_yield bindings_yield_of(lua_State *coroutine, int count);

/* [-count, +0, -] Makes the coroutine raise an error once the function that has yielded returns. */
void bindings_refuse_yield(lua_State *coroutine, bindings_foreign *foreign, int count);

/* [-?, +?, -] To be called once the coroutine has been resumed: where it was over, or has yielded,
 * before it could raise, a nil stands for the error, and the status is one of an error.
 * bindings_put_refusal [-1, +1, m] makes that the error. */
int bindings_end_refusal(lua_State *coroutine, const bindings_foreign *foreign, int status,
                         int *count);
void bindings_put_refusal(lua_State *L, const bindings_foreign *foreign);

#endif
