/*
 * parameters.h - macros for rows of parameters: those of the platform's endpoints (endpoints.c, by
 * request_parameters.h), and those of the library's own functions in Lua
 * (bindings/table/library.c).
 *
 * The summary comes last and may be followed by what is special about the parameter:
 *
 *    OPTION(BODY, "description", "description", STRING, "what it is for", NULLABLE)
 */
#ifndef PROMPTIC_PARAMETERS_H
#define PROMPTIC_PARAMETERS_H

#include "promptic.h"

#define VALUES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define PARAMETERS(...) ((const promptic_parameter[]){__VA_ARGS__, {.name = NULL}})
#define NO_PARAMETERS ((const promptic_parameter[]){{.name = NULL}})

/* clang-format off */
/* PASSED: POSITION, NAME or FIELD; PLACE: PATH, QUERY, ... or NO_REQUEST. */
#define PARAMETER(PASSED, PLACE, NAME, WIRE, TYPE, ...) \
    {.passed = PROMPTIC_BY_##PASSED, .place = PROMPTIC_IN_##PLACE, .name = NAME, .wire = WIRE, .type = PROMPTIC_##TYPE, .summary = __VA_ARGS__}

#define REQUIRED .required = true
#define NULLABLE .nullable = true
#define DEFAULT(TEXT) .fallback = TEXT
#define ONE_OF(LIST) .values = LIST
#define RANGE(LOW, HIGH) .minimum = LOW, .maximum = HIGH
#define AT_MOST(COUNT) RANGE(0, COUNT)
#define NOT_EMPTY RANGE(1, 2147483647)
#define UUID .format = PROMPTIC_FORMAT_UUID
#define TIME .format = PROMPTIC_FORMAT_TIME
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
