/*
 * json_refuse.c - why a value has no JSON form, and where it is: observations[3].variables.x
 */
#include "json_refuse.h"

#include "json_buffer.h"
#include "json_text.h"
#include "number.h"
#include "utf8.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A place further down than HEAD + TAIL tables is named by its first and last steps. */
#define PLACE_HEAD 16
#define PLACE_TAIL 8
#define PLACE_KEY_BYTES 64

static bool is_identifier(const char *text, size_t length) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    if (length == 0 || length > PLACE_KEY_BYTES || memchr("0123456789", text[0], 10) != NULL)
        return false;
    for (size_t i = 0; i < length; i++)
        if (memchr(letters, text[i], sizeof letters - 1) == NULL)
            return false;
    return true;
}

/* [-0, +0, m] The key in quotes, printable whatever its bytes are, cut to a sane length. */
static void add_quoted(lua_State *L, json_buffer *b, const char *key, size_t length) {
    const char *end = key + (length > PLACE_KEY_BYTES ? PLACE_KEY_BYTES : length);
    json_buffer_add(L, b, "\"", 1);
    for (const char *p = key; p < end;) {
        unsigned char byte = (unsigned char)*p;
        size_t sequence = utf8_sequence(p, key + length);
        if (sequence == 0 || byte < 0x20 || byte == 0x7F) {
            char escape[5];
            snprintf(escape, sizeof escape, "\\%03u", byte);
            json_buffer_add(L, b, escape, 4);
            p++;
            continue;
        }
        if (byte == '"' || byte == '\\')
            json_buffer_add(L, b, "\\", 1);
        json_buffer_add(L, b, p, sequence);
        p += sequence;
    }
    if (length > PLACE_KEY_BYTES)
        json_buffer_add(L, b, "...", 3);
    json_buffer_add(L, b, "\"", 1);
}

/* [-0, +0, m] One step of the path: `.key`, `["odd key"]` or `[3]`. */
static void add_step(lua_State *L, json_buffer *b, const json_frame *f) {
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
static void add_place(lua_State *L, json_buffer *b, const json_encoder *e, int depth) {
    for (int i = 0; i < depth; i++) {
        bool elided = i >= PLACE_HEAD && i < depth - PLACE_TAIL;
        if (!elided)
            add_step(L, b, &e->frames[i]);
        else if (i == PLACE_HEAD)
            json_buffer_add(L, b, "...", 3);
    }
}

bool json_refuse(json_encoder *e, int depth, const char *format, ...) {
    lua_State *L = e->L;
    va_list arguments;
    va_start(arguments, format);
    lua_pushvfstring(L, format, arguments);
    va_end(arguments);
    json_buffer *b = json_buffer_push(L);
    json_buffer_add(L, b, e->root, strlen(e->root));
    add_place(L, b, e, depth);
    json_buffer_add(L, b, ": ", 2);
    lua_pushlstring(L, b->data, b->length);
    json_buffer_clear(b);
    lua_replace(L, -2);
    lua_insert(L, -2);
    lua_concat(L, 2);
    return false;
}

bool json_refuse_text(json_encoder *e, int depth, const char *what, size_t invalid_at) {
    int byte = invalid_at > INT_MAX ? INT_MAX : (int)invalid_at;
    return json_refuse(e, depth, "%s is not UTF-8 (at byte %d)", what, byte);
}

/* [-0, +1, m] Names the first element that is missing before the one at `present`; always false. */
static bool refuse_sparse(json_encoder *e, json_frame *f, lua_Integer present) {
    lua_State *L = e->L;
    f->key = NULL;
    for (f->index = 1;; f->index++) {
        lua_rawgeti(L, f->slot, (compat_index)f->index);
        bool missing = lua_isnil(L, -1);
        lua_pop(L, 1);
        if (missing)
            break;
    }
    char last[24];
    snprintf(last, sizeof last, "%lld", (long long)present);
    return json_refuse(e, e->depth, "missing, while [%s] is there; a sparse array has no JSON form",
                       last);
}

/* What kinds of keys a table has that was found to be neither an object nor an array. */
typedef struct key_survey {
    lua_Integer largest; /* of the array indices; 0 if there is none */
    bool has_name;
    int odd_type; /* the type of a key that is neither name nor index; LUA_TNIL: there is none */
    char name[PLACE_KEY_BYTES * 4 + 8];
    char odd_number[NUMBER_SIZE];
} key_survey;

/* [-0, +0, m] */
static void survey_name(json_encoder *e, key_survey *survey) {
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
static void survey_keys(json_encoder *e, int table, key_survey *survey) {
    lua_State *L = e->L;
    *survey = (key_survey){.odd_type = LUA_TNIL};
    lua_pushnil(L);
    while (lua_next(L, table)) {
        lua_Integer index = 0;
        int type = lua_type(L, -2);
        if (type == LUA_TSTRING) {
            if (!survey->has_name)
                survey_name(e, survey);
        } else if (compat_tointeger(L, -2, &index) && index >= 1) {
            survey->largest = index > survey->largest ? index : survey->largest;
        } else {
            survey->odd_type = type;
            if (type == LUA_TNUMBER)
                number_text(survey->odd_number, (double)lua_tonumber(L, -2), 14);
        }
        lua_pop(L, 1);
    }
}

bool json_refuse_keys(json_encoder *e) {
    key_survey survey;
    int around = e->depth - 1;
    json_frame *f = &e->frames[around];
    survey_keys(e, f->slot, &survey);
    if (survey.odd_type == LUA_TNUMBER)
        return json_refuse(e, around, "the number %s as a key has no JSON form", survey.odd_number);
    if (survey.odd_type != LUA_TNIL)
        return json_refuse(e, around, "a %s as a key has no JSON form",
                           lua_typename(e->L, survey.odd_type));
    if (survey.has_name && f->is_marked)
        return json_refuse(e, around, "is marked as an array and has the key %s", survey.name);
    if (survey.has_name)
        return json_refuse(e, around, "mixes array elements with the key %s", survey.name);
    return refuse_sparse(e, f, survey.largest);
}
