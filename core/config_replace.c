#include "config_replace.h"

#include "config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define MOST_LINKS 16

/* Seconds to wait for another writer: a write takes milliseconds. */
#define LONGEST_WAIT 5

int config_follow(text *path) {
    char target[4096];
    for (int links = 0; links <= MOST_LINKS; links++) {
        ssize_t length = readlink(path->data, target, sizeof target);
        if (length < 0)
            return errno == EINVAL || errno == ENOENT ? 0 : errno;
        if ((size_t)length == sizeof target)
            return ENAMETOOLONG;
        const char *slash = strrchr(path->data, '/');
        bool is_relative = target[0] != '/' && slash != NULL;
        path->length = is_relative ? (size_t)(slash - path->data) + 1 : 0;
        text_add_n(path, target, (size_t)length);
        if (path->failed)
            return ENOMEM;
    }
    return ELOOP;
}

char *config_folder(const char *path) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return text_copy(NULL, ".", 1);
    return text_copy(NULL, path, slash == path ? 1 : (size_t)(slash - path));
}

static int write_all(int file, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t count = write(file, bytes, length);
        if (count < 0 && errno != EINTR)
            return errno;
        bytes += count > 0 ? count : 0;
        length -= count > 0 ? (size_t)count : 0;
    }
    return 0;
}

/* Fills the temporary file, which is as strictly kept as the one it replaces (NULL: none). */
static int fill(int file, const text *content, const struct stat *before) {
    mode_t mode = before != NULL ? before->st_mode & 0600 : 0600;
    int code = write_all(file, content->data, content->length);
    if (code == 0 && fchmod(file, mode) != 0)
        code = errno;
    /* Only root can keep the file another user's, and only root needs to. */
    if (code == 0 && before != NULL && before->st_uid != geteuid() &&
        fchown(file, before->st_uid, before->st_gid) != 0)
        code = errno;
    if (code == 0 && fsync(file) != 0)
        code = errno;
    return code;
}

/* So that the new name outlives a power cut; some file systems cannot, and need not. */
static void sync_folder(const char *folder) {
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file >= 0) {
        (void)!fsync(file);
        close(file);
    }
}

int config_replace(const char *path, const char *folder, const text *content,
                   const struct stat *before) {
    text temporary;
    text_init(&temporary, NULL);
    text_addf(&temporary, "%s/.config.toml.XXXXXX", folder);
    if (temporary.failed)
        return ENOMEM;
    int file = mkostemp(temporary.data, O_CLOEXEC);
    int code = file < 0 ? errno : fill(file, content, before);
    if (file >= 0 && close(file) != 0 && code == 0)
        code = errno;
    if (code == 0 && rename(temporary.data, path) != 0)
        code = errno;
    if (code == 0)
        sync_folder(folder);
    else if (file >= 0)
        unlink(temporary.data);
    text_free(&temporary);
    return code;
}

/* ------------------------------------------------------------------- locking */

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Where a file system has no locks, or nothing can be written anyway, there is nothing to wait for.
 */
static int without_lock(int code, const char *folder) {
    bool is_closed = code == EROFS || ((code == EACCES || code == EPERM) && access(folder, W_OK));
    bool has_none = code == ENOLCK || code == EOPNOTSUPP || code == ENOSYS || code == EINVAL;
    return is_closed || has_none ? 0 : code;
}

int config_lock(const char *path, const char *folder, int *lock) {
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    text name;
    text_init(&name, NULL);
    text_addf(&name, "%s.lock", path);
    *lock = name.failed
                ? -1
                : open(name.data, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    int code = name.failed ? ENOMEM : *lock < 0 ? errno : 0;
    text_free(&name);
    double stop = now() + LONGEST_WAIT;
    while (code == 0 && flock(*lock, LOCK_EX | LOCK_NB) != 0) {
        code = errno == EINTR ? 0 : errno;
        if (code == EWOULDBLOCK)
            code = now() < stop ? 0 : CONFIG_LOCKED;
        if (code == 0)
            nanosleep(&pause, NULL);
    }
    if (code == 0)
        return 0;
    config_unlock(*lock);
    *lock = -1;
    return without_lock(code, folder);
}

void config_unlock(int lock) {
    if (lock >= 0)
        close(lock);
}
