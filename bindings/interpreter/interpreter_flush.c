/*
 * interpreter_flush.c - the end of a program waits for background tasks, also
 * where the script ends it by os.exit.
 */
#include "interpreter_flush.h"

#include "interpreter_report.h"
#include "registry.h"
#include "tasks.h"

#define MOST_SECONDS 2

void interpreter_flush(lua_State *L) {
    if (!lua_checkstack(L, LUA_MINSTACK) || !bindings_has_background(L))
        return;
    int top = lua_gettop(L);
    bindings_get(L, BINDINGS_FLUSH);
    lua_pushnumber(L, MOST_SECONDS);
    interpreter_call(L, 1, 0);
    lua_settop(L, top);
}

/* The upvalue is Lua's own os.exit. */
static int flush_and_exit(lua_State *L) {
    interpreter_flush(L);
    int count = lua_gettop(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, count, LUA_MULTRET);
    return lua_gettop(L);
}

void interpreter_flush_at_exit(lua_State *L) {
    lua_getglobal(L, "os");
    lua_getfield(L, -1, "exit");
    lua_pushcclosure(L, flush_and_exit, 1);
    lua_setfield(L, -2, "exit");
    lua_pop(L, 1);
}
