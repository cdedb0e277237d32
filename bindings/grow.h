/*
 * grow.h - blocks of memory that double when they are full.
 */
#ifndef PROMPTIC_GROW_H
#define PROMPTIC_GROW_H

#include <stddef.h>
#include <stdlib.h>

/*
 * Room for `needed` > 0 items of `size` bytes: the block if it has that, else a larger one, of `first` items or
 * twice as many as often as it takes, with *capacity set. NULL if out of memory: the block and *capacity are as
 * they were. Freed with free.
 */
static inline void *grow(void *block, size_t *capacity, size_t needed, size_t size, size_t first) {
    if (needed <= *capacity)
        return block;
    size_t larger = *capacity == 0 ? first : *capacity;
    while (larger < needed)
        larger *= 2;
    void *moved = realloc(block, larger * size);
    if (moved != NULL)
        *capacity = larger;
    return moved;
}

#endif
