/*
 * json_pieces.c - decoding a large JSON text a piece at a time.
 *
 * The looking through is lenient: what it lets pass is refused when it is decoded, and whoever
 * decodes then turns to the whole text, whose error names the right place.
 */
#include "json_pieces.h"

#include "json_skip.h"

#include <string.h>

/* Arrays from here on are worth it: below, they are decoded as fast as they are cut up. */
#define LEAST_BYTES ((size_t)8 * 1024)

/* Of elements that are decoded together, unless one has more. */
#define PIECE_BYTES ((size_t)4 * 1024)

/* ------------------------------------------------------------------ the array */

/* To behind the value and the space around it; NULL where it does not end before `end`. */
static const char *pass_value(const char *at, const char *end) {
    at = json_skip_value(json_skip_space(at, end), end);
    return at != NULL ? json_skip_space(at, end) : NULL;
}

/* Notes the array that `value` begins with and `after` ends, where it is long. */
static void note(json_pieces *p, const char *value, const char *after) {
    while (after > value && after[-1] != ']')
        after--; /* over the space behind it */
    if (*value != '[' || after <= value || (size_t)(after - value) < LEAST_BYTES)
        return;
    p->at = (size_t)(value - p->text) + 1;
    p->end = (size_t)(after - p->text) - 1;
}

static bool is_found(const json_pieces *p) {
    return p->end > 0;
}

/* The first long array among an object's members. False where its key comes again, or has an
 * escape: then the tree would hold another one. */
static bool find_member(json_pieces *p, const char *at, const char *end) {
    while (at < end && *at == '"') {
        const char *key = at + 1, *after = json_skip_string(at, end);
        size_t length = after != NULL ? (size_t)(after - 1 - key) : 0;
        if (after == NULL || memchr(key, '\\', length) != NULL)
            return false;
        if (is_found(p) && length == p->key_length && memcmp(key, p->key, length) == 0)
            return false;
        at = json_skip_space(after, end);
        if (at == end || *at != ':')
            return false;
        const char *value = json_skip_space(at + 1, end);
        at = pass_value(value, end);
        if (at == NULL)
            return false;
        if (!is_found(p)) {
            p->key = key;
            p->key_length = length;
            note(p, value, at);
        }
        if (at < end && *at == ',')
            at = json_skip_space(at + 1, end);
    }
    return is_found(p);
}

bool json_pieces_find(json_pieces *p, const char *text, size_t length) {
    const char *end = text + length, *at = json_skip_space(text, end);
    *p = (json_pieces){.text = text, .length = length};
    if (length < LEAST_BYTES || at == end)
        return false;
    if (*at == '{')
        return find_member(p, json_skip_space(at + 1, end), end);
    const char *after = pass_value(at, end);
    if (after == end)
        note(p, at, after);
    return is_found(p);
}

/* ------------------------------------------------------------------ decoding */

/* [-0, +1, m] The text without the elements. */
static bool decode_around(lua_State *L, const json_pieces *p) {
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    luaL_addlstring(&b, p->text, p->at);
    luaL_addlstring(&b, p->text + p->end, p->length - p->end);
    luaL_pushresult(&b);
    bool done = json_decode_string(L, -1);
    lua_remove(L, -2);
    return done;
}

bool json_pieces_begin(lua_State *L, json_pieces *p) {
    luaL_checkstack(L, LUA_MINSTACK, "JSON");
    bool done = decode_around(L, p) && lua_istable(L, -1);
    if (done && p->key == NULL) {
        lua_pushvalue(L, -1);
    } else if (done) {
        lua_pushlstring(L, p->key, p->key_length);
        lua_rawget(L, -2);
        done = lua_istable(L, -1);
        if (!done)
            lua_pop(L, 1);
    }
    if (!done)
        lua_pop(L, 1);
    return done;
}

bool json_pieces_done(const json_pieces *p) {
    return p->at == p->end;
}

/* The end of the next piece, with how many elements there are in it; NULL where they are none. */
static const char *find_piece(const json_pieces *p, compat_index *count) {
    const char *start = p->text + p->at, *end = p->text + p->end, *at = start;
    for (*count = 1;; ++*count) {
        at = pass_value(at, end + 1); /* with the bracket, which ends a number */
        if (at == NULL || at == end)
            return at;
        if (*at != ',' || json_skip_space(at + 1, end) == end)
            return NULL;
        if ((size_t)(at - start) >= PIECE_BYTES)
            return at;
        at++;
    }
}

/* [-0, +1, m] The elements as an array of their own. */
static bool decode_piece(lua_State *L, const char *text, size_t length) {
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    luaL_addlstring(&b, "[", 1);
    luaL_addlstring(&b, text, length);
    luaL_addlstring(&b, "]", 1);
    luaL_pushresult(&b);
    bool done = json_decode_string(L, -1);
    lua_remove(L, -2);
    return done;
}

bool json_pieces_next(lua_State *L, json_pieces *p, int index) {
    compat_index count;
    const char *start = p->text + p->at, *end = find_piece(p, &count);
    luaL_checkstack(L, LUA_MINSTACK, "JSON");
    index = lua_absindex(L, index);
    bool done = end != NULL && decode_piece(L, start, (size_t)(end - start));
    if (done && (done = lua_rawlen(L, -1) == (size_t)count)) {
        for (compat_index i = 1; i <= count; i++) {
            lua_rawgeti(L, -1, i);
            lua_rawseti(L, index, ++p->count);
        }
        p->at = (size_t)(end - p->text);
        if (p->at < p->end)
            p->at++; /* the comma */
    }
    if (end != NULL)
        lua_pop(L, 1);
    return done;
}
