/*
 * reference.h - promptic.endpoints and promptic.library.
 */
#ifndef PROMPTIC_REFERENCE_H
#define PROMPTIC_REFERENCE_H

#include "compat.h"

/* [-0, +1, m] Pushes a new table of all endpoints, promptic.endpoints, or of the library's own
 * names, promptic.library. */
void bindings_push_endpoints(lua_State *L);
void bindings_push_library(lua_State *L);

#endif
