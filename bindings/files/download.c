#include "download.h"

#include "bindings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define METATABLE "promptic.download"

/* Names that are tried for the temporary file. */
#define MOST_NAMES 100

/* One download; without a file its descriptor is -1. */
typedef struct download {
    int descriptor;
    int problem; /* errno of the first failure to write, or 0 */
    long long written;
    char target[PATH_MAX]; /* no symbolic link */
    char temporary[PATH_MAX + 64];
} download;

/* ------------------------------------------------------------------ writing */

/* An attempt begins, so earlier bytes are void. */
static void start_over(download *file) {
    file->problem = 0;
    file->written = 0;
    if (ftruncate(file->descriptor, 0) != 0 || lseek(file->descriptor, 0, SEEK_SET) != 0)
        file->problem = errno;
}

void download_write(const char *piece, size_t length, void *userdata) {
    download *file = userdata;
    if (file->descriptor < 0)
        return;
    if (piece == NULL)
        start_over(file);
    while (length > 0 && file->problem == 0) {
        ssize_t count = write(file->descriptor, piece, length);
        if (count < 0 && errno != EINTR) {
            file->problem = errno;
            return;
        }
        piece += count > 0 ? count : 0;
        length -= count > 0 ? (size_t)count : 0;
        file->written += count > 0 ? count : 0;
    }
}

/* ------------------------------------------------------------------ opening */

/* The name that the download will have: of a symbolic link what it leads to. Returns 0 or a number
 * of errno. *mode are the permissions of a file that is there already, else 0. */
static int find_target(download *file, const char *path, mode_t *mode) {
    struct stat status;
    *mode = 0;
    if (path[0] == '\0')
        return ENOENT;
    if (strlen(path) >= sizeof file->target)
        return ENAMETOOLONG;
    strcpy(file->target, path);
    if (stat(path, &status) != 0)
        return errno == ENOENT ? 0 : errno;
    if (S_ISDIR(status.st_mode))
        return EISDIR;
    if (!S_ISREG(status.st_mode)) /* a device or a pipe, whose place no file can take */
        return EINVAL;
    if (access(path, W_OK) != 0)
        return errno;
    *mode = status.st_mode & 0777;
    return realpath(path, file->target) == NULL ? errno : 0;
}

/* mkstemp would give the file to its owner alone; a download is as readable as any other file. */
static int create(download *file) {
    for (unsigned i = 0; i < MOST_NAMES; i++) {
        snprintf(file->temporary, sizeof file->temporary, "%s.%ld-%u.part", file->target,
                 (long)getpid(), i);
        file->descriptor = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file->descriptor >= 0)
            return 0;
        if (errno != EEXIST)
            return errno;
    }
    return EEXIST;
}

static void discard(download *file) {
    if (file->descriptor < 0)
        return;
    close(file->descriptor);
    file->descriptor = -1;
    unlink(file->temporary);
}

static int collect(lua_State *L) {
    discard(lua_touserdata(L, 1));
    return 0;
}

static int discard_method(lua_State *L) {
    discard(download_check(L, 1));
    return 0;
}

/* ------------------------------------------------------------------- commit */

/* So that the new name outlives a power cut; some file systems cannot, and need not. */
static void sync_folder(const char *target) {
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", target);
    char *slash = strrchr(folder, '/');
    if (slash == NULL)
        strcpy(folder, ".");
    else
        slash[slash == folder ? 1 : 0] = '\0';
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) {
        (void)!fsync(descriptor);
        close(descriptor);
    }
}

/* Returns 0 or a number of errno; the temporary file is gone in any case. */
static int commit(download *file) {
    int code = file->problem;
    if (code == 0 && fsync(file->descriptor) != 0)
        code = errno;
    if (close(file->descriptor) != 0 && code == 0)
        code = errno;
    file->descriptor = -1;
    if (code == 0 && rename(file->temporary, file->target) != 0)
        code = errno;
    if (code == 0)
        sync_folder(file->target);
    else
        unlink(file->temporary);
    return code;
}

/* [-0, +2, m] nil and why. */
static int push_problem(lua_State *L, int code) {
    lua_pushnil(L);
    lua_pushstring(L, code == EINVAL ? "it is no file" : strerror(code));
    return 2;
}

static int commit_method(lua_State *L) {
    download *file = download_check(L, 1);
    int code = file->descriptor < 0 ? EBADF : commit(file);
    if (code != 0)
        return push_problem(L, code);
    lua_pushinteger(L, (lua_Integer)file->written);
    return 1;
}

/* ---------------------------------------------------------------- interface */

void *download_check(lua_State *L, int index) {
    return luaL_checkudata(L, index, METATABLE);
}

/* [-0, +1, m] */
static download *push_download(lua_State *L) {
    download *file = compat_newuserdata(L, sizeof *file);
    file->descriptor = -1;
    file->problem = 0;
    file->written = 0;
    if (luaL_newmetatable(L, METATABLE)) {
        static const luaL_Reg methods[] = {
            {"commit", commit_method}, {"discard", discard_method}, {NULL, NULL}};
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
    mode_t mode;
    const char *path = luaL_checkstring(L, 1);
    download *file = push_download(L);
    int code = find_target(file, path, &mode);
    if (code == 0)
        code = create(file);
    if (code == 0 && mode != 0 && fchmod(file->descriptor, mode) != 0)
        code = errno;
    if (code != 0) {
        discard(file);
        return push_problem(L, code);
    }
    return 1;
}
