/*
 * reference.c - promptic.endpoints and promptic.library: the rows as Lua sees them.
 */
#include "reference.h"

#include "formats.h"
#include "library.h"
#include "library_find.h"

static const char *const type_names[] = {
    [PROMPTIC_STRING] = "string",     [PROMPTIC_INTEGER] = "integer",
    [PROMPTIC_NUMBER] = "number",     [PROMPTIC_BOOLEAN] = "boolean",
    [PROMPTIC_OBJECT] = "object",     [PROMPTIC_ARRAY] = "array",
    [PROMPTIC_STRINGS] = "strings",   [PROMPTIC_ANY] = "any",
    [PROMPTIC_DOCUMENT] = "document",
};

static const char *const passed_names[] = {
    [PROMPTIC_BY_NAME] = "name",
    [PROMPTIC_BY_POSITION] = "position",
    [PROMPTIC_BY_FIELD] = "field",
};

static const char *const place_names[] = {
    /* PROMPTIC_IN_NO_REQUEST: none */
    [PROMPTIC_IN_PATH] = "path",   [PROMPTIC_IN_QUERY] = "query", [PROMPTIC_IN_BODY] = "body",
    [PROMPTIC_IN_LIST] = "list",   [PROMPTIC_IN_ITEM] = "item",   [PROMPTIC_IN_CHANGES] = "changes",
    [PROMPTIC_IN_FIELD] = "field",
};

/* [-0, +0, m] Sets a field of the table on top; NULL leaves it absent. */
static void set_string(lua_State *L, const char *name, const char *text) {
    if (text == NULL)
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

/* [-0, +0, m] */
static void set_boolean(lua_State *L, const char *name, bool value) {
    lua_pushboolean(L, value);
    lua_setfield(L, -2, name);
}

/* [-0, +0, m] */
static void set_values(lua_State *L, const char *const *values) {
    lua_newtable(L);
    for (int i = 0; values[i] != NULL; i++) {
        lua_pushstring(L, values[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "values");
}

/* [-0, +0, m] A bound: an integer where it is one. */
static void set_number(lua_State *L, const char *name, double number) {
    lua_Integer integer = (lua_Integer)number;
    if ((double)integer == number)
        lua_pushinteger(L, integer);
    else
        lua_pushnumber(L, number);
    lua_setfield(L, -2, name);
}

/* [-0, +1, m] The rows of a list of parameters, by number. */
static void push_parameters(lua_State *L, const promptic_parameter *parameters);

/* [-0, +1, m] */
static void push_parameter(lua_State *L, const promptic_parameter *parameter) {
    lua_createtable(L, 0, 8);
    set_string(L, "name", parameter->name);
    set_string(L, "wire", parameter->wire);
    set_string(L, "type", type_names[parameter->type]);
    set_string(L, "place", place_names[parameter->place]);
    set_string(L, "default", parameter->fallback);
    set_string(L, "assumed", parameter->assumed);
    set_string(L, "passed", passed_names[parameter->passed]);
    set_string(L, "format", formats_find(parameter->format)->name);
    set_string(L, "signature", parameter->signature);
    set_string(L, "summary", parameter->summary);
    set_boolean(L, "required", parameter->required);
    set_boolean(L, "nullable", parameter->nullable);
    if (parameter->values != NULL)
        set_values(L, parameter->values);
    if (parameter->maximum > parameter->minimum) {
        set_number(L, "minimum", parameter->minimum);
        set_number(L, "maximum", parameter->maximum);
    }
    if (parameter->items != NULL) {
        push_parameters(L, parameter->items);
        lua_setfield(L, -2, "items");
    }
}

static void push_parameters(lua_State *L, const promptic_parameter *parameters) {
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    lua_newtable(L);
    for (int i = 0; parameters[i].name != NULL; i++) {
        push_parameter(L, &parameters[i]);
        lua_rawseti(L, -2, i + 1);
    }
}

/* [-0, +1, m] */
static void push_returns(lua_State *L, const promptic_returns *returns) {
    static const char *const forms[] = {
        [PROMPTIC_RETURNS_NOTHING] = "nothing",   [PROMPTIC_RETURNS_OBJECT] = "object",
        [PROMPTIC_RETURNS_LIST] = "list",         [PROMPTIC_RETURNS_BYTES] = "bytes",
        [PROMPTIC_RETURNS_ITERATOR] = "iterator", [PROMPTIC_RETURNS_VALUE] = "value"};
    lua_createtable(L, 0, 4);
    set_string(L, "form", forms[returns->form]);
    set_string(L, "type", returns->type);
    set_string(L, "field", returns->field);
    if (returns->optional)
        set_boolean(L, "optional", true);
}

/* [-0, +1, m] What all rows have. */
static void push_row(lua_State *L, const promptic_endpoint *row,
                     const promptic_parameter *parameters) {
    lua_createtable(L, 0, 12);
    set_string(L, "name", row->name);
    set_string(L, "module", row->module);
    push_returns(L, &row->returns);
    lua_setfield(L, -2, "returns");
    set_string(L, "summary", row->summary);
    push_parameters(L, parameters);
    lua_setfield(L, -2, "parameters");
}

/* [-0, +1, m] */
static void push_endpoint(lua_State *L, const promptic_endpoint *row) {
    push_row(L, row, row->parameters);
    set_string(L, "verb", row->verb);
    set_string(L, "path", row->path);
    set_boolean(L, "repeatable", row->repeatable);
    set_boolean(L, "without_workspace", row->without_workspace);
    set_boolean(L, "redirects", row->redirects);
    set_string(L, "since", row->since);
    set_string(L, "dropped", row->dropped);
    set_string(L, "instead", row->instead);
}

/* [-1, +0, m] Puts the row on top into the table below it, by number and by its key. */
static void add_row(lua_State *L, size_t number, const char *key) {
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, (compat_index)number);
    lua_setfield(L, -2, key);
}

void bindings_push_endpoints(lua_State *L) {
    size_t count;
    const promptic_endpoint *rows = promptic_endpoints(&count);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    lua_createtable(L, (int)count, (int)count);
    for (size_t i = 0; i < count; i++) {
        push_endpoint(L, &rows[i]);
        add_row(L, i + 1, rows[i].name);
    }
}

void bindings_push_library(lua_State *L) {
    static const char *const kinds[] = {"function", "method", "task", "tracer",
                                        "span",     "prompt", "class"};
    size_t count;
    const library_row *rows = library_rows(&count);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    lua_createtable(L, (int)count, (int)count);
    for (size_t i = 0; i < count; i++) {
        push_row(L, &rows[i].call, library_parameters(&rows[i]));
        set_string(L, "kind", kinds[rows[i].kind]);
        set_string(L, "key", rows[i].key);
        set_string(L, "table", rows[i].table);
        set_string(L, "like", rows[i].like);
        add_row(L, i + 1, rows[i].key);
    }
}
