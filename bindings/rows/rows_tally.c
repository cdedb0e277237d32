/*
 * rows_tally.c - a multiset of row contents: duplicates share an entry with a count. Open
 * addressing, at most half full.
 *
 * A row with a split has a hash of its own. Among rows that are held it counts under the hash
 * without a split as well, where rows without one are claimed.
 */
#include "rows_tally.h"

#include "rows_hash.h"

#include <stdlib.h>

/* The entry of the hash, or the free place where it belongs. */
static rows_count *place(const rows_tally *tally, uint64_t hash) {
    size_t at = (size_t)hash & (tally->capacity - 1);
    while (tally->counts[at].wanted > 0 && tally->counts[at].hash != hash)
        at = (at + 1) & (tally->capacity - 1);
    return &tally->counts[at];
}

static bool grow(rows_tally *tally) {
    rows_tally larger = {.used = tally->used,
                         .capacity = tally->capacity == 0 ? 1024 : 2 * tally->capacity};
    larger.counts = calloc(larger.capacity, sizeof *larger.counts);
    if (larger.counts == NULL)
        return false;
    for (size_t i = 0; i < tally->capacity; i++)
        if (tally->counts[i].wanted > 0)
            *place(&larger, tally->counts[i].hash) = tally->counts[i];
    free(tally->counts);
    *tally = larger;
    return true;
}

static uint64_t full_hash(const rows_content *content) {
    return content->split == ROWS_NO_SPLIT ? content->hash
                                           : rows_hash_mix(content->hash, content->split);
}

/* Wants so many more of this hash, which is not 0: their entry, or NULL if out of memory. */
static rows_count *want(rows_tally *tally, uint64_t hash, uint32_t number) {
    if (2 * tally->used >= tally->capacity && !grow(tally))
        return NULL;
    rows_count *count = place(tally, hash);
    if (count->wanted == 0) {
        *count = (rows_count){.hash = hash};
        tally->used++;
    }
    count->wanted += number;
    return count;
}

static bool find(rows_tally *tally, uint64_t hash) {
    rows_count *count = tally->capacity > 0 ? place(tally, hash) : NULL;
    if (count == NULL || count->found == count->wanted)
        return false;
    count->found++;
    return true;
}

/* One that was found and can be taken, or NULL. */
static rows_count *found(const rows_tally *tally, uint64_t hash) {
    rows_count *count = tally->capacity > 0 ? place(tally, hash) : NULL;
    return count != NULL && count->found > 0 ? count : NULL;
}

bool rows_tally_want(rows_tally *tally, const rows_content *content) {
    return want(tally, full_hash(content), 1) != NULL;
}

bool rows_tally_find(rows_tally *tally, const rows_content *content) {
    return find(tally, full_hash(content)) ||
           (content->split != ROWS_NO_SPLIT && find(tally, content->hash));
}

bool rows_tally_take(rows_tally *tally, const rows_content *content) {
    rows_count *count = found(tally, full_hash(content));
    if (count != NULL)
        count->found--;
    return count != NULL;
}

static bool hold(rows_tally *tally, uint64_t hash, uint32_t number) {
    rows_count *count = want(tally, hash, number);
    if (count != NULL)
        count->found += number;
    return count != NULL;
}

bool rows_tally_hold(rows_tally *tally, const rows_content *content) {
    return hold(tally, content->hash, 1) &&
           (content->split == ROWS_NO_SPLIT || hold(tally, full_hash(content), 1));
}

bool rows_tally_claim(rows_tally *tally, const rows_content *content) {
    rows_count *any = found(tally, content->hash);
    rows_count *own = found(tally, full_hash(content));
    if (any == NULL || own == NULL)
        return false;
    any->found--;
    if (own != any)
        own->found--;
    return true;
}

bool rows_tally_unite(rows_tally *tally, const rows_tally *other) {
    for (size_t i = 0; i < other->capacity; i++) {
        const rows_count *theirs = &other->counts[i];
        if (theirs->found == 0)
            continue;
        const rows_count *ours = found(tally, theirs->hash);
        uint32_t number = ours != NULL ? ours->found : 0;
        if (theirs->found > number && !hold(tally, theirs->hash, theirs->found - number))
            return false;
    }
    return true;
}

void rows_tally_restart(rows_tally *tally) {
    for (size_t i = 0; i < tally->capacity; i++)
        tally->counts[i].found = 0;
}

void rows_tally_clear(rows_tally *tally) {
    free(tally->counts);
    *tally = (rows_tally){.counts = NULL};
}
