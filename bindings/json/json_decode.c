/*
 * json_decode.c - JSON to Lua values.
 *
 * lua-cjson builds the tree; one walk over the text, which visits the same places of the tree, then
 * puts in what cjson loses: integers, arrays, nulls. The walk checks again what cjson is lenient
 * about, and trusts neither the text nor the tree: a key that comes twice has only its last value
 * in the tree, so a place is changed only where the kinds of both agree. The last visit to a place
 * is the one that its value came from.
 */
#include "json.h"
#include "json_cjson.h"
#include "json_number.h"

#include <limits.h>
#include <math.h>
#include <string.h>

typedef struct walk {
    lua_State *L;
    const char *text;
    const char *at;
    const char *end;
    int array_metatable;
    int depth;
} walk;

/* A place in the tree: an element, or a member where `key` is set. */
typedef struct slot {
    int table; /* stack index of the table it is in; 0 where the text has no counterpart */
    compat_index index;
    const char *key; /* as it stands in the text, between its quotes */
    size_t key_length;
    bool key_escaped;
} slot;

static bool walk_value(walk *w, const slot *s);

/* [-0, +1, m] Pushes a message that names the byte; always false. */
static bool fail(walk *w, const char *what) {
    size_t position = (size_t)(w->at - w->text) + 1;
    lua_pushfstring(w->L, "%s at character %d", what, position > INT_MAX ? INT_MAX : (int)position);
    return false;
}

static void skip_space(walk *w) {
    while (w->at < w->end &&
           (*w->at == ' ' || *w->at == '\t' || *w->at == '\n' || *w->at == '\r')) {
        w->at++;
    }
}

static bool next_is(const walk *w, char byte) {
    return w->at < w->end && *w->at == byte;
}

static bool skip_word(walk *w, const char *word) {
    size_t length = strlen(word);
    if ((size_t)(w->end - w->at) < length || memcmp(w->at, word, length) != 0) {
        return fail(w, "invalid token");
    }
    w->at += length;
    return true;
}

/* Skips a string from quote to quote; cjson has already judged its escapes. */
static bool skip_string(walk *w, bool *escaped) {
    *escaped = false;
    w->at++;
    while ((w->at += json_plain_run(w->at, w->end)) < w->end) {
        unsigned char byte = (unsigned char)*w->at;
        if (byte == '"') {
            w->at++;
            return true;
        }
        if (byte < 0x20) {
            return fail(w, "control character in a string");
        }
        if (byte == '\\') {
            *escaped = true;
            w->at += w->at + 1 < w->end ? 2 : 1;
        }
        while (w->at < w->end && (unsigned char)*w->at >= 0x80) {
            w->at++;
        }
    }
    w->at = w->end;
    return fail(w, "unexpected end of string");
}

/* The four hex digits at `p`, or -1. */
static long read_hex4(const char *p, const char *end) {
    long value = 0;
    if (end - p < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

/* Adds what the \u escape stands for whose digits are at `p`; returns the escape's end. */
static const char *add_unicode(luaL_Buffer *b, const char *p, const char *end) {
    long code = read_hex4(p, end);
    if (code < 0) {
        return p;
    }
    p += 4;
    if (code >= 0xD800 && code < 0xDC00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
        long low = read_hex4(p + 2, end);
        if (low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            p += 6;
        }
    }
    if (code < 0x80) {
        luaL_addchar(b, (char)code);
        return p;
    }
    int following = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const int leads[] = {0, 0xC0, 0xE0, 0xF0};
    luaL_addchar(b, (char)(leads[following] | (int)(code >> (6 * following))));
    while (following-- > 0) {
        luaL_addchar(b, (char)(0x80 | (int)((code >> (6 * following)) & 0x3F)));
    }
    return p;
}

/* [-0, +1, m] */
static void push_unescaped(lua_State *L, const char *p, size_t length) {
    static const char names[] = "bfnrt";
    static const char values[] = "\b\f\n\r\t";
    const char *end = p + length;
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    while (p < end) {
        if (*p != '\\' || p + 1 == end) {
            luaL_addchar(&b, *p++);
        } else if (p[1] == 'u') {
            p = add_unicode(&b, p + 2, end);
        } else {
            const char *name = memchr(names, p[1], sizeof names - 1);
            luaL_addchar(&b, name != NULL ? values[name - names] : p[1]);
            p += 2;
        }
    }
    luaL_pushresult(&b);
}

/* [-0, +1 an element, +2 a member, m] Pushes the key of a member, then the value in the tree. */
static void slot_get(walk *w, const slot *s) {
    lua_State *L = w->L;
    if (s->key == NULL) {
        lua_rawgeti(L, s->table, s->index);
        return;
    }
    if (s->key_escaped) {
        push_unescaped(L, s->key, s->key_length);
    } else {
        lua_pushlstring(L, s->key, s->key_length);
    }
    lua_pushvalue(L, -1);
    lua_rawget(L, s->table);
}

/* [-2 an element, -3 a member, +0, -] Undoes slot_get and stores what was pushed after it. */
static void slot_set(walk *w, const slot *s) {
    lua_remove(w->L, -2);
    if (s->key == NULL) {
        lua_rawseti(w->L, s->table, s->index);
    } else {
        lua_rawset(w->L, s->table);
    }
}

/* [-1 an element, -2 a member, +0, -] Undoes slot_get. */
static void slot_leave(walk *w, const slot *s) {
    lua_pop(w->L, s->key == NULL ? 1 : 2);
}

static bool walk_number(walk *w, const slot *s) {
    lua_State *L = w->L;
    json_number number;
    const char *after = json_number_read(w->at, w->end, &number);
    if (after == NULL) {
        return fail(w, "invalid number");
    }
    if (!number.is_integer && !isfinite(number.real)) {
        return fail(w, "number out of range");
    }
    w->at = after;
    if (s->table == 0) {
        return true;
    }
    slot_get(w, s);
    if (lua_type(L, -1) != LUA_TNUMBER) {
        slot_leave(w, s);
        return true;
    }
    if (!number.is_integer) {
        lua_pushnumber(L, (lua_Number)number.real);
    } else if (COMPAT_INTEGERS && number.integer == (lua_Integer)number.integer) {
        lua_pushinteger(L, (lua_Integer)number.integer);
    } else {
        lua_pushnumber(L, (lua_Number)number.integer);
    }
    slot_set(w, s);
    return true;
}

/* A member goes; an element stays the null that cjson made of it. */
static bool walk_null(walk *w, const slot *s) {
    if (!skip_word(w, "null")) {
        return false;
    }
    if (s->table == 0 || s->key == NULL) {
        return true;
    }
    slot_get(w, s);
    if (lua_islightuserdata(w->L, -1) && lua_touserdata(w->L, -1) == NULL) {
        lua_pushnil(w->L);
        slot_set(w, s);
    } else {
        slot_leave(w, s);
    }
    return true;
}

/* [-0, +1 on failure, m] The members of an object, from brace to brace. */
static bool walk_members(walk *w, int table) {
    slot member = {table, 0, NULL, 0, false};
    w->at++;
    skip_space(w);
    if (next_is(w, '}')) {
        w->at++;
        return true;
    }
    for (;;) {
        if (!next_is(w, '"')) {
            return fail(w, "expected a key");
        }
        member.key = w->at + 1;
        if (!skip_string(w, &member.key_escaped)) {
            return false;
        }
        member.key_length = (size_t)(w->at - 1 - member.key);
        skip_space(w);
        if (!next_is(w, ':')) {
            return fail(w, "expected a colon");
        }
        w->at++;
        if (!walk_value(w, &member)) {
            return false;
        }
        bool more = next_is(w, ',');
        if (!more && !next_is(w, '}')) {
            return fail(w, "expected a comma or a brace");
        }
        w->at++;
        if (!more) {
            return true;
        }
        skip_space(w);
    }
}

/* [-0, +1 on failure, m] The elements of an array, from bracket to bracket. */
static bool walk_elements(walk *w, int table) {
    slot element = {table, 1, NULL, 0, false};
    w->at++;
    skip_space(w);
    if (next_is(w, ']')) {
        w->at++;
        return true;
    }
    for (;; element.index++) {
        if (!walk_value(w, &element)) {
            return false;
        }
        bool more = next_is(w, ',');
        if (!more && !next_is(w, ']')) {
            return fail(w, "expected a comma or a bracket");
        }
        w->at++;
        if (!more) {
            return true;
        }
    }
}

static bool walk_table(walk *w, const slot *s, bool array) {
    lua_State *L = w->L;
    int top = lua_gettop(L);
    int table = 0;
    if (++w->depth > JSON_MAX_DEPTH || !lua_checkstack(L, 12)) {
        return fail(w, "nested too deeply");
    }
    if (s->table != 0) {
        slot_get(w, s);
        table = lua_istable(L, -1) ? lua_gettop(L) : 0;
    }
    if (table != 0 && array) {
        lua_pushvalue(L, w->array_metatable);
        lua_setmetatable(L, table);
    } else if (table != 0 && lua_getmetatable(L, table)) {
        lua_pushnil(L);
        lua_setmetatable(L, table);
    }
    if (array ? !walk_elements(w, table) : !walk_members(w, table)) {
        return false;
    }
    w->depth--;
    lua_settop(L, top);
    return true;
}

/* [-0, +0, m], [-0, +1.., m] on failure: the message is on top. The value and the space around it.
 */
static bool walk_value(walk *w, const slot *s) {
    bool done = false;
    bool escaped = false;
    skip_space(w);
    switch (w->at < w->end ? *w->at : '\0') {
    case '"':
        done = skip_string(w, &escaped);
        break;
    case '{':
        done = walk_table(w, s, false);
        break;
    case '[':
        done = walk_table(w, s, true);
        break;
    case 't':
        done = skip_word(w, "true");
        break;
    case 'f':
        done = skip_word(w, "false");
        break;
    case 'n':
        done = walk_null(w, s);
        break;
    default:
        done = walk_number(w, s);
        break;
    }
    skip_space(w);
    return done;
}

/* [-1, +1, m] The tree on top, or a message. */
static bool walk_tree(lua_State *L, const char *text, size_t length) {
    int top = lua_gettop(L);
    walk w = {L, text, text, text + length, top + 2, 0};
    lua_createtable(L, 1, 0); /* makes the root an element as any other */
    lua_insert(L, top);
    lua_rawseti(L, top, 1);
    json_push_array_metatable(L);
    w.array_metatable = lua_gettop(L);
    slot root = {top, 1, NULL, 0, false};
    bool done = walk_value(&w, &root);
    if (done && w.at != w.end) {
        done = fail(&w, "expected the end");
    }
    if (done) {
        lua_rawgeti(L, top, 1);
    }
    lua_replace(L, top);
    lua_settop(L, top);
    if (done && lua_islightuserdata(L, top)) {
        lua_pushnil(L);
        lua_replace(L, top);
    }
    return done;
}

bool json_decode_string(lua_State *L, int index) {
    size_t length = 0;
    luaL_checkstack(L, 16, "JSON");
    index = lua_absindex(L, index);
    const char *text = lua_tolstring(L, index, &length);
    if (length >= INT_MAX) { /* cjson counts with int */
        lua_pushliteral(L, "a text of 2 GiB or more");
        return false;
    }
    return json_cjson_decode(L, index) && walk_tree(L, text, length);
}

bool json_decode(lua_State *L, const char *text, size_t length) {
    luaL_checkstack(L, 2, "JSON");
    lua_pushlstring(L, text, length);
    bool done = json_decode_string(L, -1);
    lua_remove(L, -2);
    return done;
}
