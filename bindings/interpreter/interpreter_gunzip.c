/*
 * interpreter_gunzip.c - require "promptic.gunzip": a function that undoes gzip, for files that the
 * command reads.
 */
#include "interpreter_gunzip.h"

#include "gzip.h"

#include <lauxlib.h>

/* [-1, +0, -] __gc and __close of the box that holds a gzip. */
static int free_box(lua_State *L) {
    struct gzip **box = lua_touserdata(L, 1);
    gzip_free(*box);
    *box = NULL;
    return 0;
}

/* [-0, +1, m] A box at the top of the stack, which is freed whatever raises. */
static struct gzip *push_box(lua_State *L) {
    struct gzip **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = NULL;
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, free_box);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    *box = gzip_new(NULL);
    if (*box == NULL)
        luaL_error(L, "not enough memory");
    return *box;
}

/* [-0, +2, -] nil and the reason. */
static int refuse(lua_State *L, const char *reason) {
    lua_pushnil(L);
    lua_pushstring(L, reason);
    return 2;
}

/* gunzip(bytes, most): what the bytes stand for, `most` bytes at most; nil and why. */
static int gunzip_bytes(lua_State *L) {
    size_t length;
    const char *bytes = luaL_checklstring(L, 1, &length);
    lua_Integer most = luaL_checkinteger(L, 2);
    luaL_Buffer text;
    struct gzip *gzip = push_box(L);
    luaL_buffinit(L, &text);
    size_t total = 0;
    while (length > 0 || gzip->has_more) {
        size_t read = gzip_read(gzip, bytes, length);
        bytes += read, length -= read;
        if (gzip->problem == GZIP_NO_MEMORY)
            return luaL_error(L, "not enough memory");
        if (gzip->problem != GZIP_FINE)
            return refuse(L, "not gzip");
        total += gzip->piece_length;
        if (total > (size_t)most)
            return refuse(L, "too long");
        luaL_addlstring(&text, gzip->piece, gzip->piece_length);
    }
    if (!gzip_is_whole(gzip))
        return refuse(L, "cut off");
    luaL_pushresult(&text);
    return 1;
}

int interpreter_open_gunzip(lua_State *L) {
    lua_pushcfunction(L, gunzip_bytes);
    return 1;
}
