/*
 * rows_batch.c - the rows of one request, as its body.
 *
 * The block of text begins with a count of those who use it, the batch itself and the requests
 * under way, so that a body is neither copied for its request nor freed under it.
 */
#include "rows_batch.h"

#include "grow.h"

#include <stdlib.h>
#include <string.h>

typedef struct header {
    size_t users;
} header;

enum { BEGIN = sizeof(header) }; /* of the body, in the block */

static void give_back(char *block) {
    header *shared = (header *)(void *)block;
    if (block != NULL && --shared->users == 0)
        free(block);
}

static void free_body(void *body) {
    give_back((char *)body - BEGIN);
}

/* ------------------------------------------------------------------ adding */

static size_t end_of_rows(const rows_batch *batch) {
    return batch->count > 0 ? batch->rows[batch->count - 1].end : BEGIN + 1;
}

/* [-0, +0, m] Starts with the size of the previous batch. */
static void reserve(lua_State *L, rows_batch *batch) {
    size_t capacity = batch->likely_bytes + batch->likely_bytes / 8 + 64;
    batch->text.data = malloc(capacity);
    if (batch->text.data == NULL)
        luaL_error(L, "not enough memory");
    batch->text.capacity = capacity;
}

void rows_batch_begin(lua_State *L, rows_batch *batch) {
    static const header first = {.users = 1};
    if (batch->text.length == 0) {
        reserve(L, batch);
        json_buffer_add(L, &batch->text, (const char *)&first, sizeof first);
        json_buffer_add(L, &batch->text, "[", 1);
    }
    batch->text.length = end_of_rows(batch);
    batch->sealed = false;
    if (batch->count > 0)
        json_buffer_add(L, &batch->text, ",", 1);
}

bool rows_batch_accepts(const rows_batch *batch) {
    size_t bytes = batch->text.length - BEGIN + 1;
    return batch->count == 0 || (batch->count < batch->most_rows && bytes <= batch->most_bytes);
}

void rows_batch_commit(lua_State *L, rows_batch *batch, int64_t number, int64_t line) {
    rows_row *rows = grow(batch->rows, &batch->capacity, batch->count + 1, sizeof *rows, 64);
    if (rows == NULL)
        luaL_error(L, "not enough memory");
    batch->rows = rows;
    batch->rows[batch->count++] =
        (rows_row){.end = batch->text.length, .number = number, .line = line};
}

void rows_batch_drop(rows_batch *batch) {
    if (batch->text.length > 0) /* else it ran out of memory before it began */
        batch->text.length = end_of_rows(batch);
}

void rows_batch_truncate(rows_batch *batch, size_t count) {
    batch->count = count;
    batch->text.length = end_of_rows(batch);
    batch->sealed = false;
}

void rows_batch_copy(lua_State *L, const rows_batch *batch, size_t index, rows_batch *into) {
    size_t length;
    const char *text = rows_batch_row(batch, index, &length);
    rows_batch_begin(L, into);
    json_buffer_add(L, &into->text, text, length);
    rows_batch_commit(L, into, batch->rows[index].number, batch->rows[index].line);
}

/* ----------------------------------------------------------------- reading */

size_t rows_batch_bytes(const rows_batch *batch) {
    return batch->count > 0 ? end_of_rows(batch) - BEGIN + 1 : 0;
}

const char *rows_batch_row(const rows_batch *batch, size_t index, size_t *length) {
    size_t begin = index > 0 ? batch->rows[index - 1].end + 1 : BEGIN + 1;
    *length = batch->rows[index].end - begin;
    return batch->text.data + begin;
}

void rows_batch_lend(lua_State *L, rows_batch *batch, promptic_request *request) {
    if (!batch->sealed) {
        json_buffer_add(L, &batch->text, "]", 1);
        batch->sealed = true;
    }
    ((header *)(void *)batch->text.data)->users++;
    request->body = batch->text.data + BEGIN;
    request->body_length = batch->text.length - BEGIN;
    request->body_free = free_body;
}

void rows_batch_clear(rows_batch *batch) {
    give_back(json_buffer_take(&batch->text, NULL));
    free(batch->rows);
    *batch = (rows_batch){.rows = NULL};
}
