/* json.c - the functions of promptic.json; bindings/table/library.c has their rows. */
#include "json.h"

#include "json_array.h"
#include "json_buffer.h"
#include "json_codec.h"
#include "json_decode.h"
#include "json_encode.h"

#include <stdbool.h>

/* A larger buffer is freed after each text. */
#define KEPT_BYTES ((size_t)64 * 1024)

/* [-1, +0, e] Raises the message on top for the argument. luaL_argerror does not know the name of a
 * function that pcall has called. */
static int refuse(lua_State *L, const char *function) {
    luaL_where(L, 1);
    lua_pushfstring(L, "bad argument #1 to '%s' (%s)", function, lua_tostring(L, -2));
    lua_concat(L, 2);
    return lua_error(L);
}

/* [-0, +0, e] The option's bit if the table of settings, at index 2, asks for it. */
static unsigned option(lua_State *L, const char *name, unsigned bit) {
    lua_getfield(L, 2, name);
    bool wanted = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return wanted ? bit : 0;
}

/* [-0, +0, e] */
static int indent_option(lua_State *L) {
    lua_getfield(L, 2, "indent");
    int indent = (int)lua_tonumber(L, -1);
    lua_pop(L, 1);
    return indent;
}

/* encode(value [, { sort_keys = boolean, indent = integer }]) -> string */
int json_function_encode(lua_State *L) {
    luaL_checkany(L, 1);
    json_style style = {.sort_keys = option(L, "sort_keys", 1) != 0, .indent = indent_option(L)};
    lua_settop(L, 1);
    json_push_codec(L);
    json_buffer *b = json_codec_take(L, 2, JSON_CODEC_BUFFER);
    if (b == NULL) {
        lua_pop(L, 1);
        b = json_buffer_push(L);
    }
    if (!json_encode_styled(L, 1, style, b))
        return refuse(L, "encode");
    lua_pushlstring(L, b->data, b->length);
    b->length = 0;
    if (b->capacity > KEPT_BYTES)
        json_buffer_clear(b);
    lua_pushvalue(L, 3);
    lua_rawseti(L, 2, JSON_CODEC_BUFFER);
    return 1;
}

/* decode(text [, { strict = boolean, nulls = boolean }]) -> value */
int json_function_decode(lua_State *L) {
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    unsigned options = option(L, "strict", JSON_STRICT) | option(L, "nulls", JSON_KEEP_NULLS);
    if (!json_decode(L, text, length, options))
        return refuse(L, "decode");
    return 1;
}

/* array([table]) -> table: marks the table, by default a new one. */
int json_function_array(lua_State *L) {
    lua_settop(L, 1);
    if (lua_isnil(L, 1)) {
        lua_newtable(L);
        lua_replace(L, 1);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    json_mark_array(L, 1);
    return 1;
}
