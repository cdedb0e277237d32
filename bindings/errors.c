/*
 * errors.c - promptic.Error: what a failed call raises.
 */
#include "bindings.h"

#include <string.h>

/* Of a response that an error carries; a page of HTML need not be kept in full. */
#define MAX_BODY_BYTES ((size_t)64 * 1024)

/* ------------------------------------------------------------------ fields */

/* [-0, +0, m] Sets a field of the table on top, unless the text is NULL. */
static void set_string(lua_State *L, const char *name, const char *text) {
    if (text == NULL)
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

/* [-0, +0, m] */
static void set_body(lua_State *L, const promptic_result *result) {
    size_t length = result->body_length;
    if (length > MAX_BODY_BYTES) {
        length = MAX_BODY_BYTES;
        while (length > 0 && ((unsigned char)result->body[length] & 0xC0) == 0x80)
            length--; /* not in the middle of a character */
    }
    lua_pushlstring(L, result->body, length);
    lua_setfield(L, -2, "body");
}

/* [-0, +1, m] */
static void push_table(lua_State *L, const promptic_result *result) {
    lua_createtable(L, 0, 11);
    set_string(L, "kind", promptic_kind_name(result->kind));
    set_string(L, "message", result->message);
    set_string(L, "code", result->code);
    set_string(L, "method", result->method);
    set_string(L, "path", result->path);
    set_string(L, "request_id", result->request_id);
    bool has_response = result->kind == PROMPTIC_API_ERROR || result->kind == PROMPTIC_DECODE;
    if (has_response && result->status > 0) {
        lua_pushinteger(L, result->status);
        lua_setfield(L, -2, "status_code");
    }
    if (result->retry_after >= 0) {
        lua_pushnumber(L, result->retry_after);
        lua_setfield(L, -2, "retry_after");
    }
    if (has_response)
        set_body(L, result);
    if (result->attempts > 0) {
        lua_pushinteger(L, result->attempts);
        lua_setfield(L, -2, "attempts");
        lua_pushboolean(L, result->maybe_sent);
        lua_setfield(L, -2, "maybe_sent");
    }
    bindings_push_error_metatable(L);
    lua_setmetatable(L, -2);
}

/* Failures of memory and arguments are raised as Lua's own errors. */
void bindings_push_error(lua_State *L, const promptic_result *result) {
    luaL_checkstack(L, 4, NULL);
    if (result->kind == PROMPTIC_MEMORY) {
        lua_pushliteral(L, "not enough memory");
    } else if (result->kind == PROMPTIC_ARGUMENT) {
        luaL_where(L, 1 + BINDINGS_METHOD_LEVEL);
        lua_pushfstring(L, "bad argument (%s)", result->message);
        lua_concat(L, 2);
    } else {
        push_table(L, result);
    }
}

int bindings_raise(lua_State *L, const promptic_result *result) {
    bindings_push_error(L, result);
    return lua_error(L);
}

/* --------------------------------------------------------------- metatable */

/* [-0, +1, m] The field as text, or the other text where it is neither string nor number. */
static void push_field(lua_State *L, const char *name, const char *otherwise) {
    lua_pushstring(L, name);
    lua_rawget(L, 1);
    if (!lua_isstring(L, -1)) {
        lua_pop(L, 1);
        lua_pushstring(L, otherwise);
    }
}

/* __tostring: "[404] Not found", or "timeout: no byte has moved for 30 s". The status of a response
 * that cannot be read is not what is wrong with it. */
static int error_tostring(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    push_field(L, "message", "unknown error");
    push_field(L, "kind", "error");
    push_field(L, "status_code", "");
    if (lua_tostring(L, 4)[0] != '\0' && strcmp(lua_tostring(L, 3), "decode") != 0)
        lua_pushfstring(L, "[%s] %s", lua_tostring(L, 4), lua_tostring(L, 2));
    else
        lua_pushfstring(L, "%s: %s", lua_tostring(L, 3), lua_tostring(L, 2));
    return 1;
}

void bindings_push_error_metatable(lua_State *L) {
    bindings_get(L, BINDINGS_ERROR_METATABLE);
    if (!lua_isnil(L, -1))
        return;
    lua_pop(L, 1);
    lua_createtable(L, 0, 2);
    lua_pushliteral(L, "promptic.Error");
    lua_setfield(L, -2, "__name");
    lua_pushcfunction(L, error_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pushvalue(L, -1);
    bindings_set(L, BINDINGS_ERROR_METATABLE);
}

int bindings_is_error(lua_State *L) {
    const char *kind = luaL_optstring(L, 2, NULL);
    luaL_checkany(L, 1);
    bool is_error = false;
    if (lua_istable(L, 1) && lua_getmetatable(L, 1)) {
        bindings_push_error_metatable(L);
        is_error = lua_rawequal(L, -1, -2);
    }
    if (is_error && kind != NULL) {
        push_field(L, "kind", "");
        is_error = strcmp(lua_tostring(L, -1), kind) == 0;
    }
    lua_pushboolean(L, is_error);
    return 1;
}
