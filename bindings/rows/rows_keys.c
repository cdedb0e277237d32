/* rows_keys.c - notices an object with a member that appears twice, in n log n for n members. */
#include "rows_keys.h"

#include <stdlib.h>

void rows_keys_start(rows_keys *keys) {
    keys->count = keys->base = 0;
}

bool rows_keys_add(rows_keys *keys, uint64_t hash) {
    if (keys->count == keys->capacity) {
        size_t capacity = keys->capacity == 0 ? 32 : 2 * keys->capacity;
        uint64_t *hashes = realloc(keys->hashes, capacity * sizeof *hashes);
        if (hashes == NULL)
            return false;
        keys->hashes = hashes;
        keys->capacity = capacity;
    }
    keys->hashes[keys->count++] = hash;
    return true;
}

bool rows_keys_open(rows_keys *keys) {
    if (!rows_keys_add(keys, keys->base))
        return false;
    keys->base = keys->count;
    return true;
}

static int compare(const void *a, const void *b) {
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return (first > second) - (first < second);
}

bool rows_keys_close(rows_keys *keys) {
    size_t count = keys->count - keys->base;
    bool twice = false;
    if (count > 1) {
        uint64_t *hashes = keys->hashes + keys->base;
        qsort(hashes, count, sizeof *hashes, compare);
        for (size_t i = 1; i < count && !twice; i++)
            twice = hashes[i] == hashes[i - 1];
    }
    keys->count = keys->base - 1;
    keys->base = (size_t)keys->hashes[keys->count];
    return twice;
}

void rows_keys_clear(rows_keys *keys) {
    free(keys->hashes);
    *keys = (rows_keys){.hashes = NULL};
}
