/* rows_notes.c - what the prelude's notes on labels and columns need of batches, readers and
 * clients. */
#include "rows_notes.h"

#include "client_argument.h"
#include "json_reader.h"
#include "lua_client.h"
#include "rows_batch.h"
#include "rows_header.h"
#include "rows_json.h"
#include "rows_object.h"
#include "rows_reader.h"
#include "state.h"

/* [-1, +0, m] Adds the answer on top, whose row has this number, to the list where the table `seen`
 * does not have it yet. */
static void add_answer(lua_State *L, int seen, int list, int64_t number) {
    lua_pushvalue(L, -1);
    lua_rawget(L, seen);
    bool is_new = lua_isnil(L, -1);
    lua_pop(L, 1);
    if (!is_new) {
        lua_pop(L, 1);
        return;
    }
    lua_createtable(L, 2, 0);
    lua_pushvalue(L, -2);
    lua_rawseti(L, -2, 1);
    rows_push_number(L, number);
    lua_rawseti(L, -2, 2);
    lua_rawseti(L, list, (compat_index)lua_rawlen(L, list) + 1);
    lua_pushboolean(L, true);
    lua_rawset(L, seen);
}

/* batch:answers(seen): a list of { JSON text, number of the row } of answers that the table does
 * not have as keys, which are added to it */
int rows_batch_answers(lua_State *L) {
    const rows_batch *batch = rows_check_batch(L, 1);
    rows_observation observation;
    rows_problem problem;
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    lua_newtable(L);
    for (size_t i = 0; i < batch->count; i++) {
        size_t length;
        json_reader json = {.text = NULL};
        const char *text = rows_batch_row(batch, i, &length);
        rows_progress progress = rows_json_observation(&json, text, text + length, true,
                                                       &rows_own_naming, &observation, &problem);
        json_reader_free(&json);
        if (progress != ROWS_WHOLE || observation.expected.at == NULL)
            continue;
        lua_pushlstring(L, observation.expected.at, observation.expected.length);
        add_answer(L, 2, 3, batch->rows[i].number);
    }
    return 1;
}

/* reader:columns(): the names of a .csv file's columns as JSON texts; nil if they are not read,
 * or there are none */
int rows_reader_columns(lua_State *L) {
    const rows_reader *reader = rows_check_reader(L, 1);
    if (reader->columns == NULL || !reader->begun)
        return 0;
    lua_newtable(L);
    for (size_t i = 0; i < reader->column_count; i++) {
        const rows_column *column = &reader->columns[i];
        if (column->use == COLUMN_BLANK)
            continue;
        lua_pushlstring(L, rows_header_name(reader, column), column->name_length);
        lua_rawseti(L, -2, (compat_index)lua_rawlen(L, -2) + 1);
    }
    return 1;
}

/* rows.warn(client [, text]): reports a warning to the client's log; whether it has one */
int rows_warn(lua_State *L) {
    bindings_client *client = bindings_to_client(L, 1);
    bool has_log = bindings_has_log(L, 1);
    if (has_log && !lua_isnoneornil(L, 2)) {
        lua_State *outer = bindings_enter(client->state, L);
        bindings_log(PROMPTIC_LOG_WARNING, luaL_checkstring(L, 2), client);
        bindings_leave(client->state, outer);
    }
    lua_pushboolean(L, has_log);
    return 1;
}
