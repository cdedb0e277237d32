/*
 * spool.c - files of spans that wait to be sent, and of prompts: what bindings/prelude/spool.lua
 * and prompt_files.lua need of the system.
 *
 * A handle is a descriptor that belongs to the process that opened it: in a forked child it writes
 * nothing. Names come from the prelude and lie in one folder.
 */
#include "spool.h"

#include "registry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A file that is locked, or written to at its end. */
typedef struct handle {
    int fd; /* -1 once it is closed */
    pid_t owner;
} handle;

static const char METATABLE = 0; /* its address is the key of the metatable in the registry */

/* [-0, +2, e] nil and the reason. */
static int refuse(lua_State *L, const char *path) {
    int code = errno;
    lua_pushnil(L);
    lua_pushfstring(L, "%s: %s", path, strerror(code));
    return 2;
}

/* [-0, +1, m] A handle without a file, so that nothing is opened before it can be closed. */
static handle *push_handle(lua_State *L) {
    handle *new = lua_newuserdata(L, sizeof *new);
    *new = (handle){.fd = -1, .owner = getpid()};
    lua_rawgetp(L, LUA_REGISTRYINDEX, &METATABLE);
    lua_setmetatable(L, -2);
    return new;
}

static handle *to_handle(lua_State *L) {
    return lua_touserdata(L, 1);
}

/* Locks a file that is still in its folder: whoever held the lock before may have removed it. */
static bool lock_named(int fd) {
    struct stat status;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &status) != 0)
        return false;
    errno = ENOENT;
    return status.st_nlink > 0;
}

/* lock(path, exclusive): makes the file (exclusive) or opens it, and locks it. The handle, or nil
 * and why; another process that holds it is a reason. The lock ends with the process. */
static int lock_file(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    int flags = lua_toboolean(L, 2) ? O_CREAT | O_EXCL : 0;
    handle *new = push_handle(L);
    new->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
    if (new->fd >= 0 && lock_named(new->fd))
        return 1;
    int code = errno;
    if (new->fd >= 0)
        close(new->fd);
    new->fd = -1;
    errno = code;
    return refuse(L, path);
}

/* append(path): a new file to write to at its end. */
static int append_file(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    handle *new = push_handle(L);
    new->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    return new->fd >= 0 ? 1 : refuse(L, path);
}

/* The descriptor; -1, which every system call refuses with EBADF, if it is closed or the parent's. */
static int own_descriptor(const handle *file) {
    return file->owner == getpid() ? file->fd : -1;
}

/* handle:write(bytes): true, or nil and why. One write(2): a process that is killed has written all
 * of it or, on a full disk, a part that a later reader skips. */
static int handle_write(lua_State *L) {
    int fd = own_descriptor(to_handle(L));
    size_t length;
    const char *bytes = luaL_checklstring(L, 2, &length);
    ssize_t written = write(fd, bytes, length);
    if (written >= 0 && (size_t)written < length)
        errno = ENOSPC;
    if (written < 0 || (size_t)written < length)
        return refuse(L, "the spool");
    lua_pushboolean(L, true);
    return 1;
}

/* handle:replace(bytes): makes them the file's content; short enough for one write. */
static int handle_replace(lua_State *L) {
    int fd = own_descriptor(to_handle(L));
    size_t length;
    const char *bytes = luaL_checklstring(L, 2, &length);
    if (pwrite(fd, bytes, length, 0) != (ssize_t)length || ftruncate(fd, (off_t)length) != 0)
        return refuse(L, "the spool");
    lua_pushboolean(L, true);
    return 1;
}

/* handle:close(), also __gc */
static int handle_close(lua_State *L) {
    handle *file = to_handle(L);
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
    return 0;
}

/* read(path, offset, count): bytes, fewer at the end of the file; nil and why. */
static int read_file(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    lua_Number offset = luaL_checknumber(L, 2);
    size_t count = (size_t)luaL_checknumber(L, 3);
    char *room = lua_newuserdata(L, count > 0 ? count : 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK); /* a FIFO has no writer */
    ssize_t length = fd >= 0 ? pread(fd, room, count, (off_t)offset) : -1;
    int code = errno;
    if (fd >= 0)
        close(fd);
    errno = code;
    if (length < 0)
        return refuse(L, path);
    lua_pushlstring(L, room, (size_t)length);
    return 1;
}

/* [-0, +1, m] What a descriptor has left to read, at most `most` bytes; -1 and errno otherwise. */
static int push_contents(lua_State *L, int fd, size_t most) {
    char part[16 * 1024];
    luaL_Buffer text;
    luaL_buffinit(L, &text);
    ssize_t length;
    size_t whole = 0;
    while ((length = read(fd, part, sizeof part)) > 0) {
        whole += (size_t)length;
        if (whole > most) {
            errno = EFBIG;
            return -1;
        }
        luaL_addlstring(&text, part, (size_t)length);
    }
    luaL_pushresult(&text);
    return length < 0 ? -1 : 1;
}

/* contents(path, most): the bytes of a regular file, which a symbolic link may name; nil and why,
 * also of one that has more than `most`. Never waits for the writer of a FIFO. */
static int file_contents(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    size_t most = (size_t)luaL_checknumber(L, 2);
    handle *file = push_handle(L); /* closed by its __gc if memory runs out */
    file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    int result = file->fd >= 0 && fstat(file->fd, &status) == 0 ? 1 : -1;
    if (result == 1 && !S_ISREG(status.st_mode)) {
        errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
        result = -1;
    }
    if (result == 1)
        result = push_contents(L, file->fd, most);
    int code = errno;
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
    errno = code;
    return result == 1 ? 1 : refuse(L, path);
}

/* status(path): its size in bytes, its age in seconds, and when it was changed (Unix time); nil and
 * why. */
static int file_status(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    struct stat status;
    if (lstat(path, &status) != 0)
        return refuse(L, path);
    lua_pushnumber(L, (lua_Number)status.st_size);
    lua_pushnumber(L, (lua_Number)difftime(time(NULL), status.st_mtime));
    lua_pushnumber(L, (lua_Number)status.st_mtim.tv_sec + (lua_Number)status.st_mtim.tv_nsec / 1e9);
    return 3;
}

/* list(folder): the names in it; made if it is not there. nil and why. */
static int list_folder(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return refuse(L, path);
    lua_newtable(L);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return refuse(L, path);
    int count = 0;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        /* The names of the spool's files are short: these two allocate little, and a failure would
         * leave the folder open until the process ends. */
        lua_pushstring(L, entry->d_name);
        lua_rawseti(L, -2, ++count);
    }
    closedir(folder);
    return 1;
}

/* remove(path): nothing is wrong with a file that is not there. */
static int remove_file(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    if (unlink(path) != 0 && errno != ENOENT)
        return refuse(L, path);
    lua_pushboolean(L, true);
    return 1;
}

int bindings_open_spool(lua_State *L) {
    static const luaL_Reg functions[] = {{"lock", lock_file},
                                         {"append", append_file},
                                         {"read", read_file},
                                         {"status", file_status},
                                         {"list", list_folder},
                                         {"remove", remove_file},
                                         {"write", handle_write},
                                         {"replace", handle_replace},
                                         {"close", handle_close},
                                         {"contents", file_contents},
                                         {NULL, NULL}};
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, handle_close);
    lua_setfield(L, -2, "__gc");
    bindings_name_metatable(L, "promptic.spool");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &METATABLE);
    lua_newtable(L);
    luaL_setfuncs(L, functions, 0);
    return 1;
}
