/*
 * json_foreign.h - what the metatables of other libraries say of a table. Inside of the codec only.
 */
#ifndef PROMPTIC_JSON_FOREIGN_H
#define PROMPTIC_JSON_FOREIGN_H

#include "json_encoder.h"

#include <stdbool.h>

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

#endif
