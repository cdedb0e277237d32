/*
 * json.h - JSON in both directions, and the Lua module promptic.json.
 *
 * Decoding builds tables directly from the reader's events (json_reader.h); encoding writes
 * straight into a malloc'd buffer that a request can take over. Nothing is asked of the locale.
 *
 * In Lua, a JSON array is a table with the array metatable or a table with the keys 1..n; null is
 * lightuserdata NULL (equal to cjson.null), and an absent key where an object held it.
 */
#ifndef PROMPTIC_JSON_H
#define PROMPTIC_JSON_H

#include "compat.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* ------------------------------------------------------------------ buffer */

/* A growing block of bytes. The userdata that json_buffer_push pushes owns it and frees it. */
typedef struct json_buffer {
    char *data; /* NULL as long as nothing was added */
    size_t length;
    size_t capacity; /* one byte more than length is always there, for the NUL */
} json_buffer;

/* [-0, +1, m] Pushes the userdata; the buffer lives as long as that. */
json_buffer *json_buffer_push(lua_State *L);

/* [-0, +0, m] Makes room for `more` bytes and a NUL behind what is there. */
void json_buffer_grow(lua_State *L, json_buffer *b, size_t more);

/* [-0, +0, m] Appends bytes as they are. `text` is borrowed and not part of the buffer itself. */
static inline void json_buffer_add(lua_State *L, json_buffer *b, const char *text, size_t length) {
    if (b->capacity - b->length <= length)
        json_buffer_grow(L, b, length);
    if (length > 0)
        memcpy(b->data + b->length, text, length);
    b->length += length;
}

static inline void json_buffer_add_char(lua_State *L, json_buffer *b, char c) {
    if (b->capacity - b->length <= 1)
        json_buffer_grow(L, b, 1);
    b->data[b->length++] = c;
}

/*
 * [-0, +0, m] Appends text as a JSON string, quotes included. Where the text is not UTF-8, returns
 * false, appends nothing and sets *invalid_at (where not NULL) to the first bad byte, counted
 * from 1.
 */
bool json_buffer_add_string(lua_State *L, json_buffer *b, const char *text, size_t length,
                            size_t *invalid_at);

/*
 * Returns the block, NUL-terminated, and leaves the buffer empty and usable. Freed with free().
 * NULL where nothing was ever added. *length (where not NULL) leaves the NUL out. Never raises.
 */
char *json_buffer_take(json_buffer *b, size_t *length);

/* Frees the block now, instead of when the userdata is collected. The buffer is empty and usable.
 */
void json_buffer_clear(json_buffer *b);

/* ------------------------------------------------------------------ encode, decode */

/* What the root value must be. Also decides what an empty table without a mark becomes. */
typedef enum json_shape {
    JSON_ANY,    /* any value; an empty table becomes {} */
    JSON_OBJECT, /* an object; an array or anything else is refused */
    JSON_ARRAY   /* an array; an object or anything else is refused */
} json_shape;

/*
 * [-0, +0, e] on success, [-0, +1, e] on refusal. Appends the value at `index` as JSON. Refuses
 * what has no JSON form: returns false with a message pushed that names the place, starting with
 * `root`
 * ("value" where it is NULL or empty): `observations[3].variables.x: NaN has no JSON form`. The
 * buffer then holds what it held before. nil is null. Marks of other libraries are kept to
 * (json_foreign.c). Metamethods are called for two kinds of tables only: those with __tojson, and
 * empty ones with __pairs; what they raise is raised.
 */
bool json_encode(lua_State *L, int index, json_shape shape, const char *root, json_buffer *b);

/* How a text looks: for people, and for comparing two of them. */
typedef struct json_style {
    bool sort_keys; /* of objects, by their bytes */
    int indent;     /* spaces for each level, with each member on a line of its own; 0: one line */
} json_style;

/* [-0, +0, e] The same in another style, for a value of any shape. */
bool json_encode_styled(lua_State *L, int index, json_style style, json_buffer *b);

/* How a text is decoded: 0, or some of these. */
enum {
    JSON_STRICT = 1,    /* bytes that are not UTF-8 and lone surrogates are refused, not replaced */
    JSON_KEEP_NULLS = 2 /* a null is lightuserdata NULL in an object too, and as the whole text */
};

/*
 * [-0, +1, m] Pushes the value of a JSON text and returns true, or pushes a message that names the
 * character and returns false. A null as the whole text is nil. `text` is borrowed. Integers are
 * exact between -2^63 and 2^63 - 1 where Lua has integers; every other number is the nearest
 * double, and one out of its range is refused. The last of equal keys wins.
 */
bool json_decode(lua_State *L, const char *text, size_t length, unsigned options);

/* What bounds the decoding of a text that a stranger has sent. */
typedef struct json_bounds {
    size_t most_values; /* elements and members of all tables, and the whole text; 0: any number */
    void (*check)(lua_State *L, void *userdata); /* [-0, +0, e] called each 64 KiB; NULL: nothing */
    void *userdata;
    bool exceeded; /* set where the text was refused for most_values */
} json_bounds;

/* [-0, +1, e] The same as json_decode, within bounds. */
bool json_decode_bounded(lua_State *L, const char *text, size_t length, unsigned options,
                         json_bounds *bounds);

typedef enum json_progress { JSON_GOES_ON, JSON_DONE, JSON_REFUSED } json_progress;

/* [-0, +1, m] Pushes a decoding, which goes on in steps: a value to be kept meanwhile. `text` and
 * `bounds` (NULL: none; nothing is called) are borrowed until it has ended. */
void json_decoding_push(lua_State *L, const char *text, size_t length, unsigned options,
                        json_bounds *bounds);

/* [-0, +0 or 1, m] Goes on with the decoding at `index` for about as many bytes of the text. Pushes
 * the value for JSON_DONE and a message for JSON_REFUSED; no step may follow then, nor after an
 * error. */
json_progress json_decoding_step(lua_State *L, int index, size_t bytes);

/* --------------------------------------------------------------- functions */

/* encode(value), decode(text [, { strict =, nulls = }]) and array([table]) of promptic.json. */
int json_function_encode(lua_State *L);
int json_function_decode(lua_State *L);
int json_function_array(lua_State *L);

#endif /* PROMPTIC_JSON_H */
