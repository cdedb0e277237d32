/*
 * rows_objects.c - the parts of a bulk upload as Lua sees them (prelude/upload.lua and what it
 * uses): batches, readers of files, sets of numbers, tallies, scans. They never reach a user.
 */
#include "rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH "promptic.rows.batch"
#define READER "promptic.rows.reader"
#define SET "promptic.rows.set"
#define TALLY "promptic.rows.tally"
#define SCAN "promptic.rows.scan"

/* [-?, +?, e] */
static int out_of_memory(lua_State *L) {
    return luaL_error(L, "not enough memory");
}

/* [-0, +1, m] A zeroed userdata of this type. */
static void *new_object(lua_State *L, const char *type, size_t size) {
    void *object = compat_newuserdata(L, size);
    memset(object, 0, size);
    luaL_getmetatable(L, type);
    lua_setmetatable(L, -2);
    return object;
}

/* [-0, +1, m] */
static void push_number(lua_State *L, int64_t number) {
#if COMPAT_INTEGERS
    lua_pushinteger(L, (lua_Integer)number);
#else
    lua_pushnumber(L, (lua_Number)number);
#endif
}

/* A number that an option may have made larger than any count. */
static int64_t check_number(lua_State *L, int index) {
    lua_Number number = luaL_checknumber(L, index);
    return number < 9e18 ? (int64_t)number : INT64_MAX;
}

/* --------------------------------------------------------------------- sets */

/* A span in a text: first-last:sum, the sum in hexadecimal digits. */
#define SPAN_FORMAT "%" PRId64 "-%" PRId64 ":%" PRIx64

static rows_set *check_set(lua_State *L, int index) {
    return luaL_checkudata(L, index, SET);
}

/* Reads the span at *text and moves on to the next one. */
static bool read_span(const char **text, rows_span *span) {
    int length = 0;
    if (sscanf(*text, "%" SCNd64 "-%" SCNd64 ":%" SCNx64 "%n", &span->first, &span->last,
               &span->sum, &length) != 3)
        return false;
    *text += length;
    if (**text == ',')
        ++*text;
    else if (**text != '\0')
        return false;
    return span->first <= span->last && span->first > -INT64_MAX / 2 && span->last < INT64_MAX / 2;
}

/* rows.set([text]): nil where the text is none that set:text gave. */
static int new_set(lua_State *L) {
    const char *text = luaL_optstring(L, 1, "");
    rows_set *set = new_object(L, SET, sizeof *set);
    rows_span span;
    while (*text != '\0') {
        if (!read_span(&text, &span))
            return 0;
        if (!rows_set_add_span(set, &span))
            return out_of_memory(L);
    }
    return 1;
}

/* set:text() */
static int set_text(lua_State *L) {
    const rows_set *set = check_set(L, 1);
    char span[80];
    luaL_Buffer text;
    luaL_buffinit(L, &text);
    const char *before = "";
    for (const rows_span *s = rows_set_from(set, INT64_MIN); s != NULL;
         s = rows_set_from(set, s->last + 1)) {
        snprintf(span, sizeof span, "%s" SPAN_FORMAT, before, s->first, s->last, s->sum);
        luaL_addstring(&text, span);
        before = ",";
    }
    luaL_pushresult(&text);
    return 1;
}

/* set:spans(): a list of { first =, last = } */
static int set_spans(lua_State *L) {
    const rows_set *set = check_set(L, 1);
    lua_createtable(L, (int)set->count, 0);
    compat_index index = 0;
    for (const rows_span *span = rows_set_from(set, INT64_MIN); span != NULL;
         span = rows_set_from(set, span->last + 1)) {
        lua_createtable(L, 0, 2);
        push_number(L, span->first);
        lua_setfield(L, -2, "first");
        push_number(L, span->last);
        lua_setfield(L, -2, "last");
        lua_rawseti(L, -2, ++index);
    }
    return 1;
}

/* set:from(number): first, last, sum of the span that holds it or comes next; nil for none */
static int set_from(lua_State *L) {
    const rows_span *span = rows_set_from(check_set(L, 1), check_number(L, 2));
    char sum[24];
    if (span == NULL)
        return 0;
    push_number(L, span->first);
    push_number(L, span->last);
    snprintf(sum, sizeof sum, "%" PRIx64, span->sum);
    lua_pushstring(L, sum);
    return 3;
}

/* set:add(first, last): adds all numbers of the span that it does not have */
static int set_add(lua_State *L) {
    rows_span span = {.first = check_number(L, 2), .last = check_number(L, 3)};
    return rows_set_add_span(check_set(L, 1), &span) ? 0 : out_of_memory(L);
}

/* set:merge(scan): adds the ids that were taken */
static int set_merge(lua_State *L) {
    const rows_scan *scan = luaL_checkudata(L, 2, SCAN);
    return rows_set_merge(check_set(L, 1), &scan->ids) ? 0 : out_of_memory(L);
}

static int set_gc(lua_State *L) {
    rows_set_clear(check_set(L, 1));
    return 0;
}

/* ------------------------------------------------------------------ batches */

static rows_batch *check_batch(lua_State *L, int index) {
    return luaL_checkudata(L, index, BATCH);
}

/* rows.batch(most_rows, most_bytes [, likely_bytes [, on_empty]]) */
static int new_batch(lua_State *L) {
    static const char *const actions[] = {
        [ROWS_EMPTY_ERROR] = "error", [ROWS_EMPTY_SKIP] = "skip", [ROWS_EMPTY_KEEP] = "keep", NULL};
    int on_empty = luaL_checkoption(L, 4, "keep", actions);
    int64_t most_rows = check_number(L, 1), most_bytes = check_number(L, 2);
    int64_t likely_bytes = lua_isnoneornil(L, 3) ? 0 : check_number(L, 3);
    rows_batch *batch = new_object(L, BATCH, sizeof *batch);
    batch->most_rows = (size_t)most_rows;
    batch->most_bytes = (size_t)most_bytes;
    batch->likely_bytes = (size_t)likely_bytes;
    batch->on_empty = (rows_on_empty)on_empty;
    return 1;
}

/* Rows that are Lua values, on their way into a batch. */
typedef struct addition {
    rows_batch *batch;
    int64_t number, last;   /* of the row that was added last, and of the last one to add */
    bool refused, is_empty; /* the next one is no observation; for its answer, which is empty */
} addition;

/* [-0, +0, e] Refuses the row on top, which is an observation, where its answer is empty. */
static void check_answer(lua_State *L, addition *a) {
    size_t length;
    if (a->batch->on_empty == ROWS_EMPTY_KEEP)
        return;
    lua_pushliteral(L, "expected");
    lua_rawget(L, -2);
    const char *answer = lua_tolstring(L, -1, &length);
    if (answer != NULL && strspn(answer, " \t\r\n") == length) {
        a->refused = a->is_empty = true;
        lua_pushfstring(L, "observations[%d].expected is empty", (int)a->number + 1);
        lua_error(L);
    }
    lua_pop(L, 1);
}

/* [-0, +0, e] The row on top, whose number is the next one: false where it does not fit. */
static bool write_row(lua_State *L, addition *a, const promptic_endpoint *row) {
    rows_batch_begin(L, a->batch);
    bindings_write_item(L, row, lua_gettop(L), (size_t)a->number + 1, &a->batch->text, &a->refused);
    check_answer(L, a);
    if (!rows_batch_accepts(a->batch)) {
        rows_batch_drop(a->batch);
        return false;
    }
    rows_batch_commit(L, a->batch, ++a->number);
    return true;
}

/* [-2, +0, e] Adds the value. */
static int write_value(lua_State *L) {
    addition *a = lua_touserdata(L, 2);
    lua_settop(L, 1);
    write_row(L, a, rows_endpoint());
    return 0;
}

/* [-2, +0, e] Adds what the list has. */
static int write_list(lua_State *L) {
    addition *a = lua_touserdata(L, 2);
    const promptic_endpoint *row = rows_endpoint();
    bool fits = true;
    while (fits && a->number < a->last && a->batch->count < a->batch->most_rows) {
        lua_settop(L, 1);
        lua_rawgeti(L, 1, (compat_index)(a->number + 1));
        fits = write_row(L, a, row);
    }
    return 0;
}

/* [-1, +0|1, e] Has the function write what is on top; false, with the reason on top, where a row
 * is no observation. */
static bool write_with(lua_State *L, lua_CFunction write, addition *a) {
    lua_pushcfunction(L, write);
    lua_insert(L, -2);
    lua_pushlightuserdata(L, a);
    if (lua_pcall(L, 2, 0, 0) == LUA_OK)
        return true;
    rows_batch_drop(a->batch);
    if (!a->refused)
        lua_error(L);
    return false;
}

/* [-0, +1, -] Whether a row that was refused is to be skipped, whatever happens to other bad ones.
 */
static void push_skips(lua_State *L, const rows_batch *batch, bool is_empty) {
    lua_pushboolean(L, is_empty && batch->on_empty == ROWS_EMPTY_SKIP);
}

/* batch:add(value, number): true; false where it does not fit; nil, the reason and whether to skip
 * it where it is no observation */
static int batch_add(lua_State *L) {
    int64_t number = check_number(L, 3);
    addition a = {.batch = check_batch(L, 1), .number = number - 1};
    if (a.batch->count >= a.batch->most_rows) {
        lua_pushboolean(L, false);
        return 1;
    }
    lua_pushvalue(L, 2);
    if (!write_with(L, write_value, &a)) {
        lua_pushnil(L);
        lua_insert(L, -2);
        push_skips(L, a.batch, a.is_empty);
        return 3;
    }
    lua_pushboolean(L, a.number == number);
    return 1;
}

/* batch:add_list(list, number, last): adds the rows behind that number up to the last one, as long
 * as they fit. The number of the one that was added last; the reason and whether to skip it where
 * the next one is no observation */
static int batch_add_list(lua_State *L) {
    addition a = {
        .batch = check_batch(L, 1), .number = check_number(L, 3), .last = check_number(L, 4)};
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_pushvalue(L, 2);
    bool fine = write_with(L, write_list, &a);
    push_number(L, a.number);
    if (fine)
        return 1;
    lua_insert(L, -2);
    push_skips(L, a.batch, a.is_empty);
    return 3;
}

static int batch_count(lua_State *L) {
    push_number(L, (int64_t)check_batch(L, 1)->count);
    return 1;
}

static int batch_bytes(lua_State *L) {
    push_number(L, (int64_t)rows_batch_bytes(check_batch(L, 1)));
    return 1;
}

/* batch:split(): takes away the second half, and returns it as a batch */
static int batch_split(lua_State *L) {
    rows_batch *batch = check_batch(L, 1);
    rows_batch *rest = new_object(L, BATCH, sizeof *rest);
    size_t half = (batch->count + 1) / 2;
    rest->most_rows = batch->most_rows;
    rest->most_bytes = batch->most_bytes;
    for (size_t i = half; i < batch->count; i++)
        rows_batch_copy(L, batch, i, rest);
    rows_batch_truncate(batch, half);
    return 1;
}

/* batch:mark(set): adds its rows to the set, with their sums */
static int batch_mark(lua_State *L) {
    const rows_batch *batch = check_batch(L, 1);
    rows_set *set = check_set(L, 2);
    for (size_t i = 0; i < batch->count; i++) {
        size_t length;
        const char *text = rows_batch_row(batch, i, &length);
        if (!rows_set_add(set, batch->rows[i].number, rows_checksum(text, length)))
            return out_of_memory(L);
    }
    return 0;
}

/* [-0, +0, e] The hash of a row of ours, which is always an observation. */
static uint64_t hash_of(lua_State *L, const rows_batch *batch, size_t index) {
    size_t length;
    uint64_t hash;
    const char *text = rows_batch_row(batch, index, &length);
    if (!rows_json_hash(text, length, &hash))
        luaL_error(L, "a row cannot be read back");
    return hash;
}

/* batch:want(tally): looks for its rows */
static int batch_want(lua_State *L) {
    const rows_batch *batch = check_batch(L, 1);
    rows_tally *tally = luaL_checkudata(L, 2, TALLY);
    for (size_t i = 0; i < batch->count; i++)
        if (!rows_tally_want(tally, hash_of(L, batch, i)))
            return out_of_memory(L);
    return 0;
}

/* batch:take(tally): the rows that were found and those that were not, as two new batches */
static int batch_take(lua_State *L) {
    rows_batch *batch = check_batch(L, 1);
    rows_tally *tally = luaL_checkudata(L, 2, TALLY);
    rows_batch *found = new_object(L, BATCH, sizeof *found);
    rows_batch *absent = new_object(L, BATCH, sizeof *absent);
    absent->most_rows = batch->most_rows;
    absent->most_bytes = batch->most_bytes;
    for (size_t i = 0; i < batch->count; i++)
        rows_batch_copy(L, batch, i, rows_tally_take(tally, hash_of(L, batch, i)) ? found : absent);
    return 2;
}

/* batch:free(), also __gc: its text is large, and the collector does not know that */
static int batch_gc(lua_State *L) {
    rows_batch_clear(check_batch(L, 1));
    return 0;
}

/* ------------------------------------------------------------------ readers */

static rows_reader *check_reader(lua_State *L, int index) {
    return luaL_checkudata(L, index, READER);
}

bool rows_push_reader(lua_State *L, const char *path, const rows_reading *reading) {
    rows_reader *reader = new_object(L, READER, sizeof *reader);
    reader->file.descriptor = -1;
    return rows_reader_open(L, reader, path, reading);
}

/* [-0, +3, m] */
static int push_refusal(lua_State *L, const rows_reader *reader, const char *what) {
    lua_pushstring(L, what);
    lua_pushstring(L, reader->reason);
    push_number(L, reader->line);
    return 3;
}

/* reader:fill(batch, last): fills the batch with rows up to that number. "full", "end", or "bad",
 * "empty" (a bad row that is to be skipped) or "broken" with reason and line; after "bad" and
 * "empty" it can be called again */
static int reader_fill(lua_State *L) {
    rows_reader *reader = check_reader(L, 1);
    rows_batch *batch = check_batch(L, 2);
    lua_Number last = luaL_checknumber(L, 3);
    reader->on_empty = batch->on_empty;
    while (batch->count < batch->most_rows && (lua_Number)reader->number < last) {
        rows_batch_begin(L, batch);
        rows_outcome outcome = rows_reader_read(L, reader, &batch->text);
        if (outcome == ROWS_READ && rows_batch_accepts(batch)) {
            rows_batch_commit(L, batch, reader->number);
            continue;
        }
        rows_batch_drop(batch);
        if (outcome == ROWS_BROKEN)
            return push_refusal(L, reader, "broken");
        if (outcome == ROWS_BAD)
            return push_refusal(L, reader,
                                reader->is_empty && reader->on_empty == ROWS_EMPTY_SKIP ? "empty"
                                                                                        : "bad");
        if (outcome == ROWS_READ)
            rows_reader_unread(reader);
        lua_pushstring(L, outcome == ROWS_END ? "end" : "full");
        return 1;
    }
    lua_pushliteral(L, "full");
    return 1;
}

/* reader:number(): of the row that was read last */
static int reader_number(lua_State *L) {
    push_number(L, check_reader(L, 1)->number);
    return 1;
}

/* reader:close(), also __gc */
static int reader_gc(lua_State *L) {
    rows_reader_close(check_reader(L, 1));
    return 0;
}

/* -------------------------------------------------------- tallies and scans */

/* rows.tally() */
static int new_tally(lua_State *L) {
    new_object(L, TALLY, sizeof(rows_tally));
    return 1;
}

static int tally_gc(lua_State *L) {
    rows_tally_clear(luaL_checkudata(L, 1, TALLY));
    return 0;
}

/* rows.scan([known [, tally]]): both have to be kept as long as it is used */
static int new_scan(lua_State *L) {
    const rows_set *known = lua_isnoneornil(L, 1) ? NULL : check_set(L, 1);
    rows_tally *tally = lua_isnoneornil(L, 2) ? NULL : luaL_checkudata(L, 2, TALLY);
    rows_scan *scan = new_object(L, SCAN, sizeof *scan);
    scan->known = known;
    scan->tally = tally;
    return 1;
}

/* scan:result(): how many observations were taken, and how many were neither known nor looked for;
 * nil where the answer could not be read */
static int scan_result(lua_State *L) {
    const rows_scan *scan = luaL_checkudata(L, 1, SCAN);
    if (scan->state != SCAN_AFTER)
        return 0;
    push_number(L, scan->taken);
    push_number(L, scan->surplus);
    return 2;
}

/* scan:known(): the ids that were taken, as a set */
static int scan_known(lua_State *L) {
    rows_scan *scan = luaL_checkudata(L, 1, SCAN);
    rows_set *set = new_object(L, SET, sizeof *set);
    *set = scan->ids;
    scan->ids = (rows_set){.blocks = NULL};
    return 1;
}

static int scan_gc(lua_State *L) {
    rows_scan_clear(luaL_checkudata(L, 1, SCAN));
    return 0;
}

/* -------------------------------------------------------------------- calls */

/* rows.call(client, experiment_id, scan [, batch]): creates the batch's observations, or lists all
 * there are, and has the answer scanned */
static int call(lua_State *L) {
    const char *id = luaL_checkstring(L, 2);
    promptic_request request = {.path_args = &id, .path_count = 1};
    request.on_body = rows_scan_piece;
    request.body_userdata = luaL_checkudata(L, 3, SCAN);
    bool creates = !lua_isnoneornil(L, 4);
    luaL_argcheck(L, !creates || check_batch(L, 4)->count > 0, 4, "a batch without rows");
    const promptic_endpoint *row =
        creates ? rows_endpoint() : promptic_endpoint_find("list_observations");
    request.row = row;
    request.method = row->verb;
    bindings_owner *owner = bindings_prepare(L, &request);
    if (creates)
        rows_batch_lend(L, check_batch(L, 4), &request);
    return bindings_start(L, owner, &request);
}

/* --------------------------------------------------------------------- open */

/* [-0, +0, m] */
static void add_type(lua_State *L, const char *type, const luaL_Reg *methods) {
    luaL_newmetatable(L, type);
    bindings_name_metatable(L, type);
    luaL_setfuncs(L, methods, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

int bindings_open_upload(lua_State *L) {
    static const luaL_Reg functions[] = {{"batch", new_batch}, {"set", new_set},
                                         {"tally", new_tally}, {"scan", new_scan},
                                         {"call", call},       {NULL, NULL}};
    static const luaL_Reg batch[] = {{"add", batch_add},
                                     {"add_list", batch_add_list},
                                     {"count", batch_count},
                                     {"bytes", batch_bytes},
                                     {"split", batch_split},
                                     {"mark", batch_mark},
                                     {"want", batch_want},
                                     {"take", batch_take},
                                     {"free", batch_gc},
                                     {"__gc", batch_gc},
                                     {NULL, NULL}};
    static const luaL_Reg reader[] = {{"fill", reader_fill},
                                      {"number", reader_number},
                                      {"close", reader_gc},
                                      {"__gc", reader_gc},
                                      {NULL, NULL}};
    static const luaL_Reg set[] = {{"text", set_text}, {"spans", set_spans}, {"from", set_from},
                                   {"add", set_add},   {"merge", set_merge}, {"__gc", set_gc},
                                   {NULL, NULL}};
    static const luaL_Reg tally[] = {{"__gc", tally_gc}, {NULL, NULL}};
    static const luaL_Reg scan[] = {
        {"result", scan_result}, {"known", scan_known}, {"__gc", scan_gc}, {NULL, NULL}};
    add_type(L, BATCH, batch);
    add_type(L, READER, reader);
    add_type(L, SET, set);
    add_type(L, TALLY, tally);
    add_type(L, SCAN, scan);
    luaL_newlib(L, functions);
    return 1;
}
