/*
 * httpd_file.c - the sandbox's database file before SQLite opens it: whose it is, and who may read
 * it.
 */
#include "httpd_file.h"

#include <lauxlib.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of SQLite's header and the tables behind it, which httpd.peek is for. */
#define MOST_PEEKED (256 * 1024)

/* [-0, +2, m] Closes the descriptor, if there is one. */
static int fail(lua_State *L, int fd, const char *message) {
    if (fd >= 0)
        close(fd);
    luaL_pushfail(L);
    lua_pushstring(L, message);
    return 2;
}

/* Opens a regular file; a FIFO does not block. -1 with errno, which is EINVAL for anything else. */
static int open_regular(const char *path, int flags, struct stat *found) {
    int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    if (fstat(fd, found) == 0 && S_ISREG(found->st_mode))
        return fd;
    close(fd);
    errno = EINVAL;
    return -1;
}

static const char *reason(void) {
    return errno == EINVAL ? "not a regular file" : strerror(errno);
}

/*
 * httpd.peek(path, count) -> the file's first bytes, fewer where it is shorter; "" if there is
 * no such file; nil and a message where it cannot be read or is no regular file. Changes nothing.
 */
int httpd_peek(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    lua_Integer count = luaL_checkinteger(L, 2);
    luaL_argcheck(L, count >= 0 && count <= MOST_PEEKED, 2, "too many bytes");
    luaL_Buffer buffer;
    char *bytes =
        luaL_buffinitsize(L, &buffer, (size_t)count); /* before there is a descriptor to lose */
    struct stat found;
    int fd = open_regular(path, O_RDONLY, &found);
    if (fd < 0 && errno == ENOENT) {
        lua_pushliteral(L, "");
        return 1;
    }
    if (fd < 0)
        return fail(L, -1, reason());
    ssize_t got = read(fd, bytes, (size_t)count);
    if (got < 0)
        return fail(L, fd, strerror(errno));
    close(fd);
    luaL_pushresultsize(&buffer, (size_t)got);
    return 1;
}

/*
 * httpd.make_private(path) -> true once the file is there and its owner alone may read and write it
 * (SQLite gives its -wal and -shm files the same mode); nil and a message if that fails.
 */
int httpd_make_private(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    struct stat found;
    int fd = open_regular(path, O_RDWR | O_CREAT, &found);
    if (fd < 0)
        return fail(L, -1, reason());
    if ((found.st_mode & 077) != 0 && fchmod(fd, 0600) != 0)
        return fail(L, fd, strerror(errno));
    close(fd);
    lua_pushboolean(L, true);
    return 1;
}
