/*
 * nearest.h - the name nearest to one that is wrong.
 */
#ifndef PROMPTIC_NEAREST_H
#define PROMPTIC_NEAREST_H

#include "compat.h"
#include "promptic.h"

#include <stdbool.h>

/* The name nearest to what was given, or NULL if none is near. */
const char *bindings_nearest_value(const char *const *values, const char *given);
const char *bindings_nearest_parameter(const promptic_parameter *parameters,
                                       bool (*wanted)(const promptic_parameter *),
                                       const char *given);

/* [-0, +1, m] Pushes the function nearest(word, words), the program's module promptic.nearest. */
int bindings_open_nearest(lua_State *L);

#endif
