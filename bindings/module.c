/*
 * module.c - what `require "promptic"` and the modules of its resources return. They are made
 * together, once a lua_State, from the tables of endpoints and of the library's own names; a method
 * and a module's function are one value.
 */
#include "module.h"

#include "errors.h"
#include "library.h"
#include "library_call.h"
#include "library_find.h"
#include "lua_client.h"
#include "methods.h"
#include "prelude.h"
#include "reference.h"
#include "registry.h"

#include "resources.h" /* made of the table of endpoints: see the Makefile */

#include <string.h>

/* ------------------------------------------------------------------ methods */

/* [-0, +0, m] A new table with weak keys or values in the slot. */
static void open_weak(lua_State *L, bindings_slot slot, const char *mode) {
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushstring(L, mode);
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    bindings_set(L, slot);
}

/* [-0, +1, m] Pushes the module of this name out of the table at index, made by the first row. */
static void push_resource(lua_State *L, int index, const char *name) {
    index = lua_absindex(L, index);
    lua_getfield(L, index, name);
    if (!lua_isnil(L, -1))
        return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, index, name);
}

/* [-0, +0, m] Makes a function of each endpoint, for the client and for its module. */
static void add_endpoints(lua_State *L) {
    size_t count;
    const promptic_endpoint *rows = promptic_endpoints(&count);
    for (size_t i = 0; i < count; i++) {
        bindings_push_endpoint(L, &rows[i]);
        push_resource(L, -3, rows[i].module);
        lua_pushvalue(L, -2);
        lua_setfield(L, -2, rows[i].name);
        lua_pop(L, 1);
        lua_setfield(L, -2, rows[i].name);
    }
}

/* [-0, +0, m] Adds the library's functions of this kind and this table to the one on top. */
static void add_functions(lua_State *L, library_kind kind, const char *table) {
    size_t count;
    const library_row *rows = library_rows(&count);
    for (size_t i = 0; i < count; i++) {
        bool same = table == NULL ? rows[i].table == NULL
                                  : rows[i].table != NULL && strcmp(rows[i].table, table) == 0;
        if (rows[i].kind != kind || rows[i].function == NULL || !same)
            continue;
        library_push_function(L, &rows[i]);
        lua_setfield(L, -2, rows[i].call.name);
    }
}

/* [-0, +0, m] */
static void open_library(lua_State *L) {
    size_t count;
    const library_row *rows = library_rows(&count);
    library_open(L, rows, count);
}

/* [-0, +0, m] */
static void open_methods(lua_State *L) {
    lua_newtable(L);
    lua_pushvalue(L, -1);
    bindings_set(L, BINDINGS_RESOURCE_MODULES);
    lua_newtable(L);
    add_functions(L, LIBRARY_METHOD, NULL);
    add_endpoints(L);
    bindings_set(L, BINDINGS_METHODS);
    lua_pop(L, 1);
}

/* ------------------------------------------------------------------- module */

/* [-0, +1, m] __index of the module: a reference is made when it is first read. */
static int make_reference(lua_State *L) {
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
    lua_settop(L, 2);
    if (strcmp(name, "endpoints") == 0)
        bindings_push_endpoints(L);
    else if (strcmp(name, "library") == 0)
        bindings_push_library(L);
    else
        return 0;
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 3);
    lua_rawset(L, 1);
    return 1;
}

/* [-0, +0, m] Adds promptic.json and promptic.auth, and what the first has in common with the
 * module, to the table on top. */
static void add_tables(lua_State *L) {
    lua_newtable(L);
    add_functions(L, LIBRARY_FUNCTION, "auth");
    lua_setfield(L, -2, "auth");
    lua_newtable(L);
    add_functions(L, LIBRARY_FUNCTION, "json");
    lua_getfield(L, -1, "array");
    lua_setfield(L, -3, "array");
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    lua_setfield(L, -2, "json");
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
}

/* [-0, +0, e] Adds each resource's module to the table on top. */
static void add_resources(lua_State *L) {
    bindings_get(L, BINDINGS_RESOURCE_MODULES);
    for (lua_pushnil(L); lua_next(L, -2) != 0;) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -5);
    }
    lua_pop(L, 1);
}

/* [-0, +0, m] Adds promptic.contract to the table on top. */
static void add_contract(lua_State *L) {
    lua_createtable(L, 0, 3);
    lua_pushliteral(L, PROMPTIC_CONTRACT_DATE);
    lua_setfield(L, -2, "date");
    lua_pushliteral(L, PROMPTIC_CONTRACT_CLIENT);
    lua_setfield(L, -2, "newest_client");
    lua_pushliteral(L, PROMPTIC_CONTRACT_CLIENT_DATE);
    lua_setfield(L, -2, "newest_client_date");
    lua_setfield(L, -2, "contract");
}

/* [-0, +1, e] */
static void push_new_module(lua_State *L) {
    lua_createtable(L, 0, 32);
    add_functions(L, LIBRARY_FUNCTION, NULL);
    lua_pushliteral(L, "promptic " PROMPTIC_VERSION);
    lua_setfield(L, -2, "_VERSION");
    lua_pushliteral(L, PROMPTIC_VERSION);
    lua_setfield(L, -2, "version");
    add_contract(L);
    bindings_push_error_metatable(L);
    lua_setfield(L, -2, "Error");
    add_tables(L);
    add_resources(L);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, make_reference);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}

/* [-0, +1, e] Pushes the module, made at the first call. The slot is filled last, so that an
 * attempt that memory ended is made again. */
static void push_module(lua_State *L) {
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    bindings_get(L, BINDINGS_MODULE);
    if (!lua_isnil(L, -1))
        return;
    lua_pop(L, 1);
    compat_open(L);
    lua_pushboolean(L, false);
    bindings_set(L, BINDINGS_INTERRUPTION);
    open_weak(L, BINDINGS_CLIENTS, "v");
    open_weak(L, BINDINGS_RESPONSES, "k");
    open_library(L);
    open_methods(L);
    bindings_open_clients(L);
    push_new_module(L);
    bindings_open_prelude(L);
    lua_pushvalue(L, -1);
    bindings_set(L, BINDINGS_MODULE);
}

/* --------------------------------------------------------------------- open */

int luaopen_promptic(lua_State *L) {
    push_module(L);
    return 1;
}

/* [-0, +1, e] */
static int open_table(lua_State *L, const char *name) {
    push_module(L);
    lua_getfield(L, -1, name);
    return 1;
}

int luaopen_promptic_json(lua_State *L) {
    return open_table(L, "json");
}

int luaopen_promptic_auth(lua_State *L) {
    return open_table(L, "auth");
}

/* [-0, +1, e] */
static int open_resource(lua_State *L, const char *name) {
    push_module(L);
    bindings_get(L, BINDINGS_RESOURCE_MODULES);
    lua_getfield(L, -1, name);
    return 1;
}

#define BINDINGS_OPEN(NAME)                                 \
    PROMPTIC_API int luaopen_promptic_##NAME(lua_State *L); \
    int luaopen_promptic_##NAME(lua_State *L) {             \
        return open_resource(L, #NAME);                     \
    }
BINDINGS_RESOURCES(BINDINGS_OPEN)

const luaL_Reg bindings_resource_modules[] = {
#define BINDINGS_ENTRY(NAME) {"promptic." #NAME, luaopen_promptic_##NAME},
    BINDINGS_RESOURCES(BINDINGS_ENTRY){NULL, NULL}};
