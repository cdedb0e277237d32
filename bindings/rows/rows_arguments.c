/* rows_arguments.c - the arguments of uploads and of promptic.rows. The rest is Lua
 * (prelude/upload.lua, prelude/iterate.lua) and rows_*.c. */
#include "rows_arguments.h"

#include "lua_client.h"
#include "rows_objects.h"
#include "rows_reader.h"

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

/* ------------------------------------------------------------------ reading */

/* [-0, +1, e] Pushes an option of the settings: its text without a NUL, or NULL. */
static const char *push_text(lua_State *L, const bindings_site *site, int settings,
                             const char *name) {
    lua_getfield(L, settings, name);
    const char *text = lua_tostring(L, -1);
    if (text != NULL && strlen(text) != lua_rawlen(L, -1))
        bindings_argument_error(L, site, "option '%s': holds a NUL character", name);
    return text;
}

/* [-0, +1, e] */
static char push_separator(lua_State *L, const bindings_site *site, int settings,
                           const rows_format *format) {
    const char *value = push_text(L, site, settings, "separator");
    if (value == NULL)
        return '\0';
    if (format->separator == '\0')
        bindings_argument_error(L, site, "option 'separator': the source is not a .csv file");
    if (strlen(value) != 1 || strchr("\"\r\n ", *value) != NULL || (unsigned char)*value >= 0x7F)
        bindings_argument_error(L, site,
                                "option 'separator': one character expected, such as ';' or a tab");
    return *value;
}

/* [-0, +2, e] label_column, or expected_column, its older name. */
static const char *push_label(lua_State *L, const bindings_site *site, int settings) {
    const char *label = push_text(L, site, settings, "label_column");
    const char *older = push_text(L, site, settings, "expected_column");
    if (label != NULL && older != NULL)
        bindings_argument_error(L, site, "option 'expected_column': also given as 'label_column'");
    return label != NULL ? label : older;
}

/* [-0, +1, e] split_column, which is another column than the answers'. */
static const char *push_split(lua_State *L, const bindings_site *site, int settings,
                              const char *label) {
    const char *split = push_text(L, site, settings, "split_column");
    if (split != NULL && strcmp(split, label != NULL ? label : "expected") == 0)
        bindings_argument_error(L, site, "option 'split_column': '%s' is the label_column", split);
    return split;
}

/* [-0, +1, e] Pushes the format that the option or the path's ending names. */
static const rows_format *push_format(lua_State *L, const bindings_site *site, int settings,
                                      const char *what, const char *path) {
    char ending[16] = ".";
    const char *name = push_text(L, site, settings, "format");
    if (name != NULL)
        strncat(ending, name, sizeof ending - 2);
    const rows_format *format = rows_find_format(name != NULL ? ending : path);
    if (format == NULL)
        bindings_argument_error(L, site,
                                "%s: '%s' ends in none of .csv, .tsv, .jsonl, .ndjson, .json: "
                                "give the option 'format'",
                                what, path);
    return format;
}

/* ---------------------------------------------------------------- variables */

/* [-0, +0, e] A name on top of the stack. */
static const char *check_name(lua_State *L, const bindings_site *site, int index) {
    const char *text = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : NULL;
    if (text == NULL || *text == '\0' || strlen(text) != lua_rawlen(L, index))
        bindings_argument_error(L, site,
                                "option 'variables': names of columns expected, in a list "
                                "or by the variable's name");
    return text;
}

/* In the order of their names: a table has none. */
static void insert(rows_variable *variables, size_t count, rows_variable added) {
    for (; count > 0 && strcmp(variables[count - 1].name, added.name) > 0; count--)
        variables[count] = variables[count - 1];
    variables[count] = added;
}

/* [-0, +0, e] Adds a column of the list, whose name is the variable's. */
static void append(lua_State *L, const bindings_site *site, rows_reading *reading,
                   rows_variable *variables, const char *name) {
    for (size_t i = 0; i < reading->variable_count; i++)
        if (strcmp(variables[i].name, name) == 0)
            bindings_argument_error(L, site, "option 'variables': '%s' is there twice", name);
    variables[reading->variable_count++] = (rows_variable){.name = name, .column = name};
}

/* [-0, +2, e] Takes the option: a list of columns, or columns by the variable's name. The strings
 * stay in the option's table. */
static void push_variables(lua_State *L, const bindings_site *site, int settings,
                           rows_reading *reading) {
    size_t count = 0;
    lua_getfield(L, settings, "variables");
    if (lua_isnil(L, -1)) {
        lua_pushnil(L);
        return;
    }
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))
        count++;
    size_t listed = lua_rawlen(L, -1);
    rows_variable *variables = compat_newuserdata(L, (count + 1) * sizeof *variables);
    for (size_t i = 0; i < listed; i++) {
        lua_rawgeti(L, -2, (compat_index)(i + 1));
        append(L, site, reading, variables, check_name(L, site, -1));
        lua_pop(L, 1);
    }
    for (lua_pushnil(L); lua_next(L, -3) != 0; lua_pop(L, 1)) {
        if (lua_type(L, -2) == LUA_TNUMBER && listed == count)
            continue;
        rows_variable variable = {.name = check_name(L, site, -2),
                                  .column = check_name(L, site, -1)};
        insert(variables, reading->variable_count++, variable);
    }
    reading->variables = variables;
}

/* [-0, +1, e] Pushes a reader of the path that the argument is, as the settings say. */
static void push_reader(lua_State *L, const bindings_site *site, const bindings_site *options,
                        int settings, const char *what) {
    rows_reading reading = {.separator = '\0'};
    const char *path = lua_tostring(L, site->argument);
    int top = lua_gettop(L);
    luaL_checkstack(L, 24, NULL);
    if (strlen(path) != lua_rawlen(L, site->argument))
        bindings_argument_error(L, site, "%s: the path holds a NUL character", what);
    reading.format = push_format(L, site, settings, what, path);
    reading.separator = push_separator(L, options, settings, reading.format);
    reading.label_column = push_label(L, options, settings);
    reading.split_column = push_split(L, options, settings, reading.label_column);
    push_variables(L, options, settings, &reading);
    if (!rows_push_reader(L, path, &reading))
        bindings_argument_error(L, site, "%s: %s: %s", what, path, strerror(errno));
    lua_replace(L, top + 1);
    lua_settop(L, top + 1);
}

/* [-0, +0, m] Whether somebody is told of odd labels before the file, whose reader is on top, is
 * sent. */
static bool wants_survey(lua_State *L, int settings) {
    const rows_reader *reader = lua_touserdata(L, -1);
    lua_getfield(L, settings, "on_warning");
    lua_getfield(L, settings, "dry_run");
    bool is_told = !lua_isnil(L, -2) || bindings_has_log(L, 1);
    bool is_sent = lua_type(L, -1) == LUA_TBOOLEAN && !lua_toboolean(L, -1);
    lua_pop(L, 2);
    return is_told && is_sent && reader->file.can_seek;
}

/* [-0, +0, e] Puts a reader in the place of the path, and the path into the settings on top. */
static void open_file(lua_State *L, const bindings_site *site, const bindings_site *options,
                      const char *what) {
    int settings = lua_gettop(L);
    lua_pushvalue(L, site->argument);
    lua_setfield(L, settings, "path");
    push_reader(L, site, options, settings, what);
    if (wants_survey(L, settings)) { /* by a second reader, which reads from the same beginning */
        push_reader(L, site, options, settings, what);
        lua_setfield(L, settings, "survey");
    }
    lua_replace(L, site->argument);
}

/* [-0, +0, e] Refuses options of files if the source is not one. */
static void refuse_reading(lua_State *L, const bindings_site *options) {
    static const char *const names[] = {
        "separator", "format", "label_column", "expected_column", "split_column",
        "variables", NULL};
    for (size_t i = 0; names[i] != NULL; i++) {
        lua_getfield(L, -1, names[i]);
        if (!lua_isnil(L, -1))
            bindings_argument_error(L, options, "option '%s': the source is not a file", names[i]);
        lua_pop(L, 1);
    }
}

void bindings_check_upload(lua_State *L, const bindings_site *options) {
    bindings_site site = *options;
    site.argument--; /* of the source */
    if (lua_type(L, site.argument) == LUA_TSTRING) {
        open_file(L, &site, options, "source");
        return;
    }
    refuse_reading(L, options);
    if (lua_istable(L, site.argument))
        check_list(L, &site);
    else if (!lua_isfunction(L, site.argument))
        bindings_argument_error(L, &site, "source: list, function or path expected, got %s",
                                luaL_typename(L, site.argument));
}

void bindings_check_rows(lua_State *L, const bindings_site *options) {
    bindings_site site = *options;
    site.argument--; /* of the path */
    open_file(L, &site, options, "path");
}
