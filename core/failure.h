/* failure.h - fills every promptic_error of the core. */
#ifndef PROMPTIC_FAILURE_H
#define PROMPTIC_FAILURE_H

#include "promptic.h"

/* Fills *error (NULL is allowed) and returns the kind, so that a function can fail in one line.
 * The message passes clean_line. */
promptic_kind failure_set(promptic_error *error, promptic_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with a code, a static string that scripts/codes.lua lists. */
promptic_kind failure_set_code(promptic_error *error, promptic_kind kind, const char *code,
                               const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same for an allocation that failed: returns PROMPTIC_MEMORY. */
promptic_kind failure_memory(promptic_error *error);

#endif
