/* rows_arguments.c - upload_observations: its arguments. The rest is Lua (prelude/upload.lua) and
 * rows_*.c. */
#include "rows.h"

#include <errno.h>
#include <string.h>

/* [-0, +0, e] Raises unless the table has the keys 1 to n only. */
static void check_list(lua_State *L, const bindings_site *site) {
    size_t length = lua_rawlen(L, site->argument), count = 0;
    for (lua_pushnil(L); lua_next(L, site->argument) != 0; lua_pop(L, 1)) {
        count++;
        if (lua_type(L, -2) == LUA_TSTRING)
            bindings_argument_error(L, site, "source: a list expected, this table has a field '%s'",
                                    lua_tostring(L, -2));
    }
    if (count != length)
        bindings_argument_error(L, site, "source: a list expected, this table has holes");
}

/* [-0, +0, e] Puts a reader in the place of the path, and the path into the settings on top. */
static void open_file(lua_State *L, const bindings_site *site, const rows_reading *reading) {
    const char *path = lua_tostring(L, site->argument);
    int settings = lua_gettop(L);
    if (strlen(path) != lua_rawlen(L, site->argument))
        bindings_argument_error(L, site, "source: the path holds a NUL character");
    if (rows_find_format(path) == NULL)
        bindings_argument_error(
            L, site, "source: '%s' ends in none of .csv, .tsv, .jsonl, .ndjson, .json", path);
    if (!rows_push_reader(L, path, reading))
        bindings_argument_error(L, site, "source: %s: %s", path, strerror(errno));
    lua_pushvalue(L, site->argument);
    lua_setfield(L, settings, "path");
    lua_replace(L, site->argument);
}

/* [-0, +1, e] Pushes an option of the settings on top that only a .csv file has a use for: its
 * text, or NULL. */
static const char *push_csv_option(lua_State *L, const bindings_site *site, int source,
                                   const char *name) {
    const rows_format *format =
        lua_type(L, source) == LUA_TSTRING ? rows_find_format(lua_tostring(L, source)) : NULL;
    lua_getfield(L, -1, name);
    const char *value = lua_tostring(L, -1);
    if (value != NULL && (format == NULL || format->separator == '\0'))
        bindings_argument_error(L, site, "option '%s': the source is no .csv file", name);
    return value;
}

/* [-0, +0, e] */
static char check_separator(lua_State *L, const bindings_site *site, const char *value) {
    if (value == NULL)
        return '\0';
    if (strlen(value) != 1 || strchr("\"\r\n ", *value) != NULL || (unsigned char)*value >= 0x7F)
        bindings_argument_error(L, site,
                                "option 'separator': one character expected, such as ';' or a tab");
    return *value;
}

void bindings_check_upload(lua_State *L, const bindings_site *options) {
    bindings_site site = *options;
    site.argument--; /* of the source */
    rows_reading reading = {.separator = '\0'};
    reading.expected_column = push_csv_option(L, options, site.argument, "expected_column");
    lua_insert(L, -2); /* the name stays as long as it is used */
    reading.separator =
        check_separator(L, options, push_csv_option(L, options, site.argument, "separator"));
    lua_pop(L, 1);
    if (lua_istable(L, site.argument))
        check_list(L, &site);
    else if (lua_type(L, site.argument) == LUA_TSTRING)
        open_file(L, &site, &reading);
    else if (!lua_isfunction(L, site.argument))
        bindings_argument_error(L, &site, "source: list, function or path expected, got %s",
                                luaL_typename(L, site.argument));
    lua_remove(L, -2);
}
