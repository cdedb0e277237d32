/*
 * forks.h - how often this process is the child of a fork.
 */
#ifndef PROMPTIC_FORKS_H
#define PROMPTIC_FORKS_H

#include "compat.h"

/* A number that changes in a forked child, and in the children of that. What a process owns keeps
 * the number it had when it was made, and belongs to another process where that differs. */
unsigned bindings_generation(void);

/* generation(): the same for the prelude, of "c.tasks". */
int bindings_push_generation(lua_State *L);

#endif
