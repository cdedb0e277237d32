/*
 * memory.h - memory of the core, from the allocator of the client or the loop that a block belongs
 * to. Nothing else in core/ calls malloc, realloc or free.
 *
 * Everywhere in the core an allocator that is NULL, or has no function, stands for malloc, realloc
 * and free.
 */
#ifndef PROMPTIC_MEMORY_H
#define PROMPTIC_MEMORY_H

#include "promptic.h"

/* A new block, or `block` resized to `size` bytes, which is more than 0, and perhaps moved. NULL if
 * out of memory; `block` is unchanged then. */
void *memory_resize(const promptic_allocator *allocator, void *block, size_t size);

/* A new block of `size` zeroes. NULL if out of memory. */
void *memory_new(const promptic_allocator *allocator, size_t size);

/* Copies a struct that a caller has filled, which begins with its size, as far as it and the `room`
 * of ours go: promptic.h, "Versions". */
void memory_take_struct(void *into, size_t room, const void *given);

/* Frees a block. NULL is allowed. */
void memory_free(const promptic_allocator *allocator, void *block);

#endif
