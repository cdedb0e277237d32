/*
 * json_encode.c - Lua values to JSON.
 */
#include "json_encode.h"

#include "json_encoder.h"
#include "json_foreign.h"
#include "json_reader.h"
#include "json_refuse.h"
#include "json_write_number.h"

#include <math.h>
#include <stdlib.h>

/* What has become of a value, or of the next member of a table. */
typedef enum outcome {
    WRITTEN, /* the value on top; or the table, which has no further member */
    OPENED,  /* the value of a member is on top, and to be written */
    REFUSED  /* the message is on top */
} outcome;

static void add_char(json_encoder *e, char c) {
    json_buffer_add_char(e->L, e->buffer, c);
}

/* [-0, +0, m] Begins a line where the style has lines. */
static void begin_line(json_encoder *e, int level) {
    if (e->style.indent == 0)
        return;
    add_char(e, '\n');
    for (int i = 0; i < level * e->style.indent; i++)
        add_char(e, ' ');
}

/* [-0, +0, m] Begins a member of the innermost table with '[', '{' or ','. */
static void begin_item(json_encoder *e, char c) {
    add_char(e, c);
    begin_line(e, e->depth);
}

static outcome refused(bool never) {
    return never ? WRITTEN : REFUSED;
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

/* [-0, +0 or 1, e] The next element of an array whose elements do not come in their order. */
static outcome next_unordered(json_encoder *e, json_frame *f) {
    if ((size_t)f->index == f->count)
        return WRITTEN;
    begin_item(e, f->index == 0 ? '[' : ',');
    lua_rawgeti(e->L, f->slot, (compat_index)++f->index);
    return OPENED;
}

/* [-2, +1, e] The elements are not in their order: begins anew. */
static outcome begin_unordered(json_encoder *e, json_frame *f) {
    e->buffer->length = f->begin;
    lua_pop(e->L, 2);
    f->index = 0;
    f->count = lua_rawlen(e->L, f->slot);
    f->is_unordered = true;
    if (!is_sequence(e->L, f->slot, f->count))
        return refused(json_refuse_keys(e));
    return next_unordered(e, f);
}

/* ------------------------------------------------------------------ members */

/* [-0, +0 or 1, e] Writes the key of the member whose value is on top. */
static outcome add_key(json_encoder *e, json_frame *f, bool first) {
    size_t invalid_at = 0;
    begin_item(e, first ? '{' : ',');
    if (!json_buffer_add_string(e->L, e->buffer, f->key, f->key_length, &invalid_at))
        return refused(json_refuse_text(e, e->depth, "the key", invalid_at));
    add_char(e, ':');
    if (e->style.indent > 0)
        add_char(e, ' ');
    return OPENED;
}

/* [-0, +0 or 1, e] The member whose key and value are on top. */
static outcome begin_member(json_encoder *e, json_frame *f, bool first) {
    lua_State *L = e->L;
    if (!f->is_object) {
        f->index++;
        if (lua_type(L, -2) != LUA_TNUMBER || lua_tonumber(L, -2) != (lua_Number)f->index)
            return begin_unordered(e, f);
        begin_item(e, first ? '[' : ',');
        return OPENED;
    }
    if (lua_type(L, -2) != LUA_TSTRING)
        return refused(json_refuse_keys(e));
    f->key = lua_tolstring(L, -2, &f->key_length);
    return add_key(e, f, first);
}

/* -------------------------------------------------------------- sorted keys */

static int compare_keys(const void *left, const void *right) {
    const json_key *a = left, *b = right;
    int order = memcmp(a->text, b->text, a->length < b->length ? a->length : b->length);
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

/* [-0, +0 or 1, e] The next member of an object whose keys are sorted, or its end. */
static outcome next_sorted(json_encoder *e, json_frame *f) {
    lua_State *L = e->L;
    if ((size_t)f->index == f->count) {
        lua_pop(L, 1);
        return WRITTEN;
    }
    const json_key *key = &f->sorted[f->index++];
    f->key = key->text;
    f->key_length = key->length;
    lua_pushlstring(L, key->text, key->length);
    lua_rawget(L, f->slot);
    return add_key(e, f, f->index == 1);
}

/* [-2, +2 or 1, e] Its first member by lua_next is on top: begins with the first in order instead. */
static outcome begin_sorted(json_encoder *e, json_frame *f) {
    lua_State *L = e->L;
    size_t count = 0;
    lua_pop(L, 2);
    for (lua_pushnil(L); lua_next(L, f->slot) != 0; lua_pop(L, 1))
        count++;
    json_key *keys = compat_newuserdata(L, count * sizeof *keys);
    for (lua_pushnil(L); lua_next(L, f->slot) != 0; lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            return refused(json_refuse_keys(e));
        keys[f->count].text = lua_tolstring(L, -2, &keys[f->count].length);
        f->count++;
    }
    qsort(keys, count, sizeof *keys, compare_keys);
    f->sorted = keys;
    return next_sorted(e, f);
}

/* --------------------------------------------------------------------- next */

/* [-1, +0 or 1, e] Behind the value on top: the table's next member, or its end. */
static outcome next_member(json_encoder *e) {
    json_frame *f = &e->frames[e->depth - 1];
    outcome next = WRITTEN;
    lua_pop(e->L, 1);
    if (f->is_unordered)
        next = next_unordered(e, f);
    else if (f->sorted != NULL)
        next = next_sorted(e, f);
    else if (lua_next(e->L, f->slot))
        next = begin_member(e, f, false);
    if (next != WRITTEN)
        return next;
    begin_line(e, e->depth - 1);
    add_char(e, f->is_object ? '}' : ']');
    lua_pop(e->L, f->is_copy ? 1 : 0);
    e->depth--;
    return WRITTEN;
}

/* ------------------------------------------------------------------ tables */

/* [-0, +0, m] */
static void grow_frames(json_encoder *e) {
    int room = 4 * e->room;
    json_frame *frames = compat_newuserdata(e->L, (size_t)room * sizeof *frames);
    memcpy(frames, e->frames, (size_t)e->room * sizeof *frames);
    lua_replace(e->L, e->holder);
    e->frames = frames;
    e->room = room;
}

/* [-0, +2 or 0, e] The table on top by its keys, which is a copy of the one below with is_copy. */
static outcome open_table(json_encoder *e, json_frame frame, bool empty_is_array) {
    lua_State *L = e->L;
    frame.slot = lua_gettop(L);
    frame.begin = e->buffer->length;
    lua_pushnil(L);
    if (!lua_next(L, frame.slot)) {
        json_buffer_add(L, e->buffer, frame.is_marked || empty_is_array ? "[]" : "{}", 2);
        lua_pop(L, frame.is_copy ? 1 : 0);
        return WRITTEN;
    }
    frame.is_object = !frame.is_marked && lua_type(L, -2) == LUA_TSTRING;
    if (e->depth == e->room)
        grow_frames(e);
    json_frame *f = &e->frames[e->depth++];
    *f = frame;
    if (f->is_object && e->style.sort_keys)
        return begin_sorted(e, f);
    return begin_member(e, f, true);
}

/* [-0, +2, 3 or 0, e] A table with a metatable. */
static outcome begin_marked(json_encoder *e, json_frame frame, bool empty_is_array) {
    lua_State *L = e->L;
    int table = lua_gettop(L);
    json_kind kind = json_kind_of(e, table);
    switch (kind) {
    case JSON_KIND_NULL:
        json_buffer_add(L, e->buffer, "null", 4);
        return WRITTEN;
    case JSON_KIND_TEXT:
        return refused(json_add_custom(e, table));
    case JSON_KIND_PAIRS:
        json_copy_pairs(L, table);
        frame.is_copy = true;
        return open_table(e, frame, empty_is_array);
    case JSON_KIND_UNKNOWN:
        return refused(
            json_refuse(e, e->depth, "its __jsontype is neither \"array\" nor \"object\""));
    default:
        frame.is_marked = kind == JSON_KIND_ARRAY;
        return open_table(e, frame, empty_is_array && kind != JSON_KIND_OBJECT);
    }
}

/* [-0, +2, 3 or 0, e] The table on top. `empty_is_array` is for one that has neither a mark nor an
 * element. */
static outcome begin_table(json_encoder *e, bool empty_is_array) {
    lua_State *L = e->L;
    json_frame frame = {.table = lua_topointer(L, -1)};
    if (e->depth == JSON_MAX_DEPTH || !lua_checkstack(L, LUA_MINSTACK))
        return refused(json_refuse(e, e->depth, "nested deeper than %d tables", e->depth));
    for (int i = 0; i < e->depth; i++)
        if (e->frames[i].table == frame.table)
            return refused(
                json_refuse(e, e->depth, "a table that contains itself has no JSON form"));
    if (!lua_getmetatable(L, -1))
        return open_table(e, frame, empty_is_array);
    lua_pop(L, 1);
    return begin_marked(e, frame, empty_is_array);
}

/* ------------------------------------------------------------------ values */

static bool encode_string(json_encoder *e) {
    size_t length = 0, invalid_at = 0;
    const char *text = lua_tolstring(e->L, -1, &length);
    return json_buffer_add_string(e->L, e->buffer, text, length, &invalid_at) ||
           json_refuse_text(e, e->depth, "the string", invalid_at);
}

static bool encode_number(json_encoder *e) {
    if (compat_isinteger(e->L, -1)) {
        json_add_integer(e->L, e->buffer, (long long)lua_tointeger(e->L, -1));
        return true;
    }
    double value = (double)lua_tonumber(e->L, -1);
    if (isnan(value))
        return json_refuse(e, e->depth, "NaN has no JSON form");
    if (isinf(value))
        return json_refuse(e, e->depth, "%sinfinity has no JSON form", value > 0 ? "" : "-");
    json_add_double(e->L, e->buffer, value);
    return true;
}

/* [-0, +0 or 1, e] The value on top, which is no table. */
static bool encode_scalar(json_encoder *e, int type) {
    lua_State *L = e->L;
    const char *word = NULL;
    if (type == LUA_TNIL)
        word = "null";
    else if (type == LUA_TBOOLEAN)
        word = lua_toboolean(L, -1) ? "true" : "false";
    else if (type == LUA_TLIGHTUSERDATA)
        word = lua_touserdata(L, -1) == NULL ? "null" : json_is_empty_array(L, -1) ? "[]" : NULL;
    if (type == LUA_TNUMBER)
        return encode_number(e);
    if (type == LUA_TSTRING)
        return encode_string(e);
    if (word == NULL)
        return json_refuse(e, e->depth, "a %s has no JSON form", lua_typename(L, type));
    json_buffer_add(L, e->buffer, word, strlen(word));
    return true;
}

/* [-0, +0, e] or [-0, +1.., e] where it is refused: the message is on top then. The value on top. */
static bool encode_value(json_encoder *e, bool empty_is_array) {
    outcome next = OPENED;
    do {
        int type = lua_type(e->L, -1);
        if (next == WRITTEN)
            next = next_member(e);
        else if (type == LUA_TTABLE)
            next = begin_table(e, empty_is_array && e->depth == 0);
        else
            next = refused(encode_scalar(e, type));
    } while (next == OPENED || (next == WRITTEN && e->depth > 0));
    return next == WRITTEN;
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
        return json_refuse(e, 0, "%s is needed here, this is a %s", expected,
                           lua_typename(L, type));
    if (!encode_value(e, array))
        return false;
    char first = e->buffer->data[before];
    if (first == (array ? '[' : '{'))
        return true;
    return json_refuse(e, 0, "%s is needed here, this is %s", expected,
                       first == '['   ? "an array"
                       : first == '{' ? "an object"
                                      : "a plain value");
}

static bool encode(lua_State *L, int index, json_shape shape, const char *root, json_style style,
                   json_buffer *b) {
    luaL_checkstack(L, LUA_MINSTACK, "JSON");
    int top = lua_gettop(L);
    size_t before = b->length;
    index = lua_absindex(L, index);
    json_encoder e;
    e.L = L;
    e.buffer = b;
    e.root = root == NULL || root[0] == '\0' ? "value" : root;
    e.style = style;
    e.array_metatable = NULL;
    e.depth = 0;
    e.room = JSON_FEW_FRAMES;
    e.holder = top + 1;
    e.frames = e.few;
    lua_pushnil(L);
    lua_pushvalue(L, index);
    bool done =
        shape == JSON_ANY ? encode_value(&e, false) : encode_shaped(&e, shape == JSON_ARRAY);
    if (!done) {
        b->length = before;
        lua_replace(L, top + 1); /* the message */
        lua_settop(L, top + 1);
        return false;
    }
    lua_settop(L, top);
    return true;
}

bool json_encode(lua_State *L, int index, json_shape shape, const char *root, json_buffer *b) {
    return encode(L, index, shape, root, (json_style){.indent = 0}, b);
}

bool json_encode_styled(lua_State *L, int index, json_style style, json_buffer *b) {
    return encode(L, index, JSON_ANY, NULL, style, b);
}
