/*
 * json.h - JSON in both directions, and the Lua module promptic.json.
 *
 * Encoding is ours and writes straight into a malloc'd buffer that a request can take over.
 * Decoding is lua-cjson's, in an instance of its own, followed by one pass over the text that gives
 * integers, arrays and nulls the form that promptic promises.
 *
 * In Lua, a JSON array is a table with the array metatable or a table with the keys 1..n; null is
 * lightuserdata NULL (equal to cjson.null), and an absent key where an object held it.
 */
#ifndef PROMPTIC_JSON_H
#define PROMPTIC_JSON_H

#include "compat.h"

#include <stdbool.h>
#include <stddef.h>

/* How many arrays and objects may be open within each other, both ways. */
#define JSON_MAX_DEPTH 1000

/* ------------------------------------------------------------------ buffer */

/* A growing block of bytes. The userdata that json_buffer_push pushes owns it and frees it. */
typedef struct json_buffer {
    char *data; /* NULL as long as nothing was added */
    size_t length;
    size_t capacity; /* one byte more than length is always there, for the NUL */
} json_buffer;

/* [-0, +1, m] Pushes the userdata; the buffer lives as long as that. */
json_buffer *json_buffer_push(lua_State *L);

/* [-0, +0, m] Appends bytes as they are. `text` is borrowed and not part of the buffer itself. */
void json_buffer_add(lua_State *L, json_buffer *b, const char *text, size_t length);

/*
 * [-0, +0, m] Appends text as a JSON string, quotes included. Where the text is not UTF-8, returns
 * false, appends nothing and sets *invalid_at (where not NULL) to the first bad byte, counted
 * from 1.
 */
bool json_buffer_add_string(lua_State *L, json_buffer *b, const char *text, size_t length,
                            size_t *invalid_at);

/*
 * Hands the block over, NUL-terminated, and leaves the buffer empty and usable. Freed with free().
 * NULL where nothing was ever added. *length (where not NULL) leaves the NUL out. Never raises.
 */
char *json_buffer_take(json_buffer *b, size_t *length);

/*
 * The length, 1 to 4, of the UTF-8 sequence at `text` (before `end`), or 0 where there is none that
 * RFC 3629 allows: overlong forms, surrogates and what is beyond U+10FFFF are none.
 */
size_t json_utf8_sequence(const char *text, const char *end);

/* How many bytes from text on stand in a JSON string as they are: ASCII, no quote, no backslash. */
size_t json_plain_run(const char *text, const char *end);

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
 * [-0, +0, m] on success, [-0, +1, m] on refusal. Appends the value at `index` as JSON. Refuses
 * what has no JSON form: returns false with a message pushed that names the place, starting with
 * `root`
 * ("value" where it is NULL or empty): `observations[3].variables.x: NaN has no JSON form`. The
 * buffer then holds what it held before. Metamethods are not called. nil is null.
 */
bool json_encode(lua_State *L, int index, json_shape shape, const char *root, json_buffer *b);

/*
 * [-0, +1, m] Pushes the value of a JSON text and returns true, or pushes a message and returns
 * false. A null as the whole text is nil. `text` is copied. Raises for a lack of memory, and where
 * a debug hook ends the script (Ctrl-C).
 */
bool json_decode(lua_State *L, const char *text, size_t length);

/* [-0, +1, m] The same for the Lua string at `index`, which is not copied. */
bool json_decode_string(lua_State *L, int index);

/* ------------------------------------------------------------------ arrays, module */

/* [-0, +1, m] Pushes the metatable that marks arrays; one per lua_State, in the registry. */
void json_push_array_metatable(lua_State *L);

/* [-0, +0, m] Marks the table at `index` as an array. */
void json_mark_array(lua_State *L, int index);

/*
 * [-0, +0, e] Gets the state's own instance of lua-cjson ready; raises where there is no cjson.
 * Called by luaopen_promptic_json and by the first decode; calling it again changes nothing.
 */
void json_open(lua_State *L);

/* The module promptic.json: encode, decode, null, array. */
__attribute__((visibility("default"))) int luaopen_promptic_json(lua_State *L);

#endif /* PROMPTIC_JSON_H */
