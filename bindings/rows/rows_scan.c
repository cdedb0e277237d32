/*
 * rows_scan.c - reads a list of observations out of an answer while it comes in, and keeps nothing
 * of it but the ids of those that matter.
 */
#include "rows.h"

#include "json_number.h"

#include <stdlib.h>
#include <string.h>

/* Beyond this the distance to a neighbour could overflow; no platform counts that far. */
#define LARGEST_ID (INT64_MAX / 2)

static bool broken(rows_scan *scan) {
    scan->state = SCAN_BROKEN;
    return false;
}

/* Whether nothing is known of this id, and the observation is one of those looked for. */
static bool is_wanted(rows_scan *scan, int64_t id, const char *text, size_t length) {
    uint64_t hash;
    if (scan->known != NULL && rows_set_contains(scan->known, id))
        return false;
    if (scan->tally == NULL)
        return true;
    if (rows_json_hash(text, length, &hash) && rows_tally_find(scan->tally, hash))
        return true;
    scan->surplus++;
    return false;
}

static bool take(rows_scan *scan, const char *at, const char *end) {
    rows_value id;
    json_number number;
    if (!rows_json_member(at, end, "id", &id) ||
        json_number_read(id.at, id.at + id.length, &number) != id.at + id.length ||
        !number.is_integer || number.integer > LARGEST_ID || number.integer < -LARGEST_ID)
        return broken(scan);
    if (!is_wanted(scan, number.integer, at, (size_t)(end - at)))
        return true;
    scan->taken++;
    return rows_set_add(&scan->ids, number.integer, 0) || broken(scan);
}

/* Passes over what is before the list; false where more has to come first. */
static bool read_before(rows_scan *scan, const char **at, const char *end) {
    rows_value data;
    const char *begin = json_skip_space(*at, end);
    if (begin == end)
        return false;
    if (*begin != '{')
        return broken(scan);
    while (begin < end) { /* at the brace or the comma before a member */
        const char *key = json_skip_space(begin + 1, end);
        if (key == end)
            return false;
        const char *colon = *key == '"' ? json_skip_value(key, end) : NULL;
        if (colon == NULL)
            return *key == '"' ? false : broken(scan);
        bool is_data = colon - key == 6 && memcmp(key, "\"data\"", 6) == 0;
        colon = json_skip_space(colon, end);
        data.at = colon < end ? json_skip_space(colon + 1, end) : end;
        if (data.at == end)
            return false;
        if (is_data) {
            scan->state = *data.at == '[' ? SCAN_INSIDE : SCAN_BROKEN;
            *at = data.at + 1;
            return scan->state == SCAN_INSIDE;
        }
        begin = json_skip_value(data.at, end);
        if (begin == NULL)
            return false;
        begin = json_skip_space(begin, end);
    }
    return false;
}

/* Takes the elements that are there; stops at the last one, which may not be whole. */
static void read_inside(rows_scan *scan, const char **at, const char *end) {
    for (;;) {
        const char *begin = json_skip_space(*at, end);
        if (begin < end && *begin == ',')
            begin = json_skip_space(begin + 1, end);
        if (begin == end)
            return;
        if (*begin == ']') {
            scan->state = SCAN_AFTER;
            return;
        }
        if (*begin != '{') {
            broken(scan);
            return;
        }
        const char *after = json_skip_value(begin, end);
        if (after == NULL || !take(scan, begin, after))
            return;
        *at = after;
    }
}

static void restart(rows_scan *scan) {
    scan->length = 0;
    scan->state = SCAN_BEFORE;
    scan->taken = scan->surplus = 0;
    rows_set_clear(&scan->ids);
    if (scan->tally != NULL)
        rows_tally_restart(scan->tally);
}

static bool append(rows_scan *scan, const char *piece, size_t length) {
    if (length > ROWS_LONGEST || scan->length > ROWS_LONGEST)
        return false;
    if (scan->length + length > scan->capacity) {
        size_t capacity = 2 * (scan->length + length);
        char *data = realloc(scan->data, capacity);
        if (data == NULL)
            return false;
        scan->data = data;
        scan->capacity = capacity;
    }
    memcpy(scan->data + scan->length, piece, length);
    scan->length += length;
    return true;
}

void rows_scan_piece(const char *piece, size_t length, void *userdata) {
    rows_scan *scan = userdata;
    if (piece == NULL && scan->state != SCAN_CLOSED)
        restart(scan);
    if (length == 0 || (scan->state != SCAN_BEFORE && scan->state != SCAN_INSIDE))
        return;
    if (!append(scan, piece, length)) {
        broken(scan);
        return;
    }
    const char *at = scan->data, *end = at + scan->length;
    if (scan->state == SCAN_INSIDE || read_before(scan, &at, end))
        read_inside(scan, &at, end);
    scan->length = (size_t)(end - at);
    memmove(scan->data, at, scan->length);
}

void rows_scan_clear(rows_scan *scan) {
    free(scan->data);
    rows_set_clear(&scan->ids);
    *scan = (rows_scan){.state = SCAN_CLOSED};
}
