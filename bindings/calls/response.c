/*
 * response.c - promptic.response: what came with a result besides its body.
 */
#include "response.h"

#include "registry.h"

#include <string.h>

/* The response's data until promptic.response is called: the table is made only then, which is
 * rare. Method, path, names and values of the headers and the certificate's issuer follow, each
 * ended by a NUL. */
typedef struct response {
    int status, attempts;
    bool reused;
    double elapsed;
    long long certificate_expires; /* 0: not known */
    bool has_certificate;          /* its issuer follows the headers */
    size_t header_count;
    char texts[];
} response;

/* [-0, +1, m] */
static void push_response(lua_State *L, const promptic_result *result) {
    size_t size = strlen(result->method) + strlen(result->path) + 2;
    for (size_t i = 0; i < result->header_count; i++)
        size += strlen(result->headers[i].name) + strlen(result->headers[i].value) + 2;
    if (result->certificate_issuer != NULL)
        size += strlen(result->certificate_issuer) + 1;
    response *kept = compat_newuserdata(L, sizeof *kept + size);
    kept->status = result->status;
    kept->attempts = result->attempts;
    kept->reused = result->connection_reused;
    kept->elapsed = result->elapsed;
    kept->certificate_expires = result->certificate_expires;
    kept->has_certificate = result->certificate_issuer != NULL;
    kept->header_count = result->header_count;
    char *at = stpcpy(kept->texts, result->method) + 1;
    at = stpcpy(at, result->path) + 1;
    for (size_t i = 0; i < result->header_count; i++) {
        at = stpcpy(at, result->headers[i].name) + 1;
        at = stpcpy(at, result->headers[i].value) + 1;
    }
    if (kept->has_certificate)
        strcpy(at, result->certificate_issuer);
}

void bindings_keep_response(lua_State *L, const promptic_result *result) {
    bindings_get(L, BINDINGS_RESPONSES);
    lua_pushvalue(L, -2);
    push_response(L, result);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

/* [-1, +0, m] Adds the value on top to the table below it: as a string, further ones of one name as
 * a list of all of them. */
static void add_header(lua_State *L, const char *name) {
    lua_getfield(L, -2, name);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_setfield(L, -2, name);
        return;
    }
    if (!lua_istable(L, -1)) {
        lua_createtable(L, 2, 0);
        lua_insert(L, -2);
        lua_rawseti(L, -2, 1);
        lua_pushvalue(L, -1);
        lua_setfield(L, -4, name);
    }
    lua_insert(L, -2);
    lua_rawseti(L, -2, (int)lua_rawlen(L, -2) + 1);
    lua_pop(L, 1);
}

/* [-1, +1, m] The strings of the list on top as a line with commas (RFC 9110, 5.3). */
static void join(lua_State *L) {
    int list = lua_gettop(L), count = (int)lua_rawlen(L, list);
    luaL_Buffer line;
    luaL_buffinit(L, &line);
    for (int i = 1; i <= count; i++) {
        if (i > 1)
            luaL_addstring(&line, ", ");
        lua_rawgeti(L, list, i);
        luaL_addvalue(&line);
    }
    luaL_pushresult(&line);
    lua_remove(L, list);
}

/* [-0, +0, m] Joins the lists in the table on top, all at once: one by one they would be copied
 * again for each value that follows. */
static void join_lists(lua_State *L) {
    for (lua_pushnil(L); lua_next(L, -2) != 0;) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        if (lua_istable(L, -1))
            join(L);
        lua_rawset(L, -4);
    }
}

void bindings_push_headers(lua_State *L, const promptic_result *result) {
    lua_createtable(L, 0, (int)result->header_count);
    for (size_t i = 0; i < result->header_count; i++) {
        lua_pushstring(L, result->headers[i].value);
        add_header(L, result->headers[i].name);
    }
    join_lists(L);
}

/* [-0, +1, m] Pushes the headers by name and returns what follows them. */
static const char *push_headers(lua_State *L, const response *kept, const char *at) {
    lua_createtable(L, 0, (int)kept->header_count);
    for (size_t i = 0; i < kept->header_count; i++) {
        const char *name = at, *value = at + strlen(at) + 1;
        at = value + strlen(value) + 1;
        lua_pushstring(L, value);
        add_header(L, name);
    }
    join_lists(L);
    return at;
}

/* [-0, +0, m] Sets the field `certificate` of the table on top. */
static void set_certificate(lua_State *L, const response *kept, const char *issuer) {
    if (!kept->has_certificate)
        return;
    lua_createtable(L, 0, 2);
    lua_pushstring(L, issuer);
    lua_setfield(L, -2, "issuer");
    if (kept->certificate_expires > 0) {
        lua_pushnumber(L, (lua_Number)kept->certificate_expires);
        lua_setfield(L, -2, "expires");
    }
    lua_setfield(L, -2, "certificate");
}

/* [-0, +1, m] */
static void push_response_table(lua_State *L, const response *kept) {
    const char *path = kept->texts + strlen(kept->texts) + 1;
    lua_createtable(L, 0, 10);
    lua_pushstring(L, kept->texts);
    lua_setfield(L, -2, "method");
    lua_pushstring(L, path);
    lua_setfield(L, -2, "path");
    lua_pushinteger(L, kept->status);
    lua_setfield(L, -2, "status");
    lua_pushinteger(L, kept->attempts);
    lua_setfield(L, -2, "attempts");
    lua_pushnumber(L, kept->elapsed);
    lua_setfield(L, -2, "elapsed");
    lua_pushboolean(L, kept->reused);
    lua_setfield(L, -2, "connection_reused");
    const char *issuer = push_headers(L, kept, path + strlen(path) + 1);
    lua_getfield(L, -1, "x-request-id");
    lua_setfield(L, -3, "request_id");
    lua_setfield(L, -2, "headers");
    set_certificate(L, kept, issuer);
}

int bindings_response(lua_State *L) {
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    bindings_get(L, BINDINGS_RESPONSES);
    lua_pushvalue(L, 1);
    lua_rawget(L, 2);
    if (lua_type(L, 3) == LUA_TUSERDATA) {
        push_response_table(L, lua_touserdata(L, 3));
        lua_pushvalue(L, 1);
        lua_pushvalue(L, -2);
        lua_rawset(L, 2);
    }
    return 1;
}
