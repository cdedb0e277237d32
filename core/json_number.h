/* json_number.h - parses a JSON number to its exact value. */
#ifndef PROMPTIC_JSON_NUMBER_H
#define PROMPTIC_JSON_NUMBER_H

#include <stdbool.h>

typedef struct json_number {
    bool is_integer;   /* integral, not a negative zero, and between -2^63 and 2^63 - 1 */
    long long integer; /* if is_integer */
    double real;       /* else the nearest double; an infinity if it is out of range */
} json_number;

/*
 * Reads a number by the grammar of RFC 8259 (no leading zeros or plus, digits on both sides of the
 * point) and returns its end, or NULL if there is none at `text`. Asks no locale.
 */
const char *json_number_read(const char *text, const char *end, json_number *number);

/* Whether the text up to `end`, which is not a number, could become one if more followed. May say
 * so of a text that never could. */
bool json_number_is_cut(const char *text, const char *end);

#endif /* PROMPTIC_JSON_NUMBER_H */
