/*
 * arguments.c - checks whether a function was called as its row says; errors are worded like Lua's
 * own, with the nearest correct name.
 */
#include "arguments.h"

#include "client_argument.h"
#include "formats.h"
#include "nearest.h"
#include "number.h"

#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------- values */

static const char *const type_names[] = {
    [PROMPTIC_STRING] = "string",
    [PROMPTIC_INTEGER] = "integer",
    [PROMPTIC_NUMBER] = "number",
    [PROMPTIC_BOOLEAN] = "boolean",
    [PROMPTIC_OBJECT] = "table",
    [PROMPTIC_ARRAY] = "table",
    [PROMPTIC_STRINGS] = "table",
    [PROMPTIC_ANY] = "value",
    [PROMPTIC_DOCUMENT] = "table or JSON text",
};

static bool is_null(lua_State *L, int index) {
    return lua_type(L, index) == LUA_TLIGHTUSERDATA && lua_touserdata(L, index) == NULL;
}

/* An id that is a number may be given as the text of one, as it is read from a file. */
static bool is_digits(lua_State *L, int index) {
    size_t length;
    const char *text = lua_tolstring(L, index, &length);
    if (*text == '-')
        text++, length--;
    return length > 0 && length <= 18 && strspn(text, "0123456789") == length;
}

static bool has_type(lua_State *L, const promptic_parameter *parameter, const format_row *format,
                     int index) {
    lua_Integer integer;
    int type = lua_type(L, index);
    if (format->type != LUA_TNONE)
        return type == format->type;
    switch (parameter->type) {
    case PROMPTIC_STRING:
        return type == LUA_TSTRING;
    case PROMPTIC_INTEGER:
        if (parameter->place == PROMPTIC_IN_PATH && type == LUA_TSTRING)
            return is_digits(L, index);
        return compat_tointeger(L, index, &integer);
    case PROMPTIC_NUMBER:
        return type == LUA_TNUMBER;
    case PROMPTIC_BOOLEAN:
        return type == LUA_TBOOLEAN;
    case PROMPTIC_OBJECT:
    case PROMPTIC_ARRAY:
    case PROMPTIC_STRINGS:
        return type == LUA_TTABLE;
    case PROMPTIC_ANY:
        return type != LUA_TNONE && (type != LUA_TNIL || parameter->nullable);
    case PROMPTIC_DOCUMENT:
        return type == LUA_TTABLE || type == LUA_TSTRING;
    }
    return false;
}

/* [-?, +?, e] */
static void refuse_type(lua_State *L, const bindings_site *site,
                        const promptic_parameter *parameter, const format_row *format, int index) {
    const char *given = is_null(L, index) ? "null" : luaL_typename(L, index);
    if (parameter->type == PROMPTIC_INTEGER && lua_type(L, index) == LUA_TNUMBER) {
        lua_pushvalue(L, index);
        given = lua_tostring(L, -1);
    }
    const char *expected =
        format->type != LUA_TNONE ? lua_typename(L, format->type) : type_names[parameter->type];
    bindings_argument_error(L, site, "%s: %s expected, got %s",
                            bindings_push_label(L, site, parameter), expected, given);
}

/* [-0, +1, m] Pushes the enum's values in one line. */
static const char *push_values(lua_State *L, const char *const *values) {
    luaL_Buffer line;
    luaL_buffinit(L, &line);
    for (size_t i = 0; values[i] != NULL; i++) {
        if (i > 0)
            luaL_addstring(&line, ", ");
        luaL_addstring(&line, values[i]);
    }
    luaL_pushresult(&line);
    return lua_tostring(L, -1);
}

/* [-0, +0, e] */
static void check_enum(lua_State *L, const bindings_site *site, const promptic_parameter *parameter,
                       int index) {
    const char *given = lua_tostring(L, index);
    for (const char *const *value = parameter->values; *value != NULL; value++)
        if (strcmp(*value, given) == 0 && strlen(given) == lua_rawlen(L, index))
            return;
    const char *label = bindings_push_label(L, site, parameter);
    const char *values = push_values(L, parameter->values);
    const char *near = bindings_nearest_value(parameter->values, given);
    if (near != NULL)
        bindings_argument_error(L, site, "%s: '%s' is not one of %s; did you mean '%s'?", label,
                                given, values, near);
    bindings_argument_error(L, site, "%s: '%s' is not one of %s", label, given, values);
}

/* [-0, +1, m] Pushes a bound as its user would write it. */
static const char *push_bound(lua_State *L, double bound) {
    char digits[NUMBER_SIZE];
    bool is_whole = bound > -1e16 && bound < 1e16 && bound == (double)(long long)bound;
    lua_pushstring(L, number_text(digits, bound, is_whole ? 17 : 14));
    return lua_tostring(L, -1);
}

/* [-0, +0, e] The number, or the length of the list or the text. */
static void check_range(lua_State *L, const bindings_site *site,
                        const promptic_parameter *parameter, int index) {
    bool is_number = parameter->type == PROMPTIC_INTEGER || parameter->type == PROMPTIC_NUMBER;
    double number = is_number ? (double)lua_tonumber(L, index) : (double)lua_rawlen(L, index);
    if (number >= parameter->minimum && number <= parameter->maximum)
        return;
    const char *label = bindings_push_label(L, site, parameter);
    const char *given = push_bound(L, number), *low = push_bound(L, parameter->minimum),
               *high = push_bound(L, parameter->maximum);
    const char *unit = parameter->type == PROMPTIC_STRING ? "characters" : "elements";
    if (is_number)
        bindings_argument_error(L, site, "%s: %s is not in the range %s to %s", label, given, low,
                                high);
    if (number < parameter->minimum)
        bindings_argument_error(L, site, "%s: must not be empty", label);
    bindings_argument_error(L, site, "%s: %s %s, at most %s", label, given, unit, high);
}

/* [-0, +0, e] Of what becomes a C string. */
static void check_no_nul(lua_State *L, const bindings_site *site,
                         const promptic_parameter *parameter, int index) {
    size_t length;
    const char *text = lua_tolstring(L, index, &length);
    if (memchr(text, '\0', length) != NULL)
        bindings_argument_error(L, site, "%s: holds a NUL character",
                                bindings_push_label(L, site, parameter));
}

/* [-0, +0, e] */
static void check_strings(lua_State *L, const bindings_site *site,
                          const promptic_parameter *parameter, int index) {
    for (size_t i = 1; i <= lua_rawlen(L, index); i++) {
        lua_rawgeti(L, index, (compat_index)i);
        const char *given = luaL_typename(L, -1);
        if (lua_type(L, -1) != LUA_TSTRING)
            bindings_argument_error(L, site, "%s: string expected at index %d, got %s",
                                    bindings_push_label(L, site, parameter), (int)i, given);
        lua_pop(L, 1);
    }
}

/* Whether a string cannot hold a NUL: it is in a URL, or an argument of a C function. */
static bool is_c_string(const promptic_parameter *parameter) {
    return parameter->format != PROMPTIC_FORMAT_BYTES &&
           (parameter->place == PROMPTIC_IN_PATH || parameter->place == PROMPTIC_IN_QUERY ||
            parameter->place == PROMPTIC_IN_NO_REQUEST);
}

void bindings_check_value(lua_State *L, const bindings_site *site,
                          const promptic_parameter *parameter, int index) {
    index = lua_absindex(L, index);
    if (parameter->nullable && is_null(L, index))
        return;
    const format_row *format = formats_find(parameter->format);
    if (!has_type(L, parameter, format, index))
        refuse_type(L, site, parameter, format, index);
    if (parameter->values != NULL)
        check_enum(L, site, parameter, index);
    if (parameter->maximum > parameter->minimum)
        check_range(L, site, parameter, index);
    if (parameter->type == PROMPTIC_STRING && is_c_string(parameter))
        check_no_nul(L, site, parameter, index);
    if (parameter->type == PROMPTIC_STRING && parameter->place == PROMPTIC_IN_PATH)
        formats_find(PROMPTIC_FORMAT_ID)->check(L, site, parameter, index);
    if (parameter->type == PROMPTIC_STRINGS)
        check_strings(L, site, parameter, index);
    if (format->check != NULL)
        format->check(L, site, parameter, index);
}

/* ------------------------------------------------------------------ options */

static const promptic_parameter *find_option(const promptic_parameter *parameters,
                                             const char *name) {
    for (; parameters->name != NULL; parameters++)
        if (bindings_is_option(parameters) && strcmp(parameters->name, name) == 0)
            return parameters;
    return NULL;
}

/* [-0, +1, m] Pushes the names of the options in one line. */
static const char *push_option_names(lua_State *L, const promptic_parameter *parameters) {
    luaL_Buffer line;
    const char *before = "";
    luaL_buffinit(L, &line);
    for (; parameters->name != NULL; parameters++) {
        if (!bindings_is_option(parameters))
            continue;
        luaL_addstring(&line, before);
        luaL_addstring(&line, parameters->name);
        before = ", ";
    }
    luaL_pushresult(&line);
    return lua_tostring(L, -1);
}

/* [-0, +0, e] Raises unless the table at index has known options with right values only. */
static void check_options(lua_State *L, const bindings_site *site,
                          const promptic_parameter *parameters, int index) {
    index = lua_absindex(L, index);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            bindings_argument_error(L, site, "options have names, this one has a %s as its key",
                                    luaL_typename(L, -2));
        const char *name = lua_tostring(L, -2);
        const promptic_parameter *parameter = find_option(parameters, name);
        if (parameter != NULL) {
            bindings_check_value(L, site, parameter, -1);
            continue;
        }
        const char *near = bindings_nearest_parameter(parameters, bindings_is_option, name);
        if (near != NULL)
            bindings_argument_error(L, site, "unknown option '%s', did you mean '%s'?", name, near);
        const char *all = push_option_names(L, parameters);
        bindings_argument_error(L, site, "unknown option '%s'; there are %s", name, all);
    }
}

void bindings_push_option(lua_State *L, int index, const char *name) {
    if (!lua_istable(L, index)) {
        lua_pushnil(L);
        return;
    }
    lua_pushstring(L, name);
    lua_rawget(L, index);
}

/* ---------------------------------------------------------------- arguments */

/* Whether it stands for any further arguments. */
static bool is_rest(const promptic_parameter *parameter) {
    return strcmp(parameter->name, "...") == 0;
}

/* [-0, +1, m] Pushes how the function is called: create_component(name [, options]) */
static const char *push_usage(lua_State *L, const promptic_endpoint *row, bool has_options) {
    luaL_Buffer usage;
    const char *before = "";
    luaL_buffinit(L, &usage);
    luaL_addstring(&usage, row->name);
    luaL_addchar(&usage, '(');
    for (const promptic_parameter *p = row->parameters; p->name != NULL; p++) {
        if (!bindings_is_positional(p))
            continue;
        bool optional = !p->required && !is_rest(p);
        luaL_addstring(&usage, optional ? *before != '\0' ? " [, " : "[" : before);
        luaL_addstring(&usage, p->name);
        before = ", ";
        if (optional)
            luaL_addchar(&usage, ']');
    }
    if (has_options)
        luaL_addstring(&usage, *before != '\0' ? " [, options]" : "[options]");
    luaL_addchar(&usage, ')');
    luaL_pushresult(&usage);
    return lua_tostring(L, -1);
}

/* [-?, +?, e] Refuses the table at the site's argument, by its first option where it has one. */
static void refuse_options(lua_State *L, const bindings_site *site, const char *usage) {
    for (lua_pushnil(L); lua_next(L, site->argument) != 0; lua_pop(L, 1))
        if (lua_type(L, -2) == LUA_TSTRING)
            bindings_argument_error(L, site, "unknown option '%s', there are none: %s",
                                    lua_tostring(L, -2), usage);
    bindings_argument_error(L, site, "no options expected: %s", usage);
}

/* [-0, +0, e] Nil after the last argument counts as absent: a wrapper may pass absent arguments on. */
static void check_no_more(lua_State *L, bindings_site *site, const promptic_endpoint *row, int last,
                          bool has_options) {
    for (int index = last + 1; index <= lua_gettop(L); index++) {
        if (lua_isnil(L, index))
            continue;
        site->argument = index;
        const char *usage = push_usage(L, row, has_options);
        if (lua_istable(L, index) && !has_options)
            refuse_options(L, site, usage);
        bindings_argument_error(L, site, "too many arguments: %s", usage);
    }
}

/* [-0, +0, e] Checks the arguments given by position, of which the client is one. Whether there
 * may be any further ones. */
static bool check_positional(lua_State *L, bindings_site *site, const promptic_endpoint *row) {
    if (row->module != NULL) { /* else it takes no client */
        site->argument = 1;
        bindings_check_client(L, site);
    }
    for (const promptic_parameter *p = row->parameters; p->name != NULL; p++) {
        if (!bindings_is_positional(p))
            continue;
        if (is_rest(p))
            return true;
        site->argument++;
        if (p->required || !lua_isnoneornil(L, site->argument))
            bindings_check_value(L, site, p, site->argument);
    }
    return false;
}

static bool has_options(const promptic_endpoint *row) {
    for (const promptic_parameter *p = row->parameters; p->name != NULL; p++)
        if (bindings_is_option(p))
            return true;
    return false;
}

int bindings_check_arguments(lua_State *L, const promptic_endpoint *row, int level) {
    bindings_site site = {.function = row->name, .level = level};
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    if (check_positional(L, &site, row))
        return 0;
    bool takes_options = has_options(row);
    int last = site.argument + (takes_options ? 1 : 0);
    check_no_more(L, &site, row, last, takes_options);
    site.argument = last;
    if (takes_options && !lua_isnoneornil(L, last)) {
        if (!lua_istable(L, last))
            bindings_argument_error(L, &site, "table of options expected, got %s",
                                    luaL_typename(L, last));
        check_options(L, &site, row->parameters, last);
    }
    lua_settop(L, last);
    return takes_options ? last : 0;
}
