/*
 * yields.c - what a task's coroutine yields for by itself: a host's hook, coroutine.yield, or a
 * function of a host that expects its own scheduler to resume it (ngx.sleep, cqueues.poll). That
 * one never would: promptic has resumed the coroutine, and gets what it yields.
 */
#include "yields.h"

#include "errors.h"
#include "registry.h"
#include "state.h"

#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------ what has yielded */

/* [-0, +0, m] Adds the function of this name in the table on top to the set at index. */
static void add_yield(lua_State *L, int set, const char *name) {
    lua_pushstring(L, name);
    lua_rawget(L, -2);
    if (lua_isfunction(L, -1)) {
        lua_pushboolean(L, true);
        lua_rawset(L, set);
    } else {
        lua_pop(L, 1);
    }
}

/* [-1, +0, m] The same for the table on top, or whatever is there. OpenResty keeps Lua's own one as
 * _yield, and has one of its own as __yield. */
static void add_yields(lua_State *L, int set) {
    if (lua_istable(L, -1)) {
        add_yield(L, set, "yield");
        add_yield(L, set, "_yield");
        add_yield(L, set, "__yield");
    }
    lua_pop(L, 1);
}

void bindings_open_yields(lua_State *L) {
    lua_newtable(L);
    int set = lua_gettop(L);
    lua_getglobal(L, "coroutine");
    add_yields(L, set);
    lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
    if (lua_istable(L, -1)) {
        lua_getfield(L, -1, "coroutine");
        add_yields(L, set);
    }
    lua_settop(L, set);
    bindings_set(L, BINDINGS_YIELDS);
}

/* Whether a hook has yielded: then the innermost function is one in Lua. */
static bool is_hook(lua_State *coroutine, lua_Debug *info) {
    lua_getinfo(coroutine, "Sl", info);
#if LUA_VERSION_NUM == 502 || LUA_VERSION_NUM == 503
    /* There the function of a C function that has yielded is not known: its source is that of
     * whatever stands below the values. */
    return info->currentline != -1 || (*info->what != 'C' && lua_gethook(coroutine) != NULL);
#else
    return *info->what != 'C';
#endif
}

/* [-0, +0, -] */
static bool is_yield(lua_State *coroutine, lua_Debug *info) {
    lua_getinfo(coroutine, "f", info);
    bindings_get(coroutine, BINDINGS_YIELDS);
    lua_insert(coroutine, -2);
    lua_rawget(coroutine, -2);
    bool found = lua_toboolean(coroutine, -1) != 0;
    lua_pop(coroutine, 2);
    return found;
}

bindings_yield bindings_yield_of(lua_State *coroutine, int count) {
    lua_Debug info;
    if (!lua_getstack(coroutine, 0, &info))
        return BINDINGS_YIELD_FOREIGN;
    if (is_hook(coroutine, &info))
        return BINDINGS_YIELD_HOOK;
    if (count == 0 && lua_checkstack(coroutine, LUA_MINSTACK) && is_yield(coroutine, &info))
        return BINDINGS_YIELD_OWN;
    return BINDINGS_YIELD_FOREIGN;
}

/* ----------------------------------------------------------------- its name */

/* [-0, +0, -] Finds the function on top in the table below it, a module. */
static bool find_in_module(lua_State *L, const char *module, char *name, size_t size) {
    bool found = false;
    lua_pushnil(L);
    while (!found && lua_next(L, -3)) {
        found = lua_rawequal(L, -1, -3) && lua_type(L, -2) == LUA_TSTRING;
        if (found && strcmp(module, "_G") == 0)
            snprintf(name, size, "%s", lua_tostring(L, -2));
        else if (found)
            snprintf(name, size, "%s.%s", module, lua_tostring(L, -2));
        lua_pop(L, found ? 2 : 1);
    }
    return found;
}

/* [-1, +0, -] Finds the function on top in the modules that are loaded. Allocates nothing. */
static bool find_loaded(lua_State *L, char *name, size_t size) {
    int function = lua_gettop(L);
    bool found = false;
    lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
    if (lua_istable(L, -1)) {
        lua_pushnil(L);
        while (!found && lua_next(L, function + 1)) {
            if (lua_istable(L, -1) && lua_type(L, -2) == LUA_TSTRING) {
                lua_pushvalue(L, function);
                found = find_in_module(L, lua_tostring(L, function + 2), name, size);
                lua_pop(L, 1);
            }
            lua_pop(L, 1);
        }
    }
    lua_settop(L, function - 1);
    return found;
}

/* [-0, +0, -] */
static void find_name(lua_State *coroutine, bindings_foreign *foreign) {
    lua_Debug info;
    foreign->name[0] = '\0';
    if (!lua_getstack(coroutine, 0, &info) || !lua_checkstack(coroutine, LUA_MINSTACK))
        return;
    lua_getinfo(coroutine, "nf", &info);
    foreign->is_yield = is_yield(coroutine, &info);
    if (!find_loaded(coroutine, foreign->name, sizeof foreign->name) && info.name != NULL)
        snprintf(foreign->name, sizeof foreign->name, "%s", info.name);
}

/* ------------------------------------------------------------------ refusing */

/* [-0, +1, m] */
static void push_refusal(lua_State *L, const bindings_foreign *foreign) {
    char message[256];
    if (foreign->is_yield)
        snprintf(message, sizeof message,
                 "coroutine.yield with values inside a task: nobody receives them");
    else
        snprintf(message, sizeof message,
                 "%s%s%s yields to its host, which cannot resume a task: call it in a coroutine of "
                 "the host, outside of tasks",
                 foreign->name[0] != '\0' ? "'" : "a function of the host", foreign->name,
                 foreign->name[0] != '\0' ? "'" : "");
    lua_createtable(L, 0, 4);
    lua_pushliteral(L, "argument");
    lua_setfield(L, -2, "kind");
    lua_pushliteral(L, "foreign_yield");
    lua_setfield(L, -2, "code");
    lua_pushstring(L, message);
    lua_setfield(L, -2, "message");
    bindings_push_error_metatable(L);
    lua_setmetatable(L, -2);
}

static void restore_hook(lua_State *L, const bindings_foreign *foreign) {
    lua_sethook(L, foreign->hook, foreign->mask, foreign->count);
}

/* Raises where the function was called, as it cannot raise by itself any more. A coroutine that the
 * function has made meanwhile inherits the hook. */
static void raise_refusal(lua_State *L, lua_Debug *activation) {
    bindings_foreign *foreign = bindings_state_of(L)->foreign;
    (void)activation;
    if (foreign == NULL || foreign->coroutine != L) {
        lua_sethook(L, NULL, 0, 0);
        return;
    }
    restore_hook(L, foreign);
    foreign->raised = true;
    push_refusal(L, foreign);
    lua_error(L);
}

void bindings_refuse_yield(lua_State *coroutine, bindings_foreign *foreign, int count) {
    find_name(coroutine, foreign);
    lua_pop(coroutine, count);
    foreign->coroutine = coroutine;
    foreign->hook = lua_gethook(coroutine);
    foreign->mask = lua_gethookmask(coroutine);
    foreign->count = lua_gethookcount(coroutine);
    lua_sethook(coroutine, raise_refusal, LUA_MASKCOUNT, 1);
}

int bindings_end_refusal(lua_State *coroutine, const bindings_foreign *foreign, int status,
                         int *count) {
    if (foreign->coroutine == NULL || foreign->raised)
        return status;
    if (lua_gethook(coroutine) == raise_refusal)
        restore_hook(coroutine, foreign);
    if (status != LUA_OK && status != LUA_YIELD)
        return status;
    lua_pop(coroutine, *count);
    lua_checkstack(coroutine, LUA_MINSTACK);
    *count = 1;
    lua_pushnil(coroutine); /* the place of the error, which may need memory */
    return LUA_ERRRUN;
}

void bindings_put_refusal(lua_State *L, const bindings_foreign *foreign) {
    if (foreign->coroutine == NULL || foreign->raised || !lua_isnil(L, -1))
        return;
    lua_pop(L, 1);
    push_refusal(L, foreign);
}
