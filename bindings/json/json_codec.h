/* json_codec.h - what the codec keeps in a lua_State between two texts. Inside of the codec only. */
#ifndef PROMPTIC_JSON_CODEC_H
#define PROMPTIC_JSON_CODEC_H

#include "compat.h"

/* Strings that keys were read from lately, at the indices 1..JSON_CODEC_KEYS of the table. */
#define JSON_CODEC_KEYS 256

/* The table's other indices. A spare is taken out while it is used: a finalizer, or a metamethod,
 * may need one as well. */
enum {
    JSON_CODEC_CACHE = JSON_CODEC_KEYS + 1, /* userdata of json_decode.c: the keys' bytes */
    JSON_CODEC_ARRAY,                       /* the metatable that marks arrays */
    JSON_CODEC_DECODER,                     /* a spare decoder, or nil */
    JSON_CODEC_BUFFER,                      /* a spare buffer, or nil */
    JSON_CODEC_SIZE = JSON_CODEC_BUFFER
};

/* [-0, +1, m] Pushes the table, which is one a lua_State. */
void json_push_codec(lua_State *L);

/* [-0, +1, -] Pushes what the table at `codec` has there, and takes it out if it is not nil. */
void *json_codec_take(lua_State *L, int codec, int index);

/* [-0, +0, m] Gives the userdata on top the metatable that the registry has at `key`, made at the
 * first use: with this __gc, and closed to scripts, which could free what is in use. */
void json_codec_protect(lua_State *L, const void *key, const char *name, lua_CFunction gc);

#endif /* PROMPTIC_JSON_CODEC_H */
