/*
 * rows_set_object.c - sets of numbers as Lua sees them.
 */
#include "rows_set_object.h"

#include "rows_object.h"
#include "rows_scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A range in a text: first-last:sum, the sum in hexadecimal digits. */
#define RANGE_FORMAT "%" PRId64 "-%" PRId64 ":%" PRIx64

rows_set *rows_check_set(lua_State *L, int index) {
    return luaL_checkudata(L, index, ROWS_SET);
}

/* Reads digits of this base, and the byte that has to follow them; moves on behind both. sscanf
 * would measure the rest of the text each time. */
static bool read_digits(const char **text, int base, char following, uint64_t *value) {
    char *end;
    if (strchr("0123456789abcdef", **text) == NULL || **text == '\0')
        return false;
    *value = strtoumax(*text, &end, base);
    if (end == *text || *end != following)
        return false;
    *text = following != '\0' ? end + 1 : end;
    return true;
}

/* Reads an id or a row's number, which may be negative. */
static bool read_number(const char **text, char following, int64_t *number) {
    uint64_t value;
    bool is_negative = **text == '-';
    *text += is_negative ? 1 : 0;
    if (!read_digits(text, 10, following, &value) || value >= (uint64_t)INT64_MAX / 2)
        return false;
    *number = is_negative ? -(int64_t)value : (int64_t)value;
    return true;
}

/* Reads the range at *text and moves on to the next one. */
static bool read_range(const char **text, rows_range *range) {
    if (!read_number(text, '-', &range->first) || !read_number(text, ':', &range->last))
        return false;
    char following = (*text)[strspn(*text, "0123456789abcdef")];
    return (following == ',' || following == '\0') &&
           read_digits(text, 16, following, &range->sum) && range->first <= range->last;
}

/* rows.set([text]): nil if set:text() did not make the text. */
int rows_new_set(lua_State *L) {
    const char *text = luaL_optstring(L, 1, "");
    rows_set *set = rows_new_object(L, ROWS_SET, sizeof *set);
    rows_range range;
    while (*text != '\0') {
        if (!read_range(&text, &range))
            return 0;
        if (!rows_set_add_range(set, &range))
            return rows_out_of_memory(L);
    }
    return 1;
}

/* set:text() */
static int set_text(lua_State *L) {
    const rows_set *set = rows_check_set(L, 1);
    char range[80];
    luaL_Buffer text;
    luaL_buffinit(L, &text);
    const char *before = "";
    for (const rows_range *s = rows_set_from(set, INT64_MIN); s != NULL;
         s = rows_set_from(set, s->last + 1)) {
        snprintf(range, sizeof range, "%s" RANGE_FORMAT, before, s->first, s->last, s->sum);
        luaL_addstring(&text, range);
        before = ",";
    }
    luaL_pushresult(&text);
    return 1;
}

/* set:ranges(): a list of { first =, last = } */
static int set_ranges(lua_State *L) {
    const rows_set *set = rows_check_set(L, 1);
    lua_createtable(L, (int)set->count, 0);
    compat_index index = 0;
    for (const rows_range *range = rows_set_from(set, INT64_MIN); range != NULL;
         range = rows_set_from(set, range->last + 1)) {
        lua_createtable(L, 0, 2);
        rows_push_number(L, range->first);
        lua_setfield(L, -2, "first");
        rows_push_number(L, range->last);
        lua_setfield(L, -2, "last");
        lua_rawseti(L, -2, ++index);
    }
    return 1;
}

/* set:from(number): first, last, sum of the range that holds it or comes next; nil for none */
static int set_from(lua_State *L) {
    const rows_range *range = rows_set_from(rows_check_set(L, 1), rows_check_number(L, 2));
    char sum[24];
    if (range == NULL)
        return 0;
    rows_push_number(L, range->first);
    rows_push_number(L, range->last);
    snprintf(sum, sizeof sum, "%" PRIx64, range->sum);
    lua_pushstring(L, sum);
    return 3;
}

/* set:add(first, last): adds all numbers of the range that it does not have */
static int set_add(lua_State *L) {
    rows_range range = {.first = rows_check_number(L, 2), .last = rows_check_number(L, 3)};
    return rows_set_add_range(rows_check_set(L, 1), &range) ? 0 : rows_out_of_memory(L);
}

/* set:merge(scan): adds the ids that were taken */
static int set_merge(lua_State *L) {
    const rows_scan *scan = luaL_checkudata(L, 2, ROWS_SCAN);
    return rows_set_merge(rows_check_set(L, 1), &scan->ids) ? 0 : rows_out_of_memory(L);
}

static int set_gc(lua_State *L) {
    rows_set_clear(rows_check_set(L, 1));
    return 0;
}

const luaL_Reg rows_set_methods[] = {{"text", set_text}, {"ranges", set_ranges}, {"from", set_from},
                                     {"add", set_add},   {"merge", set_merge},   {"__gc", set_gc},
                                     {NULL, NULL}};
