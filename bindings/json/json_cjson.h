/* json_cjson.h - lua-cjson's share of decoding. Inside of the JSON part only. */
#ifndef PROMPTIC_JSON_CJSON_H
#define PROMPTIC_JSON_CJSON_H

#include "compat.h"

#include <stdbool.h>

/*
 * [-0, +1, m] Pushes the tree that cjson makes of the string at the absolute index `text`, in
 * whatever locale the host is now, or a message. What the tree is like depends on the version of
 * cjson: numbers may be floats, integers, or integers that were cut; null is lightuserdata NULL.
 */
bool json_cjson_decode(lua_State *L, int text);

#endif /* PROMPTIC_JSON_CJSON_H */
