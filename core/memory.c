#include "memory.h"

#include <stdlib.h>
#include <string.h>

static bool is_own(const promptic_allocator *allocator) {
    return allocator != NULL && allocator->reallocate != NULL;
}

void *memory_resize(const promptic_allocator *allocator, void *block, size_t size) {
    if (is_own(allocator))
        return allocator->reallocate(allocator->userdata, block, size);
    return realloc(block, size);
}

void *memory_new(const promptic_allocator *allocator, size_t size) {
    void *block = memory_resize(allocator, NULL, size);
    if (block != NULL)
        memset(block, 0, size);
    return block;
}

void memory_take_struct(void *into, size_t room, const void *given) {
    size_t size;
    memcpy(&size, given, sizeof size);
    memcpy(into, given, size < room ? size : room);
}

void memory_free(const promptic_allocator *allocator, void *block) {
    if (block == NULL)
        return;
    if (is_own(allocator))
        allocator->reallocate(allocator->userdata, block, 0);
    else
        free(block);
}
