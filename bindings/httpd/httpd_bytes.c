/*
 * httpd_bytes.c - what the sandbox does to whole bodies: gzip and base64 undone, SHA-256.
 *
 * Errors of the input are values (nil and a message), never raised.
 */
#include "httpd.h"

#include <lauxlib.h>

#include <limits.h>
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
 * what is no complete gzip stream. Memory in use: the result, and at most one buffer's growth
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

/* The value of a character of base64's alphabet (RFC 4648, 4), or -1. */
static int sextet(unsigned char c) {
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Decodes four characters of which the last `padding` are '='. False for any other character, and
 * for bits after the end. */
static bool decode_group(const unsigned char *in, size_t padding, unsigned char out[3]) {
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        int value = i < 4 - padding ? sextet(in[i]) : 0;
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
    }
    out[0] = (unsigned char)(bits >> 16);
    out[1] = (unsigned char)(bits >> 8);
    out[2] = (unsigned char)bits;
    return padding == 0 || (out[2] == 0 && (padding == 1 || out[1] == 0));
}

/* httpd.unbase64(text) -> bytes, or nil where the text is no padded base64. */
int httpd_unbase64(lua_State *L) {
    size_t length;
    const unsigned char *text = (const unsigned char *)luaL_checklstring(L, 1, &length);
    if (length % 4 != 0)
        return fail(L, "the length is no multiple of four");
    size_t padding = 0;
    while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
        padding++;
    luaL_Buffer bytes;
    unsigned char *out = (unsigned char *)luaL_buffinitsize(L, &bytes, length / 4 * 3 + 1);
    for (size_t i = 0; i < length; i += 4)
        if (!decode_group(text + i, i + 4 == length ? padding : 0, out + i / 4 * 3))
            return fail(L, "a character is none of base64");
    luaL_pushresultsize(&bytes, length / 4 * 3 - padding);
    return 1;
}

/* ----------------------------------------------------------------- SHA-256 */

/* FIPS 180-4, 4.2.2: the first 32 bits of the fractions of the cube roots of the first 64 primes.
 */
static const uint32_t rounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t word, unsigned by) {
    return word >> by | word << (32 - by);
}

static void expand(const unsigned char *block, uint32_t w[64]) {
    for (size_t i = 0; i < 16; i++, block += 4)
        w[i] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 |
               block[3];
    for (size_t i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + w[i - 7] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) +
               (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
}

static void digest_block(uint32_t state[8], const unsigned char *block) {
    uint32_t w[64], s[8];
    expand(block, w);
    memcpy(s, state, sizeof s);
    for (size_t i = 0; i < 64; i++) {
        uint32_t e = s[4], a = s[0];
        uint32_t t1 = s[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
                      ((e & s[5]) ^ (~e & s[6])) + rounds[i] + w[i];
        uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
                      ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (size_t i = 0; i < 8; i++)
        state[i] += s[i];
}

/* The last blocks: what is left of the text, a one bit, zeros, the length in bits. */
static void digest_end(uint32_t state[8], const unsigned char *rest, size_t left, uint64_t length) {
    unsigned char block[128] = {0};
    size_t size = left < 56 ? 64 : 128;
    memcpy(block, rest, left);
    block[left] = 0x80;
    for (size_t i = 0; i < 8; i++)
        block[size - 1 - i] = (unsigned char)(length * 8 >> (8 * i));
    for (size_t at = 0; at < size; at += 64)
        digest_block(state, block + at);
}

/* httpd.sha256(text) -> 64 hexadecimal digits. */
int httpd_sha256(lua_State *L) {
    size_t length, at = 0;
    const unsigned char *text = (const unsigned char *)luaL_checklstring(L, 1, &length);
    uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    for (; length - at >= 64; at += 64)
        digest_block(state, text + at);
    digest_end(state, text + at, length - at, length);
    luaL_Buffer digits;
    luaL_buffinit(L, &digits);
    for (size_t i = 0; i < 32; i++) {
        static const char hex[] = "0123456789abcdef";
        unsigned char byte = (unsigned char)(state[i / 4] >> (24 - 8 * (i % 4)));
        luaL_addchar(&digits, hex[byte >> 4]);
        luaL_addchar(&digits, hex[byte & 15]);
    }
    luaL_pushresult(&digits);
    return 1;
}

/* httpd.hex(text) -> two hexadecimal digits a byte, as SQL writes a blob. */
int httpd_hex(lua_State *L) {
    static const char hex[] = "0123456789abcdef";
    size_t length;
    const unsigned char *text = (const unsigned char *)luaL_checklstring(L, 1, &length);
    luaL_Buffer digits;
    char *out = luaL_buffinitsize(L, &digits, 2 * length);
    for (size_t i = 0; i < length; i++) {
        *out++ = hex[text[i] >> 4];
        *out++ = hex[text[i] & 15];
    }
    luaL_pushresultsize(&digits, 2 * length);
    return 1;
}
