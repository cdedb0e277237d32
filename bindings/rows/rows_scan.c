/*
 * rows_scan.c - reads a list of observations out of a response while it comes in, and keeps nothing
 * of it but the ids of those that matter.
 */
#include "rows_scan.h"

#include "grow.h"
#include "json_number.h"
#include "rows_file.h"
#include "rows_json.h"

#include <stdlib.h>
#include <string.h>

/* Beyond this the distance to a neighbour could overflow; no platform counts that far. */
#define LARGEST_ID (INT64_MAX / 2)

/* How many brackets are open within an element. */
#define ELEMENT_DEPTH 3

static bool broken(rows_scan *scan) {
    scan->state = SCAN_BROKEN;
    return false;
}

/* Whether the id is unknown and the observation is wanted. */
static bool is_wanted(rows_scan *scan, int64_t id, const char *text, size_t length) {
    rows_content content;
    if (scan->known != NULL && rows_set_contains(scan->known, id))
        return false;
    if (scan->tally == NULL || scan->holds)
        return true;
    if (rows_json_content(text, length, &content) && rows_tally_find(scan->tally, &content))
        return true;
    scan->surplus++;
    return false;
}

/* Holds the element in the tally; one that is neither an observation nor a case is not from an upload. */
static bool hold(rows_scan *scan, const char *text, size_t length) {
    rows_content content;
    return !rows_json_content(text, length, &content) || rows_tally_hold(scan->tally, &content);
}

/* The element that begins in data and has just ended. */
static bool take(rows_scan *scan) {
    const char *text = scan->data + scan->element;
    if (!scan->has_id)
        return broken(scan);
    scan->listed++;
    if (scan->holds && !hold(scan, text, (size_t)(scan->json.at - text)))
        return broken(scan);
    if (!is_wanted(scan, scan->id, text, (size_t)(scan->json.at - text)))
        return true;
    scan->taken++;
    return rows_set_add(&scan->ids, scan->id, 0) || broken(scan);
}

static bool read_id(rows_scan *scan, json_event event) {
    const json_number *number = &scan->json.number;
    if (event != JSON_NUMBER || !number->is_integer || number->integer > LARGEST_ID ||
        number->integer < -LARGEST_ID)
        return broken(scan);
    scan->id = number->integer;
    scan->has_id = true;
    return true;
}

static bool is_key(const json_reader *json, const char *name) {
    return json->length == strlen(name) && memcmp(json->text, name, json->length) == 0;
}

static void take_count(rows_scan *scan, json_event event) {
    const json_number *number = &scan->json.number;
    scan->has_count = event == JSON_NUMBER && number->is_integer;
    if (scan->has_count)
        scan->count = number->integer;
}

/* What stands around the list; false if nothing further is to be read. */
static bool around_list(rows_scan *scan, json_event event) {
    const json_reader *json = &scan->json;
    bool in_data = scan->in_data, in_count = scan->in_count;
    scan->in_data = scan->in_count = false;
    if (json->depth == 0 && scan->state == SCAN_BEHIND) {
        scan->state = SCAN_AFTER;
        return false;
    }
    if (json->depth == 0 || (json->depth == 1 && event == JSON_OPEN_ARRAY))
        return broken(scan); /* no object */
    if (json->depth == 1 && event == JSON_KEY) {
        scan->in_data = is_key(json, scan->is_dataset ? "cases" : "data");
        scan->in_count = scan->is_dataset && is_key(json, "caseCount");
    }
    if (in_count)
        take_count(scan, event);
    if (in_data && (event != JSON_OPEN_ARRAY || scan->state == SCAN_BEHIND))
        return broken(scan);
    if (in_data)
        scan->state = SCAN_INSIDE;
    return true;
}

/* What stands in the list; false if nothing further is to be read. */
static bool inside_list(rows_scan *scan, json_event event) {
    const json_reader *json = &scan->json;
    bool in_id = scan->in_id;
    scan->in_id = false;
    if (event == JSON_CLOSE && json->depth == 1) {
        scan->state = scan->is_dataset ? SCAN_BEHIND : SCAN_AFTER;
        return scan->is_dataset;
    }
    if (event == JSON_OPEN_ARRAY && json->depth == ELEMENT_DEPTH)
        return broken(scan); /* an element is an object */
    if (event == JSON_OPEN_OBJECT && json->depth == ELEMENT_DEPTH) {
        scan->element = (size_t)(json->begin - scan->data);
        scan->has_id = false;
        return true;
    }
    if (json->depth < ELEMENT_DEPTH)
        return event == JSON_CLOSE ? take(scan) : broken(scan);
    if (json->depth == ELEMENT_DEPTH && event == JSON_KEY)
        scan->in_id = is_key(json, "id");
    return !in_id || read_id(scan, event);
}

/* Reads the available bytes. */
static void read_events(rows_scan *scan) {
    bool goes_on = true;
    while (goes_on) {
        json_event event = json_reader_next(&scan->json);
        if (event == JSON_WANTS)
            return;
        if (event == JSON_PAUSED)
            continue;
        if (event == JSON_FAILED || event == JSON_END)
            goes_on = broken(scan);
        else
            goes_on =
                scan->state == SCAN_INSIDE ? inside_list(scan, event) : around_list(scan, event);
    }
}

static void restart(rows_scan *scan) {
    scan->length = 0;
    scan->state = SCAN_BEFORE;
    scan->in_data = scan->in_id = scan->in_count = scan->has_count = false;
    scan->taken = scan->surplus = scan->listed = 0;
    scan->attempts++;
    json_reader_start(&scan->json, "", 0, false, JSON_REPLACE);
    rows_set_clear(&scan->ids);
    if (scan->holds)
        rows_tally_clear(scan->tally);
    else if (scan->tally != NULL)
        rows_tally_restart(scan->tally);
}

/* Drops the bytes that were read, except for an element that has not ended, and adds the piece. */
static bool append(rows_scan *scan, const char *piece, size_t length) {
    json_reader *json = &scan->json;
    size_t begin = scan->length > 0 ? (size_t)(json->begin - scan->data) : 0;
    size_t first = scan->length > 0 && json->depth >= ELEMENT_DEPTH && scan->state == SCAN_INSIDE
                       ? scan->element
                       : begin;
    if (length > ROWS_LONGEST || scan->length - first > ROWS_LONGEST)
        return false;
    if (scan->length > 0)
        memmove(scan->data, scan->data + first, scan->length - first);
    scan->length -= first;
    scan->element = 0;
    char *data = grow(scan->data, &scan->capacity, scan->length + length, 1, 2 * length);
    if (data == NULL)
        return false;
    scan->data = data;
    memcpy(scan->data + scan->length, piece, length);
    scan->length += length;
    json_reader_feed(json, scan->data + begin - first, scan->length - (begin - first), false);
    return true;
}

void rows_scan_piece(const char *piece, size_t length, void *userdata) {
    rows_scan *scan = userdata;
    if (piece == NULL && scan->state != SCAN_CLOSED)
        restart(scan);
    if (length == 0 || scan->state > SCAN_BEHIND)
        return;
    if (append(scan, piece, length))
        read_events(scan);
    else
        broken(scan);
}

void rows_scan_clear(rows_scan *scan) {
    json_reader_free(&scan->json);
    free(scan->data);
    rows_set_clear(&scan->ids);
    *scan = (rows_scan){.state = SCAN_CLOSED};
}
