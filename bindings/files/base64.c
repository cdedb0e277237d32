/*
 * base64.c - RFC 4648, section 4.
 */
#include "base64.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* base64(bytes) */
int bindings_base64(lua_State *L) {
    size_t length;
    luaL_Buffer out;
    const char *bytes = luaL_checklstring(L, 1, &length);
    luaL_buffinit(L, &out);
    for (size_t i = 0; i < length; i += 3) {
        const unsigned char *at = (const unsigned char *)bytes + i;
        unsigned long group = (unsigned long)at[0] << 16;
        group |= i + 1 < length ? (unsigned long)at[1] << 8 : 0;
        group |= i + 2 < length ? at[2] : 0;
        luaL_addchar(&out, letters[group >> 18]);
        luaL_addchar(&out, letters[group >> 12 & 63]);
        luaL_addchar(&out, i + 1 < length ? letters[group >> 6 & 63] : '=');
        luaL_addchar(&out, i + 2 < length ? letters[group & 63] : '=');
    }
    luaL_pushresult(&out);
    return 1;
}

/* The value of a letter; -1 of anything else. */
static int value_of(unsigned char c) {
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* unbase64(text): the bytes, or nil where the text is not base64. Padding may be missing. */
int bindings_unbase64(lua_State *L) {
    size_t length;
    luaL_Buffer out;
    const char *text = luaL_checklstring(L, 1, &length);
    while (length > 0 && text[length - 1] == '=')
        length--;
    luaL_buffinit(L, &out);
    unsigned long group = 0;
    int bits = 0;
    for (size_t i = 0; i < length; i++) {
        int value = value_of((unsigned char)text[i]);
        if (value < 0 || (i + 1 == length && bits == 0)) {
            lua_pushnil(L);
            return 1;
        }
        group = (group << 6 | (unsigned long)value) & 0xFFFFFF;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            luaL_addchar(&out, (char)(group >> bits & 0xFF));
        }
    }
    luaL_pushresult(&out);
    return 1;
}
