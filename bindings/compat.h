/*
 * compat.h - Lua 5.1, LuaJIT, 5.2 and 5.3 under the names of Lua 5.4.
 *
 * Include this instead of lua.h and lauxlib.h. A function that an older Lua lacks is defined here
 * as compat_NAME, and NAME becomes a macro for it (LuaJIT declares some of them itself, so defining
 * them under their own names would clash). What behaves differently between versions has a name of
 * its own, compat_..., on every version.
 *
 * Stack effects are written [-pops, +pushes, raises], as in the Lua manual: raises is - (never),
 * m (if out of memory) or e (other errors).
 *
 * Not to be used, because older versions return nothing: the int that lua_getfield, lua_rawget,
 * lua_rawgeti, lua_gettable and lua_getglobal return since 5.3.
 */
#ifndef PROMPTIC_COMPAT_H
#define PROMPTIC_COMPAT_H

#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>
#ifdef LUA_JITLIBNAME
#include <luajit.h>
#endif

#include <stdbool.h>
#include <stddef.h>

/* Whether numbers have an integer subtype; without one every number is a double. */
#if LUA_VERSION_NUM >= 503
#define COMPAT_INTEGERS 1
#else
#define COMPAT_INTEGERS 0
#endif

/* The type that lua_rawgeti and lua_rawseti take as an index. */
#if LUA_VERSION_NUM >= 503
typedef lua_Integer compat_index;
#else
typedef int compat_index;
#endif

#if LUA_VERSION_NUM < 502

#ifndef LUA_OK
#define LUA_OK 0
#endif

/* [-0, +0, -] */
static inline int compat_absindex(lua_State *L, int index) {
    return index > 0 || index <= LUA_REGISTRYINDEX ? index : lua_gettop(L) + index + 1;
}
#undef lua_absindex
#define lua_absindex compat_absindex

#undef lua_rawlen
#define lua_rawlen lua_objlen

/* [-0, +0, -] A number or a string that reads as one, as lua_tointegerx takes it. */
static inline lua_Integer compat_tointegerx(lua_State *L, int index, int *isnum) {
    int is_number = lua_isnumber(L, index);
    if (isnum != NULL)
        *isnum = is_number;
    return is_number ? lua_tointeger(L, index) : 0;
}
#undef lua_tointegerx
#define lua_tointegerx compat_tointegerx

/* [-0, +1, -] */
static inline void compat_rawgetp(lua_State *L, int index, const void *key) {
    index = compat_absindex(L, index);
    lua_pushlightuserdata(L, (void *)key);
    lua_rawget(L, index);
}
#undef lua_rawgetp
#define lua_rawgetp compat_rawgetp

/* [-1, +0, m] */
static inline void compat_rawsetp(lua_State *L, int index, const void *key) {
    index = compat_absindex(L, index);
    lua_pushlightuserdata(L, (void *)key);
    lua_insert(L, -2);
    lua_rawset(L, index);
}
#undef lua_rawsetp
#define lua_rawsetp compat_rawsetp

/* [-upvalues, +0, m] */
static inline void compat_setfuncs(lua_State *L, const luaL_Reg *functions, int upvalues) {
    luaL_checkstack(L, upvalues + 1, "too many upvalues");
    for (; functions->name != NULL; functions++) {
        for (int i = 0; i < upvalues; i++)
            lua_pushvalue(L, -upvalues);
        lua_pushcclosure(L, functions->func, upvalues);
        lua_setfield(L, -(upvalues + 2), functions->name);
    }
    lua_pop(L, upvalues);
}
#undef luaL_setfuncs
#define luaL_setfuncs compat_setfuncs

/* The length is only a hint for the table's size, so the table may as well start empty. */
#undef luaL_newlib
#define luaL_newlib(L, functions) (lua_newtable(L), luaL_setfuncs(L, functions, 0))

/* [-0, +0, -] */
static inline void compat_setmetatable(lua_State *L, const char *type_name) {
    luaL_getmetatable(L, type_name);
    lua_setmetatable(L, -2);
}
#undef luaL_setmetatable
#define luaL_setmetatable compat_setmetatable

/* [-0, +0, -] No metamethod of a table is asked before Lua 5.2. */
static inline lua_Integer compat_len(lua_State *L, int index) {
    return (lua_Integer)lua_objlen(L, index);
}
#undef luaL_len
#define luaL_len compat_len

/* [-0, +1, m] Returns whether the table existed already. */
static inline int compat_getsubtable(lua_State *L, int index, const char *name) {
    index = compat_absindex(L, index);
    lua_getfield(L, index, name);
    if (lua_istable(L, -1))
        return 1;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, index, name);
    return 0;
}
#undef luaL_getsubtable
#define luaL_getsubtable compat_getsubtable

/* The user value of a userdata is a table in the place of its environment. */
#undef lua_setuservalue
#define lua_setuservalue lua_setfenv
#undef lua_getuservalue
#define lua_getuservalue lua_getfenv

#endif /* LUA_VERSION_NUM < 502 */

/* [-0, +1, m] A full userdata without user values. Give it its metatable before it owns anything. */
static inline void *compat_newuserdata(lua_State *L, size_t size) {
#if LUA_VERSION_NUM >= 504
    return lua_newuserdatauv(L, size, 0);
#else
    return lua_newuserdata(L, size);
#endif
}

/* [-0, +0, -] Whether a value is a number of the integer subtype; never before Lua 5.3. */
static inline bool compat_isinteger(lua_State *L, int index) {
#if COMPAT_INTEGERS
    return lua_isinteger(L, index) != 0;
#else
    (void)L;
    (void)index;
    return false;
#endif
}

/*
 * [-0, +0, -] Reads a number (no string) whose value is integral and fits a lua_Integer, whatever
 * its subtype; false for everything else, which leaves *integer alone.
 */
static inline bool compat_tointeger(lua_State *L, int index, lua_Integer *integer) {
    if (lua_type(L, index) != LUA_TNUMBER)
        return false;
#if COMPAT_INTEGERS
    int integral = 0;
    lua_Integer value = lua_tointegerx(L, index, &integral);
    if (!integral)
        return false;
#else
    lua_Number number = lua_tonumber(L, index);
    lua_Number limit = (lua_Number)((size_t)1 << (sizeof(lua_Integer) * 8 - 1));
    if (!(number >= -limit && number < limit))
        return false;
    lua_Integer value = (lua_Integer)number;
    if ((lua_Number)value != number)
        return false;
#endif
    *integer = value;
    return true;
}

/*
 * A C function that suspends its coroutine continues in a continuation, declared with
 * COMPAT_CONTINUATION(name), which finds its stack as it left it. context is what was given to
 * compat_yield. Lua 5.1 and LuaJIT have none: there the values that resume the coroutine are what
 * the function returns.
 */
#if LUA_VERSION_NUM >= 503
#define COMPAT_CONTINUATIONS 1
#define COMPAT_CONTINUATION(NAME) static int NAME(lua_State *L, int status, lua_KContext context)
#define compat_yield(L, count, context, continuation) lua_yieldk(L, count, context, continuation)
#elif LUA_VERSION_NUM == 502
#define COMPAT_CONTINUATIONS 1
#define COMPAT_CONTINUATION(NAME)                                \
    static int NAME##_in(lua_State *L, int status, int context); \
    static int NAME(lua_State *L) {                              \
        int context = 0, status = lua_getctx(L, &context);       \
        return NAME##_in(L, status, context);                    \
    }                                                            \
    static int NAME##_in(lua_State *L, int status, int context)
#define compat_yield(L, count, context, continuation) lua_yieldk(L, count, context, continuation)
#else
#define COMPAT_CONTINUATIONS 0
#define compat_yield(L, count, context, continuation) lua_yield(L, count)
#endif

/* [-0, +0, -] To be called after work on another coroutine, before an error is raised in L: LuaJIT's
 * compiled code takes the coroutine that was entered last for the running one, until a C function
 * returns, and would write to that one's stack. Needs a free slot. */
#ifdef LUAJIT_VERSION_NUM
void compat_reenter(lua_State *L);
#else
#define compat_reenter(L) ((void)(L))
#endif

/* [-0, +0, -] OpenResty's LuaJIT keeps the request that nginx works on in each coroutine; a new one has
 * that of its maker, and nginx's functions read it there. A coroutine that is resumed works for the
 * one that resumes it: the request of its maker may be gone, and its memory. Does nothing elsewhere. */
#ifdef LUAJIT_VERSION_NUM
void compat_adopt(lua_State *coroutine, lua_State *from);
#else
#define compat_adopt(COROUTINE, FROM) ((void)(COROUTINE), (void)(FROM))
#endif

/* [-?, +?, -] lua_resume as in Lua 5.4: *results is how many values the coroutine has on top. */
static inline int compat_resume(lua_State *coroutine, lua_State *from, int arguments,
                                int *results) {
#if LUA_VERSION_NUM >= 504
    return lua_resume(coroutine, from, arguments, results);
#else
    compat_adopt(coroutine, from);
#if LUA_VERSION_NUM >= 502
    int status = lua_resume(coroutine, from, arguments);
#else
    int status = lua_resume(coroutine, arguments);
    compat_reenter(from);
#endif
    *results = lua_gettop(coroutine);
    return status;
#endif
}

/* [-0, +?, -] Closes what a coroutine that is suspended, or has failed, has still to close; there
 * is nothing of that kind before Lua 5.4. */
static inline void compat_closethread(lua_State *coroutine) {
#if LUA_VERSION_NUM >= 504
    lua_resetthread(coroutine); /* lua_closethread is new in 5.4.6 */
#else
    (void)coroutine;
#endif
}

/* In plain Lua 5.1 a function asks whether it could yield by the depth of its coroutine's C calls,
 * which coroutine.resume counts on from those below, and lua_resume does not. */
#if LUA_VERSION_NUM < 502 && !defined(LUAJIT_VERSION_NUM)
#define COMPAT_MEASURES_DEPTH 1
#else
#define COMPAT_MEASURES_DEPTH 0
#endif

/* [-0, +0, -] Whether the running C function could yield. Lua 5.1 and 5.2 do not report it; there
 * it is found out (compat.c), and where that is impossible, the result is false. Needs three free
 * slots. */
#if LUA_VERSION_NUM >= 503 || defined(LUAJIT_VERSION_NUM)
#define compat_isyieldable(L) (lua_isyieldable(L) != 0)
#else
bool compat_isyieldable(lua_State *L);
#endif

/* [-0, +1, m] Pushes where a coroutine is, or was when it failed. */
void compat_traceback(lua_State *L, lua_State *coroutine);

/* [-0, +0, -] The main coroutine, NULL if it is not known. Needs a free slot. */
lua_State *compat_mainthread(lua_State *L);

/* [-0, +0, e] Prepares the functions above. Once a lua_State; in Lua 5.1 on the main coroutine, if that
 * is to be known. */
void compat_open(lua_State *L);

/* [-0, +0 or 1, -] Calls a C function with a pointer as its argument. Nothing is raised, not even
 * if out of memory: a status other than LUA_OK leaves the error on the stack. */
static inline int compat_cpcall(lua_State *L, lua_CFunction function, void *argument) {
#if LUA_VERSION_NUM >= 502
    lua_pushcfunction(L, function);
    lua_pushlightuserdata(L, argument);
    return lua_pcall(L, 1, 0, 0);
#else
    return lua_cpcall(L, function, argument);
#endif
}

/* [-0, +0, -] Gives out a warning in two parts, as warn() does; nothing before Lua 5.4. */
static inline void compat_warning(lua_State *L, const char *about, const char *message) {
#if LUA_VERSION_NUM >= 504
    lua_warning(L, about, 1);
    lua_warning(L, message, 0);
#else
    (void)L;
    (void)about;
    (void)message;
#endif
}

#endif /* PROMPTIC_COMPAT_H */
