/*
 * rows_tally.h - a multiset of rows, by what they say.
 */
#ifndef PROMPTIC_ROWS_TALLY_H
#define PROMPTIC_ROWS_TALLY_H

#include "rows_json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How often each row is wanted, and was found. */
typedef struct rows_count {
    uint64_t hash;
    uint32_t wanted, found; /* wanted 0: the place is free */
} rows_count;

typedef struct rows_tally {
    rows_count *counts;
    size_t used, capacity; /* a power of two */
} rows_tally;

/* Wants one more row of this content; false if out of memory. */
bool rows_tally_want(rows_tally *tally, const rows_content *content);

/* A row was found: true if one more of this content was wanted. One that was wanted without a
 * split may be found with any. */
bool rows_tally_find(rows_tally *tally, const rows_content *content);

/* Takes one that was wanted and found; false if none is left. */
bool rows_tally_take(rows_tally *tally, const rows_content *content);

/* Holds one more row, which is there before any is sent; false if out of memory. */
bool rows_tally_hold(rows_tally *tally, const rows_content *content);

/* Takes one of those that are held: one with this split, or any if there is none. False where
 * none is left. */
bool rows_tally_claim(rows_tally *tally, const rows_content *content);

/* Holds of each content as many as the tally or the other one does; false if out of memory. */
bool rows_tally_unite(rows_tally *tally, const rows_tally *other);

/* Nothing was found yet. */
void rows_tally_restart(rows_tally *tally);

void rows_tally_clear(rows_tally *tally);

#endif
