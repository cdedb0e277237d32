/*
 * heap.h - timers: a binary heap of points in monotonic time, the earliest at the top.
 *
 * A timer is a member of what it belongs to, so that setting one allocates nothing; room is made
 * beforehand with heap_reserve.
 */
#ifndef PROMPTIC_HEAP_H
#define PROMPTIC_HEAP_H

#include "memory.h"

#include <stdint.h>

typedef struct heap_timer {
    int64_t due_ms; /* monotonic; heap_set moves the timer to its position */
    size_t index;   /* in the heap; HEAP_NOT_SET elsewhere */
} heap_timer;

#define HEAP_NOT_SET ((size_t)-1)

struct heap {
    const promptic_allocator *allocator; /* borrowed */
    heap_timer **timers;
    size_t length, capacity;
};

/* An empty heap whose memory comes from the allocator, which must outlive it. */
void heap_init(struct heap *heap, const promptic_allocator *allocator);

/* Frees the memory; the timers are the caller's. */
void heap_free(struct heap *heap);

/* Makes room for `count` timers, so that heap_set cannot fail. False if out of memory. */
bool heap_reserve(struct heap *heap, size_t count);

/* A timer that is in no heap. */
void heap_timer_init(heap_timer *timer);

/* Sets the timer, or moves one that is set, to its due_ms. */
void heap_set(struct heap *heap, heap_timer *timer);

/* Takes the timer out if it is set. */
void heap_remove(struct heap *heap, heap_timer *timer);

/* The timer that is due first; NULL if there is none. */
heap_timer *heap_first(const struct heap *heap);

#endif
