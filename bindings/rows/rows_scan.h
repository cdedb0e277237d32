/*
 * rows_scan.h - the list of the platform, read as it comes.
 *
 * Rows are distinguished by their ids, and recognised by a hash of their content (rows_json.h).
 */
#ifndef PROMPTIC_ROWS_SCAN_H
#define PROMPTIC_ROWS_SCAN_H

#include "json_reader.h"
#include "rows_set.h"
#include "rows_tally.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum rows_scan_state {
    SCAN_BEFORE,
    SCAN_INSIDE,
    SCAN_BEHIND, /* the list has ended, and what follows may hold the count */
    SCAN_AFTER,
    SCAN_BROKEN,
    SCAN_CLOSED
} rows_scan_state;

/* Reads {"data":[observation,...]} as it comes, or {"caseCount":2,"cases":[case,...]}. */
typedef struct rows_scan {
    json_reader json;
    char *data;
    size_t length, capacity; /* from the element that is being read on, or what the reader needs */
    size_t element;          /* where in data that element begins, once there is one */
    rows_scan_state state;
    bool is_dataset;     /* the list is `cases`, and `caseCount` says how many there should be */
    bool in_data, in_id; /* the key read last is the list's, `id` of an element */
    bool in_count, has_count, has_id;
    int64_t id;            /* of the element */
    const rows_set *known; /* ids to skip; NULL: none */
    rows_tally *tally;     /* NULL: all others are taken */
    bool holds;            /* all others are taken, and the tally holds them */
    rows_set ids;          /* of those that were taken */
    int64_t taken, surplus, listed, count;
    int attempts; /* that have begun; one on a connection that had ended counts as well */
} rows_scan;

/* The on_body of requests whose response is scanned; userdata is the rows_scan. */
void rows_scan_piece(const char *piece, size_t length, void *userdata);

void rows_scan_clear(rows_scan *scan);

#endif
