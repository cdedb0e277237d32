/*
 * httpd_stream.c - a response that a Lua function returns piece by piece, so that other requests
 * are served in between and no more than a piece is in memory.
 *
 * libmicrohttpd asks for bytes inside of server:step. It may drop the response outside of it (when
 * the server stops), so the function is kept in the registry and released by the main thread's
 * state.
 */
#include "httpd_stream.h"

#include "httpd_error.h"

#include <lauxlib.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What libmicrohttpd holds for a chunk; a piece may be longer and is sent in several. */
#define BLOCK_BYTES ((size_t)64 * 1024)

typedef struct stream {
    httpd_server *server;
    int function; /* reference in the registry */
    char *piece;  /* what the function gave last */
    size_t length, sent;
} stream;

/* [-1, +1, e] The function is the argument; gives its next piece, or nil. */
static int next_piece(lua_State *L) {
    lua_call(L, 0, 1);
    if (!lua_isnil(L, -1) && lua_type(L, -1) != LUA_TSTRING)
        return luaL_error(L, "the body's function returned a %s", luaL_typename(L, -1));
    return 1;
}

/* Takes over a copy of the string on top. False if out of memory. */
static bool take_piece(lua_State *L, stream *s) {
    size_t length;
    const char *text = lua_tolstring(L, -1, &length);
    free(s->piece);
    s->length = s->sent = 0;
    s->piece = malloc(length > 0 ? length : 1);
    if (s->piece == NULL)
        return false;
    memcpy(s->piece, text, length);
    s->length = length;
    return true;
}

/* [-0, +0, -] Fetches the next piece that is not empty: 1, 0 at the end, -1 on an error. */
static int fetch(stream *s) {
    lua_State *L = s->server->L;
    int top = lua_gettop(L), result = 1;
    if (!lua_checkstack(L, LUA_MINSTACK))
        return -1;
    do {
        lua_settop(L, top);
        lua_pushcfunction(L, httpd_describe_error);
        lua_pushcfunction(L, next_piece);
        lua_rawgeti(L, LUA_REGISTRYINDEX, s->function);
        if (lua_pcall(L, 1, 1, top + 1) != LUA_OK) {
            httpd_report_error(L, s->server);
            result = -1;
        } else if (lua_isnil(L, -1)) {
            result = 0;
        } else if (!take_piece(L, s)) {
            result = -1;
        }
    } while (result == 1 && s->length == 0);
    lua_settop(L, top);
    return result;
}

static ssize_t read_stream(void *userdata, uint64_t position, char *buffer, size_t room) {
    (void)position;
    stream *s = userdata;
    if (s->server->L == NULL)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (s->sent == s->length) {
        int fetched = fetch(s);
        if (fetched <= 0)
            return fetched == 0 ? MHD_CONTENT_READER_END_OF_STREAM
                                : MHD_CONTENT_READER_END_WITH_ERROR;
    }
    size_t count = s->length - s->sent < room ? s->length - s->sent : room;
    memcpy(buffer, s->piece + s->sent, count);
    s->sent += count;
    return (ssize_t)count;
}

static void free_stream(void *userdata) {
    stream *s = userdata;
    luaL_unref(s->server->main, LUA_REGISTRYINDEX, s->function);
    free(s->piece);
    free(s);
}

void httpd_stream_response(lua_State *L, httpd_server *server, int index,
                           struct MHD_Response **response) {
    stream *s = calloc(1, sizeof *s);
    if (s == NULL)
        return;
    s->server = server;
    s->function = LUA_NOREF;
    *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream, s,
                                                  free_stream);
    if (*response == NULL) {
        free(s);
        return;
    }
    lua_pushvalue(L, index);
    s->function = luaL_ref(L, LUA_REGISTRYINDEX);
}
