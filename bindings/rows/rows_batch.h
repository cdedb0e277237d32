/*
 * rows_batch.h - what one request sends.
 */
#ifndef PROMPTIC_ROWS_BATCH_H
#define PROMPTIC_ROWS_BATCH_H

#include "compat.h"
#include "json_buffer.h"
#include "promptic.h"
#include "rows_room.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct rows_row {
    size_t end; /* of its text, from the block's beginning */
    int64_t number;
    int64_t line; /* where it begins in its file; 0: it comes from no file */
} rows_row;

/* What one request sends: [row,row,...]. Its text is shared with the request under way. */
typedef struct rows_batch {
    json_buffer text; /* begins with a header of its own; see rows_batch.c */
    rows_row *rows;
    size_t count, capacity;
    size_t most_rows, most_bytes, likely_bytes;
    bool sealed; /* the closing bracket is there: nothing can be added */
    rows_on_empty on_empty;
    rows_room room;
} rows_batch;

/* [-0, +0, m] Begins a row: the bytes added to batch->text from here on are its JSON. */
void rows_batch_begin(lua_State *L, rows_batch *batch);

/* Whether the row that was begun, and is complete, is within the limits. One always is. */
bool rows_batch_accepts(const rows_batch *batch);

/* [-0, +0, m] Takes the row. */
void rows_batch_commit(lua_State *L, rows_batch *batch, int64_t number, int64_t line);

/* Drops the row that was begun. */
void rows_batch_drop(rows_batch *batch);

/* How many bytes its request's body has. */
size_t rows_batch_bytes(const rows_batch *batch);

/* A row's text, counted from 0. */
const char *rows_batch_row(const rows_batch *batch, size_t index, size_t *length);

/* [-0, +0, m] Lends the text to a request, which returns it by its body_free. */
void rows_batch_lend(lua_State *L, rows_batch *batch, promptic_request *request);

/* [-0, +0, m] Adds a copy of a row, counted from 0, to another batch. */
void rows_batch_copy(lua_State *L, const rows_batch *batch, size_t index, rows_batch *into);

/* Keeps the first rows only. No request may be under way. */
void rows_batch_truncate(rows_batch *batch, size_t count);

/* Empties the batch. */
void rows_batch_clear(rows_batch *batch);

#endif
