/*
 * prelude.c - opens the modules written in Lua (bindings/prelude): the methods that make many calls.
 *
 * They are in Lua so that they can be suspended like any other script, where a C function could
 * not. Their rows are in library.c; how the files get at each other, in README.md beside this one.
 */
#include "prelude.h"

#include "auth.h"
#include "baked.h"
#include "errors.h"
#include "exchange.h"
#include "library.h"
#include "library_call.h"
#include "lua_client.h"
#include "nearest.h"
#include "registry.h"
#include "rows_objects.h"
#include "span_queue.h"
#include "spool.h"
#include "system.h"
#include "tasks.h"

#include <string.h>

/* ------------------------------------------------------------------ import */

/* What the files import that is C. "c.library" is made here, with the module at hand. */
static const luaL_Reg c_parts[] = {{"c.tasks", bindings_open_tasks},
                                   {"c.rows", bindings_open_upload},
                                   {"c.files", bindings_open_exchange},
                                   {"c.auth", bindings_open_auth},
                                   {"c.spool", bindings_open_spool},
                                   {"c.span_queue", bindings_open_span_queue},
                                   {NULL, NULL}};

static const baked_module *find_file(const char *name) {
    for (const baked_module *file = baked_prelude; file->name != NULL; file++)
        if (strcmp(file->name + sizeof "promptic", name) == 0)
            return file;
    return NULL;
}

static lua_CFunction find_part(const char *name) {
    for (const luaL_Reg *part = c_parts; part->name != NULL; part++)
        if (strcmp(part->name, name) == 0)
            return part->func;
    return NULL;
}

/* [-0, +1, e] import(name): what the part or the file of this name gives, opened by the first who
 * asks. The upvalue holds the modules that are open, and true for one that is being opened. */
static int import(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    lua_settop(L, 1);
    lua_getfield(L, lua_upvalueindex(1), name);
    if (lua_isboolean(L, 2))
        return luaL_error(L, "'%s' imports itself by way of others", name);
    if (!lua_isnil(L, 2))
        return 1;
    lua_CFunction part = find_part(name);
    const baked_module *file = find_file(name);
    if (part != NULL) {
        lua_pushcfunction(L, part);
        lua_call(L, 0, 1);
    } else if (file != NULL) {
        lua_pushboolean(L, true);
        lua_setfield(L, lua_upvalueindex(1), name);
        if (luaL_loadbuffer(L, file->source, file->length, file->chunkname) != LUA_OK)
            return lua_error(L);
        lua_pushvalue(L, lua_upvalueindex(1));
        lua_pushcclosure(L, import, 1);
        lua_call(L, 1, 1);
    } else {
        return luaL_error(L, "there is no '%s' to import", name);
    }
    lua_pushvalue(L, -1);
    lua_setfield(L, lua_upvalueindex(1), name);
    return 1;
}

/* ----------------------------------------------------------------- library */

/* [-0, +1, e] __index of library.check: makes a check at its first use. */
static int make_check(lua_State *L) {
    library_push_check(L, luaL_checkstring(L, 2));
    return 1;
}

/* [-2, +0, m] set_strict(load, mark) */
static int set_strict(lua_State *L) {
    lua_settop(L, 2);
    bindings_set(L, BINDINGS_STRICT_MARK);
    bindings_set(L, BINDINGS_STRICT_LOAD);
    return 0;
}

/* [-0, +1, m] Pushes the part "c.library"; the module is at index. */
static void push_library(lua_State *L, int module) {
    static const luaL_Reg functions[] = {{"now", bindings_now},
                                         {"time", bindings_unix_time},
                                         {"stamp", bindings_stamp},
                                         {"random_hex", bindings_random_hex},
                                         {"new_error", bindings_new_error},
                                         {"is_passing", bindings_is_passing},
                                         {"clean", bindings_clean},
                                         {"renew", bindings_renew_client},
                                         {"is_strict", bindings_is_strict},
                                         {"warn", bindings_warn},
                                         {"set_strict", set_strict},
                                         {NULL, NULL}};
    luaL_newlib(L, functions);
    lua_pushvalue(L, module);
    lua_setfield(L, -2, "promptic");
    bindings_get(L, BINDINGS_METHODS);
    lua_setfield(L, -2, "methods");
    bindings_get(L, BINDINGS_RESOURCE_MODULES);
    lua_setfield(L, -2, "resources");
    bindings_push_error_metatable(L);
    lua_setfield(L, -2, "Error");
    bindings_open_nearest(L);
    lua_setfield(L, -2, "nearest");
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, make_check);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_setfield(L, -2, "check");
}

/* --------------------------------------------------------------------- open */

/* [-0, +0, m] Puts a method, if there is one, into the module of its resource too. */
static void share_method(lua_State *L, const promptic_endpoint *row) {
    if (row->module == NULL)
        return;
    bindings_get(L, BINDINGS_RESOURCE_MODULES);
    lua_getfield(L, -1, row->module);
    if (lua_istable(L, -1)) {
        bindings_get(L, BINDINGS_METHODS);
        lua_getfield(L, -1, row->name);
        lua_setfield(L, -3, row->name);
        lua_pop(L, 1);
    }
    lua_pop(L, 2);
}

static void share_methods(lua_State *L) {
    size_t count;
    const promptic_endpoint *endpoints = promptic_endpoints(&count);
    for (size_t i = 0; i < count; i++)
        share_method(L, &endpoints[i]);
    const library_row *rows = library_rows(&count);
    for (size_t i = 0; i < count; i++)
        share_method(L, &rows[i].call);
}

/* [-0, +0, -] Whether it runs a function of a prelude's file. */
static bool is_ours(lua_State *L, lua_Debug *activation) {
    lua_getinfo(L, "S", activation);
    for (const baked_module *file = baked_prelude; file->name != NULL; file++)
        if (strcmp(activation->source, file->chunkname) == 0)
            return true;
    return false;
}

bool bindings_in_prelude(lua_State *L, lua_Debug *activation) {
    lua_Debug caller;
    if (is_ours(L, activation))
        return true;
    return *activation->what == 'C' && lua_getstack(L, 1, &caller) && is_ours(L, &caller);
}

void bindings_open_prelude(lua_State *L) {
    int module = lua_gettop(L);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    lua_newtable(L);
    push_library(L, module);
    lua_setfield(L, -2, "c.library");
    lua_pushcclosure(L, import, 1);
    for (const baked_module *file = baked_prelude; file->name != NULL; file++) {
        lua_pushvalue(L, -1);
        lua_pushstring(L, file->name + sizeof "promptic");
        lua_call(L, 1, 0);
    }
    lua_pop(L, 1);
    share_methods(L);
}
