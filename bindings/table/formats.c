/*
 * formats.c - the formats of parameters: a row each, with its check.
 */
#include "formats.h"

#include "client_argument.h"
#include "request.h"

#include <string.h>

/* ------------------------------------------------------------------- checks */

/* [-0, +0, e] One segment of a path. */
static void check_id(lua_State *L, const bindings_site *site, const promptic_parameter *parameter,
                     int index) {
    const char *problem = request_id_problem(lua_tostring(L, index));
    if (problem != NULL)
        bindings_argument_error(L, site, "%s: %s", bindings_push_label(L, site, parameter),
                                problem);
}

/* [-0, +0, e] */
static void check_name(lua_State *L, const bindings_site *site, const promptic_parameter *parameter,
                       int index) {
    const char *text = lua_tostring(L, index);
    if (text[strspn(text, " \t\n\v\f\r")] == '\0')
        bindings_argument_error(L, site, "%s: must not be empty",
                                bindings_push_label(L, site, parameter));
}

/* [-0, +0, e] */
static void refuse_seconds(lua_State *L, const bindings_site *site,
                           const promptic_parameter *parameter, int index, const char *sign) {
    lua_pushvalue(L, index);
    bindings_argument_error(L, site, "%s: %s is not a %s number of seconds",
                            bindings_push_label(L, site, parameter), lua_tostring(L, -2), sign);
}

/* [-0, +0, e] A NaN is neither. */
static void check_seconds(lua_State *L, const bindings_site *site,
                          const promptic_parameter *parameter, int index) {
    if (!(lua_tonumber(L, index) >= 0))
        refuse_seconds(L, site, parameter, index, "non-negative");
}

/* [-0, +0, e] */
static void check_positive_seconds(lua_State *L, const bindings_site *site,
                                   const promptic_parameter *parameter, int index) {
    if (!(lua_tonumber(L, index) > 0))
        refuse_seconds(L, site, parameter, index, "positive");
}

/* [-0, +0, e] */
static void check_text_or_false(lua_State *L, const bindings_site *site,
                                const promptic_parameter *parameter, int index) {
    size_t length;
    if (lua_isboolean(L, index) && !lua_toboolean(L, index))
        return;
    if (lua_type(L, index) != LUA_TSTRING)
        bindings_argument_error(L, site, "%s: string or false expected, got %s",
                                bindings_push_label(L, site, parameter), luaL_typename(L, index));
    const char *text = lua_tolstring(L, index, &length);
    if (memchr(text, '\0', length) != NULL)
        bindings_argument_error(L, site, "%s: holds a NUL character",
                                bindings_push_label(L, site, parameter));
}

/* [-0, +0, e] */
static void check_client(lua_State *L, const bindings_site *site,
                         const promptic_parameter *parameter, int index) {
    if (bindings_to_client(L, index) == NULL)
        bindings_argument_error(L, site, "%s: promptic.client expected, got %s",
                                bindings_push_label(L, site, parameter), luaL_typename(L, index));
}

/* --------------------------------------------------------------------- rows */

/* What a row's own check says of sources (library.h) is not said here. */
static const format_row rows[PROMPTIC_FORMATS] = {
    [PROMPTIC_FORMAT_NONE] = {NULL, LUA_TNONE, NULL},
    [PROMPTIC_FORMAT_UUID] = {"uuid", LUA_TNONE, NULL},
    [PROMPTIC_FORMAT_TIME] = {"date-time", LUA_TNONE, NULL},
    [PROMPTIC_FORMAT_ID] = {"id", LUA_TNONE, check_id},
    [PROMPTIC_FORMAT_BYTES] = {"bytes", LUA_TNONE, NULL},
    [PROMPTIC_FORMAT_SECONDS] = {"seconds", LUA_TNONE, check_seconds},
    [PROMPTIC_FORMAT_POSITIVE_SECONDS] = {"positive_seconds", LUA_TNONE, check_positive_seconds},
    [PROMPTIC_FORMAT_FUNCTION] = {"function", LUA_TFUNCTION, NULL},
    [PROMPTIC_FORMAT_TEXT_OR_FALSE] = {"text_or_false", LUA_TNONE, check_text_or_false},
    [PROMPTIC_FORMAT_CLIENT] = {"client", LUA_TNONE, check_client},
    [PROMPTIC_FORMAT_ROWS_SOURCE] = {"rows_source", LUA_TNONE, NULL},
    [PROMPTIC_FORMAT_BYTES_SOURCE] = {"bytes_source", LUA_TNONE, NULL},
    [PROMPTIC_FORMAT_NAME] = {"name", LUA_TNONE, check_name},
};

const format_row *formats_find(promptic_format format) {
    return &rows[format];
}
