/*
 * json_foreign.c - what tables of other libraries mean: their marks of arrays, objects and nulls.
 *
 * dkjson: the metatable's __jsontype, "array" or "object", and __tojson (its null has one).
 * lua-cjson (OpenResty's): array_mt, empty_array_mt, empty_array. lyaml: _type of its null.
 * Penlight: pl.List.
 */
#include "json_foreign.h"

#include "json_array.h"
#include "json_buffer.h"
#include "json_reader.h"
#include "json_refuse.h"

#include <string.h>

/* [-0, +1, m] The field of the table at this index, without metamethods. */
static void push_field(lua_State *L, int table, const char *name) {
    lua_pushstring(L, name);
    lua_rawget(L, table);
}

/* [-0, +0, m] Whether the field is this string. */
static bool field_is(lua_State *L, int table, const char *name, const char *wanted) {
    push_field(L, table, name);
    const char *value = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
    bool is = value != NULL && strcmp(value, wanted) == 0;
    lua_pop(L, 1);
    return is;
}

/* [-0, +1, m] The field of the module lua-cjson, if it is loaded; else nil. */
static void push_cjson_field(lua_State *L, const char *name) {
    int top = lua_gettop(L);
    lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
    if (lua_istable(L, -1)) {
        push_field(L, top + 1, "cjson");
        if (lua_istable(L, -1)) {
            push_field(L, top + 2, name);
            lua_replace(L, top + 1);
            lua_settop(L, top + 1);
            return;
        }
    }
    lua_settop(L, top);
    lua_pushnil(L);
}

/* [-0, +0, m] Whether the value at this index is the one that lua-cjson has under this name. */
static bool is_cjsons(lua_State *L, int index, const char *name) {
    push_cjson_field(L, name);
    bool same = !lua_isnil(L, -1) && lua_rawequal(L, -1, index) != 0;
    lua_pop(L, 1);
    return same;
}

bool json_is_empty_array(lua_State *L, int index) {
    return is_cjsons(L, lua_absindex(L, index), "empty_array");
}

/* [-0, +0, m] */
static bool is_empty(lua_State *L, int table) {
    lua_pushnil(L);
    if (!lua_next(L, table))
        return true;
    lua_pop(L, 2);
    return false;
}

/* [-0, +1 or 0, m] Pushes the metamethod where it is a function. */
static bool push_function(lua_State *L, int metatable, const char *name) {
    push_field(L, metatable, name);
    if (lua_isfunction(L, -1))
        return true;
    lua_pop(L, 1);
    return false;
}

/* [-0, +0 or 1, m] */
static json_kind kind_by_metatable(lua_State *L, int table, int metatable) {
    if (push_function(L, metatable, "__tojson"))
        return JSON_KIND_TEXT;
    push_field(L, metatable, "__jsontype");
    if (!lua_isnil(L, -1)) {
        const char *type = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
        json_kind kind = strcmp(type, "array") == 0    ? JSON_KIND_ARRAY
                         : strcmp(type, "object") == 0 ? JSON_KIND_OBJECT
                                                       : JSON_KIND_UNKNOWN;
        lua_pop(L, kind == JSON_KIND_UNKNOWN ? 0 : 1);
        return kind;
    }
    lua_pop(L, 1);
    if (field_is(L, metatable, "_type", "LYAML null"))
        return JSON_KIND_NULL;
    if (field_is(L, metatable, "_name", "List") || is_cjsons(L, metatable, "array_mt"))
        return JSON_KIND_ARRAY;
    if (!is_empty(L, table))
        return JSON_KIND_PLAIN;
    if (is_cjsons(L, metatable, "empty_array_mt"))
        return JSON_KIND_ARRAY;
    return push_function(L, metatable, "__pairs") ? JSON_KIND_PAIRS : JSON_KIND_PLAIN;
}

json_kind json_kind_of(json_encoder *e, int table) {
    lua_State *L = e->L;
    lua_getmetatable(L, table);
    int metatable = lua_gettop(L);
    json_kind kind = JSON_KIND_ARRAY;
    if (e->array_metatable == NULL) {
        json_push_array_metatable(L);
        e->array_metatable = lua_topointer(L, -1);
        lua_pop(L, 1);
    }
    if (lua_topointer(L, metatable) != e->array_metatable)
        kind = kind_by_metatable(L, table, metatable);
    lua_remove(L, metatable);
    return kind;
}

void json_copy_pairs(lua_State *L, int table) {
    int top = lua_gettop(L);
    lua_newtable(L);
    lua_insert(L, top);
    lua_pushvalue(L, table);
    lua_call(L, 1, 3); /* the iterator, its state, the first control value */
    for (;;) {
        lua_pushvalue(L, top + 1);
        lua_pushvalue(L, top + 2);
        lua_pushvalue(L, top + 3);
        lua_call(L, 2, 2);
        if (lua_isnil(L, -2))
            break;
        lua_pushvalue(L, -2);
        lua_replace(L, top + 3);
        lua_rawset(L, top);
    }
    lua_settop(L, top);
}

/* Whether the text is one JSON value. */
static bool is_json(const char *text, size_t length) {
    json_reader reader = {.at = NULL};
    json_event event;
    json_reader_start(&reader, text, length, true, JSON_REFUSE);
    do
        event = json_reader_next(&reader);
    while (event == JSON_PAUSED || event > JSON_END);
    json_reader_free(&reader);
    return event == JSON_END;
}

bool json_add_custom(json_encoder *e, int table) {
    lua_State *L = e->L;
    size_t length = 0;
    lua_pushvalue(L, table);
    lua_newtable(L); /* where dkjson has the state of its encoder */
    lua_call(L, 2, 1);
    if (lua_type(L, -1) != LUA_TSTRING)
        return json_refuse(e, e->depth, "its metamethod __tojson gives a %s", luaL_typename(L, -1));
    const char *text = lua_tolstring(L, -1, &length);
    if (!is_json(text, length))
        return json_refuse(e, e->depth, "its metamethod __tojson gives a text that is not JSON");
    json_buffer_add(L, e->buffer, text, length);
    lua_pop(L, 1);
    return true;
}
