/*
 * rows_objects.c - the parts of a bulk upload as Lua sees them (prelude/upload.lua and what it
 * uses): batches, readers of files, tallies, scans; sets of numbers are in
 * rows_set_object.c. They never reach a user.
 */
#include "rows_objects.h"

#include "json_decode.h"
#include "lua_call.h"
#include "rows_batch.h"
#include "rows_hash.h"
#include "rows_item.h"
#include "rows_json.h"
#include "rows_notes.h"
#include "rows_object.h"
#include "rows_room.h"
#include "rows_scan.h"
#include "rows_set.h"
#include "rows_set_object.h"
#include "rows_tally.h"

#include <string.h>

#define TALLY "promptic.rows.tally"

/* ------------------------------------------------------------------ batches */

/* rows.batch(most_rows, most_bytes, likely_bytes, on_empty, cases, payloads, values) */
static int new_batch(lua_State *L) {
    static const char *const actions[] = {
        [ROWS_EMPTY_ERROR] = "error", [ROWS_EMPTY_SKIP] = "skip", [ROWS_EMPTY_KEEP] = "keep", NULL};
    int on_empty = luaL_checkoption(L, 4, "keep", actions);
    rows_room room = {.cases = lua_toboolean(L, 5),
                      .values = lua_toboolean(L, 5) || lua_toboolean(L, 7),
                      .payloads = lua_toboolean(L, 6)};
    int64_t most_rows = rows_check_number(L, 1), most_bytes = rows_check_number(L, 2);
    int64_t likely_bytes = lua_isnoneornil(L, 3) ? 0 : rows_check_number(L, 3);
    rows_batch *batch = rows_new_object(L, ROWS_BATCH, sizeof *batch);
    batch->most_rows = (size_t)most_rows;
    batch->most_bytes = (size_t)most_bytes;
    batch->likely_bytes = (size_t)likely_bytes;
    batch->on_empty = (rows_on_empty)on_empty;
    batch->room = room;
    return 1;
}

/* Rows that are Lua values, on their way into a batch. */
typedef struct addition {
    rows_batch *batch;
    int64_t number, last;   /* of the row that was added last, and of the last one to add */
    bool refused, is_empty; /* the next one is no observation; for its answer, which is empty */
} addition;

/* [-0, +0, e] The row on top, whose number is the next one: false if it does not fit. */
static bool write_row(lua_State *L, addition *a) {
    rows_batch_begin(L, a->batch);
    rows_write_item(L, a->batch, a->number + 1, &a->refused, &a->is_empty);
    if (!rows_batch_accepts(a->batch)) {
        rows_batch_drop(a->batch);
        return false;
    }
    rows_batch_commit(L, a->batch, ++a->number, 0);
    return true;
}

/* [-2, +0, e] Adds the value. */
static int write_value(lua_State *L) {
    addition *a = lua_touserdata(L, 2);
    lua_settop(L, 1);
    write_row(L, a);
    return 0;
}

/* [-2, +0, e] Adds what the list has. */
static int write_list(lua_State *L) {
    addition *a = lua_touserdata(L, 2);
    bool fits = true;
    while (fits && a->number < a->last && a->batch->count < a->batch->most_rows) {
        lua_settop(L, 1);
        lua_rawgeti(L, 1, (compat_index)(a->number + 1));
        fits = write_row(L, a);
    }
    return 0;
}

/* [-1, +0|1, e] Calls the function to write the value on top; false, with the reason on top, for a
 * row that is no observation. */
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

/* [-0, +2, m] Whether a row that was refused is to be skipped, whatever happens to other bad ones;
 * and the code of the reason, or nil. */
static void push_skips(lua_State *L, const rows_batch *batch, bool is_empty) {
    lua_pushboolean(L, is_empty && batch->on_empty == ROWS_EMPTY_SKIP);
    lua_pushstring(L, is_empty ? "empty_answer" : NULL);
}

/* batch:add(value, number): true; false if it does not fit; nil, the reason, whether to skip it
 * and the reason's code if it is not an observation */
static int batch_add(lua_State *L) {
    int64_t number = rows_check_number(L, 3);
    addition a = {.batch = rows_check_batch(L, 1), .number = number - 1};
    if (a.batch->count >= a.batch->most_rows) {
        lua_pushboolean(L, false);
        return 1;
    }
    lua_pushvalue(L, 2);
    if (!write_with(L, write_value, &a)) {
        lua_pushnil(L);
        lua_insert(L, -2);
        push_skips(L, a.batch, a.is_empty);
        return 4;
    }
    lua_pushboolean(L, a.number == number);
    return 1;
}

/* batch:add_list(list, number, last): adds the rows behind that number up to the last one, as long
 * as they fit. The number of the one that was added last; the reason, whether to skip it and the
 * reason's code where the next one is no observation */
static int batch_add_list(lua_State *L) {
    addition a = {.batch = rows_check_batch(L, 1),
                  .number = rows_check_number(L, 3),
                  .last = rows_check_number(L, 4)};
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_pushvalue(L, 2);
    bool fine = write_with(L, write_list, &a);
    rows_push_number(L, a.number);
    if (fine)
        return 1;
    lua_insert(L, -2);
    push_skips(L, a.batch, a.is_empty);
    return 4;
}

static int batch_count(lua_State *L) {
    rows_push_number(L, (int64_t)rows_check_batch(L, 1)->count);
    return 1;
}

static int batch_bytes(lua_State *L) {
    rows_push_number(L, (int64_t)rows_batch_bytes(rows_check_batch(L, 1)));
    return 1;
}

/* batch:split([count]): takes away what follows so many rows, without a number the first half, and
 * returns it as a batch */
static int batch_split(lua_State *L) {
    rows_batch *batch = rows_check_batch(L, 1);
    size_t half = (batch->count + 1) / 2;
    if (!lua_isnoneornil(L, 2))
        half = (size_t)rows_check_number(L, 2);
    luaL_argcheck(L, half <= batch->count, 2, "there are fewer rows");
    rows_batch *rest = rows_new_object(L, ROWS_BATCH, sizeof *rest);
    rest->most_rows = batch->most_rows;
    rest->most_bytes = batch->most_bytes;
    for (size_t i = half; i < batch->count; i++)
        rows_batch_copy(L, batch, i, rest);
    rows_batch_truncate(batch, half);
    return 1;
}

/* batch:place(): the number of its first row, and the line of its file if there is one */
static int batch_place(lua_State *L) {
    const rows_batch *batch = rows_check_batch(L, 1);
    luaL_argcheck(L, batch->count > 0, 1, "a batch without rows");
    rows_push_number(L, batch->rows[0].number);
    if (batch->rows[0].line > 0)
        rows_push_number(L, batch->rows[0].line);
    else
        lua_pushnil(L);
    return 2;
}

/* batch:mark(set): adds its rows to the set, with their sums */
static int batch_mark(lua_State *L) {
    const rows_batch *batch = rows_check_batch(L, 1);
    rows_set *set = rows_check_set(L, 2);
    for (size_t i = 0; i < batch->count; i++) {
        size_t length;
        const char *text = rows_batch_row(batch, i, &length);
        if (!rows_set_add(set, batch->rows[i].number, rows_checksum(text, length)))
            return rows_out_of_memory(L);
    }
    return 0;
}

/* [-0, +0, e] The content of a row of ours, which always has one. */
static rows_content content_of(lua_State *L, const rows_batch *batch, size_t index) {
    size_t length;
    rows_content content;
    const char *text = rows_batch_row(batch, index, &length);
    if (!rows_json_content(text, length, &content))
        luaL_error(L, "a row cannot be read back");
    return content;
}

/* batch:want(tally): adds its rows to those wanted */
static int batch_want(lua_State *L) {
    const rows_batch *batch = rows_check_batch(L, 1);
    rows_tally *tally = luaL_checkudata(L, 2, TALLY);
    for (size_t i = 0; i < batch->count; i++) {
        rows_content content = content_of(L, batch, i);
        if (!rows_tally_want(tally, &content))
            return rows_out_of_memory(L);
    }
    return 0;
}

/* batch:take(tally): the rows that were found and those that were not, as two new batches.
 * batch:claim(tally): the same of rows that the tally holds */
static int share_out(lua_State *L, bool (*take)(rows_tally *, const rows_content *)) {
    rows_batch *batch = rows_check_batch(L, 1);
    rows_tally *tally = luaL_checkudata(L, 2, TALLY);
    rows_batch *found = rows_new_object(L, ROWS_BATCH, sizeof *found);
    rows_batch *absent = rows_new_object(L, ROWS_BATCH, sizeof *absent);
    absent->most_rows = batch->most_rows;
    absent->most_bytes = batch->most_bytes;
    for (size_t i = 0; i < batch->count; i++) {
        rows_content content = content_of(L, batch, i);
        rows_batch_copy(L, batch, i, take(tally, &content) ? found : absent);
    }
    return 2;
}

static int batch_take(lua_State *L) {
    return share_out(L, rows_tally_take);
}

static int batch_claim(lua_State *L) {
    return share_out(L, rows_tally_claim);
}

/* batch:free(), also __gc: its text is large, and the collector does not know that */
static int batch_gc(lua_State *L) {
    rows_batch_clear(rows_check_batch(L, 1));
    return 0;
}

/* ------------------------------------------------------------------ readers */

bool rows_push_reader(lua_State *L, const char *path, const rows_reading *reading) {
    rows_reader *reader = rows_new_object(L, ROWS_READER, sizeof *reader);
    reader->file.descriptor = -1;
    return rows_reader_open(L, reader, path, reading);
}

/* [-0, +4, m] */
static int push_refusal(lua_State *L, const rows_reader *reader, const char *what) {
    lua_pushstring(L, what);
    lua_pushstring(L, reader->reason);
    rows_push_number(L, reader->line);
    lua_pushstring(L, reader->code);
    return 4;
}

/* What Lua calls the outcome. */
static const char *outcome_name(const rows_reader *reader, rows_outcome outcome) {
    static const char *const names[] = {
        [ROWS_READ] = "row",      [ROWS_END] = "end",   [ROWS_BAD] = "bad",
        [ROWS_BROKEN] = "broken", [ROWS_WAIT] = "wait", [ROWS_TURN] = "turn"};
    bool is_skipped = reader->is_empty && reader->on_empty == ROWS_EMPTY_SKIP;
    return outcome == ROWS_BAD && is_skipped ? "empty" : names[outcome];
}

/* reader:fill(batch, last): fills the batch with rows up to that number. Returns
 *
 *    "full", "end"    the batch is full; the source has ended
 *    "wait", "turn"   the file is not ready; it is, but others have theirs first
 *    "bad", "empty"   a bad row, or one that is to be skipped: with reason, line and code
 *    "broken"         the source cannot be read: with the same
 *
 * After all but "end" and "broken" it can be called again. */
static int reader_fill(lua_State *L) {
    rows_reader *reader = rows_check_reader(L, 1);
    rows_batch *batch = rows_check_batch(L, 2);
    lua_Number last = luaL_checknumber(L, 3);
    reader->on_empty = batch->on_empty;
    reader->room = batch->room;
    while (batch->count < batch->most_rows && (lua_Number)reader->number < last) {
        rows_batch_begin(L, batch);
        rows_outcome outcome = rows_reader_read(L, reader, &batch->text);
        if (outcome == ROWS_READ && rows_batch_accepts(batch)) {
            rows_batch_commit(L, batch, reader->number, reader->line);
            continue;
        }
        rows_batch_drop(batch);
        if (outcome == ROWS_BROKEN || outcome == ROWS_BAD)
            return push_refusal(L, reader, outcome_name(reader, outcome));
        if (outcome == ROWS_READ)
            rows_reader_unread(reader);
        lua_pushstring(L, outcome == ROWS_READ ? "full" : outcome_name(reader, outcome));
        return 1;
    }
    lua_pushliteral(L, "full");
    return 1;
}

/* reader:row(batch): "row", the row as a table, and its line; or as reader:fill, of which "full"
 * is none */
static int reader_row(lua_State *L) {
    rows_reader *reader = rows_check_reader(L, 1);
    rows_batch *batch = rows_check_batch(L, 2);
    reader->on_empty = batch->on_empty;
    reader->room = batch->room;
    rows_batch_begin(L, batch);
    size_t begin = batch->text.length;
    rows_outcome outcome = rows_reader_read(L, reader, &batch->text);
    size_t length = batch->text.length - begin;
    if (outcome == ROWS_BAD || outcome == ROWS_BROKEN)
        return push_refusal(L, reader, outcome_name(reader, outcome));
    lua_pushstring(L, outcome_name(reader, outcome));
    if (outcome != ROWS_READ)
        return 1;
    json_decode(L, batch->text.data + begin, length, 0);
    rows_push_number(L, reader->line);
    return 3;
}

/* reader:number(): of the row that was read last */
static int reader_number(lua_State *L) {
    rows_push_number(L, rows_check_reader(L, 1)->number);
    return 1;
}

/* reader:close(), also __gc */
static int reader_gc(lua_State *L) {
    rows_reader_close(rows_check_reader(L, 1));
    return 0;
}

/* -------------------------------------------------------- tallies and scans */

/* rows.tally() */
static int new_tally(lua_State *L) {
    rows_new_object(L, TALLY, sizeof(rows_tally));
    return 1;
}

static int tally_gc(lua_State *L) {
    rows_tally_clear(luaL_checkudata(L, 1, TALLY));
    return 0;
}

/* tally:unite(other): of rows that either holds */
static int tally_unite(lua_State *L) {
    rows_tally *tally = luaL_checkudata(L, 1, TALLY);
    const rows_tally *other = luaL_checkudata(L, 2, TALLY);
    return rows_tally_unite(tally, other) ? 0 : rows_out_of_memory(L);
}

/* rows.scan(known, tally, is_dataset, holds): of the response with a list, or with a dataset. known
 * and tally may be nil; both have to be kept as long as it is used. The tally holds the present rows
 * afterwards, or says which rows to look for */
static int new_scan(lua_State *L) {
    const rows_set *known = lua_isnoneornil(L, 1) ? NULL : rows_check_set(L, 1);
    rows_tally *tally = lua_isnoneornil(L, 2) ? NULL : luaL_checkudata(L, 2, TALLY);
    bool is_dataset = lua_toboolean(L, 3), holds = lua_toboolean(L, 4);
    rows_scan *scan = rows_new_object(L, ROWS_SCAN, sizeof *scan);
    scan->known = known;
    scan->tally = tally;
    scan->is_dataset = is_dataset;
    scan->holds = holds;
    return 1;
}

/* scan:result(): how many rows were taken, how many were neither known nor wanted, how many were
 * listed, and how many there are by the dataset's count, where it has one; nil if the response
 * could not be read */
static int scan_result(lua_State *L) {
    const rows_scan *scan = luaL_checkudata(L, 1, ROWS_SCAN);
    if (scan->state != SCAN_AFTER)
        return 0;
    rows_push_number(L, scan->taken);
    rows_push_number(L, scan->surplus);
    rows_push_number(L, scan->listed);
    if (scan->has_count)
        rows_push_number(L, scan->count);
    else
        lua_pushnil(L);
    return 4;
}

/* scan:attempts(): how often the request was begun */
static int scan_attempts(lua_State *L) {
    const rows_scan *scan = luaL_checkudata(L, 1, ROWS_SCAN);
    lua_pushinteger(L, scan->attempts);
    return 1;
}

/* scan:known(): the ids that were taken, as a set */
static int scan_known(lua_State *L) {
    rows_scan *scan = luaL_checkudata(L, 1, ROWS_SCAN);
    rows_set *set = rows_new_object(L, ROWS_SET, sizeof *set);
    *set = scan->ids;
    scan->ids = (rows_set){.blocks = NULL};
    return 1;
}

static int scan_gc(lua_State *L) {
    rows_scan_clear(luaL_checkudata(L, 1, ROWS_SCAN));
    return 0;
}

/* -------------------------------------------------------------------- calls */

/* Bytes of a list, which is read and not kept: a million rows are some 300 MiB. */
#define MOST_LISTED ((unsigned long long)8 << 30)

/* rows.call(client, endpoint, scan, batch, id [, id]): calls the row of this name with the ids of
 * its path, and with the batch as its body where that is not nil; has the response scanned */
static int call(lua_State *L) {
    const promptic_endpoint *row = promptic_endpoint_find(luaL_checkstring(L, 2));
    const char *ids[2] = {luaL_checkstring(L, 5), luaL_optstring(L, 6, NULL)};
    promptic_request request = {
        .size = sizeof(promptic_request), .path_args = ids, .path_count = ids[1] != NULL ? 2 : 1};
    request.on_body = rows_scan_piece;
    request.body_userdata = luaL_checkudata(L, 3, ROWS_SCAN);
    bool creates = !lua_isnoneornil(L, 4);
    luaL_argcheck(L, row != NULL, 2, "no endpoint");
    luaL_argcheck(L, !creates || rows_check_batch(L, 4)->count > 0, 4, "a batch without rows");
    request.row = row;
    request.method = row->verb;
    request.max_bytes = creates ? 0 : MOST_LISTED;
    request.is_patient = !creates;
    bindings_call_handle *handle = bindings_prepare(L, &request);
    if (creates)
        rows_batch_lend(L, rows_check_batch(L, 4), &request);
    return bindings_start(L, handle, &request);
}

/* --------------------------------------------------------------------- open */

int bindings_open_upload(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"batch", new_batch}, {"set", rows_new_set}, {"tally", new_tally}, {"scan", new_scan},
        {"call", call},       {"warn", rows_warn},   {NULL, NULL}};
    static const luaL_Reg batch[] = {{"add", batch_add},
                                     {"add_list", batch_add_list},
                                     {"count", batch_count},
                                     {"bytes", batch_bytes},
                                     {"split", batch_split},
                                     {"mark", batch_mark},
                                     {"want", batch_want},
                                     {"take", batch_take},
                                     {"claim", batch_claim},
                                     {"place", batch_place},
                                     {"answers", rows_batch_answers},
                                     {"free", batch_gc},
                                     {"__gc", batch_gc},
                                     {NULL, NULL}};
    static const luaL_Reg reader[] = {{"fill", reader_fill},
                                      {"row", reader_row},
                                      {"number", reader_number},
                                      {"columns", rows_reader_columns},
                                      {"close", reader_gc},
                                      {"__gc", reader_gc},
                                      {NULL, NULL}};
    static const luaL_Reg tally[] = {{"unite", tally_unite}, {"__gc", tally_gc}, {NULL, NULL}};
    static const luaL_Reg scan[] = {{"result", scan_result},
                                    {"attempts", scan_attempts},
                                    {"known", scan_known},
                                    {"__gc", scan_gc},
                                    {NULL, NULL}};
    rows_add_type(L, ROWS_BATCH, batch);
    rows_add_type(L, ROWS_READER, reader);
    rows_add_type(L, ROWS_SET, rows_set_methods);
    rows_add_type(L, TALLY, tally);
    rows_add_type(L, ROWS_SCAN, scan);
    luaL_newlib(L, functions);
    return 1;
}
