/*
 * errors.c - promptic.Error: what a failed call raises.
 */
#include "errors.h"

#include "clean.h"
#include "lua_client.h"
#include "registry.h"
#include "response.h"
#include "retry.h"
#include "site.h"
#include "state.h"

#include <string.h>

/* Of a response that an error carries; a page of HTML need not be kept in full. */
#define MAX_BODY_BYTES ((size_t)64 * 1024)

/* Bytes past that limit that are looked at: a secret that it cuts is hidden as well. */
#define LONGEST_SECRET ((size_t)16 * 1024)

/* Of a message, as in the core. */
#define MAX_LINE_BYTES 2000

/* -------------------------------------------------------- text from outside */

/* [-0, +1, m] Pushes a copy of the bytes to write to, as a userdata. */
static char *push_copy(lua_State *L, const char *bytes, size_t length) {
    char *copy = lua_newuserdata(L, length + 1);
    if (length > 0) /* else there may be no bytes */
        memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

/* [-0, +0, m] Hides the secrets of every client of this lua_State. */
static void hide(lua_State *L, char *text, size_t length) {
    luaL_checkstack(L, 4, NULL);
    bindings_get(L, BINDINGS_CLIENTS);
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
        const bindings_client *client = lua_touserdata(L, -1);
        if (client != NULL && client->handle != NULL)
            promptic_client_hide(client->handle, text, length);
    }
    lua_pop(L, 1);
}

/* [-0, +1, m] Pushes the string at index as a line that may be shown (core/README.md, "Errors"). */
static void push_line(lua_State *L, int index) {
    char line[MAX_LINE_BYTES + 1];
    size_t length;
    const char *text = lua_tolstring(L, index, &length);
    char *copy = push_copy(L, text, length);
    hide(L, copy, length);
    clean_line(line, sizeof line, copy, length);
    lua_pop(L, 1);
    lua_pushstring(L, line);
}

int bindings_clean(lua_State *L) {
    luaL_checkstring(L, 1);
    push_line(L, 1);
    return 1;
}

/* [-0, +0, m] Cleans what a table of an error at the index holds. */
static void clean_fields(lua_State *L, int index) {
    static const char *const names[] = {"message",    "code",   "method", "path",
                                        "request_id", "reason", NULL};
    for (size_t i = 0; names[i] != NULL; i++) {
        lua_pushstring(L, names[i]);
        lua_pushvalue(L, -1);
        lua_rawget(L, index);
        if (lua_type(L, -1) == LUA_TSTRING) {
            push_line(L, lua_gettop(L));
            lua_remove(L, -2);
            lua_rawset(L, index);
        } else {
            lua_pop(L, 2);
        }
    }
}

/* new_error(fields): the door through which all errors of the prelude go */
int bindings_new_error(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    clean_fields(L, 1);
    bindings_push_error_metatable(L);
    lua_setmetatable(L, 1);
    return 1;
}

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
    if (length > MAX_BODY_BYTES + LONGEST_SECRET)
        length = MAX_BODY_BYTES + LONGEST_SECRET;
    char *body = push_copy(L, result->body, length);
    hide(L, body, length);
    if (length > MAX_BODY_BYTES) {
        length = MAX_BODY_BYTES;
        while (length > 0 && ((unsigned char)body[length] & 0xC0) == 0x80)
            length--; /* not in the middle of a character */
    }
    lua_pushlstring(L, body, length);
    lua_remove(L, -2);
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
    clean_fields(L, lua_gettop(L));
    bindings_push_error_metatable(L);
    lua_setmetatable(L, -2);
}

/* Failures of memory and arguments are raised as Lua's own errors. */
void bindings_push_error(lua_State *L, const promptic_result *result) {
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    if (result->kind == PROMPTIC_MEMORY) {
        lua_pushliteral(L, "not enough memory");
    } else if (result->kind == PROMPTIC_ARGUMENT) {
        luaL_where(L, 1 + BINDINGS_METHOD_LEVEL);
        lua_pushfstring(L, "bad argument (%s)", result->message);
        lua_concat(L, 2);
    } else {
        push_table(L, result);
        if (result->kind == PROMPTIC_API_ERROR)
            bindings_keep_response(L, result);
    }
}

int bindings_raise(lua_State *L, const promptic_result *result) {
    bindings_push_error(L, result);
    return lua_error(L);
}

int bindings_raise_failure(lua_State *L, const promptic_error *error) {
    return bindings_raise(L, &(promptic_result){.kind = error->kind,
                                                .code = error->code,
                                                .message = error->message,
                                                .retry_after = -1});
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

/* [-0, +1, m] " (GET /components/x)" for a 404 whose message does not name the route, else "". */
static void push_request(lua_State *L) {
    push_field(L, "status_code", "");
    push_field(L, "code", "");
    push_field(L, "method", "");
    push_field(L, "path", "");
    const char *method = lua_tostring(L, -2), *path = lua_tostring(L, -1);
    bool is_named = strcmp(lua_tostring(L, -4), "404") == 0 &&
                    strcmp(lua_tostring(L, -3), "no_route") != 0 && *method != '\0' &&
                    *path != '\0';
    if (is_named)
        lua_pushfstring(L, " (%s %s)", method, path);
    else
        lua_pushliteral(L, "");
}

/* __tostring: "[404] Not found (GET /components/x)", "[409] The experiment is running", or
 * "timeout: no data was sent or received for 30 s"; of a signal what a stock interpreter raises. The
 * status of a response that cannot be read is not what is wrong with it. */
static int error_tostring(lua_State *L) {
    if (!lua_istable(L, 1)) /* luaL_checktype does not know the name of a metamethod */
        return luaL_error(L, "bad argument #1 to 'tostring' (promptic.Error expected, got %s)",
                          luaL_typename(L, 1));
    lua_settop(L, 1);
    if (bindings_is_interrupt(L, 1)) {
        lua_pushliteral(L, bindings_interrupted);
        return 1;
    }
    push_field(L, "message", "unknown error");
    push_field(L, "kind", "error");
    push_field(L, "status_code", "");
    if (lua_tostring(L, 4)[0] != '\0' && strcmp(lua_tostring(L, 3), "decode") != 0) {
        push_request(L);
        lua_pushfstring(L, "[%s] %s%s", lua_tostring(L, 4), lua_tostring(L, 2),
                        lua_tostring(L, -1));
    } else {
        lua_pushfstring(L, "%s: %s", lua_tostring(L, 3), lua_tostring(L, 2));
    }
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

/* ------------------------------------------------------------------- signals */

int bindings_raise_interrupt(lua_State *L) {
    lua_createtable(L, 0, 4);
    set_string(L, "kind", "interrupted");
    set_string(L, "message", bindings_interrupted);
    bindings_push_error_metatable(L);
    lua_setmetatable(L, -2);
    return lua_error(L);
}

bool bindings_is_interrupt(lua_State *L, int index) {
    static const char text[] = bindings_interrupted;
    size_t length = 0, least = sizeof text - 1;
    if (lua_type(L, index) == LUA_TSTRING) {
        const char *message = lua_tolstring(L, index, &length);
        return length >= least && strcmp(message + length - least, text) == 0;
    }
    if (!lua_istable(L, index) || !lua_getmetatable(L, index))
        return false;
    bindings_push_error_metatable(L);
    bool is_error = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    if (!is_error)
        return false;
    lua_pushvalue(L, index);
    lua_pushliteral(L, "kind");
    lua_rawget(L, -2);
    const char *kind = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    bool is_interrupt = strcmp(kind, "interrupted") == 0;
    lua_pop(L, 2);
    return is_interrupt;
}

/* --------------------------------------------------------------------- kinds */

int bindings_is_passing(lua_State *L) {
    lua_getfield(L, 1, "kind");
    lua_getfield(L, 1, "status_code");
    promptic_kind kind = PROMPTIC_OK;
    while (kind < PROMPTIC_MEMORY &&
           (!lua_isstring(L, -2) || strcmp(promptic_kind_name(kind), lua_tostring(L, -2)) != 0))
        kind++;
    lua_pushboolean(L, retry_is_passing(kind, (int)lua_tointeger(L, -1)));
    return 1;
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
