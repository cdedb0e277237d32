/*
 * lua_call.h - a call from Lua, for the files that submit such calls and return what they give.
 */
#ifndef PROMPTIC_LUA_CALL_H
#define PROMPTIC_LUA_CALL_H

#include "call_handle.h"
#include "compat.h"
#include "json_buffer.h"
#include "promptic.h"

#include <stdbool.h>

/* The request takes the body over, which may be NULL. Submit it then, without raising before. */
void bindings_give_body(promptic_request *request, json_buffer *body);

/* [-0, +0, e] Submits the request for the client at stack index 1. */
void bindings_submit(lua_State *L, bindings_call_handle *handle, const promptic_request *request);

/* [-0, +0, e] Drives the loop until the call has ended, or bytes of a stream are there. */
void bindings_block(lua_State *L, bindings_call_handle *handle);

/* Whether a call made here is a task's that can wait for it, with other tasks running meanwhile. */
bool bindings_can_suspend(lua_State *L, const bindings_state *state);

/* [-0, +1, e] Suspends the task until then; the handle is on top of the stack. */
int bindings_suspend(lua_State *L, bindings_call_handle *handle);

/* [-1, +1 or 2, -] What a function that may suspend returns: see bindings_success_mark. */
int bindings_return_value(lua_State *L);

/* [-0, +1, e] Makes the request for the client at stack index 1, and pushes the result or raises.
 * body may be NULL. */
int bindings_call(lua_State *L, promptic_request *request, json_buffer *body);

/* [-0, +1, e] The same in two steps, for a request that owns a body, which only the second step,
 * the submission, may read. Both need the client at stack index 1. */
bindings_call_handle *bindings_prepare(lua_State *L, const promptic_request *request);
int bindings_start(lua_State *L, bindings_call_handle *handle, const promptic_request *request);

/* For the scheduler. cancel_call(handle). resume_values(handle): what resumes a coroutine whose call has ended.
 * bindings_resumed_elsewhere is raised in a waiting task that something other than the scheduler resumes. */
extern const char bindings_resumed_elsewhere[];
int bindings_cancel_call(lua_State *L);
int bindings_resume_values(lua_State *L);

/* Where Lua has no continuations, a function that may suspend returns one of these addresses as a
 * light userdata and its result, or the error that it could not raise. Nothing else can resume it
 * with them. */
extern const char bindings_success_mark, bindings_failure_mark;

#endif
