/*
 * json_encode.c - Lua values to JSON.
 */
#include "json_encoder.h"
#include "json_reader.h"

#include <math.h>

static bool encode_value(json_encoder *e, const json_frame *at);

static void add_char(json_encoder *e, char c) {
    json_buffer_add_char(e->L, e->buffer, c);
}

/* ------------------------------------------------------------------ arrays */

/* Whether the keys are 1..count and nothing else, found by lua_next. */
static bool is_sequence(lua_State *L, int table, size_t count) {
    size_t found = 0;
    lua_pushnil(L);
    while (lua_next(L, table)) {
        lua_Integer index = 0;
        lua_pop(L, 1);
        if (!compat_tointeger(L, -1, &index) || index < 1 || (size_t)index > count) {
            lua_pop(L, 1);
            return false;
        }
        found++;
    }
    return found == count;
}

/* An array whose elements do not come in their order. */
static bool encode_unordered(json_encoder *e, json_frame *f, int table, bool marked) {
    lua_State *L = e->L;
    size_t count = lua_rawlen(L, table);
    if (!is_sequence(L, table, count))
        return json_refuse_keys(e, table, f->parent, marked);
    add_char(e, '[');
    for (size_t i = 1; i <= count; i++) {
        if (i > 1)
            add_char(e, ',');
        f->index = (long long)i;
        lua_rawgeti(L, table, (compat_index)i);
        if (!encode_value(e, f))
            return false;
        lua_pop(L, 1);
    }
    add_char(e, ']');
    return true;
}

/* [-2, +0, e] An array, whose first key and element are on top. */
static bool encode_array(json_encoder *e, json_frame *f, int table, bool marked) {
    lua_State *L = e->L;
    size_t before = e->buffer->length;
    char separator = '[';
    f->index = 0;
    do {
        f->index++;
        if (lua_type(L, -2) != LUA_TNUMBER || lua_tonumber(L, -2) != (lua_Number)f->index) {
            e->buffer->length = before;
            lua_pop(L, 2);
            return encode_unordered(e, f, table, marked);
        }
        add_char(e, separator);
        separator = ',';
        if (!encode_value(e, f))
            return false;
        lua_pop(L, 1);
    } while (lua_next(L, table));
    add_char(e, ']');
    return true;
}

/* ------------------------------------------------------------------ objects */

/* [-2, +0, e] An object, whose first key and value are on top. */
static bool encode_object(json_encoder *e, json_frame *f, int table) {
    lua_State *L = e->L;
    char separator = '{';
    do {
        size_t invalid_at = 0;
        if (lua_type(L, -2) != LUA_TSTRING)
            return json_refuse_keys(e, table, f->parent, false);
        f->key = lua_tolstring(L, -2, &f->key_length);
        add_char(e, separator);
        separator = ',';
        if (!json_buffer_add_string(L, e->buffer, f->key, f->key_length, &invalid_at))
            return json_refuse_text(e, f, "the key", invalid_at);
        add_char(e, ':');
        if (!encode_value(e, f))
            return false;
        lua_pop(L, 1);
    } while (lua_next(L, table));
    add_char(e, '}');
    return true;
}

/* ------------------------------------------------------------------ tables */

/* [-0, +0, e] The table at this index by its keys; `marked`: as an array. */
static bool encode_keys(json_encoder *e, json_frame *f, int table, bool empty_is_array,
                        bool marked) {
    lua_State *L = e->L;
    lua_pushnil(L);
    if (!lua_next(L, table)) {
        json_buffer_add(L, e->buffer, marked || empty_is_array ? "[]" : "{}", 2);
        return true;
    }
    if (marked || lua_type(L, -2) != LUA_TSTRING)
        return encode_array(e, f, table, marked);
    return encode_object(e, f, table);
}

/* [-0, +0, e] A table with a metatable. */
static bool encode_marked(json_encoder *e, json_frame *f, int table, bool empty_is_array) {
    lua_State *L = e->L;
    bool done;
    json_kind kind = json_kind_of(e, table);
    switch (kind) {
    case JSON_KIND_NULL:
        json_buffer_add(L, e->buffer, "null", 4);
        return true;
    case JSON_KIND_TEXT:
        return json_add_custom(e, f->parent, table);
    case JSON_KIND_PAIRS:
        json_copy_pairs(L, table);
        done = encode_keys(e, f, lua_gettop(L), empty_is_array, false);
        if (done)
            lua_pop(L, 1);
        return done;
    case JSON_KIND_UNKNOWN:
        return json_refuse(e, f->parent, "its __jsontype is neither \"array\" nor \"object\"");
    default:
        return encode_keys(e, f, table, empty_is_array && kind != JSON_KIND_OBJECT,
                           kind == JSON_KIND_ARRAY);
    }
}

/* [-0, +0, e] The table on top. `empty_is_array` is for one that has neither a mark nor an element.
 */
static bool encode_table(json_encoder *e, const json_frame *at, bool empty_is_array) {
    lua_State *L = e->L;
    int table = lua_gettop(L);
    json_frame f = {at, lua_topointer(L, table), NULL, 0, 0, at == NULL ? 1 : at->depth + 1};
    if (f.depth > JSON_MAX_DEPTH || !lua_checkstack(L, 16))
        return json_refuse(e, at, "nested deeper than %d tables", f.depth - 1);
    for (const json_frame *open = at; open != NULL; open = open->parent)
        if (open->table == f.table)
            return json_refuse(e, at, "a table that contains itself has no JSON form");
    if (lua_getmetatable(L, table)) {
        lua_pop(L, 1);
        return encode_marked(e, &f, table, empty_is_array);
    }
    return encode_keys(e, &f, table, empty_is_array, false);
}

/* ------------------------------------------------------------------ values */

static bool encode_string(json_encoder *e, const json_frame *at) {
    size_t length = 0, invalid_at = 0;
    const char *text = lua_tolstring(e->L, -1, &length);
    return json_buffer_add_string(e->L, e->buffer, text, length, &invalid_at) ||
           json_refuse_text(e, at, "the string", invalid_at);
}

static bool encode_number(json_encoder *e, const json_frame *at) {
    if (compat_isinteger(e->L, -1)) {
        json_add_integer(e->L, e->buffer, (long long)lua_tointeger(e->L, -1));
        return true;
    }
    double value = (double)lua_tonumber(e->L, -1);
    if (isnan(value))
        return json_refuse(e, at, "NaN has no JSON form");
    if (isinf(value))
        return json_refuse(e, at, "%sinfinity has no JSON form", value > 0 ? "" : "-");
    json_add_double(e->L, e->buffer, value);
    return true;
}

/* [-0, +0, e] or [-0, +1.., e] where it is refused: the message is on top then. The value on top.
 */
static bool encode_value(json_encoder *e, const json_frame *at) {
    lua_State *L = e->L;
    int type = lua_type(L, -1);
    switch (type) {
    case LUA_TNIL:
        json_buffer_add(L, e->buffer, "null", 4);
        return true;
    case LUA_TBOOLEAN:
        json_buffer_add(L, e->buffer, lua_toboolean(L, -1) ? "true" : "false",
                        lua_toboolean(L, -1) ? 4 : 5);
        return true;
    case LUA_TNUMBER:
        return encode_number(e, at);
    case LUA_TSTRING:
        return encode_string(e, at);
    case LUA_TTABLE:
        return encode_table(e, at, false);
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(L, -1) == NULL || json_is_empty_array(L, -1)) {
            json_buffer_add(L, e->buffer, lua_touserdata(L, -1) == NULL ? "null" : "[]",
                            lua_touserdata(L, -1) == NULL ? 4 : 2);
            return true;
        }
        break;
    default:
        break;
    }
    return json_refuse(e, at, "a %s has no JSON form", lua_typename(L, type));
}

/* ------------------------------------------------------------------ shapes */

/* [-0, +0, e] The value on top, which must be an object, or an array: what was written says which
 * it is, and a `[]` or `{}` may be a table without a mark. */
static bool encode_shaped(json_encoder *e, bool array) {
    lua_State *L = e->L;
    const char *expected = array ? "an array" : "an object";
    int type = lua_type(L, -1);
    size_t before = e->buffer->length;
    if (type != LUA_TTABLE && !json_is_empty_array(L, -1))
        return json_refuse(e, NULL, "%s is needed here, this is a %s", expected,
                           lua_typename(L, type));
    if (!(type == LUA_TTABLE ? encode_table(e, NULL, array) : encode_value(e, NULL)))
        return false;
    char first = e->buffer->data[before];
    if (first == (array ? '[' : '{'))
        return true;
    return json_refuse(e, NULL, "%s is needed here, this is %s", expected,
                       first == '['   ? "an array"
                       : first == '{' ? "an object"
                                      : "a plain value");
}

bool json_encode(lua_State *L, int index, json_shape shape, const char *root, json_buffer *b) {
    luaL_checkstack(L, LUA_MINSTACK, "JSON");
    int top = lua_gettop(L);
    size_t before = b->length;
    lua_pushvalue(L, index);
    json_encoder e = {L, b, root == NULL || root[0] == '\0' ? "value" : root, NULL};
    bool done = shape == JSON_ANY ? encode_value(&e, NULL) : encode_shaped(&e, shape == JSON_ARRAY);
    if (!done) {
        b->length = before;
        lua_replace(L, top + 1); /* the message */
        lua_settop(L, top + 1);
        return false;
    }
    lua_settop(L, top);
    return true;
}
