/*
 * rows_set.c - sets of numbers that come in runs: ids, and rows of a source.
 *
 * The ranges lie in blocks of bounded size, so that one more costs the same wherever it goes: ids
 * may come in any order.
 */
#include "rows_set.h"

#include "grow.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 256 }; /* ranges: 6 KiB */

struct rows_block {
    size_t count; /* at least 1 */
    rows_range ranges[BLOCK];
};

/* Where a range is, or would be. */
typedef struct place {
    size_t block, index;
} place;

/* ---------------------------------------------------------------- searching */

static rows_range *span_at(const rows_set *set, place at) {
    return &set->blocks[at.block]->ranges[at.index];
}

static bool is_end(const rows_set *set, place at) {
    return at.block == set->block_count;
}

static place next_place(const rows_set *set, place at) {
    return at.index + 1 < set->blocks[at.block]->count ? (place){at.block, at.index + 1}
                                                       : (place){at.block + 1, 0};
}

/* The first range that ends at the number or after it. */
static place search(const rows_set *set, int64_t number) {
    size_t low = 0, high = set->block_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const rows_block *block = set->blocks[middle];
        if (block->ranges[block->count - 1].last < number)
            low = middle + 1;
        else
            high = middle;
    }
    place at = {low, 0};
    if (is_end(set, at))
        return at;
    for (high = set->blocks[low]->count; at.index < high;) {
        size_t middle = at.index + (high - at.index) / 2;
        if (set->blocks[low]->ranges[middle].last < number)
            at.index = middle + 1;
        else
            high = middle;
    }
    return at;
}

/* ----------------------------------------------------------------- changing */

/* Adds an empty block at this index; NULL if out of memory. */
static rows_block *insert_block(rows_set *set, size_t index) {
    rows_block **blocks =
        grow(set->blocks, &set->block_capacity, set->block_count + 1, sizeof *blocks, 4);
    if (blocks == NULL)
        return NULL;
    set->blocks = blocks;
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

/* Makes room for one more range at the place, which may become another one. A full block is split
 * in the middle; at the end of the last one a new one begins, since numbers mostly rise. */
static bool make_room(rows_set *set, place *at) {
    if (is_end(set, *at)) { /* behind the last range */
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
    memcpy(right->ranges, &block->ranges[block->count], right->count * sizeof *right->ranges);
    if (at->index > block->count)
        *at = (place){at->block + 1, at->index - block->count};
    return true;
}

static bool insert_range(rows_set *set, place at, const rows_range *range) {
    if (!make_room(set, &at))
        return false;
    rows_block *block = set->blocks[at.block];
    memmove(&block->ranges[at.index + 1], &block->ranges[at.index],
            (block->count - at.index) * sizeof *block->ranges);
    block->ranges[at.index] = *range;
    block->count++;
    set->count++;
    return true;
}

static void remove_span(rows_set *set, place at) {
    rows_block *block = set->blocks[at.block];
    block->count--;
    set->count--;
    memmove(&block->ranges[at.index], &block->ranges[at.index + 1],
            (block->count - at.index) * sizeof *block->ranges);
    if (block->count > 0)
        return;
    free(block);
    set->block_count--;
    memmove(&set->blocks[at.block], &set->blocks[at.block + 1],
            (set->block_count - at.block) * sizeof *set->blocks);
}

static rows_range *span_before(const rows_set *set, place at) {
    if (at.index > 0)
        return &set->blocks[at.block]->ranges[at.index - 1];
    if (at.block == 0)
        return NULL;
    rows_block *block = set->blocks[at.block - 1];
    return &block->ranges[block->count - 1];
}

/* Adds a range that shares no number with the set; `at` is what search says for it. */
static bool add_range(rows_set *set, place at, const rows_range *range) {
    rows_range *before = span_before(set, at);
    rows_range *after = is_end(set, at) ? NULL : span_at(set, at);
    bool joins_before = before != NULL && before->last == range->first - 1;
    bool joins_after = after != NULL && after->first - 1 == range->last;
    if (joins_before) {
        before->last = range->last;
        before->sum += range->sum;
        if (joins_after) {
            before->last = after->last;
            before->sum += after->sum;
            remove_span(set, at);
        }
        return true;
    }
    if (joins_after) {
        after->first = range->first;
        after->sum += range->sum;
        return true;
    }
    return insert_range(set, at, range);
}

bool rows_set_add(rows_set *set, int64_t number, uint64_t sum) {
    return rows_set_add_range(set, &(rows_range){.first = number, .last = number, .sum = sum});
}

/* Where some of the numbers are there already, which happens only where the platform gives an id
 * twice, those between them are added without a sum. */
bool rows_set_add_range(rows_set *set, const rows_range *range) {
    rows_range rest = *range;
    for (;;) {
        place at = search(set, rest.first);
        const rows_range *found = is_end(set, at) ? NULL : span_at(set, at);
        if (found == NULL || found->first > rest.last)
            return add_range(set, at, &rest);
        rows_range gap = {.first = rest.first, .last = found->first - 1};
        rest = (rows_range){.first = found->last + 1, .last = rest.last};
        if (gap.first <= gap.last && !add_range(set, at, &gap))
            return false;
        if (rest.first > rest.last)
            return true;
    }
}

bool rows_set_merge(rows_set *set, const rows_set *other) {
    for (place at = {0, 0}; !is_end(other, at); at = next_place(other, at))
        if (!rows_set_add_range(set, span_at(other, at)))
            return false;
    return true;
}

/* ------------------------------------------------------------------ reading */

bool rows_set_contains(const rows_set *set, int64_t number) {
    place at = search(set, number);
    return !is_end(set, at) && span_at(set, at)->first <= number;
}

const rows_range *rows_set_from(const rows_set *set, int64_t number) {
    place at = search(set, number);
    return is_end(set, at) ? NULL : span_at(set, at);
}

void rows_set_clear(rows_set *set) {
    for (size_t i = 0; i < set->block_count; i++)
        free(set->blocks[i]);
    free(set->blocks);
    *set = (rows_set){.blocks = NULL};
}
