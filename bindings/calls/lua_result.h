/*
 * lua_result.h - from a call that has ended to a value or an error.
 */
#ifndef PROMPTIC_LUA_RESULT_H
#define PROMPTIC_LUA_RESULT_H

#include "call_handle.h"

/* Bounds the decoding of its response: by this many values, and by the call's deadline. */
void bindings_bound_decoding(bindings_call_handle *handle, size_t most_values);

/* [-0, +1, e] Returns an ended call's response as a value, or raises its failure. */
int bindings_finish(lua_State *L, bindings_call_handle *handle);

/* [-0, +1, e] For the scheduler. decode_ahead(handle, stop): decodes a call's response until then, at least one step.
 * Returns whether it is done, so that the call can be finished. */
int bindings_decode_ahead(lua_State *L);

#endif
