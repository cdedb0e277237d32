/*
 * base64.c - RFC 4648, section 4.
 */
#include "base64.h"

#include "encode.h"

/* base64(bytes) */
int bindings_base64(lua_State *L) {
    size_t length;
    const char *bytes = luaL_checklstring(L, 1, &length);
    char *text = compat_newuserdata(L, ENCODE_BASE64_SIZE(length) + 1);
    lua_pushlstring(L, text, encode_base64(text, bytes, length));
    return 1;
}

/* unbase64(text): the bytes, or nil if the text is not base64. Padding may be missing. */
int bindings_unbase64(lua_State *L) {
    size_t length, written;
    const char *text = luaL_checklstring(L, 1, &length);
    while (length > 0 && text[length - 1] == '=')
        length--;
    char *bytes = compat_newuserdata(L, length + 1);
    if (encode_read_base64(bytes, &written, text, length, false))
        lua_pushlstring(L, bytes, written);
    else
        lua_pushnil(L);
    return 1;
}
