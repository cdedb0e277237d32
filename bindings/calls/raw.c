/*
 * raw.c - client:request, for operations that have no row yet.
 */
#include "raw.h"

#include "arguments.h"
#include "json_buffer.h"
#include "json_encode.h"
#include "lua_call.h"
#include "methods.h"
#include "request.h"

#include <string.h>

/* ------------------------------------------------------------------- query */

/* The pairs of a query, in the order of their names. */
typedef struct query_list {
    bindings_site site;
    const char *label; /* what messages call the table */
    promptic_pair *pairs;
    size_t count;
    int texts; /* stack index of the table that keeps the values' texts */
} query_list;

/* [-0, +1, e] Pushes the value on top as text. */
static const char *push_text(lua_State *L, const query_list *list, const char *name) {
    lua_Integer integer;
    size_t length;
    if (lua_isboolean(L, -1))
        lua_pushstring(L, lua_toboolean(L, -1) ? "true" : "false");
    else if (compat_tointeger(L, -1, &integer))
        bindings_push_digits(L, -1);
    else if (lua_type(L, -1) == LUA_TNUMBER)
        bindings_push_number(L, -1);
    else if (lua_isstring(L, -1))
        lua_pushvalue(L, -1);
    else
        bindings_argument_error(L, &list->site, "%s.%s: string, number or boolean expected, got %s",
                                list->label, name, luaL_typename(L, -1));
    const char *text = lua_tolstring(L, -1, &length);
    if (strlen(text) != length)
        bindings_argument_error(L, &list->site, "%s.%s: holds a NUL character", list->label, name);
    return text;
}

/* [-1, +0, e] Adds the value on top. */
static void add_pair(lua_State *L, query_list *list, const char *name) {
    const char *text = push_text(L, list, name);
    size_t at = list->count++;
    lua_rawseti(L, list->texts, (compat_index)list->count);
    lua_pop(L, 1);
    for (; at > 0 && strcmp(list->pairs[at - 1].name, name) > 0; at--)
        list->pairs[at] = list->pairs[at - 1];
    list->pairs[at] = (promptic_pair){.name = name, .value = text};
}

/* [-1, +0, e] Adds the value on top, or each value of a list: a=1&a=2. */
static void add_pairs(lua_State *L, query_list *list, const char *name) {
    if (!lua_istable(L, -1)) {
        add_pair(L, list, name);
        return;
    }
    for (size_t i = 1; i <= lua_rawlen(L, -1); i++) {
        lua_rawgeti(L, -1, (compat_index)i);
        add_pair(L, list, name);
    }
    lua_pop(L, 1);
}

/* [-0, +0, e] How many pairs the table at index makes. */
static size_t count_pairs(lua_State *L, const bindings_site *site, const char *label, int index) {
    size_t count = 0;
    for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            bindings_argument_error(L, site, "%s: parameters have names, this one has a %s", label,
                                    luaL_typename(L, -2));
        if (strlen(lua_tostring(L, -2)) != lua_rawlen(L, -2))
            bindings_argument_error(L, site, "%s: a name holds a NUL character", label);
        count += lua_istable(L, -1) ? lua_rawlen(L, -1) : 1;
    }
    return count;
}

promptic_pair *bindings_take_pairs(lua_State *L, const bindings_site *site, const char *label,
                                   int index, size_t *count) {
    query_list list = {.site = *site, .label = label};
    size_t most = count_pairs(L, site, label, index);
    list.pairs = compat_newuserdata(L, (most + 1) * sizeof *list.pairs);
    lua_createtable(L, (int)most, 0);
    list.texts = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, index) != 0;)
        add_pairs(L, &list, lua_tostring(L, -2));
    *count = list.count;
    return list.pairs;
}

/* ----------------------------------------------------------------- request */

int bindings_request(lua_State *L) {
    enum { METHOD = 2, PATH, OPTIONS };
    json_buffer *body = NULL;
    promptic_error error;
    bindings_site site = {.function = "request", .level = BINDINGS_METHOD_LEVEL, .argument = PATH};
    promptic_request request = {.size = sizeof(promptic_request),
                                .method = lua_tostring(L, METHOD),
                                .path = lua_tostring(L, PATH)};
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    if (request_check_path(request.path, &error) != PROMPTIC_OK)
        bindings_argument_error(L, &site, "%s", error.message);
    site.argument = OPTIONS;
    bindings_push_option(L, OPTIONS, "query");
    if (!lua_isnil(L, -1))
        request.query = bindings_take_pairs(L, &site, "query", lua_gettop(L), &request.query_count);
    bindings_push_option(L, OPTIONS, "body");
    if (!lua_isnil(L, -1)) {
        int value = lua_gettop(L);
        body = json_buffer_push(L);
        if (!json_encode(L, value, JSON_ANY, "body", body))
            bindings_argument_error(L, &site, "%s", lua_tostring(L, -1));
    }
    return bindings_call(L, &request, body);
}
