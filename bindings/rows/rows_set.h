/*
 * rows_set.h - numbers as ranges: ids, and numbers of rows.
 */
#ifndef PROMPTIC_ROWS_SET_H
#define PROMPTIC_ROWS_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A run of consecutive numbers, and the sum of what belongs to them. */
typedef struct rows_range {
    int64_t first, last;
    uint64_t sum;
} rows_range;

typedef struct rows_block rows_block; /* of rows_set.c */

/* Numbers as ranges in rising order, none of which touch. Zeroed, it is empty. Numbers lie between
 * -INT64_MAX / 2 and INT64_MAX / 2. */
typedef struct rows_set {
    rows_block **blocks;
    size_t block_count, block_capacity;
    size_t count; /* of ranges */
} rows_set;

/* Adds a number that is new, false if out of memory. One that is there already changes nothing. */
bool rows_set_add(rows_set *set, int64_t number, uint64_t sum);

/* Adds the numbers of the range that the set does not have; false if out of memory. */
bool rows_set_add_range(rows_set *set, const rows_range *range);

/* Adds all numbers of the other set, false if out of memory. */
bool rows_set_merge(rows_set *set, const rows_set *other);

bool rows_set_contains(const rows_set *set, int64_t number);

/* The first range that ends at the number or after it; NULL if there is none. */
const rows_range *rows_set_from(const rows_set *set, int64_t number);

/* Empties the set and frees its memory. */
void rows_set_clear(rows_set *set);

#endif
