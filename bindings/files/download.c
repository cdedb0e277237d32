#include "download.h"

#include "registry.h"
#include "writer.h"

#include <errno.h>
#include <string.h>

#define METATABLE "promptic.download"

void download_write(const char *piece, size_t length, void *userdata) {
    writer *file = userdata;
    if (file->draft < 0)
        return;
    if (piece == NULL) /* an attempt begins, so earlier bytes are void */
        writer_start_over(file);
    else
        writer_add(file, piece, length);
}

void *download_check(lua_State *L, int index) {
    return luaL_checkudata(L, index, METATABLE);
}

/* [-0, +1 or 2, m] false if it would block, else nil and why. */
static int push_problem(lua_State *L, int code) {
    if (code == EAGAIN) {
        lua_pushboolean(L, false);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, code == ECANCELED ? "it belongs to another process" : strerror(code));
    return 2;
}

static int discard(lua_State *L) {
    writer_discard(download_check(L, 1));
    return 0;
}

static int collect(lua_State *L) {
    writer_discard(lua_touserdata(L, 1));
    return 0;
}

static int add(lua_State *L) {
    size_t length;
    writer *file = download_check(L, 1);
    const char *bytes = luaL_checklstring(L, 2, &length);
    if (file->draft >= 0)
        writer_add(file, bytes, length);
    return 0;
}

static int commit(lua_State *L) {
    writer *file = download_check(L, 1);
    lua_Integer written = (lua_Integer)file->written;
    int code = writer_commit(file);
    if (code != 0)
        return push_problem(L, code);
    lua_pushinteger(L, written);
    return 1;
}

/* [-0, +1, m] */
static writer *push_writer(lua_State *L) {
    writer *file = compat_newuserdata(L, sizeof *file);
    writer_init(file);
    if (luaL_newmetatable(L, METATABLE)) {
        static const luaL_Reg methods[] = {
            {"add", add}, {"commit", commit}, {"discard", discard}, {NULL, NULL}};
        bindings_name_metatable(L, METATABLE);
        lua_pushcfunction(L, collect);
        lua_setfield(L, -2, "__gc");
        lua_newtable(L);
        luaL_setfuncs(L, methods, 0);
        lua_setfield(L, -2, "__index");
    }
    lua_setmetatable(L, -2);
    return file;
}

int download_open(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    mode_t mode = lua_toboolean(L, 2) ? 0600 : 0666;
    writer *file = push_writer(L);
    int code = writer_open(file, path, mode);
    return code != 0 ? push_problem(L, code) : 1;
}
