/*
 * interpreter_preload.c - what require finds in promptic-lua: the modules that are built in, the
 * HTTP server that lies beside the program, and the folder of the script.
 */
#include "interpreter_preload.h"

#include "baked.h"
#include "interpreter_gunzip.h"
#include "interpreter_report.h"
#include "interpreter_terminal.h"
#include "module.h"
#include "nearest.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* lua-cjson's, which has no header everywhere */
int luaopen_cjson(lua_State *L);
int luaopen_cjson_safe(lua_State *L);

/* ------------------------------------------------------------------- baked */

static const baked_module *const baked_lists[] = {baked_scripts, baked_made, baked_vendor, NULL};

static const baked_module *find_baked(const char *name) {
    for (const baked_module *const *list = baked_lists; *list != NULL; list++)
        for (const baked_module *module = *list; module->name != NULL; module++)
            if (strcmp(module->name, name) == 0)
                return module;
    return NULL;
}

/* [-0, +1, -] */
static int load_baked(lua_State *L, const baked_module *module) {
    return luaL_loadbufferx(L, module->source, module->length, module->chunkname, NULL);
}

int interpreter_load_baked(lua_State *L, const char *name) {
    const baked_module *module = find_baked(name);
    if (module != NULL)
        return load_baked(L, module);
    lua_pushfstring(L, "no module '%s' is built in", name);
    return LUA_ERRRUN;
}

/* What require calls for a baked module: its name and where it was found, as for a file. */
static int open_baked(lua_State *L) {
    const baked_module *module = lua_touserdata(L, lua_upvalueindex(1));
    lua_settop(L, 2);
    if (load_baked(L, module) != LUA_OK)
        return lua_error(L);
    lua_insert(L, 1);
    lua_call(L, 2, 1);
    return 1;
}

/* ------------------------------------------------------------------- httpd */

/* [-0, +1, e] Pushes the folder of this program. */
static const char *push_program_folder(lua_State *L) {
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length < 0)
        luaL_error(L, "cannot find the path of promptic-lua: no /proc/self/exe");
    path[length] = '\0';
    return lua_pushlstring(L, path, (size_t)(strrchr(path, '/') - path));
}

/* [-0, +1, e] Pushes the function that opens the library, or raises why it cannot be loaded. */
static void push_opener(lua_State *L, const char *path) {
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_getfield(L, -1, LUA_LOADLIBNAME);
    lua_getfield(L, -1, "loadlib");
    lua_pushstring(L, path);
    lua_pushliteral(L, "luaopen_promptic_httpd");
    lua_call(L, 2, 2);
    if (lua_isnil(L, -2))
        luaL_error(L,
                   "the sandbox's HTTP server cannot be loaded: %s\n\t"
                   "it needs libmicrohttpd (Debian, Ubuntu: apt install libmicrohttpd12)",
                   lua_tostring(L, -1));
    lua_pop(L, 1);
}

/* require "promptic.httpd": only the sandbox needs it, so it is no part of this program, but only
 * the one that came with it will do. */
static int open_httpd(lua_State *L) {
    static const char *const places[] = {"lib/promptic/httpd.so", /* build/ */
                                         "../lib/lua/5.4/promptic/httpd.so" /* installed */};
    const char *folder = push_program_folder(L);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *path = lua_pushfstring(L, "%s/%s", folder, places[i]);
        if (access(path, F_OK) != 0)
            continue;
        push_opener(L, path);
        lua_pushvalue(L, 1);
        lua_pushstring(L, path);
        lua_call(L, 2, 1);
        return 1;
    }
    return luaL_error(
        L,
        "the sandbox's HTTP server is not beside promptic-lua:\n\t"
        "no file '%s/%s'\n\tno file '%s/%s'\n\t"
        "'make' and 'make install' put it there; a copied program needs it copied along",
        folder, places[0], folder, places[1]);
}

/* ----------------------------------------------------------------- preload */

void interpreter_preload(lua_State *L) {
    static const luaL_Reg modules[] = {
        {"cjson", luaopen_cjson},
        {"cjson.safe", luaopen_cjson_safe},
        {"promptic", luaopen_promptic},
        {"promptic.auth", luaopen_promptic_auth},
        {"promptic.gunzip", interpreter_open_gunzip},
        {"promptic.httpd", open_httpd},
        {"promptic.json", luaopen_promptic_json},
        {"promptic.nearest", bindings_open_nearest},
        {"promptic.terminal", interpreter_open_terminal},
        {NULL, NULL},
    };
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    luaL_setfuncs(L, modules, 0);
    luaL_setfuncs(L, bindings_resource_modules, 0);
    for (const baked_module *const *list = baked_lists; *list != NULL; list++) {
        for (const baked_module *module = *list; module->name != NULL; module++) {
            lua_pushlightuserdata(L, (void *)module);
            lua_pushcclosure(L, open_baked, 1);
            lua_setfield(L, -2, module->name);
        }
    }
    lua_pop(L, 1);
    luaL_requiref(L, "promptic", luaopen_promptic, true);
    lua_pop(L, 1);
}

/* ------------------------------------------------------------------ folder */

/* The script's folder without a slash at its end, in a buffer of PATH_MAX bytes. What a symbolic
 * link names counts, so that a script can be linked into a folder of programs. */
static const char *folder_of(const char *script, char *buffer) {
    struct stat status;
    if (lstat(script, &status) != 0 || !S_ISLNK(status.st_mode) ||
        realpath(script, buffer) == NULL) {
        size_t length = strlen(script);
        if (length >= PATH_MAX)
            return NULL;
        memcpy(buffer, script, length + 1);
    }
    char *slash = strrchr(buffer, '/');
    if (slash == NULL)
        return ".";
    slash[slash == buffer ? 1 : 0] = '\0';
    return buffer;
}

void interpreter_add_folder(lua_State *L, const char *script) {
    char buffer[PATH_MAX];
    const char *folder = folder_of(script, buffer);
    if (folder == NULL || strpbrk(folder, LUA_PATH_SEP LUA_PATH_MARK) != NULL) {
        interpreter_message("require does not look beside the script: package.path has no way to "
                            "write a folder with ';' or '?' in its name");
        return;
    }
    const char *slash = strcmp(folder, "/") == 0 ? "" : "/";
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_getfield(L, -1, LUA_LOADLIBNAME);
    lua_getfield(L, -1, "path");
    const char *path = luaL_optstring(L, -1, "");
    lua_pushfstring(L, "%s%s?.lua;%s%s?/init.lua;%s", folder, slash, folder, slash, path);
    lua_setfield(L, -3, "path");
    lua_pop(L, 3);
}
