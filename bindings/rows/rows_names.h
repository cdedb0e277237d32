/*
 * rows_names.h - names that are all different.
 */
#ifndef PROMPTIC_ROWS_NAMES_H
#define PROMPTIC_ROWS_NAMES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct rows_name rows_name; /* of rows_names.c */

/* Names that are all different. They lie in a text of the caller's. Zeroed, it is empty. */
typedef struct rows_names {
    rows_name *places;
    size_t capacity; /* a power of two */
} rows_names;

/* Makes room for so many names, once; false if out of memory. */
bool rows_names_reserve(rows_names *names, size_t count);

/* Adds the name of `length` > 0 bytes at text + at; false if it is there already. */
bool rows_names_add(rows_names *names, const char *text, size_t at, size_t length);

void rows_names_clear(rows_names *names);

#endif
