/* json_cjson.c - the lua_State's own instance of lua-cjson. A host's settings are neither read nor
   changed: they belong to the instance that `require "cjson"` returns. */
#include "json_cjson.h"
#include "json.h"

/* The registry's field that holds the state's own instance of cjson. */
#define INSTANCE "promptic.json.cjson"

/* [-0, +0, e] A Lua function: takes a cjson module, puts a new instance of it into the registry. */
static int renew_instance(lua_State *L) {
    lua_settop(L, 1);
    if (lua_istable(L, 1)) {
        lua_getfield(L, 1, "new");
    }
    if (!lua_isfunction(L, 2)) {
        return luaL_error(L, "lua-cjson 2.1 or newer is needed; this `cjson` has no `new`");
    }
    lua_call(L, 0, 1);
    lua_getfield(L, -1, "decode_invalid_numbers");
    lua_pushboolean(L, false);
    lua_call(L, 1, 0);
    lua_getfield(L, -1, "decode_max_depth");
    lua_pushinteger(L, JSON_MAX_DEPTH);
    lua_call(L, 1, 0);
    lua_setfield(L, LUA_REGISTRYINDEX, INSTANCE);
    return 0;
}

/* [-0, +1, e] Pushes the module cjson: the loaded one, or what `require` finds. */
static void push_cjson(lua_State *L) {
    lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
    if (lua_istable(L, -1)) {
        lua_getfield(L, -1, "cjson");
        lua_remove(L, -2);
    }
    if (!lua_istable(L, -1)) {
        lua_pop(L, 1);
        lua_getglobal(L, "require");
        lua_pushliteral(L, "cjson");
        lua_call(L, 1, 1);
    }
}

static int open_instance(lua_State *L) {
    json_open(L);
    return 0;
}

void json_open(lua_State *L) {
    luaL_checkstack(L, 4, "JSON");
    lua_getfield(L, LUA_REGISTRYINDEX, INSTANCE);
    bool open = lua_istable(L, -1);
    lua_pop(L, 1);
    if (!open) {
        lua_pushcfunction(L, renew_instance);
        push_cjson(L);
        lua_call(L, 1, 0);
    }
}

/*
 * [-(arguments + 1), +results or 1, e] A pcall that keeps an error as a message, but lets a lack of
 * memory through and the error of a hook that took itself off: that is how Ctrl-C ends a script.
 */
static bool call(lua_State *L, int arguments, int results) {
    lua_Hook hook = lua_gethook(L);
    int status = lua_pcall(L, arguments, results, 0);
    if (status == LUA_ERRMEM || (status != LUA_OK && lua_gethook(L) != hook)) {
        lua_error(L);
    }
    return status == LUA_OK;
}

/* [-0, +1, m] The tree of the text at the absolute index `text`, or a message. */
static bool tree_of(lua_State *L, int text) {
    lua_getfield(L, LUA_REGISTRYINDEX, INSTANCE);
    lua_getfield(L, -1, "decode");
    lua_remove(L, -2);
    lua_pushvalue(L, text);
    if (!call(L, 1, 1)) {
        return false;
    }
    if (lua_isnil(L, -1)) { /* a cjson.safe in the place of cjson */
        lua_pop(L, 1);
        lua_pushliteral(L, "not JSON");
        return false;
    }
    return true;
}

/*
 * [-0, +0, m] Whether the instance reads decimals. cjson learns the locale's decimal point when an
 * instance is made, and refuses every decimal once the host has set another locale.
 */
static bool reads_decimals(lua_State *L) {
    lua_pushliteral(L, "0.5");
    bool reads = tree_of(L, lua_gettop(L)) && lua_tonumber(L, -1) == 0.5;
    lua_pop(L, 2);
    return reads;
}

bool json_cjson_decode(lua_State *L, int text) {
    lua_getfield(L, LUA_REGISTRYINDEX, INSTANCE);
    bool open = lua_istable(L, -1);
    lua_pop(L, 1);
    if (!open) {
        lua_pushcfunction(L, open_instance);
        if (!call(L, 0, 0)) {
            return false;
        }
    }
    if (tree_of(L, text)) {
        return true;
    }
    if (reads_decimals(L)) {
        return false;
    }
    lua_pop(L, 1);
    lua_pushcfunction(L, renew_instance);
    lua_getfield(L, LUA_REGISTRYINDEX, INSTANCE);
    return call(L, 1, 0) && tree_of(L, text);
}
