/* json_array.h - the mark that makes a table an array, also an empty one. */
#ifndef PROMPTIC_JSON_ARRAY_H
#define PROMPTIC_JSON_ARRAY_H

#include "compat.h"

/* [-0, +1, m] Pushes the metatable that marks arrays; one per lua_State, in the registry. */
void json_push_array_metatable(lua_State *L);

/* [-0, +0, m] Marks the table at `index` as an array. */
void json_mark_array(lua_State *L, int index);

#endif /* PROMPTIC_JSON_ARRAY_H */
