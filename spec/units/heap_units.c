/* heap_units.c - core/heap.c: random operations against a plain array. */
#include "heap.h"

#include "units.h"

#include <string.h>

#define TIMERS 60
#define OPERATIONS 20000

typedef struct world {
    struct heap heap;
    heap_timer timers[TIMERS];
    int64_t due[TIMERS]; /* what the plain array holds; -1: not set */
} world;

/* Whether no timer is due before its parent, and each knows its place. */
static bool is_ordered(const struct heap *heap) {
    for (size_t i = 0; i < heap->length; i++) {
        if (heap->timers[i]->index != i)
            return false;
        if (i > 0 && heap->timers[(i - 1) / 2]->due_ms > heap->timers[i]->due_ms)
            return false;
    }
    return true;
}

static void compare(const world *w) {
    int64_t first = -1;
    size_t count = 0;
    for (size_t i = 0; i < TIMERS; i++) {
        CHECK((w->due[i] < 0) == (w->timers[i].index == HEAP_NOT_SET));
        if (w->due[i] < 0)
            continue;
        count++;
        if (first < 0 || w->due[i] < first)
            first = w->due[i];
    }
    const heap_timer *top = heap_first(&w->heap);
    CHECK(w->heap.length == count && is_ordered(&w->heap));
    CHECK(top == NULL ? first < 0 : top->due_ms == first);
}

static void operate(world *w, uint64_t *random) {
    size_t which = units_random(random) % TIMERS;
    if (units_random(random) % 3 == 0) {
        heap_remove(&w->heap, &w->timers[which]);
        w->due[which] = -1;
    } else { /* few values: many timers are due at once */
        w->timers[which].due_ms = w->due[which] = (int64_t)(units_random(random) % 40);
        heap_set(&w->heap, &w->timers[which]);
    }
}

static void drain(world *w) {
    int64_t last = 0;
    for (heap_timer *timer; (timer = heap_first(&w->heap)) != NULL;) {
        CHECK(timer->due_ms >= last);
        last = timer->due_ms;
        w->due[timer - w->timers] = -1;
        heap_remove(&w->heap, timer);
        CHECK(timer->index == HEAP_NOT_SET);
        compare(w);
    }
}

static void play(uint64_t seed) {
    world w;
    heap_init(&w.heap, NULL);
    CHECK(heap_first(&w.heap) == NULL && heap_reserve(&w.heap, TIMERS));
    for (size_t i = 0; i < TIMERS; i++) {
        heap_timer_init(&w.timers[i]);
        w.due[i] = -1;
    }
    for (int i = 0; i < OPERATIONS / 4; i++) {
        operate(&w, &seed);
        compare(&w);
    }
    drain(&w);
    heap_free(&w.heap);
    CHECK(w.heap.timers == NULL && w.heap.capacity == 0);
}

/* What takes the place of a removed timer may be due before the timers above that place. */
static void repair_upwards(void) {
    static const int64_t due[] = {1, 10, 2, 11, 12, 3, 4};
    struct heap heap;
    heap_timer timers[COUNT_OF(due)];
    heap_init(&heap, NULL);
    CHECK(heap_reserve(&heap, COUNT_OF(due)));
    for (size_t i = 0; i < COUNT_OF(due); i++) {
        heap_timer_init(&timers[i]);
        timers[i].due_ms = due[i];
        heap_set(&heap, &timers[i]);
    }
    heap_remove(&heap, &timers[3]); /* below 10; the last one, 4, comes into its place */
    CHECK(is_ordered(&heap) && timers[6].index == 1);
    heap_remove(&heap, &timers[3]);
    CHECK(heap.length == COUNT_OF(due) - 1);
    heap_free(&heap);
}

static void reserve(void) {
    units_memory memory;
    struct heap heap;
    units_memory_init(&memory, 2);
    heap_init(&heap, &memory.allocator);
    CHECK(heap_reserve(&heap, 0) && heap.capacity == 0);
    CHECK(heap_reserve(&heap, 1) && heap.capacity == 16);
    CHECK(heap_reserve(&heap, 16) && heap.capacity == 16);
    CHECK(heap_reserve(&heap, 17) && heap.capacity == 32);
    CHECK(!heap_reserve(&heap, 100) && heap.capacity == 32 && heap.timers != NULL);
    memory.left = -1;
    CHECK(heap_reserve(&heap, 100) && heap.capacity == 100);
    heap_free(&heap);
    CHECK(memory.blocks == 0);
}

void units_heap(void) {
    for (uint64_t seed = 1; seed <= 4; seed++)
        play(seed);
    repair_upwards();
    reserve();
}
