/*
 * lua_call.h - a call from Lua, for the files that submit such calls and return what they give.
 */
#ifndef PROMPTIC_LUA_CALL_H
#define PROMPTIC_LUA_CALL_H

#include "compat.h"
#include "json_buffer.h"
#include "json_decode.h"
#include "promptic.h"
#include "state.h"

#include <stdbool.h>
#include <stddef.h>

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
    /* Set of a stream, as the body of a 2xx is handed on as it comes; these bytes are next. [-0,
     * +1, e] */
    int (*take)(lua_State *L, bindings_owner *owner);
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

/* [-0, +1, e] Makes the request for the client at stack index 1, and pushes the result or raises.
 * body may be NULL. */
int bindings_call(lua_State *L, promptic_request *request, json_buffer *body);

/* [-0, +1, e] The same in two steps, for a request that owns a body, which only the second step,
 * the submission, may read. Both need the client at stack index 1. */
bindings_owner *bindings_prepare(lua_State *L, const promptic_request *request);
int bindings_start(lua_State *L, bindings_owner *owner, const promptic_request *request);

/* For the scheduler. next_ended(): the address of the next call of a task that has
 * ended, or nil. cancel_call(owner). decode_ahead(owner, stop). resume_values(owner): what resumes
 * a coroutine whose call has ended. bindings_resumed_elsewhere is raised in a waiting task that
 * something other than the scheduler resumes. */
extern const char bindings_resumed_elsewhere[];
int bindings_next_ended(lua_State *L);
int bindings_cancel_call(lua_State *L);
int bindings_decode_ahead(lua_State *L);
int bindings_resume_values(lua_State *L);

/* Where Lua has no continuations, a function that may suspend returns one of these addresses as a
 * light userdata and its result, or the error that it could not raise. Nothing else can resume it
 * with them. */
extern const char bindings_success_mark, bindings_failure_mark;

#endif
