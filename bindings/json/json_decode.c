/*
 * json_decode.c - JSON text to Lua values: builds tables from what the reader gives.
 *
 * The values of a table that is open wait on the stack, so that it is made in its right size, with
 * its first WAITING values in it; later ones are put into it at once. Of each table that is open
 * there is a frame, and a slot on the stack below its values, which the table takes in the end.
 */
#include "json.h"
#include "json_codec.h"
#include "json_reader.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

/* How many elements, and members, wait. */
#define WAITING_ELEMENTS 64
#define WAITING_MEMBERS 32

/* Tables deeper than this do not keep values waiting while one of them is open, so that all of them
 * fit the stack of Lua 5.1, which has 8000 places for a C function. */
#define WAITING_DEPTH 16

/* Longer keys are not looked up in the codec's table, but hashed by Lua each time. */
#define KEY_BYTES 31

/* A larger buffer of the reader is given back after each text. */
#define KEPT_BYTES ((size_t)64 * 1024)

typedef struct cached_key {
    unsigned char length; /* 0: the slot is free */
    char text[KEY_BYTES];
} cached_key;

typedef struct frame {
    uint64_t seen;      /* a bit for each key's hash */
    compat_index count; /* elements that are in the table */
    int slot;           /* index on the stack */
    int16_t waiting;    /* elements or members on the stack above the slot */
    int16_t limit;
    bool is_object;
    bool is_made;       /* the table is in its slot */
    bool may_repeat;    /* two of the keys that wait may be equal, or a value is nil */
    bool key_may_recur; /* the key read last may have been there before */
} frame;

typedef struct decoder {
    json_reader reader;
    const char *text;
    cached_key *cache;
    frame *frame; /* the innermost open one */
    int codec;    /* index on the stack of the codec's table */
    bool keep_nulls, broken;
    frame frames[JSON_MAX_DEPTH + 1]; /* the first one is the root: one value waits there */
} decoder;

static const char metatable_key; /* its address is the registry's key of the decoders' metatable */

/* ------------------------------------------------------------------ values */

static inline unsigned hash_key(const char *text, size_t length) {
    const unsigned char *s = (const unsigned char *)text;
    unsigned hash = (unsigned)length * 31 + s[0] + s[length - 1] * 7u + s[length / 2] * 19u;
    return (hash ^ hash >> 8) & (JSON_CODEC_KEYS - 1);
}

/* [-0, +1, m] Pushes a key, of which the frame takes note. */
static void push_key(lua_State *L, decoder *d) {
    const char *text = d->reader.text;
    size_t length = d->reader.length;
    frame *f = d->frame;
    if (length - 1 >= KEY_BYTES) { /* also where it is 0 */
        lua_pushlstring(L, text, length);
        f->key_may_recur = f->may_repeat = true;
        return;
    }
    unsigned hash = hash_key(text, length);
    uint64_t bit = UINT64_C(1) << (hash & 63);
    f->key_may_recur = (f->seen & bit) != 0;
    f->may_repeat = f->may_repeat || f->key_may_recur;
    f->seen |= bit;
    cached_key *key = &d->cache[hash];
    if (key->length == length && memcmp(key->text, text, length) == 0) {
        lua_rawgeti(L, d->codec, (compat_index)hash + 1);
        return;
    }
    lua_pushlstring(L, text, length);
    lua_pushvalue(L, -1);
    lua_rawseti(L, d->codec, (compat_index)hash + 1);
    key->length = (unsigned char)length;
    memcpy(key->text, text, length);
}

/* [-0, +1, -] */
static void push_number(lua_State *L, const json_number *number) {
    if (!number->is_integer)
        lua_pushnumber(L, (lua_Number)number->real);
    else if (COMPAT_INTEGERS && number->integer == (lua_Integer)number->integer)
        lua_pushinteger(L, (lua_Integer)number->integer);
    else
        lua_pushnumber(L, (lua_Number)number->integer);
}

/* [-0, +1, -] or [-1, +0, -] A null: false where a member went with it. It stays, as a nil that
 * takes an earlier member away, where its key may have been there before. */
static bool push_null(lua_State *L, decoder *d) {
    frame *f = d->frame;
    if (!f->is_object || d->keep_nulls) {
        lua_pushlightuserdata(L, NULL);
    } else if (f->key_may_recur) {
        lua_pushnil(L);
    } else {
        lua_pop(L, 1);
        return false;
    }
    return true;
}

/* ------------------------------------------------------------------ tables */

/* [-waiting members, +0, m] In the order in which they came: the last one of a key stays. */
static void set_members(lua_State *L, const frame *f, bool key_on_top) {
    int end = f->slot + 2 * f->waiting;
    for (int key = f->slot + 1; key < end; key += 2) {
        lua_pushvalue(L, key);
        lua_pushvalue(L, key + 1);
        lua_rawset(L, f->slot);
    }
    if (key_on_top && f->waiting > 0)
        lua_replace(L, f->slot + 1);
    lua_settop(L, f->slot + (key_on_top ? 1 : 0));
}

/* [-waiting values, +0, m] Makes the frame's table with what waits for it. `key_on_top`: a member's
 * key that still waits for its value lies above them, and stays. */
static void make_table(lua_State *L, decoder *d, frame *f, bool key_on_top) {
    lua_createtable(L, f->is_object ? 0 : f->waiting, f->is_object ? f->waiting : 0);
    lua_replace(L, f->slot);
    if (f->is_object && (f->may_repeat || key_on_top)) {
        set_members(L, f, key_on_top);
    } else if (f->is_object) {
        for (int i = f->waiting; i > 0; i--)
            lua_rawset(L, f->slot);
    } else {
        for (int i = f->waiting; i > 0; i--)
            lua_rawseti(L, f->slot, i);
        lua_rawgeti(L, d->codec, JSON_CODEC_ARRAY);
        lua_setmetatable(L, f->slot);
    }
    f->count = f->waiting;
    f->waiting = 0;
    f->is_made = true;
}

/* [-0, +1, m] A slot for the table that opens. */
static bool open_table(lua_State *L, decoder *d, bool is_object) {
    frame *f = d->frame;
    int depth = (int)(f - d->frames);
    if (!lua_checkstack(L, WAITING_ELEMENTS + 8)) {
        d->reader.problem = "no room on Lua's stack for what is nested";
        return false;
    }
    if (depth > WAITING_DEPTH && !f->is_made)
        make_table(L, d, f, f->is_object);
    lua_pushnil(L);
    d->frame = f + 1;
    d->frame[0] = (frame){.slot = lua_gettop(L),
                          .limit = is_object ? WAITING_MEMBERS : WAITING_ELEMENTS,
                          .is_object = is_object};
    return true;
}

/* [-waiting values, +0, m] Leaves the table on top. */
static void close_table(lua_State *L, decoder *d) {
    if (!d->frame->is_made)
        make_table(L, d, d->frame, false);
    d->frame--;
}

/* [-1, +0, m], or the value waits. */
static inline void take_value(lua_State *L, decoder *d) {
    frame *f = d->frame;
    if (!f->is_made) {
        if (++f->waiting == f->limit)
            make_table(L, d, f, false);
    } else if (f->is_object) {
        lua_rawset(L, f->slot);
    } else {
        lua_rawseti(L, f->slot, ++f->count);
    }
}

/* [-?, +?, m] Reads on to the end, or where `bytes` is not 0 about that far. */
static json_event build(lua_State *L, decoder *d, size_t bytes) {
    json_reader *r = &d->reader;
    const char *stop = bytes > 0 && (size_t)(r->end - r->at) > bytes ? r->at + bytes : NULL;
    while (stop == NULL || r->at < stop) {
        json_event event = json_reader_next(r);
        switch (event) {
        case JSON_KEY:
            push_key(L, d);
            continue;
        case JSON_STRING:
            lua_pushlstring(L, r->text, r->length);
            break;
        case JSON_NUMBER:
            push_number(L, &r->number);
            break;
        case JSON_TRUE:
        case JSON_FALSE:
            lua_pushboolean(L, event == JSON_TRUE);
            break;
        case JSON_NULL:
            if (!push_null(L, d))
                continue;
            break;
        case JSON_OPEN_ARRAY:
        case JSON_OPEN_OBJECT:
            if (!open_table(L, d, event == JSON_OPEN_OBJECT))
                return JSON_FAILED;
            continue;
        case JSON_CLOSE:
            close_table(L, d);
            break;
        case JSON_PAUSED:
            if (bytes > 0)
                return event;
            continue;
        default:
            return event;
        }
        take_value(L, d);
    }
    return JSON_PAUSED;
}

/* ------------------------------------------------------------------ decoders */

static int collect(lua_State *L) {
    decoder *d = lua_touserdata(L, 1);
    json_reader_free(&d->reader);
    return 0;
}

/* [-0, +1, m] */
static decoder *push_decoder(lua_State *L) {
    decoder *d = compat_newuserdata(L, sizeof *d);
    d->reader = (json_reader){.at = NULL};
    lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_createtable(L, 0, 2);
        lua_pushliteral(L, "promptic.json.decoder"); /* closed: a script could free it */
        lua_setfield(L, -2, "__metatable");
        lua_pushcfunction(L, collect);
        lua_setfield(L, -2, "__gc");
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &metatable_key);
    }
    lua_setmetatable(L, -2);
    return d;
}

/* [-0, +0, m] The codec's table, at this index, stays there while the decoder works. */
static void enter(lua_State *L, decoder *d, int codec) {
    d->codec = codec;
    lua_rawgeti(L, codec, JSON_CODEC_CACHE);
    d->cache = lua_touserdata(L, -1);
    if (d->cache == NULL) {
        d->cache = compat_newuserdata(L, JSON_CODEC_KEYS * sizeof *d->cache);
        memset(d->cache, 0, JSON_CODEC_KEYS * sizeof *d->cache);
        lua_rawseti(L, codec, JSON_CODEC_CACHE);
    }
    lua_pop(L, 1);
}

static void start(decoder *d, const char *text, size_t length, unsigned options) {
    d->text = text;
    d->frame = d->frames;
    d->frames[0] = (frame){.limit = INT16_MAX};
    d->keep_nulls = (options & JSON_KEEP_NULLS) != 0;
    d->broken = false;
    json_reader_start(&d->reader, text, length, true,
                      (options & JSON_STRICT) != 0 ? JSON_REFUSE : JSON_REPLACE);
}

/* [-0, +1, m] Leaves the value, or why there is none, on top of what else is there. */
static bool finish(lua_State *L, decoder *d, json_event event) {
    const json_reader *r = &d->reader;
    if (event == JSON_END) {
        if (lua_islightuserdata(L, -1) && !d->keep_nulls) {
            lua_pop(L, 1);
            lua_pushnil(L);
        }
        return true;
    }
    if (r->problem == NULL)
        luaL_error(L, "not enough memory");
    size_t place = json_reader_place(r, d->text);
    lua_pushfstring(L, "%s at character %d", r->problem, place > INT_MAX ? INT_MAX : (int)place);
    return false;
}

/* [-0, +1, m] Pushes the decoder that is kept for the next text, or a new one. */
static decoder *push_spare(lua_State *L, int codec) {
    decoder *d = json_codec_take(L, codec, JSON_CODEC_DECODER);
    if (d != NULL)
        return d;
    lua_pop(L, 1);
    return push_decoder(L);
}

/* [-0, +0, m] Keeps the decoder at this index for the next text. */
static void keep_spare(lua_State *L, decoder *d, int index, int codec) {
    if (d->reader.scratch_capacity > KEPT_BYTES)
        json_reader_free(&d->reader);
    lua_pushvalue(L, index);
    lua_rawseti(L, codec, JSON_CODEC_DECODER);
}

bool json_decode(lua_State *L, const char *text, size_t length, unsigned options) {
    int top = lua_gettop(L);
    luaL_checkstack(L, LUA_MINSTACK, "JSON");
    json_push_codec(L);
    decoder *d = push_spare(L, top + 1);
    enter(L, d, top + 1);
    start(d, text, length, options);
    bool done = finish(L, d, build(L, d, 0));
    keep_spare(L, d, top + 2, top + 1);
    lua_replace(L, top + 1);
    lua_settop(L, top + 1);
    return done;
}

/* ------------------------------------------------------------------ in steps */

/* A decoding is a table: its decoder at index 0, and between two steps what was on the stack, from
 * index 1 on. */

void json_decoding_push(lua_State *L, const char *text, size_t length, unsigned options) {
    luaL_checkstack(L, LUA_MINSTACK, "JSON");
    lua_newtable(L);
    json_push_codec(L);
    start(push_spare(L, lua_gettop(L)), text, length, options);
    lua_rawseti(L, -3, 0);
    lua_pop(L, 1);
}

/* [-0, +values, m] */
static void unpark(lua_State *L, decoder *d, int parked, int count) {
    int base = lua_gettop(L);
    luaL_checkstack(L, count + LUA_MINSTACK, "JSON");
    for (int i = 1; i <= count; i++)
        lua_rawgeti(L, parked, i);
    for (frame *f = d->frames + 1; f <= d->frame; f++)
        f->slot += base; /* relative while they are parked */
}

/* [-values, +0, m] */
static int park(lua_State *L, decoder *d, int parked, int base) {
    int count = lua_gettop(L) - base;
    for (int i = count; i > 0; i--)
        lua_rawseti(L, parked, i);
    for (frame *f = d->frames + 1; f <= d->frame; f++)
        f->slot -= base;
    return count;
}

json_progress json_decoding_step(lua_State *L, int index, size_t bytes) {
    int top = lua_gettop(L);
    luaL_checkstack(L, LUA_MINSTACK, "JSON");
    index = lua_absindex(L, index);
    lua_rawgeti(L, index, 0);
    decoder *d = lua_touserdata(L, -1);
    if (d == NULL || d->broken)
        luaL_error(L, "not enough memory"); /* which the step before was cut short by */
    d->broken = true;
    json_push_codec(L);
    enter(L, d, top + 2);
    int base = lua_gettop(L);
    unpark(L, d, index, d->frames[0].slot);
    json_event event = build(L, d, bytes);
    if (event == JSON_PAUSED) {
        d->frames[0].slot = park(L, d, index, base); /* the root has no slot: its count instead */
        d->broken = false;
        lua_settop(L, top);
        return JSON_GOES_ON;
    }
    bool done = finish(L, d, event);
    keep_spare(L, d, top + 1, top + 2);
    lua_pushnil(L);
    lua_rawseti(L, index, 0);
    lua_replace(L, top + 1);
    lua_settop(L, top + 1);
    return done ? JSON_DONE : JSON_REFUSED;
}
