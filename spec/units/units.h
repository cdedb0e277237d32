/*
 * units.h - what the units of the core share: checks that are counted, and an allocator that fails
 * on request. spec/host/units.c runs them all, in about a second; none needs a server.
 */
#ifndef SPEC_UNITS_H
#define SPEC_UNITS_H

#include "promptic.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNT_OF(ARRAY) (sizeof(ARRAY) / sizeof *(ARRAY))

/* Checks a condition; false, and a line on stderr, where it does not hold. */
#define CHECK(...) units_check((__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)
bool units_check(bool holds, const char *what, const char *file, int line);

/* Checks that two strings are equal; NULL is a value of its own. */
#define SAME(EXPECTED, ACTUAL) units_same(EXPECTED, ACTUAL, __FILE__, __LINE__)
bool units_same(const char *expected, const char *actual, const char *file, int line);

/* Checks that `text` contains `part`. */
#define HAS(PART, TEXT) units_has(PART, TEXT, __FILE__, __LINE__)
bool units_has(const char *part, const char *text, const char *file, int line);

/* Names the row of a table that the checks from now on are about; NULL: none. */
void units_row(const char *name);

/* An allocator that counts its blocks, and refuses the one after `left` others and, unless it
 * recovers, all that follow; negative: none. */
typedef struct units_memory {
    promptic_allocator allocator;
    long left;
    bool recovers;
    size_t blocks, refused;
} units_memory;

void units_memory_init(units_memory *memory, long left);

/* Numbers that are the same in every run. */
uint64_t units_random(uint64_t *state);

/* Without these variables whatever the caller's environment says of proxies does not count. */
void units_clear_proxies(void);

#define UNITS(X) \
    X(text)      \
    X(heap)      \
    X(retry)     \
    X(request) X(clean) X(toml) X(proxy) X(failure) X(call) X(loop) X(transfer) X(writer) X(inflow)
#define UNITS_DECLARE(NAME) void units_##NAME(void);
UNITS(UNITS_DECLARE)

#endif
