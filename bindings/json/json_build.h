/*
 * json_build.h - Lua tables from the reader's events. Inside of the codec only.
 *
 * The values of a table that is open wait on the stack, so that it is made in its right size. Of
 * each table that is open there is a level, and a slot on the stack below its values, which the
 * table takes in the end. If there are more values than should wait, then
 *   - at once: the table is made of those, and later ones are put into it directly;
 *   - in steps: they go into small tables, from which the large one is made in the end, some of
 * them in each step. So nothing takes longer the more there is, except for one allocation: Lua
 * would move all of a growing table at once.
 */
#ifndef PROMPTIC_JSON_BUILD_H
#define PROMPTIC_JSON_BUILD_H

#include "compat.h"
#include "json_reader.h"

#include <stdint.h>

/* How many values wait: 64 elements, or 32 members. */
#define JSON_WAITING_VALUES 64

/* Places on the stack that the innermost open table may take: what waits, and what a call of the
 * Lua API needs besides. Lua grants them to the running C function alone, so each one that builds
 * reserves them anew. */
#define JSON_BUILD_ROOM (JSON_WAITING_VALUES + LUA_MINSTACK)

/* Longer keys are not looked up in the codec's table, but hashed by Lua each time. */
#define JSON_KEY_BYTES 31

typedef struct json_cached_key {
    unsigned char length; /* 0: the slot is free */
    char text[JSON_KEY_BYTES];
} json_cached_key;

typedef struct json_level {
    uint64_t seen;      /* a bit for each key's hash */
    compat_index count; /* values that are in the table, or in chunks */
    int slot;           /* index on the stack */
    int chunks;         /* small tables in the list that is in the slot */
    int16_t waiting;    /* values on the stack above the slot; a member is two */
    int16_t limit;
    bool is_object;
    bool is_made;       /* the table is in its slot */
    bool may_repeat;    /* two of the keys that wait may be equal, or a value is nil */
    bool key_may_recur; /* the key read last may have been there before */
} json_level;

typedef struct json_builder {
    json_reader reader;
    json_cached_key *cache; /* JSON_CODEC_KEYS of them */
    json_level *level;      /* the innermost open one */
    int codec;              /* index on the stack of the codec's table */
    int assembled;          /* chunks that are in the large table; 0 if none is being made */
    size_t values_left;     /* that may still be built */
    bool keep_nulls;
    bool in_steps;
    bool is_full;                          /* one more than that came */
    json_level levels[JSON_MAX_DEPTH + 1]; /* the first one is the root: one value waits there */
} json_builder;

/* Begins a text; `strict` and `keep_nulls` as in json_decode. `in_steps`: see above. most_values: 0
 * for any number. */
void json_build_start(json_builder *b, const char *text, size_t length, unsigned options,
                      bool in_steps, size_t most_values);

/* [-?, +?, m] Reads on for about as many bytes: JSON_PAUSED then. After JSON_END the value is on
 * top. */
json_event json_build(lua_State *L, json_builder *b, size_t bytes);

#endif /* PROMPTIC_JSON_BUILD_H */
