/*
 * json_encoder.h - the state of an encoding. Inside of the codec only.
 */
#ifndef PROMPTIC_JSON_ENCODER_H
#define PROMPTIC_JSON_ENCODER_H

#include "json_buffer.h"
#include "json_encode.h"

/* A key of an object, which keeps its text alive. */
typedef struct json_key {
    const char *text;
    size_t length;
} json_key;

/* A table that is being written, and the member of it that is. The open ones are a list of the
 * encoder's, not C functions within each other: depth costs no C stack. On Lua's stack a table lies
 * at `slot`, the key of the member and its value above it; with sorted keys their list and the
 * value. */
typedef struct json_frame {
    const void *table;
    const char *key; /* NULL if the member is the element `index` */
    size_t key_length;
    long long index;
    size_t begin;           /* of the table's text in the buffer */
    size_t count;           /* elements of one that is unordered, or sorted keys */
    const json_key *sorted; /* the keys in the order of writing; NULL: as lua_next gives them */
    int slot;
    bool is_object;
    bool is_unordered; /* an array whose elements lua_next does not give in their order */
    bool is_marked;    /* as an array */
    bool is_copy;      /* of what __pairs gives; the table itself is in the slot below */
} json_frame;

/* Frames that are on the C stack; more are in a userdata. */
#define JSON_FEW_FRAMES 16

typedef struct json_encoder {
    lua_State *L;
    json_buffer *buffer;
    const char *root;
    json_style style;
    const void *array_metatable; /* NULL as long as it was not needed */
    int depth;                   /* tables that are open */
    int room;                    /* of frames */
    int holder;                  /* index on Lua's stack of what keeps frames; nil: `few` */
    json_frame *frames;
    json_frame few[JSON_FEW_FRAMES];
} json_encoder;

#endif
