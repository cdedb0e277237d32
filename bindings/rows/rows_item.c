/* rows_item.c - a row that is a Lua value, as its room has it. */
#include "rows_item.h"

#include "body.h"
#include "request_parameters.h"
#include "rows_room.h"

#include <string.h>

/* clang-format off */
#define SPLIT INNER(ITEM, "split", "split", STRING, "which part it belongs to", NULLABLE, ONE_OF(VALUES("train", "eval")))

/* An observation that becomes a case. */
static const promptic_parameter observation_fields[] = {
    ARGUMENT(LIST, "observations", "observations", ARRAY, ""),
    INNER(ITEM, "variables", "inputPayload", OBJECT, "", REQUIRED),
    INNER(ITEM, "expected", "expectedPayload", ANY, "", REQUIRED),
    SPLIT,
    INNER(ITEM, "input", "inputPayload.input", ANY, ""),
    {.name = NULL}};

/* A case, without the idx that platforms give. */
static const promptic_parameter case_fields[] = {
    ARGUMENT(LIST, "cases", "cases", ARRAY, ""),
    INNER(ITEM, "input_payload", "inputPayload", OBJECT, "", REQUIRED),
    INNER(ITEM, "expected_payload", "expectedPayload", ANY, "", NULLABLE),
    SPLIT,
    INNER(ITEM, "metadata", "metadata", OBJECT, ""),
    {.name = NULL}};
/* clang-format on */

static const promptic_endpoint as_case = {.name = "create_dataset_cases",
                                          .parameters = observation_fields},
                               own_case = {.name = "create_dataset_cases",
                                           .parameters = case_fields};

static bool has_field(lua_State *L, const char *name) {
    lua_pushstring(L, name);
    lua_rawget(L, -2);
    bool has = !lua_isnil(L, -1);
    lua_pop(L, 1);
    return has;
}

/* Whether the row on top has the form of a case. */
static bool is_case(lua_State *L) {
    return lua_istable(L, -1) && (has_field(L, "input_payload") || has_field(L, "inputPayload"));
}

/* [-0, +0, e] Refuses the observation on top where its answer, the field of this name, is null: as
 * in a file, null is none. */
static void check_null(lua_State *L, const char *name, int64_t number, bool *refused) {
    lua_pushstring(L, name);
    lua_rawget(L, -2);
    if (lua_islightuserdata(L, -1) && lua_touserdata(L, -1) == NULL) {
        *refused = true;
        lua_pushfstring(L, "observations[%d].%s is missing", (int)number, name);
        lua_error(L);
    }
    lua_pop(L, 1);
}

/* [-0, +0, e] Refuses the row on top where its answer, the field of this name, is empty. */
static void check_answer(lua_State *L, const char *list, const char *name, int64_t number,
                         bool *refused, bool *is_empty) {
    size_t length;
    lua_pushstring(L, name);
    lua_rawget(L, -2);
    const char *answer = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &length) : NULL;
    if (answer != NULL && strspn(answer, " \t\r\n") == length) {
        *refused = *is_empty = true;
        lua_pushfstring(L, "%s[%d].%s is empty", list, (int)number, name);
        lua_error(L);
    }
    lua_pop(L, 1);
}

void rows_write_item(lua_State *L, rows_batch *batch, int64_t number, bool *refused,
                     bool *is_empty) {
    bool is_own = batch->room.payloads && is_case(L);
    const promptic_endpoint *row = is_own              ? &own_case
                                   : batch->room.cases ? &as_case
                                                       : rows_endpoint();
    bindings_write_item(L, row, lua_gettop(L), (size_t)number, &batch->text, refused);
    if (!is_own && batch->room.cases) {
        check_null(L, "expected", number, refused);
        check_null(L, "expectedPayload", number, refused);
    }
    if (batch->on_empty == ROWS_EMPTY_KEEP)
        return;
    const char *list = is_own ? "cases" : "observations";
    check_answer(L, list, is_own ? "expected_payload" : "expected", number, refused, is_empty);
    if (batch->room.cases)
        check_answer(L, list, "expectedPayload", number, refused, is_empty);
}
