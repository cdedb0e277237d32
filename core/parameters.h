/*
 * parameters.h - how rows of parameters are written: those of the platform's endpoints
 * (endpoints.c), and those of the library's own names in Lua (bindings/table/library.c).
 *
 *    PARAMETERS(
 *        PATH("component_id", STRING, "id of the AI component", UUID),
 *        ROW(BODY, "trace_ids", "traceIds", STRINGS, "ids of its traces", NULLABLE))
 *
 * A row reads: place, name in C and Lua, name on the wire, type, summary, then at least one field
 * that is special about it (OPTIONAL where nothing is).
 */
#ifndef PROMPTIC_PARAMETERS_H
#define PROMPTIC_PARAMETERS_H

#include "promptic.h"

#define VALUES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define PARAMETERS(...) ((const promptic_parameter[]){__VA_ARGS__, {.name = NULL}})
#define NO_PARAMETERS ((const promptic_parameter[]){{.name = NULL}})

/* clang-format off */
#define PATH(NAME, TYPE, SUMMARY, ...) \
    {.name = NAME, .wire = NAME, .type = PROMPTIC_##TYPE, .place = PROMPTIC_IN_PATH, .required = true, .summary = SUMMARY, __VA_ARGS__}
#define ROW(PLACE, NAME, WIRE, TYPE, SUMMARY, ...) \
    {.name = NAME, .wire = WIRE, .type = PROMPTIC_##TYPE, .place = PROMPTIC_IN_##PLACE, .summary = SUMMARY, __VA_ARGS__}

#define REQUIRED .required = true
#define NULLABLE .nullable = true
#define OPTIONAL .required = false
#define DEFAULT(TEXT) .fallback = TEXT
#define ONE_OF(LIST) .values = LIST
#define RANGE(LOW, HIGH) .minimum = LOW, .maximum = HIGH
#define AT_MOST(COUNT) RANGE(0, COUNT)
#define NOT_EMPTY RANGE(1, 2147483647)
#define UUID .format = "uuid"
#define NO_FORMAT .format = NULL
#define TIME .format = "date-time"
#define ASSUMED(TEXT) .assumed = TEXT

/* What a function returns: nothing, one object of a type, one or nil, a list of them in a field, an
 * iterator over them, bytes, or a value of Lua's. */
#define RETURNS_NOTHING           {.form = PROMPTIC_RETURNS_NOTHING}
#define RETURNS_A(TYPE)           {.form = PROMPTIC_RETURNS_OBJECT, .type = TYPE}
#define RETURNS_MAYBE(TYPE)       {.form = PROMPTIC_RETURNS_OBJECT, .type = TYPE, .optional = true}
#define RETURNS_LIST(FIELD, TYPE) {.form = PROMPTIC_RETURNS_LIST, .type = TYPE, .field = FIELD}
#define RETURNS_EACH(TYPE)        {.form = PROMPTIC_RETURNS_ITERATOR, .type = TYPE}
#define RETURNS_BYTES             {.form = PROMPTIC_RETURNS_BYTES}
#define RETURNS_VALUE(TYPE)       {.form = PROMPTIC_RETURNS_VALUE, .type = TYPE}

/* clang-format on */

#endif
