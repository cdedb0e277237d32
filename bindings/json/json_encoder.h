/* json_encoder.h - what the files of the encoder share. Inside of the codec only. */
#ifndef PROMPTIC_JSON_ENCODER_H
#define PROMPTIC_JSON_ENCODER_H

#include "json.h"

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
    const char *key; /* NULL where the member is the element `index` */
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

/* [-0, +1, m] Pushes `place: reason`; always false. The place is the members of the first `depth`
 * open tables. The format is lua_pushfstring's. */
bool json_refuse(json_encoder *e, int depth, const char *format, ...);

/* [-0, +1, m] Says that a string has no JSON form; always false. */
bool json_refuse_text(json_encoder *e, int depth, const char *what, size_t invalid_at);

/* [-0, +1, m] Says what is wrong with the keys of the innermost open table; always false. */
bool json_refuse_keys(json_encoder *e);

/* [-0, +0, m] Writes a number in the shortest form that reads back as the same double, all digits
 * where it is an integer; neither NaN nor an infinity. */
void json_add_integer(lua_State *L, json_buffer *b, long long value);
void json_add_double(lua_State *L, json_buffer *b, double value);

/* What the metatable of a table says that it is. */
typedef enum json_kind {
    JSON_KIND_PLAIN,  /* nothing: its keys decide */
    JSON_KIND_ARRAY,  /* an array, also an empty one */
    JSON_KIND_OBJECT, /* an object, if it is empty */
    JSON_KIND_NULL,
    JSON_KIND_TEXT,   /* its metamethod writes the JSON: `value` is the function */
    JSON_KIND_PAIRS,  /* only its metamethod __pairs reads it: `value` is the function */
    JSON_KIND_UNKNOWN /* `value` is what __jsontype says */
} json_kind;

/* [-0, +0 or 1, m] What the table at this index, which has a metatable, is to those that made it:
 * promptic.array, dkjson, lua-cjson, lyaml, Penlight. Pushes a value for the last three kinds. */
json_kind json_kind_of(json_encoder *e, int table);

/* Whether the light userdata at this index is lua-cjson's empty array. [-0, +0, m] */
bool json_is_empty_array(lua_State *L, int index);

/* [-1, +1, e] Calls the __pairs on top for the table at this index, and replaces it by a new table
 * of what that gives. */
void json_copy_pairs(lua_State *L, int table);

/* [-1, +0 or 1, e] Calls the __tojson on top for the table at this index and adds the text, which
 * has to be JSON; if it is not, false, with a message. */
bool json_add_custom(json_encoder *e, int table);

#endif /* PROMPTIC_JSON_ENCODER_H */
