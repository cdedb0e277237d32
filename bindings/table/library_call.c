/*
 * library_call.c - from the rows of the library's own names to functions with checked arguments.
 */
#include "library_call.h"

#include "arguments.h"
#include "json_decode.h"
#include "library_find.h"
#include "site.h"

#include <string.h>

/* ---------------------------------------------------------------- settings */

/* [-0, +1, m] Pushes the default of a parameter that has one: JSON is read alike in any locale. */
static void push_default(lua_State *L, const promptic_parameter *parameter) {
    if (parameter->type == PROMPTIC_STRING)
        lua_pushstring(L, parameter->fallback);
    else
        json_decode(L, parameter->fallback, strlen(parameter->fallback), 0);
}

void library_push_settings(lua_State *L, const promptic_parameter *parameters, int options) {
    lua_newtable(L);
    for (const promptic_parameter *p = parameters; p->name != NULL; p++) {
        if (!bindings_is_option(p))
            continue;
        bindings_push_option(L, options, p->name);
        if (lua_isnil(L, -1) && p->fallback != NULL) {
            lua_pop(L, 1);
            push_default(L, p);
        }
        lua_setfield(L, -2, p->name);
    }
}

/* [-0, +0, m] Iterators ask for full pages: sets the limit of the settings on top to its maximum
 * unless the options give one. */
static void ask_for_full_pages(lua_State *L, const promptic_parameter *parameters, int options) {
    for (const promptic_parameter *p = parameters; p->name != NULL; p++) {
        if (strcmp(p->name, "limit") != 0)
            continue;
        bindings_push_option(L, options, p->name);
        bool is_open = lua_isnil(L, -1);
        lua_pop(L, 1);
        if (is_open) {
            lua_pushinteger(L, (lua_Integer)p->maximum);
            lua_setfield(L, -2, p->name);
        }
    }
}

/* ----------------------------------------------------------------- functions */

/* [-?, +n, e] Its upvalues are the row and the settings of a call without options. */
static int call(lua_State *L) {
    const library_row *row = lua_touserdata(L, lua_upvalueindex(1));
    int options = bindings_check_arguments(L, &row->call, row->level);
    if (options != 0 && lua_isnil(L, options))
        lua_pushvalue(L, lua_upvalueindex(2)); /* no table for each call */
    else if (options != 0)
        library_push_settings(L, row->call.parameters, options);
    if (options != 0)
        lua_replace(L, options);
    return row->function(L);
}

void library_push_function(lua_State *L, const library_row *row) {
    lua_pushlightuserdata(L, (void *)row);
    lua_pushnil(L);
    library_push_settings(L, row->call.parameters, lua_gettop(L));
    lua_remove(L, -2);
    lua_pushcclosure(L, call, 2);
}

/* [-?, +n, e] Checks the arguments of the prelude's function that calls it, and returns them. Its
 * upvalues are the endpoint, and the row of the library or NULL. */
static int check(lua_State *L) {
    const library_row *row = lua_touserdata(L, lua_upvalueindex(2));
    promptic_endpoint called = *(const promptic_endpoint *)lua_touserdata(L, lua_upvalueindex(1));
    if (row != NULL)
        called.parameters = library_parameters(row);
    int options = bindings_check_arguments(L, &called, 1);
    if (options == 0)
        return lua_gettop(L);
    const bindings_site site = {.function = called.name, .level = 1, .argument = options};
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    library_push_settings(L, called.parameters, options);
    if (row != NULL && row->like != NULL)
        ask_for_full_pages(L, called.parameters, options);
    if (row != NULL && row->check != NULL)
        row->check(L, &site);
    lua_replace(L, options);
    return options;
}

void library_push_check(lua_State *L, const char *key) {
    const library_row *row = library_find(L, key);
    const promptic_endpoint *called = row != NULL ? &row->call : promptic_endpoint_find(key);
    if (called == NULL)
        luaL_error(L, "there is no row of '%s'", key);
    lua_pushlightuserdata(L, (void *)called);
    lua_pushlightuserdata(L, (void *)row);
    lua_pushcclosure(L, check, 2);
}
