/*
 * compat.c - what takes more than a macro to do in Lua 5.1 and 5.2: whether a function could yield,
 * tracebacks, and which coroutine is the main one.
 */
#include "compat.h"

#include <string.h>

/* ---------------------------------------------------------------- yieldable */

#if COMPAT_MEASURES_DEPTH

/*
 * Lua 5.1 cannot yield below a C function, a metamethod or an iterator: wherever its interpreter
 * runs inside of C once more. Such levels are counted by the same counter as the levels of nested
 * syntax, which has a limit. So the deepest chunk that compiles at the bottom of a coroutine does
 * not compile above it, and that is the test. coroutine.resume would add the levels that are
 * below it.
 */

static const char depth_key; /* its address is the registry's key of the depth of that chunk */

enum { MAX_DEPTH = 2000 }; /* Lua's own limit is 200; a parser without any would end the C stack */

/* A chunk as it is read: return not not ... 1 */
typedef struct nested {
    bool begun, ended;
    int left;
} nested;

static const char *read_nested(lua_State *L, void *data, size_t *size) {
    nested *chunk = data;
    const char *piece = " 1";
    (void)L;
    if (chunk->ended)
        return NULL;
    if (!chunk->begun)
        piece = "return";
    else if (chunk->left > 0)
        piece = " not";
    else
        chunk->ended = true;
    chunk->left -= chunk->begun ? 1 : 0;
    chunk->begun = true;
    *size = strlen(piece);
    return piece;
}

/* [-0, +0, -] */
static bool compiles(lua_State *L, int depth) {
    nested chunk = {.left = depth};
    int status = lua_load(L, read_nested, &chunk, "=depth");
    lua_pop(L, 1);
    return status == LUA_OK;
}

/* [-0, +1, -] The depth of the deepest chunk that compiles here; 0 if there is no limit. */
static int measure(lua_State *L) {
    int low = 1, high = MAX_DEPTH; /* compiles at low, not at high */
    if (!compiles(L, low) || compiles(L, high))
        low = 0;
    while (low > 0 && high - low > 1) {
        int middle = (low + high) / 2;
        if (compiles(L, middle))
            low = middle;
        else
            high = middle;
    }
    lua_pushinteger(L, low);
    return 1;
}

/* [-0, +0, e] */
static void open_yieldable(lua_State *L) {
    lua_State *coroutine = lua_newthread(L);
    lua_pushcfunction(coroutine, measure);
    if (lua_resume(coroutine, 0) != LUA_OK) {
        lua_xmove(coroutine, L, 1);
        lua_error(L);
    }
    lua_xmove(coroutine, L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &depth_key);
    lua_pop(L, 1);
}

bool compat_isyieldable(lua_State *L) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &depth_key);
    int depth = (int)lua_tointeger(L, -1);
    lua_pop(L, 1);
    return depth > 0 && compiles(L, depth);
}

#elif LUA_VERSION_NUM == 502

/*
 * Lua 5.2 cannot yield below a C function, unless that goes on in a continuation, and of those only
 * pcall and xpcall are known to.
 */

static const char pcall_key, xpcall_key; /* their addresses are the registry's keys */

/* [-0, +0, m] */
static void keep_global(lua_State *L, const char *name, const void *key) {
    lua_getglobal(L, name);
    lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

/* [-0, +0, e] */
static void open_yieldable(lua_State *L) {
    keep_global(L, "pcall", &pcall_key);
    keep_global(L, "xpcall", &xpcall_key);
}

/* [-0, +0, -] Whether the function at index is the one that is kept. */
static bool is_kept(lua_State *L, int function, const void *key) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, key);
    bool same = lua_rawequal(L, function, -1) != 0;
    lua_pop(L, 1);
    return same;
}

bool compat_isyieldable(lua_State *L) {
    lua_Debug info;
    bool yieldable = !lua_pushthread(L);
    lua_pop(L, 1);
    for (int level = 1; yieldable && lua_getstack(L, level, &info); level++) {
        lua_getinfo(L, "Sf", &info);
        int function = lua_gettop(L);
        yieldable = strcmp(info.what, "C") != 0 || is_kept(L, function, &pcall_key) ||
                    is_kept(L, function, &xpcall_key);
        lua_pop(L, 1);
    }
    return yieldable;
}

#else

static void open_yieldable(lua_State *L) {
    (void)L;
}

#endif

/* ---------------------------------------------------- the running coroutine */

#ifdef LUAJIT_VERSION_NUM

static const char nothing_key; /* its address is the registry's key */

static int nothing(lua_State *L) {
    (void)L;
    return 0;
}

/* [-0, +0, m] */
static void open_reenter(lua_State *L) {
    lua_pushcfunction(L, nothing);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &nothing_key);
}

/* Of OpenResty's LuaJIT (its README, "lua_getexdata" and "lua_setexdata"); NULL in others. */
extern void *lua_getexdata(lua_State *L) __attribute__((weak));
extern void lua_setexdata(lua_State *L, void *exdata) __attribute__((weak));

void compat_adopt(lua_State *coroutine, lua_State *from) {
    if (lua_getexdata != NULL && lua_setexdata != NULL)
        lua_setexdata(coroutine, lua_getexdata(from));
}

void compat_reenter(lua_State *L) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &nothing_key);
    lua_call(L, 0, 0);
}

#else

static void open_reenter(lua_State *L) {
    (void)L;
}

#endif

/* ------------------------------------------------------- the main coroutine */

#if LUA_VERSION_NUM >= 502

static void open_mainthread(lua_State *L) {
    (void)L;
}

lua_State *compat_mainthread(lua_State *L) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
    lua_State *main = lua_tothread(L, -1);
    lua_pop(L, 1);
    return main;
}

#else

static const char main_key; /* its address is the registry's key of the main coroutine */

/* [-0, +0, m] */
static void open_mainthread(lua_State *L) {
    if (lua_pushthread(L))
        lua_rawsetp(L, LUA_REGISTRYINDEX, &main_key);
    else
        lua_pop(L, 1);
}

lua_State *compat_mainthread(lua_State *L) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &main_key);
    lua_State *main = lua_tothread(L, -1);
    lua_pop(L, 1);
    return main;
}

#endif

void compat_open(lua_State *L) {
    open_yieldable(L);
    open_reenter(L);
    open_mainthread(L);
}

/* --------------------------------------------------------------- tracebacks */

#if LUA_VERSION_NUM >= 502 || defined(LUAJIT_VERSION_NUM)

void compat_traceback(lua_State *L, lua_State *coroutine) {
    luaL_traceback(L, coroutine, NULL, 0);
}

#else

enum { FIRST_LEVELS = 12, LAST_LEVELS = 10 }; /* as many as Lua shows of a deep stack */

/* [-0, +1, m] Pushes a level's line of the traceback. */
static void push_level(lua_State *L, lua_State *coroutine, lua_Debug *info) {
    lua_getinfo(coroutine, "nSl", info);
    const char *line = lua_pushfstring(L, info->currentline > 0 ? "%s:%d" : "%s", info->short_src,
                                       info->currentline);
    if (info->name != NULL)
        lua_pushfstring(L, "\n\t%s: in function '%s'", line, info->name);
    else if (*info->what == 'm')
        lua_pushfstring(L, "\n\t%s: in main chunk", line);
    else if (*info->what == 'L')
        lua_pushfstring(L, "\n\t%s: in function <%s:%d>", line, info->short_src, info->linedefined);
    else
        lua_pushfstring(L, "\n\t%s: ?", line);
    lua_remove(L, -2);
}

void compat_traceback(lua_State *L, lua_State *coroutine) {
    lua_Debug info;
    int depth = 0;
    while (lua_getstack(coroutine, depth, &info))
        depth++;
    lua_pushliteral(L, "stack traceback:");
    for (int level = 0; lua_getstack(coroutine, level, &info); level++) {
        if (level == FIRST_LEVELS && depth > FIRST_LEVELS + LAST_LEVELS) {
            lua_pushliteral(L, "\n\t...");
            level = depth - LAST_LEVELS - 1;
        } else {
            push_level(L, coroutine, &info);
        }
        lua_concat(L, 2);
    }
}

#endif
