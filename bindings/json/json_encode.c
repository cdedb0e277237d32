/*
 * json_encode.c - Lua values to JSON.
 *
 * The tables that are open form a list of frames on the C stack. Nothing is done with it until a
 * value is refused: only then it becomes the text that names the place.
 */
#include "json.h"
#include "json_array.h"
#include "json_reader.h"
#include "json_text.h"

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A place further down than HEAD + TAIL tables is named by its first and last steps. */
#define PLACE_HEAD 16
#define PLACE_TAIL 8
#define PLACE_KEY_BYTES 64

/* 2^63, in a form that every tool reads. */
#define INTEGER_LIMIT 9223372036854775808.0

/* An open table, and the member of it that is being written. */
typedef struct frame {
    const struct frame *parent; /* NULL in the root table */
    const void *table;
    const char *key; /* NULL where the member is the element `index` */
    size_t key_length;
    long long index;
    int depth; /* 1 in the root table */
} frame;

typedef struct encoder {
    lua_State *L;
    json_buffer *buffer;
    const char *root;
    int array_metatable;
} encoder;

static bool encode_value(encoder *e, const frame *at);

/* ------------------------------------------------------------------ refusals */

static bool is_identifier(const char *text, size_t length) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    if (length == 0 || length > PLACE_KEY_BYTES || memchr("0123456789", text[0], 10) != NULL) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (memchr(letters, text[i], sizeof letters - 1) == NULL) {
            return false;
        }
    }
    return true;
}

/* [-0, +0, m] The key in quotes, printable whatever its bytes are, cut to a sane length. */
static void add_quoted(lua_State *L, json_buffer *b, const char *key, size_t length) {
    const char *end = key + (length > PLACE_KEY_BYTES ? PLACE_KEY_BYTES : length);
    json_buffer_add(L, b, "\"", 1);
    for (const char *p = key; p < end;) {
        unsigned char byte = (unsigned char)*p;
        size_t sequence = json_utf8_sequence(p, key + length);
        if (sequence == 0 || byte < 0x20 || byte == 0x7F) {
            char escape[5];
            snprintf(escape, sizeof escape, "\\%03u", byte);
            json_buffer_add(L, b, escape, 4);
            p++;
            continue;
        }
        if (byte == '"' || byte == '\\') {
            json_buffer_add(L, b, "\\", 1);
        }
        json_buffer_add(L, b, p, sequence);
        p += sequence;
    }
    if (length > PLACE_KEY_BYTES) {
        json_buffer_add(L, b, "...", 3);
    }
    json_buffer_add(L, b, "\"", 1);
}

/* [-0, +0, m] One step of the path: `.key`, `["odd key"]` or `[3]`. */
static void add_step(lua_State *L, json_buffer *b, const frame *f) {
    if (f->key == NULL) {
        char step[32];
        int length = snprintf(step, sizeof step, "[%lld]", f->index);
        json_buffer_add(L, b, step, (size_t)length);
    } else if (is_identifier(f->key, f->key_length)) {
        json_buffer_add(L, b, ".", 1);
        json_buffer_add(L, b, f->key, f->key_length);
    } else {
        json_buffer_add(L, b, "[", 1);
        add_quoted(L, b, f->key, f->key_length);
        json_buffer_add(L, b, "]", 1);
    }
}

/* [-0, +0, m] */
static void add_place(lua_State *L, json_buffer *b, const frame *f, int last_depth) {
    if (f->parent != NULL) {
        add_place(L, b, f->parent, last_depth);
    }
    bool elided = f->depth > PLACE_HEAD && f->depth <= last_depth - PLACE_TAIL;
    if (!elided) {
        add_step(L, b, f);
    } else if (f->depth == PLACE_HEAD + 1) {
        json_buffer_add(L, b, "...", 3);
    }
}

/* [-0, +1, m] Pushes `place: reason`; always false. The format is lua_pushfstring's. */
static bool refuse(encoder *e, const frame *at, const char *format, ...) {
    lua_State *L = e->L;
    va_list arguments;
    va_start(arguments, format);
    lua_pushvfstring(L, format, arguments);
    va_end(arguments);
    json_buffer *b = json_buffer_push(L);
    json_buffer_add(L, b, e->root, strlen(e->root));
    if (at != NULL) {
        add_place(L, b, at, at->depth);
    }
    json_buffer_add(L, b, ": ", 2);
    lua_pushlstring(L, b->data, b->length);
    json_buffer_clear(b);
    lua_replace(L, -2);
    lua_insert(L, -2);
    lua_concat(L, 2);
    return false;
}

/* [-0, +1, m] Says that a string has no JSON form; always false. */
static bool refuse_text(encoder *e, const frame *at, const char *what, size_t invalid_at) {
    int byte = invalid_at > INT_MAX ? INT_MAX : (int)invalid_at;
    return refuse(e, at, "%s is not UTF-8 (at byte %d)", what, byte);
}

/* [-0, +1, m] Names the first element that is missing before the one at `present`; always false. */
static bool refuse_sparse(encoder *e, int table, const frame *at, lua_Integer present) {
    lua_State *L = e->L;
    frame hole = {at, NULL, NULL, 0, 1, at == NULL ? 1 : at->depth + 1};
    for (;; hole.index++) {
        lua_rawgeti(L, table, (compat_index)hole.index);
        bool missing = lua_isnil(L, -1);
        lua_pop(L, 1);
        if (missing) {
            break;
        }
    }
    char last[24];
    snprintf(last, sizeof last, "%lld", (long long)present);
    return refuse(e, &hole, "missing, while [%s] is there; a sparse array has no JSON form", last);
}

/* What kinds of keys a table has that was found to be neither an object nor an array. */
typedef struct key_survey {
    lua_Integer largest; /* of the array indices; 0 where there is none */
    bool has_name;
    int odd_type; /* the type of a key that is neither name nor index; LUA_TNIL: there is none */
    char name[PLACE_KEY_BYTES * 4 + 8];
    char odd_number[32];
} key_survey;

/* [-0, +0, m] */
static void survey_name(encoder *e, key_survey *survey) {
    lua_State *L = e->L;
    size_t length = 0;
    const char *key = lua_tolstring(L, -2, &length);
    json_buffer *b = json_buffer_push(L);
    add_quoted(L, b, key, length);
    size_t fits = b->length < sizeof survey->name ? b->length : sizeof survey->name - 1;
    memcpy(survey->name, b->data, fits);
    survey->name[fits] = '\0';
    survey->has_name = true;
    json_buffer_clear(b);
    lua_pop(L, 1);
}

/* [-0, +0, m] */
static void survey_keys(encoder *e, int table, key_survey *survey) {
    lua_State *L = e->L;
    *survey = (key_survey){.odd_type = LUA_TNIL};
    lua_pushnil(L);
    while (lua_next(L, table)) {
        lua_Integer index = 0;
        int type = lua_type(L, -2);
        if (type == LUA_TSTRING) {
            if (!survey->has_name) {
                survey_name(e, survey);
            }
        } else if (compat_tointeger(L, -2, &index) && index >= 1) {
            survey->largest = index > survey->largest ? index : survey->largest;
        } else {
            survey->odd_type = type;
            if (type == LUA_TNUMBER) {
                snprintf(survey->odd_number, sizeof survey->odd_number, "%.14g",
                         (double)lua_tonumber(L, -2));
            }
        }
        lua_pop(L, 1);
    }
}

/* [-0, +1, m] Says what is wrong with the keys of a table; always false. */
static bool refuse_keys(encoder *e, int table, const frame *at, bool marked) {
    key_survey survey;
    survey_keys(e, table, &survey);
    if (survey.odd_type == LUA_TNUMBER) {
        return refuse(e, at, "the number %s as a key has no JSON form", survey.odd_number);
    }
    if (survey.odd_type != LUA_TNIL) {
        return refuse(e, at, "a %s as a key has no JSON form", lua_typename(e->L, survey.odd_type));
    }
    if (survey.has_name && marked) {
        return refuse(e, at, "is marked as an array and has the key %s", survey.name);
    }
    if (survey.has_name) {
        return refuse(e, at, "mixes array elements with the key %s", survey.name);
    }
    return refuse_sparse(e, table, at, survey.largest);
}

/* ------------------------------------------------------------------ numbers */

static void add_integer(encoder *e, long long value) {
    char digits[24];
    char *p = digits + sizeof digits;
    unsigned long long rest = value < 0 ? 0 - (unsigned long long)value : (unsigned long long)value;
    do {
        *--p = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) {
        *--p = '-';
    }
    json_buffer_add(e->L, e->buffer, p, (size_t)(digits + sizeof digits - p));
}

/* Writes a point where the locale of printf has something else, whatever that is. */
static size_t use_decimal_point(char *text) {
    char *out = text;
    bool replaced = false;
    for (const char *in = text; *in != '\0'; in++) {
        if (memchr("0123456789+-e", *in, 13) != NULL) {
            *out++ = *in;
        } else if (!replaced) {
            *out++ = '.';
            replaced = true;
        }
    }
    return (size_t)(out - text);
}

static bool encode_double(encoder *e, const frame *at, double value) {
    if (isnan(value)) {
        return refuse(e, at, "NaN has no JSON form");
    }
    if (isinf(value)) {
        return refuse(e, at,
                      value > 0 ? "infinity has no JSON form" : "-infinity has no JSON form");
    }
    if (value == 0 && signbit(value)) {
        json_buffer_add(e->L, e->buffer, "-0.0", 4);
        return true;
    }
    /* All digits, since the shortest form of 2^60 reads back as another integer. */
    if (value >= -INTEGER_LIMIT && value < INTEGER_LIMIT && value == (double)(long long)value) {
        add_integer(e, (long long)value);
        return true;
    }
    char text[64];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    json_buffer_add(e->L, e->buffer, text, use_decimal_point(text));
    return true;
}

/* ------------------------------------------------------------------ tables */

static bool is_marked(encoder *e, int table) {
    if (!lua_getmetatable(e->L, table)) {
        return false;
    }
    bool marked = lua_rawequal(e->L, -1, e->array_metatable) != 0;
    lua_pop(e->L, 1);
    return marked;
}

/* Whether the keys are 1..count and nothing else; only lua_next tells. */
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

static bool encode_array(encoder *e, frame *f, int table, bool marked) {
    lua_State *L = e->L;
    size_t count = lua_rawlen(L, table);
    if (!is_sequence(L, table, count)) {
        return refuse_keys(e, table, f->parent, marked);
    }
    json_buffer_add(L, e->buffer, "[", 1);
    for (size_t i = 1; i <= count; i++) {
        if (i > 1) {
            json_buffer_add(L, e->buffer, ",", 1);
        }
        f->index = (long long)i;
        lua_rawgeti(L, table, (compat_index)i);
        if (!encode_value(e, f)) {
            return false;
        }
        lua_pop(L, 1);
    }
    json_buffer_add(L, e->buffer, "]", 1);
    return true;
}

static bool encode_object(encoder *e, frame *f, int table) {
    lua_State *L = e->L;
    char before = '{';
    lua_pushnil(L);
    while (lua_next(L, table)) {
        if (lua_type(L, -2) != LUA_TSTRING) {
            return refuse_keys(e, table, f->parent, false);
        }
        f->key = lua_tolstring(L, -2, &f->key_length);
        json_buffer_add(L, e->buffer, &before, 1);
        before = ',';
        size_t invalid_at = 0;
        if (!json_buffer_add_string(L, e->buffer, f->key, f->key_length, &invalid_at)) {
            return refuse_text(e, f, "the key", invalid_at);
        }
        json_buffer_add(L, e->buffer, ":", 1);
        if (!encode_value(e, f)) {
            return false;
        }
        lua_pop(L, 1);
    }
    json_buffer_add(L, e->buffer, before == '{' ? "{}" : "}", before == '{' ? 2 : 1);
    return true;
}

/* The table on top. `empty_is_array` is for a table that has neither a mark nor an element. */
static bool encode_table(encoder *e, const frame *at, bool empty_is_array) {
    lua_State *L = e->L;
    int table = lua_gettop(L);
    frame f = {at, lua_topointer(L, table), NULL, 0, 0, at == NULL ? 1 : at->depth + 1};
    if (f.depth > JSON_MAX_DEPTH || !lua_checkstack(L, 16)) {
        return refuse(e, at, "nested deeper than %d tables", f.depth - 1);
    }
    for (const frame *open = at; open != NULL; open = open->parent) {
        if (open->table == f.table) {
            return refuse(e, at, "a table that contains itself has no JSON form");
        }
    }
    bool marked = is_marked(e, table);
    if (marked || empty_is_array || lua_rawlen(L, table) > 0) {
        return encode_array(e, &f, table, marked);
    }
    return encode_object(e, &f, table);
}

/* ------------------------------------------------------------------ values */

static bool encode_string(encoder *e, const frame *at) {
    size_t length = 0;
    size_t invalid_at = 0;
    const char *text = lua_tolstring(e->L, -1, &length);
    if (!json_buffer_add_string(e->L, e->buffer, text, length, &invalid_at)) {
        return refuse_text(e, at, "the string", invalid_at);
    }
    return true;
}

/* [-0, +0, m] or [-0, +1.., m] where it is refused: the message is on top then. The value on top.
 */
static bool encode_value(encoder *e, const frame *at) {
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
        if (compat_isinteger(L, -1)) {
            add_integer(e, (long long)lua_tointeger(L, -1));
            return true;
        }
        return encode_double(e, at, (double)lua_tonumber(L, -1));
    case LUA_TSTRING:
        return encode_string(e, at);
    case LUA_TTABLE:
        return encode_table(e, at, false);
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(L, -1) == NULL) {
            json_buffer_add(L, e->buffer, "null", 4);
            return true;
        }
        break;
    default:
        break;
    }
    return refuse(e, at, "a %s has no JSON form", lua_typename(L, type));
}

/* The value on top, which must be an object, or an array. */
static bool encode_shaped(encoder *e, bool array) {
    lua_State *L = e->L;
    const char *expected = array ? "an array" : "an object";
    int type = lua_type(L, -1);
    if (type != LUA_TTABLE) {
        return refuse(e, NULL, "%s is needed here, this is a %s", expected, lua_typename(L, type));
    }
    bool is_array = is_marked(e, lua_gettop(L)) || lua_rawlen(L, -1) > 0;
    bool is_object = false;
    lua_pushnil(L);
    if (lua_next(L, -2)) {
        is_object = !is_array && lua_type(L, -2) == LUA_TSTRING;
        lua_pop(L, 2);
    }
    if (array ? is_object : is_array) {
        return refuse(e, NULL, "%s is needed here, this is %s", expected,
                      is_array ? "an array" : "an object");
    }
    return encode_table(e, NULL, array);
}

bool json_encode(lua_State *L, int index, json_shape shape, const char *root, json_buffer *b) {
    luaL_checkstack(L, 16, "JSON");
    int top = lua_gettop(L);
    size_t before = b->length;
    lua_pushvalue(L, index);
    json_push_array_metatable(L);
    encoder e = {L, b, root == NULL || root[0] == '\0' ? "value" : root, top + 2};
    lua_pushvalue(L, top + 1);
    bool done = shape == JSON_ANY ? encode_value(&e, NULL) : encode_shaped(&e, shape == JSON_ARRAY);
    if (!done) {
        b->length = before;
        lua_replace(L, top + 1);
        lua_settop(L, top + 1);
        return false;
    }
    lua_settop(L, top);
    return true;
}
