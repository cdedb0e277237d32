/* json_build.c - Lua tables from the reader's events. */
#include "json_build.h"

#include "json_codec.h"
#include "json_decode.h"
#include "json_number.h"

#include <limits.h>
#include <string.h>

/* Tables deeper than this do not keep values waiting while one of them is open, so that all of them
 * fit the stack of Lua 5.1, which has 8000 places for a C function. */
#define WAITING_DEPTH 16

/* To move a chunk takes as long as to read so many bytes, at most. */
#define CHUNK_BYTES 256

/* ------------------------------------------------------------------ values */

static inline unsigned hash_key(const char *text, size_t length) {
    const unsigned char *s = (const unsigned char *)text;
    unsigned hash = (unsigned)length * 31 + s[0] + s[length - 1] * 7u + s[length / 2] * 19u;
    return (hash ^ hash >> 8) & (JSON_CODEC_KEYS - 1);
}

/* [-0, +1, m] Pushes a key, of which the level takes note. */
static void push_key(lua_State *L, json_builder *b) {
    const char *text = b->reader.text;
    size_t length = b->reader.length;
    json_level *level = b->level;
    if (length - 1 >= JSON_KEY_BYTES) { /* also where it is 0 */
        lua_pushlstring(L, text, length);
        level->key_may_recur = level->may_repeat = true;
        return;
    }
    unsigned hash = hash_key(text, length);
    uint64_t bit = UINT64_C(1) << (hash & 63);
    level->key_may_recur = (level->seen & bit) != 0;
    level->may_repeat = level->may_repeat || level->key_may_recur;
    level->seen |= bit;
    json_cached_key *key = &b->cache[hash];
    if (key->length == length && memcmp(key->text, text, length) == 0) {
        lua_rawgeti(L, b->codec, (compat_index)hash + 1);
        return;
    }
    lua_pushlstring(L, text, length);
    lua_pushvalue(L, -1);
    lua_rawseti(L, b->codec, (compat_index)hash + 1);
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

/* [-0, +1, -] or [-1, +0, -] A null: false if a member went with it. It stays, as a nil that
 * takes an earlier member away, where its key may have been there before. */
static bool push_null(lua_State *L, const json_builder *b) {
    if (!b->level->is_object || b->keep_nulls) {
        lua_pushlightuserdata(L, NULL);
    } else if (b->level->key_may_recur) {
        lua_pushnil(L);
    } else {
        lua_pop(L, 1);
        return false;
    }
    return true;
}

/* ------------------------------------------------------------------ tables */

/* [-0, +0, -] */
static void mark_array(lua_State *L, const json_builder *b, int table) {
    lua_rawgeti(L, b->codec, JSON_CODEC_ARRAY);
    lua_setmetatable(L, table);
}

/* [-waiting values, +0, -] Removes the values that wait. `key_on_top`: a member's key that waits
 * for its value lies above them, and stays. */
static void drop_waiting(lua_State *L, json_level *level, bool key_on_top) {
    if (key_on_top && level->waiting > 0)
        lua_replace(L, level->slot + 1);
    lua_settop(L, level->slot + (key_on_top ? 1 : 0));
    level->waiting = 0;
}

/* [-0, +0, m] Members in the order in which they came: the last one of a key stays. */
static void set_members(lua_State *L, const json_level *level) {
    int end = level->slot + level->waiting;
    for (int key = level->slot + 1; key < end; key += 2) {
        lua_pushvalue(L, key);
        lua_pushvalue(L, key + 1);
        lua_rawset(L, level->slot);
    }
}

/* [-waiting values, +0, m] Makes the level's table with what waits for it. */
static void make_table(lua_State *L, const json_builder *b, json_level *level, bool key_on_top) {
    int waiting = level->waiting;
    lua_createtable(L, level->is_object ? 0 : waiting, level->is_object ? waiting / 2 : 0);
    lua_replace(L, level->slot);
    if (!level->is_object) {
        for (int i = waiting; i > 0; i--)
            lua_rawseti(L, level->slot, i);
        mark_array(L, b, level->slot);
    } else if (level->may_repeat || key_on_top) {
        set_members(L, level);
        drop_waiting(L, level, key_on_top);
    } else {
        for (int i = waiting; i > 0; i -= 2)
            lua_rawset(L, level->slot);
    }
    level->count = waiting;
    level->waiting = 0;
    level->is_made = true;
}

/* ------------------------------------------------------------------ chunks */

/* [-waiting values, +0, m] Puts what waits into a table, with their number before them, and that
 * into the list in the slot. */
static void add_chunk(lua_State *L, json_level *level, bool key_on_top) {
    if (level->waiting == 0)
        return;
    lua_createtable(L, level->waiting + 1, 0);
    lua_pushinteger(L, level->waiting);
    lua_rawseti(L, -2, 1);
    for (int i = 1; i <= level->waiting; i++) {
        lua_pushvalue(L, level->slot + i);
        lua_rawseti(L, -2, i + 1);
    }
    if (level->chunks == 0) {
        lua_newtable(L);
        lua_replace(L, level->slot);
    }
    lua_rawseti(L, level->slot, ++level->chunks);
    level->count += level->waiting;
    drop_waiting(L, level, key_on_top);
}

/* [-0, +1, m] Pushes the table that the level's chunks are to become. */
static void begin_assembly(lua_State *L, json_builder *b) {
    json_level *level = b->level;
    add_chunk(L, level, false);
    compat_index size = level->is_object ? level->count / 2 : level->count;
    int room = size < INT_MAX ? (int)size : INT_MAX;
    lua_createtable(L, level->is_object ? 0 : room, level->is_object ? room : 0);
    level->count = 0;
}

/* [-1, +0, m] Moves the values of the chunk on top into the table below it. */
static void move_chunk(lua_State *L, json_level *level) {
    int chunk = lua_gettop(L), table = chunk - 1;
    lua_rawgeti(L, chunk, 1);
    int end = (int)lua_tointeger(L, -1) + 1;
    lua_pop(L, 1);
    for (int i = 2; i <= end; i++) {
        lua_rawgeti(L, chunk, i);
        if (!level->is_object) {
            lua_rawseti(L, table, ++level->count);
        } else {
            lua_rawgeti(L, chunk, ++i);
            lua_rawset(L, table);
        }
    }
    lua_pop(L, 1);
}

/* [-0, +0 or -1, m] Moves so many chunks into the table on top; true once it has taken its slot. */
static bool assemble(lua_State *L, json_builder *b, size_t count) {
    json_level *level = b->level;
    for (; b->assembled < level->chunks && count > 0; count--) {
        lua_rawgeti(L, level->slot, ++b->assembled);
        move_chunk(L, level);
        lua_pushnil(L);
        lua_rawseti(L, level->slot, b->assembled);
    }
    if (b->assembled < level->chunks)
        return false;
    if (!level->is_object)
        mark_array(L, b, lua_gettop(L));
    lua_replace(L, level->slot);
    level->is_made = true;
    b->assembled = 0;
    return true;
}

/* ------------------------------------------------------------------ levels */

/* [-waiting values, +0, m] No more should wait. */
static void stop_waiting(lua_State *L, const json_builder *b, json_level *level, bool key_on_top) {
    if (b->in_steps)
        add_chunk(L, level, key_on_top);
    else
        make_table(L, b, level, key_on_top);
}

/* [-0, +1, m] A slot for the table that opens. */
static bool open_level(lua_State *L, json_builder *b, bool is_object) {
    json_level *level = b->level;
    if (!lua_checkstack(L, JSON_BUILD_ROOM)) {
        b->reader.problem = "no room on Lua's stack for nested values";
        return false;
    }
    if (level - b->levels > WAITING_DEPTH && !level->is_made)
        stop_waiting(L, b, level, level->is_object);
    lua_pushnil(L);
    b->level = level + 1;
    b->level[0] =
        (json_level){.slot = lua_gettop(L), .limit = JSON_WAITING_VALUES, .is_object = is_object};
    return true;
}

/* [-waiting values, +0 or 1, m] Leaves the table on top; false if there are chunks left, which
 * later steps move. */
static bool close_level(lua_State *L, json_builder *b, size_t bytes) {
    json_level *level = b->level;
    if (level->chunks > 0 && !level->is_made) {
        if (b->assembled == 0)
            begin_assembly(L, b);
        if (!assemble(L, b, bytes / CHUNK_BYTES + 1))
            return false;
    } else if (!level->is_made) {
        make_table(L, b, level, false);
    }
    b->level--;
    return true;
}

/* [-1, +0, m], or the value waits. */
static inline void take_value(lua_State *L, json_builder *b) {
    json_level *level = b->level;
    if (!level->is_made) {
        level->waiting = (int16_t)(level->waiting + (level->is_object ? 2 : 1));
        if (level->waiting >= level->limit)
            stop_waiting(L, b, level, false);
    } else if (level->is_object) {
        lua_rawset(L, level->slot);
    } else {
        lua_rawseti(L, level->slot, ++level->count);
    }
}

/* ------------------------------------------------------------------ the loop */

/* [-0 or 1, +0 or 1, m] Pushes the value that a number, word or null is; false if there is none. */
static bool push_scalar(lua_State *L, const json_builder *b, json_event event) {
    if (event == JSON_NUMBER)
        push_number(L, &b->reader.number);
    else if (event == JSON_NULL)
        return push_null(L, b);
    else
        lua_pushboolean(L, event == JSON_TRUE);
    return true;
}

static json_event refuse_more(json_builder *b) {
    b->is_full = true;
    b->reader.problem = "more values than are allowed";
    return JSON_FAILED;
}

json_event json_build(lua_State *L, json_builder *b, size_t bytes) {
    json_reader *r = &b->reader;
    const char *stop = (size_t)(r->end - r->at) > bytes ? r->at + bytes : NULL;
    if (b->assembled > 0) { /* the step before had left chunks */
        if (!close_level(L, b, bytes))
            return JSON_PAUSED;
        take_value(L, b);
    }
    while (stop == NULL || r->at < stop) {
        json_event event = json_reader_next(r);
        switch (event) {
        case JSON_KEY:
            push_key(L, b);
            continue;
        case JSON_STRING:
            lua_pushlstring(L, r->text, r->length);
            break;
        case JSON_OPEN_ARRAY:
        case JSON_OPEN_OBJECT:
            if (!open_level(L, b, event == JSON_OPEN_OBJECT))
                return JSON_FAILED;
            continue;
        case JSON_CLOSE:
            if (!close_level(L, b, bytes))
                return JSON_PAUSED;
            break;
        case JSON_PAUSED:
            if (b->in_steps)
                return event;
            continue;
        default:
            if (event <= JSON_END)
                return event;
            if (!push_scalar(L, b, event))
                continue;
        }
        if (b->values_left-- == 0)
            return refuse_more(b);
        take_value(L, b);
    }
    return JSON_PAUSED;
}

void json_build_start(json_builder *b, const char *text, size_t length, unsigned options,
                      bool in_steps, size_t most_values) {
    b->level = b->levels;
    b->levels[0] = (json_level){.limit = INT16_MAX};
    b->keep_nulls = (options & JSON_KEEP_NULLS) != 0;
    b->in_steps = in_steps;
    b->assembled = 0;
    b->values_left = most_values > 0 ? most_values : SIZE_MAX;
    b->is_full = false;
    json_reader_start(&b->reader, text, length, true,
                      (options & JSON_STRICT) != 0 ? JSON_REFUSE : JSON_REPLACE);
}
