/* upload.c - upload_observations: its arguments. The rest is Lua (prelude/upload.lua) and rows_*.c.
 */
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
static void open_file(lua_State *L, const bindings_site *site, const char *expected_column) {
    const char *path = lua_tostring(L, site->argument);
    int settings = lua_gettop(L);
    if (strlen(path) != lua_rawlen(L, site->argument))
        bindings_argument_error(L, site, "source: the path holds a NUL character");
    if (rows_format(path) == NULL)
        bindings_argument_error(L, site, "source: '%s' ends in none of .csv, .jsonl, .json", path);
    if (!rows_push_reader(L, path, expected_column))
        bindings_argument_error(L, site, "source: %s: %s", path, strerror(errno));
    lua_pushvalue(L, site->argument);
    lua_setfield(L, settings, "path");
    lua_replace(L, site->argument);
}

/* [-0, +1, e] Pushes the option expected_column, which only a .csv file has a use for. */
static const char *push_expected_column(lua_State *L, const bindings_site *site, int source) {
    lua_getfield(L, -1, "expected_column");
    const char *name = lua_tostring(L, -1);
    bool is_csv =
        lua_type(L, source) == LUA_TSTRING && rows_format(lua_tostring(L, source)) == rows_read_csv;
    if (name != NULL && !is_csv)
        bindings_argument_error(L, site, "option 'expected_column': the source is no .csv file");
    return name;
}

void bindings_check_upload(lua_State *L, const bindings_site *options) {
    bindings_site site = *options;
    site.argument--; /* of the source */
    const char *name = push_expected_column(L, options, site.argument);
    lua_insert(L, -2); /* the name stays as long as it is used */
    if (lua_istable(L, site.argument))
        check_list(L, &site);
    else if (lua_type(L, site.argument) == LUA_TSTRING)
        open_file(L, &site, name);
    else if (!lua_isfunction(L, site.argument))
        bindings_argument_error(L, &site, "source: list, function or path expected, got %s",
                                luaL_typename(L, site.argument));
    lua_remove(L, -2);
}
