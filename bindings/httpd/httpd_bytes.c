/*
 * httpd_bytes.c - gunzip, base64 decoding and SHA-256 of whole bodies.
 *
 * Errors of the input are values (nil and a message), never raised.
 */
#include "httpd_bytes.h"

#include "ascii.h"
#include "encode.h"
#include "sha256.h"

#include <lauxlib.h>

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

/* Window bits of a gzip stream for inflateInit2: 15, and 16 for the gzip wrapper alone. */
#define GZIP_WINDOW_BITS (15 + 16)

/* -------------------------------------------------------------------- gzip */

/* A userdata, so that a Lua error between init and end leaks nothing. */
typedef struct inflater {
    z_stream stream;
    bool begun;
} inflater;

static int inflater_end(lua_State *L) {
    inflater *z = luaL_checkudata(L, 1, HTTPD_INFLATER);
    if (z->begun)
        inflateEnd(&z->stream);
    z->begun = false;
    return 0;
}

void httpd_register_inflater(lua_State *L) {
    if (luaL_newmetatable(L, HTTPD_INFLATER)) {
        lua_pushliteral(L, HTTPD_INFLATER); /* closed to scripts, as in registry.c */
        lua_setfield(L, -2, "__metatable");
        lua_pushcfunction(L, inflater_end);
        lua_setfield(L, -2, "__gc");
    }
    lua_pop(L, 1);
}

/* [-0, +1, m] */
static inflater *push_inflater(lua_State *L) {
    inflater *z = lua_newuserdatauv(L, sizeof *z, 0);
    memset(z, 0, sizeof *z);
    luaL_setmetatable(L, HTTPD_INFLATER);
    return z;
}

/* [-0, +2, m] */
static int fail(lua_State *L, const char *message) {
    luaL_pushfail(L);
    lua_pushstring(L, message);
    return 2;
}

/* Whether another gzip member follows the one that has ended; they are one text (RFC 1952, 2.2). */
static bool next_member(inflater *z) {
    return z->stream.avail_in > 0 && inflateReset(&z->stream) == Z_OK;
}

/*
 * httpd.gunzip(text, most) -> bytes; nil, "too large" above `most` bytes; nil and a message for
 * a stream that is not complete. Memory in use: the result, and at most one buffer's growth
 * beyond it.
 */
int httpd_gunzip(lua_State *L) {
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    lua_Integer most = luaL_checkinteger(L, 2);
    luaL_argcheck(L, most >= 0, 2, "size from 0 expected");
    luaL_argcheck(L, length <= UINT_MAX, 1, "text too long");
    inflater *z = push_inflater(L);
    if (inflateInit2(&z->stream, GZIP_WINDOW_BITS) != Z_OK)
        return luaL_error(L, "not enough memory");
    z->begun = true;
    /* zlib never writes to its input, but for lack of z_const its type says otherwise. */
    z->stream.next_in = (Bytef *)(uintptr_t)text;
    z->stream.avail_in = (uInt)length;
    luaL_Buffer bytes;
    luaL_buffinit(L, &bytes);
    size_t total = 0;
    int status = Z_OK;
    do {
        z->stream.next_out = (Bytef *)luaL_prepbuffer(&bytes);
        z->stream.avail_out = LUAL_BUFFERSIZE;
        status = inflate(&z->stream, Z_NO_FLUSH);
        size_t count = LUAL_BUFFERSIZE - z->stream.avail_out;
        luaL_addsize(&bytes, count);
        total += count;
        if (total > (size_t)most)
            return fail(L, "too large");
    } while (status == Z_OK || (status == Z_STREAM_END && next_member(z)));
    if (status != Z_STREAM_END)
        return fail(L, z->stream.msg != NULL ? z->stream.msg : "the stream is cut off");
    luaL_pushresult(&bytes);
    return 1;
}

/* ------------------------------------------------------------------ base64 */

/* httpd.unbase64(text) -> bytes, or nil if the text is not padded base64. */
int httpd_unbase64(lua_State *L) {
    size_t length, written, padding = 0;
    const char *text = luaL_checklstring(L, 1, &length);
    if (length % 4 != 0)
        return fail(L, "the length is no multiple of four");
    while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
        padding++;
    luaL_Buffer bytes;
    char *out = luaL_buffinitsize(L, &bytes, length);
    if (!encode_read_base64(out, &written, text, length - padding, true))
        return fail(L, "a character is none of base64");
    luaL_pushresultsize(&bytes, written);
    return 1;
}

/* httpd.sha256(text) -> 64 hexadecimal digits. */
int httpd_sha256(lua_State *L) {
    size_t length;
    char digits[SHA256_DIGITS + 1];
    const char *text = luaL_checklstring(L, 1, &length);
    sha256_digits(text, length, digits);
    lua_pushlstring(L, digits, SHA256_DIGITS);
    return 1;
}

/* httpd.hex(text) -> two hexadecimal digits a byte, as SQL writes a blob. */
int httpd_hex(lua_State *L) {
    size_t length;
    const unsigned char *text = (const unsigned char *)luaL_checklstring(L, 1, &length);
    luaL_Buffer digits;
    char *out = luaL_buffinitsize(L, &digits, 2 * length);
    for (size_t i = 0; i < length; i++)
        out = ascii_put_hex(out, text[i]);
    luaL_pushresultsize(&digits, 2 * length);
    return 1;
}
