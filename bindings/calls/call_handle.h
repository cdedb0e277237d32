/*
 * call_handle.h - what owns a call of Lua's, and the list of those that have ended.
 */
#ifndef PROMPTIC_CALL_HANDLE_H
#define PROMPTIC_CALL_HANDLE_H

#include "compat.h"
#include "json_decode.h"
#include "promptic.h"
#include "state.h"

#include <stdbool.h>
#include <stddef.h>

/* The userdata that owns a call as long as Lua may raise. */
struct bindings_call_handle {
    promptic_call *call;
    bindings_state *state;
    bindings_call_handle *next, **link; /* in the list of ended calls; link: NULL elsewhere */
    int decoding; /* reference to what decodes the response in steps; LUA_NOREF: nothing */
    json_progress progress; /* of that; once it is over, the reference is to the value or message */
    json_bounds bounds;     /* of the decoding */
    bool exchange;          /* the response is returned as it came */
    const promptic_returns *marked; /* of a strict client: the result's type; else NULL */
    bool cancelled;                 /* its task was, after the response had come */
    bool late;                      /* the deadline has passed since then */
    bool json;                      /* of an exchange: the value of its response is wanted too */
    int log;                        /* reference to its own log function, or LUA_NOREF */
    /* [-0, +1, e] Set of a stream, whose 2xx body is handed on as it comes: pushes the next of it,
     * which waits in `bytes`. */
    int (*take)(lua_State *L, bindings_call_handle *handle);
    char *bytes;
    size_t length, capacity;
    bool lost; /* memory for them has run out */
};

/* Puts the call into the list of those whose task the scheduler resumes, and takes it out. */
void bindings_notify(bindings_call_handle *handle);
void bindings_unlink_ended(bindings_call_handle *handle);

/* [-0, +0, -] Frees the call, aborting it where it is under way. */
void bindings_release(lua_State *L, bindings_call_handle *handle);

/* [-0, +1, m] Pushes one without a call. */
bindings_call_handle *bindings_push_call_handle(lua_State *L, bindings_state *state);

/* For the scheduler. next_ended(): the address of the next call of a task that has ended, or nil. */
int bindings_next_ended(lua_State *L);

#endif
