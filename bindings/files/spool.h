/*
 * spool.h - files of spans and of prompts, for the prelude.
 */
#ifndef PROMPTIC_SPOOL_H
#define PROMPTIC_SPOOL_H

#include "compat.h"

/* [-0, +1, m] Pushes the part "c.spool" of the prelude. */
int bindings_open_spool(lua_State *L);

#endif
