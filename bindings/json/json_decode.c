/*
 * json_decode.c - JSON text to Lua values, at once or in steps.
 */
#include "json_decode.h"

#include "json_build.h"
#include "json_codec.h"
#include "json_reader.h"

#include <limits.h>
#include <string.h>

/* A larger buffer of the reader is freed after each text. */
#define KEPT_BYTES ((size_t)64 * 1024)

/* Bytes that are decoded between two calls of json_bounds.check. */
#define CHECK_BYTES ((size_t)64 * 1024)

/* Characters are counted so much faster than they are decoded. */
#define COUNTING_FACTOR 16

/* Bytes of a reader's buffer that a step gives back: some 0.4 ms. */
#define FREED_BYTES ((size_t)4 * 1024 * 1024)

typedef struct decoder {
    json_builder build;
    const char *text;
    json_bounds *bounds; /* NULL: there are none */
    const char *counted; /* of a text that is refused: the characters before are in `place` */
    size_t place;        /* of a refusal, counted from 1 */
    bool broken;         /* a step has raised an error */
    bool has_ended;      /* the text has come to `end` */
    json_event end;
} decoder;

static const char metatable_key; /* its address is the registry's key of the decoders' metatable */

static int collect(lua_State *L) {
    decoder *d = lua_touserdata(L, 1);
    json_reader_free(&d->build.reader);
    return 0;
}

/* [-0, +1, m] */
static decoder *push_decoder(lua_State *L) {
    decoder *d = compat_newuserdata(L, sizeof *d);
    d->build.reader = (json_reader){.at = NULL};
    json_codec_protect(L, &metatable_key, "promptic.json.decoder", collect);
    return d;
}

/* [-0, +0, m] The codec's table, at this index, stays there while the decoder works. */
static void enter(lua_State *L, decoder *d, int codec) {
    d->build.codec = codec;
    lua_rawgeti(L, codec, JSON_CODEC_CACHE);
    d->build.cache = lua_touserdata(L, -1);
    if (d->build.cache == NULL) {
        d->build.cache = compat_newuserdata(L, JSON_CODEC_KEYS * sizeof *d->build.cache);
        memset(d->build.cache, 0, JSON_CODEC_KEYS * sizeof *d->build.cache);
        lua_rawseti(L, codec, JSON_CODEC_CACHE);
    }
    lua_pop(L, 1);
}

static void start(decoder *d, const char *text, size_t length, unsigned options,
                  json_bounds *bounds, bool in_steps) {
    d->text = d->counted = text;
    d->place = 1;
    d->bounds = bounds;
    d->broken = d->has_ended = false;
    json_build_start(&d->build, text, length, options, in_steps,
                     bounds != NULL ? bounds->most_values : 0);
}

/* Counts the characters before a refusal, of so many bytes; true at the end. */
static bool count_place(decoder *d, size_t bytes) {
    const char *at = d->build.reader.at;
    const char *stop = (size_t)(at - d->counted) > bytes ? d->counted + bytes : at;
    for (; d->counted < stop; d->counted++)
        d->place += ((unsigned char)*d->counted & 0xC0) != 0x80;
    return stop == at;
}

/* [-0, +1, m] Leaves the value, or why there is none, on top of what else is there. */
static bool finish(lua_State *L, decoder *d, json_event event) {
    const json_reader *r = &d->build.reader;
    if (event == JSON_END) {
        if (lua_islightuserdata(L, -1) && !d->build.keep_nulls) {
            lua_pop(L, 1);
            lua_pushnil(L);
        }
        return true;
    }
    if (r->problem == NULL)
        luaL_error(L, "not enough memory");
    if (d->bounds != NULL)
        d->bounds->exceeded = d->build.is_full;
    lua_pushfstring(L, "%s at character %d", r->problem,
                    d->place > INT_MAX ? INT_MAX : (int)d->place);
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
    if (d->build.reader.scratch_capacity > KEPT_BYTES)
        json_reader_free(&d->build.reader);
    lua_pushvalue(L, index);
    lua_rawseti(L, codec, JSON_CODEC_DECODER);
}

/* [-0, +values, e] */
static json_event build_checked(lua_State *L, decoder *d) {
    json_event event;
    while ((event = json_build(L, &d->build, CHECK_BYTES)) == JSON_PAUSED)
        if (d->bounds != NULL && d->bounds->check != NULL)
            d->bounds->check(L, d->bounds->userdata);
    if (event != JSON_END)
        count_place(d, SIZE_MAX);
    return event;
}

bool json_decode_bounded(lua_State *L, const char *text, size_t length, unsigned options,
                         json_bounds *bounds) {
    int top = lua_gettop(L);
    luaL_checkstack(L, LUA_MINSTACK, "JSON");
    json_push_codec(L);
    decoder *d = push_spare(L, top + 1);
    enter(L, d, top + 1);
    start(d, text, length, options, bounds, false);
    bool done = finish(L, d, build_checked(L, d));
    keep_spare(L, d, top + 2, top + 1);
    lua_replace(L, top + 1);
    lua_settop(L, top + 1);
    return done;
}

bool json_decode(lua_State *L, const char *text, size_t length, unsigned options) {
    return json_decode_bounded(L, text, length, options, NULL);
}

/* ------------------------------------------------------------------ in steps */

/* A decoding is a table: its decoder at index 0, and between two steps what was on the stack, from
 * index 1 on. */

void json_decoding_push(lua_State *L, const char *text, size_t length, unsigned options,
                        json_bounds *bounds) {
    luaL_checkstack(L, LUA_MINSTACK, "JSON");
    lua_newtable(L);
    json_push_codec(L);
    start(push_spare(L, lua_gettop(L)), text, length, options, bounds, true);
    lua_rawseti(L, -3, 0);
    lua_pop(L, 1);
}

/* [-0, +values, m] */
static void unpark(lua_State *L, decoder *d, int parked, int count) {
    int base = lua_gettop(L);
    luaL_checkstack(L, count + JSON_BUILD_ROOM, "JSON");
    for (int i = 1; i <= count; i++)
        lua_rawgeti(L, parked, i);
    for (json_level *level = d->build.levels + 1; level <= d->build.level; level++)
        level->slot += base; /* relative while they are parked */
}

/* [-values, +0, m] */
static int park(lua_State *L, decoder *d, int parked, int base) {
    int count = lua_gettop(L) - base;
    for (int i = count; i > 0; i--)
        lua_rawseti(L, parked, i);
    for (json_level *level = d->build.levels + 1; level <= d->build.level; level++)
        level->slot -= base;
    return count;
}

/* [-?, +?, m] Where a text is refused is found out in steps as well: it may be long. */
static json_event build_or_count(lua_State *L, decoder *d, size_t bytes) {
    json_event event = JSON_FAILED;
    if (d->build.reader.problem == NULL)
        event = json_build(L, &d->build, bytes);
    if (event != JSON_FAILED || d->build.reader.problem == NULL)
        return event;
    size_t most = bytes < SIZE_MAX / COUNTING_FACTOR ? bytes * COUNTING_FACTOR : SIZE_MAX;
    return count_place(d, most) ? event : JSON_PAUSED;
}

/* [-?, +?, m] The buffer of a long string is freed in steps too. */
static json_event advance(lua_State *L, decoder *d, size_t bytes) {
    json_reader *r = &d->build.reader;
    if (!d->has_ended) {
        d->end = build_or_count(L, d, bytes);
        d->has_ended = d->end != JSON_PAUSED;
    } else if (r->scratch_capacity > KEPT_BYTES) {
        json_reader_shrink(r, FREED_BYTES);
    }
    return d->has_ended && r->scratch_capacity <= KEPT_BYTES ? d->end : JSON_PAUSED;
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
    unpark(L, d, index, d->build.levels[0].slot);
    json_event event = advance(L, d, bytes);
    if (event == JSON_PAUSED) {
        d->build.levels[0].slot =
            park(L, d, index, base); /* the root has no slot: its count instead */
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
