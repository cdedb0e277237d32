/*
 * lua_call.h - a call from Lua, for the files that submit such calls and return what they give.
 */
#ifndef PROMPTIC_LUA_CALL_H
#define PROMPTIC_LUA_CALL_H

#include "bindings.h"

/* The userdata that owns a call as long as Lua may raise. */
struct bindings_owner {
    promptic_call *call;
    bindings_state *state;
    bindings_owner *next, **link; /* in the state's list of ended calls; link is NULL elsewhere */
    int decoding; /* reference to what decodes the response in steps; LUA_NOREF: nothing */
    json_progress progress; /* of that; once it is over, the reference is to the value or message */
    json_bounds bounds;     /* of the decoding */
    bool exchange;          /* the response is returned as it came */
    const promptic_returns *marked; /* of a strict client: the result's type; else NULL */
    bool cancelled;                 /* its task was, after the response had come */
    bool late;                      /* the deadline has passed since then */
    bool json;                      /* of an exchange: its response's value is wanted too */
    int log;                        /* reference to its own log function, or LUA_NOREF */
    bool is_stream; /* the body of a 2xx is handed on as it comes; these bytes are next */
    char *bytes;
    size_t length, capacity;
    bool lost; /* memory for them has run out */
};

/* Puts the call into the list of those whose task the scheduler resumes, and takes it out. */
void bindings_notify(bindings_owner *owner);
void bindings_unlink_ended(bindings_owner *owner);

/* [-0, +0, -] Frees the call, aborting it where it is under way. */
void bindings_release(lua_State *L, bindings_owner *owner);

/* The request takes the body over, which may be NULL. Submit it then, without raising before. */
void bindings_give_body(promptic_request *request, json_buffer *body);

/* [-0, +0, e] Submits the request for the client at stack index 1. */
void bindings_submit(lua_State *L, bindings_owner *owner, const promptic_request *request);

/* [-0, +0, e] Drives the loop until the call has ended, or bytes of a stream are there. */
void bindings_block(lua_State *L, bindings_owner *owner);

/* [-0, +1, e] Suspends the task until then; the owner is on top of the stack. */
int bindings_suspend(lua_State *L, bindings_owner *owner);

/* [-0, +1, e] Returns an ended call's response as a value, or raises its failure. */
int bindings_finish(lua_State *L, bindings_owner *owner);

/* [-1, +1 or 2, -] What a function that may suspend returns: see bindings_success_mark. */
int bindings_return_value(lua_State *L);

/* [-0, +1, e] stream.c: the bytes that have come, or the response at the end. */
int bindings_take_piece(lua_State *L, bindings_owner *owner);

#endif
