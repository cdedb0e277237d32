/*
 * methods.c - from a row of the table and the arguments in Lua to a request.
 */
#include "methods.h"

#include "arguments.h"
#include "ascii.h"
#include "body.h"
#include "json_buffer.h"
#include "lua_call.h"
#include "number.h"
#include "site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PATH_ARGS = 8 };

const char *bindings_push_digits(lua_State *L, int index) {
    char digits[32];
    lua_Integer integer = 0;
    long long value = 0;
    if (lua_type(L, index) == LUA_TSTRING)
        value = strtoll(lua_tostring(L, index), NULL, 10);
    else if (compat_tointeger(L, index, &integer))
        value = (long long)integer;
    snprintf(digits, sizeof digits, "%lld", value);
    lua_pushstring(L, digits);
    return lua_tostring(L, -1);
}

const char *bindings_push_number(lua_State *L, int index) {
    char text[NUMBER_SIZE];
    lua_pushstring(L, number_shortest(text, (double)lua_tonumber(L, index)));
    return lua_tostring(L, -1);
}

/* [-0, +n, e] Collects the ids in the path; their strings stay on the stack. */
static size_t take_path(lua_State *L, const promptic_endpoint *row, const char **path) {
    size_t count = 0;
    int position = 1; /* of the client */
    for (const promptic_parameter *p = row->parameters; p->name != NULL; p++) {
        position += bindings_is_positional(p) ? 1 : 0;
        if (p->place != PROMPTIC_IN_PATH)
            continue;
        if (count == MAX_PATH_ARGS)
            luaL_error(L, "endpoint '%s' has too many ids", row->name);
        bool is_number = p->type == PROMPTIC_INTEGER;
        path[count++] = is_number ? bindings_push_digits(L, position) : lua_tostring(L, position);
    }
    return count;
}

/* Whether the text has the form: '0' stands for a digit, other characters for themselves. What
 * follows the form does not matter. */
static bool has_form(const char *text, const char *form) {
    for (; *form != '\0'; text++, form++) {
        bool fits = *form == '0' ? ascii_is_digit(*text) : *text == *form;
        if (!fits)
            return false;
    }
    return true;
}

/* [-0, +0 or 1, m] The time with its seconds, which ISO 8601 may leave out and RFC 3339, by which
 * the platform reads times (date-time), may not; any other text as it is. */
static const char *complete_time(lua_State *L, const char *text) {
    static const char minutes[] = "0000-00-00T00:00";
    const char *zone = text + sizeof minutes - 1;
    if (!has_form(text, minutes) || (*zone != 'Z' && *zone != '+' && *zone != '-'))
        return text;
    lua_pushlstring(L, text, sizeof minutes - 1);
    lua_pushfstring(L, "%s:00%s", lua_tostring(L, -1), zone);
    lua_remove(L, -2);
    return lua_tostring(L, -1);
}

/* [-0, +1 or 2, m] Pushes the text of a query parameter's value; NULL if there is none. */
static const char *push_query_value(lua_State *L, const promptic_parameter *parameter,
                                    int options) {
    bindings_push_option(L, options, parameter->name);
    if (lua_isnil(L, -1))
        return NULL;
    if (lua_isboolean(L, -1))
        return lua_toboolean(L, -1) ? "true" : "false";
    if (parameter->type == PROMPTIC_INTEGER)
        return bindings_push_digits(L, -1);
    if (lua_type(L, -1) == LUA_TNUMBER)
        return bindings_push_number(L, -1);
    return parameter->format == PROMPTIC_FORMAT_TIME ? complete_time(L, lua_tostring(L, -1))
                                                     : lua_tostring(L, -1);
}

size_t bindings_take_query(lua_State *L, const promptic_endpoint *row, int options,
                           promptic_pair query[BINDINGS_MAX_QUERY]) {
    size_t count = 0;
    for (const promptic_parameter *p = row->parameters; p->name != NULL; p++) {
        if (p->place != PROMPTIC_IN_QUERY)
            continue;
        const char *value = push_query_value(L, p, options);
        if (value == NULL)
            continue;
        if (count == BINDINGS_MAX_QUERY)
            luaL_error(L, "endpoint '%s' has too many query parameters", row->name);
        query[count++] = (promptic_pair){.name = p->wire, .value = value};
    }
    return count;
}

/* [-?, +1, e] Every method of the table; its upvalue is the row. */
static int call_endpoint(lua_State *L) {
    const promptic_endpoint *row = lua_touserdata(L, lua_upvalueindex(1));
    const char *path[MAX_PATH_ARGS];
    promptic_pair query[BINDINGS_MAX_QUERY];
    json_buffer *body = NULL;
    int options = bindings_check_arguments(L, row, BINDINGS_METHOD_LEVEL);
    luaL_checkstack(L, MAX_PATH_ARGS + 2 * BINDINGS_MAX_QUERY + LUA_MINSTACK, NULL);
    promptic_request request = {.size = sizeof(promptic_request),
                                .row = row,
                                .method = row->verb,
                                .path_args = path,
                                .query = query};
    request.path_count = take_path(L, row, path);
    request.query_count = bindings_take_query(L, row, options, query);
    if (bindings_has_body(row)) {
        body = json_buffer_push(L);
        bindings_write_body(L, row, options, body);
    }
    return bindings_call(L, &request, body);
}

void bindings_push_endpoint(lua_State *L, const promptic_endpoint *row) {
    lua_pushlightuserdata(L, (void *)row);
    lua_pushcclosure(L, call_endpoint, 1);
}
