/*
 * json_encode.h - JSON text of a Lua value, straight into a buffer.
 *
 * A JSON array is a table with the array metatable or a table with the keys 1..n; null is
 * lightuserdata NULL (equal to cjson.null). Nothing is asked of the locale.
 */
#ifndef PROMPTIC_JSON_ENCODE_H
#define PROMPTIC_JSON_ENCODE_H

#include "compat.h"
#include "json_buffer.h"

#include <stdbool.h>

/* What the root value must be. Also decides what an empty table without a mark becomes. */
typedef enum json_shape {
    JSON_ANY,    /* any value; an empty table becomes {} */
    JSON_OBJECT, /* an object; an array or anything else is refused */
    JSON_ARRAY   /* an array; an object or anything else is refused */
} json_shape;

/*
 * [-0, +0, e] on success, [-0, +1, e] on refusal. Appends the value at `index` as JSON; nil is null.
 * A value without a JSON form is refused: returns false and pushes a message that names the place,
 * starting with `root` (NULL or empty: "value"), such as `observations[3].variables.x: NaN has no JSON
 * form`; the buffer is as it was. Marks of other libraries are respected (json_foreign.c). Metamethods
 * are called for two kinds of tables only, those with __tojson and empty ones with __pairs; an error of
 * theirs is raised.
 */
bool json_encode(lua_State *L, int index, json_shape shape, const char *root, json_buffer *b);

/* How a text looks: for people, and for comparing two of them. */
typedef struct json_style {
    bool sort_keys; /* of objects, by their bytes */
    int indent;     /* spaces for each level, with each member on a line of its own; 0: one line */
} json_style;

/* [-0, +0, e] The same in another style, for a value of any shape. */
bool json_encode_styled(lua_State *L, int index, json_style style, json_buffer *b);

#endif
