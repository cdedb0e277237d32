/*
 * unwinding.h - the end of a task that has failed.
 */
#ifndef PROMPTIC_UNWINDING_H
#define PROMPTIC_UNWINDING_H

#include "compat.h"

#include <stdbool.h>

/* [-0, +BINDINGS_TASK_BODY, m] Pushes what runs a task's function and, if that fails, closes its
 * variables inside the coroutine; nothing where Lua has no such variables. */
#define BINDINGS_TASK_BODY (LUA_VERSION_NUM >= 504 ? 1 : 0)
void bindings_push_task_body(lua_State *coroutine);

/* [-?, +?, -] Whether a coroutine that has returned *count values tells by them that its function
 * has failed: then they become the error and its traceback. */
bool bindings_take_failure(lua_State *coroutine, int *count, bool *interrupted);

#endif
