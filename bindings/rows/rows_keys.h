/*
 * rows_keys.h - notices an object with a member that appears twice.
 */
#ifndef PROMPTIC_ROWS_KEYS_H
#define PROMPTIC_ROWS_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Hashes of the keys of the objects that are open within each other, the innermost last. Zeroed, it
 * is empty and owns nothing. */
typedef struct rows_keys {
    uint64_t *hashes;
    size_t count, capacity;
    size_t base; /* where those of the innermost begin; before them stands the base around */
} rows_keys;

/* Begins a text; memory is kept. */
void rows_keys_start(rows_keys *keys);

/* An array or object opens, a key was read: false if out of memory. */
bool rows_keys_open(rows_keys *keys);
bool rows_keys_add(rows_keys *keys, uint64_t hash);

/* The innermost closes, of which there has to be one: whether one of its keys appeared twice. */
bool rows_keys_close(rows_keys *keys);

void rows_keys_clear(rows_keys *keys);

#endif
