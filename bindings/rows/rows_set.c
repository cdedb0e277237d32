/*
 * rows_set.c - sets of numbers that come in runs: ids, and rows of a source.
 *
 * The spans lie in blocks of bounded size, so that one more costs the same wherever it goes: ids
 * may come in any order.
 */
#include "rows.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 256 }; /* spans: 6 KiB */

struct rows_block {
    size_t count; /* at least 1 */
    rows_span spans[BLOCK];
};

/* Where a span is, or would be. */
typedef struct place {
    size_t block, index;
} place;

/* ---------------------------------------------------------------- searching */

static rows_span *span_at(const rows_set *set, place at) {
    return &set->blocks[at.block]->spans[at.index];
}

static bool is_end(const rows_set *set, place at) {
    return at.block == set->block_count;
}

static place next_place(const rows_set *set, place at) {
    return at.index + 1 < set->blocks[at.block]->count ? (place){at.block, at.index + 1}
                                                       : (place){at.block + 1, 0};
}

/* The first span that ends at the number or after it. */
static place search(const rows_set *set, int64_t number) {
    size_t low = 0, high = set->block_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const rows_block *block = set->blocks[middle];
        if (block->spans[block->count - 1].last < number)
            low = middle + 1;
        else
            high = middle;
    }
    place at = {low, 0};
    if (is_end(set, at))
        return at;
    for (high = set->blocks[low]->count; at.index < high;) {
        size_t middle = at.index + (high - at.index) / 2;
        if (set->blocks[low]->spans[middle].last < number)
            at.index = middle + 1;
        else
            high = middle;
    }
    return at;
}

/* ----------------------------------------------------------------- changing */

/* Adds an empty block at this index; NULL if out of memory. */
static rows_block *insert_block(rows_set *set, size_t index) {
    if (set->block_count == set->block_capacity) {
        size_t capacity = set->block_capacity == 0 ? 4 : 2 * set->block_capacity;
        rows_block **blocks = realloc(set->blocks, capacity * sizeof *blocks);
        if (blocks == NULL)
            return NULL;
        set->blocks = blocks;
        set->block_capacity = capacity;
    }
    rows_block *block = malloc(sizeof *block);
    if (block == NULL)
        return NULL;
    block->count = 0;
    memmove(&set->blocks[index + 1], &set->blocks[index],
            (set->block_count - index) * sizeof *set->blocks);
    set->blocks[index] = block;
    set->block_count++;
    return block;
}

/* Makes room for one more span at the place, which may become another one. A full block is split in
 * the middle; at the end of the last one a new one begins, since numbers mostly rise. */
static bool make_room(rows_set *set, place *at) {
    if (is_end(set, *at)) { /* behind the last span */
        if (set->block_count > 0 && set->blocks[set->block_count - 1]->count < BLOCK) {
            at->block = set->block_count - 1;
            at->index = set->blocks[at->block]->count;
            return true;
        }
        return insert_block(set, set->block_count) != NULL;
    }
    rows_block *block = set->blocks[at->block];
    if (block->count < BLOCK)
        return true;
    rows_block *right = insert_block(set, at->block + 1);
    if (right == NULL)
        return false;
    right->count = BLOCK / 2;
    block->count = BLOCK - right->count;
    memcpy(right->spans, &block->spans[block->count], right->count * sizeof *right->spans);
    if (at->index > block->count)
        *at = (place){at->block + 1, at->index - block->count};
    return true;
}

static bool insert_span(rows_set *set, place at, const rows_span *span) {
    if (!make_room(set, &at))
        return false;
    rows_block *block = set->blocks[at.block];
    memmove(&block->spans[at.index + 1], &block->spans[at.index],
            (block->count - at.index) * sizeof *block->spans);
    block->spans[at.index] = *span;
    block->count++;
    set->count++;
    return true;
}

static void remove_span(rows_set *set, place at) {
    rows_block *block = set->blocks[at.block];
    block->count--;
    set->count--;
    memmove(&block->spans[at.index], &block->spans[at.index + 1],
            (block->count - at.index) * sizeof *block->spans);
    if (block->count > 0)
        return;
    free(block);
    set->block_count--;
    memmove(&set->blocks[at.block], &set->blocks[at.block + 1],
            (set->block_count - at.block) * sizeof *set->blocks);
}

static rows_span *span_before(const rows_set *set, place at) {
    if (at.index > 0)
        return &set->blocks[at.block]->spans[at.index - 1];
    if (at.block == 0)
        return NULL;
    rows_block *block = set->blocks[at.block - 1];
    return &block->spans[block->count - 1];
}

/* Adds a span that shares no number with the set; `at` is what search says for it. */
static bool add_span(rows_set *set, place at, const rows_span *span) {
    rows_span *before = span_before(set, at);
    rows_span *after = is_end(set, at) ? NULL : span_at(set, at);
    bool joins_before = before != NULL && before->last == span->first - 1;
    bool joins_after = after != NULL && after->first - 1 == span->last;
    if (joins_before) {
        before->last = span->last;
        before->sum += span->sum;
        if (joins_after) {
            before->last = after->last;
            before->sum += after->sum;
            remove_span(set, at);
        }
        return true;
    }
    if (joins_after) {
        after->first = span->first;
        after->sum += span->sum;
        return true;
    }
    return insert_span(set, at, span);
}

bool rows_set_add(rows_set *set, int64_t number, uint64_t sum) {
    return rows_set_add_span(set, &(rows_span){.first = number, .last = number, .sum = sum});
}

/* Where some of the numbers are there already, which happens only where the platform gives an id
 * twice, those between them are added without a sum. */
bool rows_set_add_span(rows_set *set, const rows_span *span) {
    rows_span rest = *span;
    for (;;) {
        place at = search(set, rest.first);
        const rows_span *found = is_end(set, at) ? NULL : span_at(set, at);
        if (found == NULL || found->first > rest.last)
            return add_span(set, at, &rest);
        rows_span gap = {.first = rest.first, .last = found->first - 1};
        rest = (rows_span){.first = found->last + 1, .last = rest.last};
        if (gap.first <= gap.last && !add_span(set, at, &gap))
            return false;
        if (rest.first > rest.last)
            return true;
    }
}

bool rows_set_merge(rows_set *set, const rows_set *other) {
    for (place at = {0, 0}; !is_end(other, at); at = next_place(other, at))
        if (!rows_set_add_span(set, span_at(other, at)))
            return false;
    return true;
}

/* ------------------------------------------------------------------ reading */

bool rows_set_contains(const rows_set *set, int64_t number) {
    place at = search(set, number);
    return !is_end(set, at) && span_at(set, at)->first <= number;
}

const rows_span *rows_set_from(const rows_set *set, int64_t number) {
    place at = search(set, number);
    return is_end(set, at) ? NULL : span_at(set, at);
}

void rows_set_clear(rows_set *set) {
    for (size_t i = 0; i < set->block_count; i++)
        free(set->blocks[i]);
    free(set->blocks);
    *set = (rows_set){.blocks = NULL};
}
