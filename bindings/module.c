/*
 * module.c - what `require "promptic"` and the modules of its resources give. They are made
 * together, once a lua_State, from the table of endpoints; a method and a module's function are one
 * value.
 */
#include "bindings.h"

#include "resources.h" /* made of the table of endpoints: see the Makefile */

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

/* [-0, +0, m] Makes a function of each row, for the client and for its module. */
static void open_methods(lua_State *L) {
    static const luaL_Reg others[] = {
        {"request", bindings_request}, {"close", bindings_close_client}, {NULL, NULL}};
    size_t count;
    const promptic_endpoint *rows = promptic_endpoints(&count);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    bindings_set(L, BINDINGS_RESOURCE_MODULES);
    lua_newtable(L);
    luaL_setfuncs(L, others, 0);
    for (size_t i = 0; i < count; i++) {
        bindings_push_endpoint(L, &rows[i]);
        push_resource(L, -3, rows[i].module);
        lua_pushvalue(L, -2);
        lua_setfield(L, -2, rows[i].name);
        lua_pop(L, 1);
        lua_setfield(L, -2, rows[i].name);
    }
    bindings_set(L, BINDINGS_METHODS);
    lua_pop(L, 1);
}

/* ------------------------------------------------------------------- module */

/* [-0, +1, m] __index of the module: the reference is made when somebody reads it. */
static int make_reference(lua_State *L) {
    lua_settop(L, 2);
    lua_pushliteral(L, "endpoints");
    if (!lua_rawequal(L, 2, 3))
        return 0;
    bindings_push_reference(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, 1, "endpoints");
    return 1;
}

/* [-0, +0, e] Adds promptic.json, and what it has in common with the module, to the table on top.
 */
static void add_json(lua_State *L) {
    lua_pushcfunction(L, luaopen_promptic_json);
    lua_call(L, 0, 1);
    lua_getfield(L, -1, "null");
    lua_setfield(L, -3, "null");
    lua_getfield(L, -1, "array");
    lua_setfield(L, -3, "array");
    lua_setfield(L, -2, "json");
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

/* [-0, +1, e] */
static void push_new_module(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"client", bindings_new_client}, {"response", bindings_response},
        {"is_error", bindings_is_error}, {"sleep", bindings_sleep},
        {"now", bindings_now},           {NULL, NULL}};
    lua_createtable(L, 0, 32);
    luaL_setfuncs(L, functions, 0);
    lua_pushliteral(L, "promptic " PROMPTIC_VERSION);
    lua_setfield(L, -2, "_VERSION");
    lua_pushliteral(L, PROMPTIC_VERSION);
    lua_setfield(L, -2, "version");
    bindings_push_error_metatable(L);
    lua_setfield(L, -2, "Error");
    add_json(L);
    add_resources(L);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, make_reference);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}

/* [-0, +1, e] Pushes the module, made by the first who asks. The slot is filled last, so that an
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
