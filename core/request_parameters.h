/*
 * request_parameters.h - macros for the parameters of a request:
 *
 *    PARAMETERS(
 *        PATH("component_id", STRING, "id of the AI component", UUID),
 *        ARGUMENT(BODY, "name", "name", STRING, "what to call it"),
 *        OPTION(BODY, "trace_ids", "traceIds", STRINGS, "ids of its traces", NULLABLE))
 *
 * Place in the request, name in C and Lua, name on the wire, type, summary, then what is special.
 */
#ifndef PROMPTIC_REQUEST_PARAMETERS_H
#define PROMPTIC_REQUEST_PARAMETERS_H

#include "parameters.h"

/* clang-format off */
#define PATH(NAME_, TYPE, ...) PARAMETER(POSITION, PATH, NAME_, NAME_, TYPE, __VA_ARGS__, REQUIRED)
#define ARGUMENT(PLACE, NAME_, WIRE, TYPE, ...) PARAMETER(POSITION, PLACE, NAME_, WIRE, TYPE, __VA_ARGS__, REQUIRED)
#define OPTION(PLACE, NAME_, WIRE, TYPE, ...) PARAMETER(NAME, PLACE, NAME_, WIRE, TYPE, __VA_ARGS__)
/* A field of an element (ITEM) or of changes (FIELD). */
#define INNER(PLACE, NAME_, WIRE, TYPE, ...) PARAMETER(FIELD, PLACE, NAME_, WIRE, TYPE, __VA_ARGS__)
/* clang-format on */

#endif
