#include "config_replace.h"

#include "clock.h"
#include "config_file.h"
#include "writer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define MOST_LINKS 16

/* Seconds to wait for another writer: a write takes milliseconds. */
#define LONGEST_WAIT 5

int config_follow(struct text *path) {
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

/* A new file is as strictly kept as the one it replaces (NULL: none). */
static int keep_strict(int file, const struct stat *before) {
    if (fchmod(file, before != NULL ? before->st_mode & 0600 : 0600) != 0)
        return errno;
    /* Only root can keep the file another user's, and only root needs to. */
    if (before != NULL && before->st_uid != geteuid() &&
        fchown(file, before->st_uid, before->st_gid) != 0)
        return errno;
    return 0;
}

/* ".config.toml.", what the names of drafts begin with. */
static int draft_prefix(const char *path, char prefix[WRITER_NAME]) {
    int length = snprintf(prefix, WRITER_NAME, ".%s.", writer_base(path));
    return length < WRITER_NAME ? 0 : ENAMETOOLONG;
}

/* Whether this is a draft that a writer left behind when it was killed. */
static bool is_left_behind(int folder, const char *name, const char *prefix) {
    struct stat status;
    size_t length = strlen(prefix);
    return strncmp(name, prefix, length) == 0 && strlen(name) == length + WRITER_RANDOM &&
           writer_is_random(name + length) &&
           fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) &&
           status.st_uid == geteuid() && (status.st_mode & 0777) == 0600;
}

void config_clean_up(const char *path) {
    char prefix[WRITER_NAME];
    int folder;
    if (draft_prefix(path, prefix) != 0 || writer_open_folder(path, &folder) != 0)
        return;
    DIR *list = fdopendir(folder);
    if (list == NULL) {
        close(folder);
        return;
    }
    for (struct dirent *entry; (entry = readdir(list)) != NULL;)
        if (is_left_behind(folder, entry->d_name, prefix))
            (void)!unlinkat(folder, entry->d_name, 0);
    closedir(list);
}

/* Writes the content into the file that is there, which no other can replace. */
static int write_in_place(const char *path, const struct text *content, const struct stat *before) {
    struct stat status;
    int file = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (file < 0)
        return errno;
    int code = fstat(file, &status) != 0 ? errno : 0;
    if (code == 0 && (status.st_dev != before->st_dev || status.st_ino != before->st_ino))
        code = EBUSY;
    if (code == 0)
        code = keep_strict(file, before);
    if (code == 0)
        code = writer_reserve(file, (long long)content->length);
    if (code == 0)
        code = writer_put(file, content->data, content->length);
    if (code == 0)
        code = writer_finish(file, (long long)content->length);
    close(file);
    return code;
}

/* Fills a draft and renames it. */
static int replace(int folder, const char *path, const struct text *content,
                   const struct stat *before) {
    char prefix[WRITER_NAME], name[WRITER_NAME];
    int file, code = draft_prefix(path, prefix);
    if (code == 0)
        code = writer_create(folder, prefix, "", 0600, name, &file);
    if (code != 0)
        return code;
    code = writer_put(file, content->data, content->length);
    if (code == 0)
        code = keep_strict(file, before);
    if (code == 0)
        code = writer_rename(folder, file, name, writer_base(path));
    if (code != 0)
        (void)!unlinkat(folder, name, 0);
    close(file);
    return code;
}

/* Whether the file is a mount of its own, as containers have it. */
static bool is_mount(const char *path) {
    struct statx status;
    return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, 0, &status) == 0 &&
           (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/* Whether no other file can take its place: that of a mount, whose folder may take no file at all.
 */
static bool is_fixed(const char *path, int code) {
    return code == EBUSY ||
           ((code == EACCES || code == EPERM || code == EROFS || code == EXDEV) && is_mount(path));
}

int config_replace(const char *path, const struct text *content, const struct stat *before) {
    int folder, code = writer_open_folder(path, &folder);
    if (code != 0)
        return code;
    code = replace(folder, path, content, before);
    close(folder);
    if (before != NULL && is_fixed(path, code))
        code = write_in_place(path, content, before);
    return code;
}

/* ------------------------------------------------------------------- locking */

/* Where a file system has no locks, or nothing can be written anyway, there is nothing to wait for.
 */
static int without_lock(int code, const char *folder) {
    bool is_closed = code == EROFS || ((code == EACCES || code == EPERM) && access(folder, W_OK));
    bool has_none = code == ENOLCK || code == EOPNOTSUPP || code == ENOSYS || code == EINVAL;
    return is_closed || has_none ? 0 : code;
}

int config_lock(const char *path, const char *folder, int *lock) {
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    struct text name;
    text_init(&name, NULL);
    text_addf(&name, "%s.lock", path);
    *lock = name.failed
                ? -1
                : open(name.data, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    int code = name.failed ? ENOMEM : *lock < 0 ? errno : 0;
    text_free(&name);
    double stop = clock_seconds() + LONGEST_WAIT;
    while (code == 0 && flock(*lock, LOCK_EX | LOCK_NB) != 0) {
        code = errno == EINTR ? 0 : errno;
        if (code == EWOULDBLOCK)
            code = clock_seconds() < stop ? 0 : CONFIG_LOCKED;
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
