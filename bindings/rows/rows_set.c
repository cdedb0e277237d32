/* rows_set.c - sets of numbers that come in runs: ids, and rows of a source. */
#include "rows.h"

#include <stdlib.h>
#include <string.h>

/* The index of the first span that ends at the number or after it. */
static size_t search(const rows_set *set, int64_t number) {
    size_t low = 0, high = set->count;
    if (high > 0 && set->spans[high - 1].last < number) /* numbers mostly rise */
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->spans[middle].last < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool reserve(rows_set *set) {
    if (set->count < set->capacity)
        return true;
    size_t capacity = set->capacity == 0 ? 16 : 2 * set->capacity;
    rows_span *spans = realloc(set->spans, capacity * sizeof *spans);
    if (spans == NULL)
        return false;
    set->spans = spans;
    set->capacity = capacity;
    return true;
}

static void remove_span(rows_set *set, size_t index) {
    set->count--;
    memmove(&set->spans[index], &set->spans[index + 1], (set->count - index) * sizeof *set->spans);
}

/* Adds a span that shares no number with the set; `at` is what search says for it. */
static bool add_span(rows_set *set, size_t at, const rows_span *span) {
    rows_span *before = at > 0 ? &set->spans[at - 1] : NULL;
    rows_span *after = at < set->count ? &set->spans[at] : NULL;
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
    if (!reserve(set))
        return false;
    memmove(&set->spans[at + 1], &set->spans[at], (set->count - at) * sizeof *set->spans);
    set->spans[at] = *span;
    set->count++;
    return true;
}

bool rows_set_add(rows_set *set, int64_t number, uint64_t sum) {
    size_t at = search(set, number);
    if (at < set->count && set->spans[at].first <= number)
        return true;
    return add_span(set, at, &(rows_span){.first = number, .last = number, .sum = sum});
}

bool rows_set_merge(rows_set *set, const rows_set *other) {
    for (size_t i = 0; i < other->count; i++) {
        const rows_span *span = &other->spans[i];
        size_t at = search(set, span->first);
        bool is_apart = at == set->count || set->spans[at].first > span->last;
        if (is_apart && !add_span(set, at, span))
            return false;
        /* Some numbers are there already: only where the platform gives an id twice. */
        for (int64_t n = span->first; !is_apart && n <= span->last; n++)
            if (!rows_set_add(set, n, 0))
                return false;
    }
    return true;
}

bool rows_set_contains(const rows_set *set, int64_t number) {
    size_t at = search(set, number);
    return at < set->count && set->spans[at].first <= number;
}

const rows_span *rows_set_from(const rows_set *set, int64_t number) {
    size_t at = search(set, number);
    return at < set->count ? &set->spans[at] : NULL;
}

void rows_set_clear(rows_set *set) {
    free(set->spans);
    *set = (rows_set){.spans = NULL};
}
