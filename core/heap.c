#include "heap.h"

void heap_init(struct heap *heap, const promptic_allocator *allocator) {
    heap->allocator = allocator;
    heap->timers = NULL;
    heap->length = heap->capacity = 0;
}

void heap_free(struct heap *heap) {
    memory_free(heap->allocator, heap->timers);
    heap->timers = NULL;
    heap->length = heap->capacity = 0;
}

bool heap_reserve(struct heap *heap, size_t count) {
    if (count <= heap->capacity)
        return true;
    size_t capacity = heap->capacity == 0 ? 16 : 2 * heap->capacity;
    if (capacity < count)
        capacity = count;
    heap_timer **timers = memory_resize(heap->allocator, heap->timers, capacity * sizeof *timers);
    if (timers == NULL)
        return false;
    heap->timers = timers;
    heap->capacity = capacity;
    return true;
}

void heap_timer_init(heap_timer *timer) {
    timer->due_ms = 0;
    timer->index = HEAP_NOT_SET;
}

static void put(struct heap *heap, size_t index, heap_timer *timer) {
    heap->timers[index] = timer;
    timer->index = index;
}

static void move_up(struct heap *heap, size_t index) {
    heap_timer *timer = heap->timers[index];
    while (index > 0 && heap->timers[(index - 1) / 2]->due_ms > timer->due_ms) {
        put(heap, index, heap->timers[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    put(heap, index, timer);
}

static void move_down(struct heap *heap, size_t index) {
    heap_timer *timer = heap->timers[index];
    for (;;) {
        size_t child = 2 * index + 1;
        if (child + 1 < heap->length &&
            heap->timers[child + 1]->due_ms < heap->timers[child]->due_ms)
            child++;
        if (child >= heap->length || heap->timers[child]->due_ms >= timer->due_ms)
            break;
        put(heap, index, heap->timers[child]);
        index = child;
    }
    put(heap, index, timer);
}

void heap_set(struct heap *heap, heap_timer *timer) {
    if (timer->index == HEAP_NOT_SET)
        put(heap, heap->length++, timer);
    move_up(heap, timer->index);
    move_down(heap, timer->index);
}

void heap_remove(struct heap *heap, heap_timer *timer) {
    size_t index = timer->index;
    if (index == HEAP_NOT_SET)
        return;
    heap_timer *last = heap->timers[--heap->length];
    timer->index = HEAP_NOT_SET;
    if (last == timer)
        return;
    put(heap, index, last);
    move_up(heap, index);
    move_down(heap, last->index);
}

heap_timer *heap_first(const struct heap *heap) {
    return heap->length > 0 ? heap->timers[0] : NULL;
}
