/*
 * system.c - promptic.now, promptic.time and promptic.uuid: what Lua's own library has not.
 */
#include "system.h"

#include "ascii.h"
#include "clock.h"
#include "forks.h"
#include "state.h"

#include <sys/random.h>
#include <unistd.h>

/* promptic.now(): monotonic. */
int bindings_now(lua_State *L) {
    lua_pushnumber(L, clock_seconds());
    return 1;
}

/* promptic.time(): Unix time with its fraction, unlike os.time. */
int bindings_unix_time(lua_State *L) {
    lua_pushnumber(L, clock_seconds_of(CLOCK_REALTIME));
    return 1;
}

int bindings_stamp(lua_State *L) {
    lua_pushnumber(L, clock_seconds_of(CLOCK_REALTIME));
    lua_pushinteger(L, (lua_Integer)bindings_generation());
    return 2;
}

/* [-0, +0, e] */
static void fill_random(lua_State *L, unsigned char *bytes, size_t length) {
    if (getentropy(bytes, length) != 0)
        luaL_error(L, "the system gives no random bytes");
}

/* [-0, +0, e] Takes bytes that are left of the last system call. A forked child must not use them
 * too. */
static const unsigned char *take_random(lua_State *L, bindings_random *pool, size_t length) {
    unsigned process = bindings_generation();
    if (length > pool->left || pool->process != process) {
        pool->left = 0;
        fill_random(L, pool->bytes, sizeof pool->bytes);
        pool->left = sizeof pool->bytes;
        pool->process = process;
    }
    pool->left -= length;
    return pool->bytes + pool->left;
}

int bindings_random_hex(lua_State *L) {
    bindings_random *pool = &bindings_state_of(L)->random;
    char text[2 * sizeof pool->bytes];
    size_t wanted = (size_t)luaL_checkinteger(L, 1);
    size_t length = wanted < sizeof pool->bytes ? wanted : sizeof pool->bytes;
    const unsigned char *bytes = take_random(L, pool, length);
    for (size_t i = 0; i < length; i++)
        ascii_put_hex(text + 2 * i, bytes[i]);
    lua_pushlstring(L, text, 2 * length);
    return 1;
}

/* promptic.uuid(): a random UUID (RFC 9562, version 4) in lower case. */
int bindings_uuid(lua_State *L) {
    unsigned char bytes[16];
    char text[36];
    size_t length = 0;
    fill_random(L, bytes, sizeof bytes);
    bytes[6] = (unsigned char)((bytes[6] & 0x0F) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3F) | 0x80);
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text[length++] = '-';
        ascii_put_hex(text + length, bytes[i]);
        length += 2;
    }
    lua_pushlstring(L, text, length);
    return 1;
}
