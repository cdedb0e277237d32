/* rows_tally.c - a multiset of row hashes: duplicates share an entry with a count. Open addressing,
 * at most half full. */
#include "rows.h"

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

bool rows_tally_want(rows_tally *tally, uint64_t hash) {
    if (2 * tally->used >= tally->capacity && !grow(tally))
        return false;
    rows_count *count = place(tally, hash);
    if (count->wanted == 0) {
        *count = (rows_count){.hash = hash};
        tally->used++;
    }
    count->wanted++;
    return true;
}

bool rows_tally_find(rows_tally *tally, uint64_t hash) {
    rows_count *count = tally->capacity > 0 ? place(tally, hash) : NULL;
    if (count == NULL || count->found == count->wanted)
        return false;
    count->found++;
    return true;
}

bool rows_tally_take(rows_tally *tally, uint64_t hash) {
    rows_count *count = tally->capacity > 0 ? place(tally, hash) : NULL;
    if (count == NULL || count->found == 0)
        return false;
    count->found--;
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
