#include "writer.h"

#include "sigpipe.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Names that are tried for a draft. */
#define MOST_NAMES 100

/* How a target is opened: neither a FIFO nor a terminal may block or become ours. */
#define OPEN_TARGET (O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* -------------------------------------------------------------------- parts */

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

#define LETTERS (sizeof letters - 1)

bool writer_is_random(const char *bytes) {
    bool is_word = true;
    for (int i = 0; i < WRITER_RANDOM; i++) {
        const char *letter = bytes[i] != '\0' ? strchr(letters, bytes[i]) : NULL;
        if (letter == NULL)
            return false;
        is_word = is_word && letter - letters < 26;
    }
    return !is_word;
}

static int draw(char random[WRITER_RANDOM + 1]) {
    unsigned char bytes[WRITER_RANDOM];
    do {
        if (getentropy(bytes, sizeof bytes) != 0)
            return errno;
        for (int i = 0; i < WRITER_RANDOM; i++)
            random[i] = letters[bytes[i] % LETTERS];
        random[WRITER_RANDOM] = '\0';
    } while (!writer_is_random(random));
    return 0;
}

int writer_create(int folder, const char *prefix, const char *suffix, mode_t mode,
                  char name[WRITER_NAME], int *file) {
    char random[WRITER_RANDOM + 1];
    for (int tries = 0; tries < MOST_NAMES; tries++) {
        int code = draw(random);
        if (code != 0)
            return code;
        if (snprintf(name, WRITER_NAME, "%s%s%s", prefix, random, suffix) >= WRITER_NAME)
            return ENAMETOOLONG;
        *file = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (*file >= 0)
            return 0;
        if (errno != EEXIST)
            return errno;
    }
    return EEXIST;
}

const char *writer_base(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

int writer_open_folder(const char *path, int *folder) {
    const char *base = writer_base(path);
    char *name = base == path ? text_copy(NULL, ".", 1)
                              : text_copy(NULL, path, (size_t)(base - path)); /* with its slash */
    if (name == NULL)
        return ENOMEM;
    *folder = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*folder < 0 && errno == EACCES) /* its files may be reached all the same */
        *folder = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int code = *folder < 0 ? errno : 0;
    memory_free(NULL, name);
    return code;
}

int writer_put(int file, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t count = write(file, bytes, length);
        if (count < 0 && errno != EINTR)
            return errno;
        bytes += count > 0 ? count : 0;
        length -= count > 0 ? (size_t)count : 0;
    }
    return 0;
}

int writer_reserve(int file, long long size) {
    struct stat before;
    if (size == 0)
        return 0;
    if (fstat(file, &before) != 0)
        return errno;
    int code;
    do
        code = fallocate(file, 0, 0, (off_t)size) == 0 ? 0 : errno;
    while (code == EINTR);
    if (code == EOPNOTSUPP || code == ENOSYS) /* then writing tells */
        return 0;
    if (code != 0)
        (void)!ftruncate(file, before.st_size);
    return code;
}

int writer_finish(int file, long long size) {
    return ftruncate(file, (off_t)size) == 0 && fsync(file) == 0 ? 0 : errno;
}

int writer_rename(int folder, int draft, const char *name, const char *base) {
    if (fsync(draft) != 0 || renameat(folder, name, folder, base) != 0)
        return errno;
    (void)!fsync(folder); /* the new name outlives a power cut; some file systems cannot */
    return 0;
}

/* ------------------------------------------------------------------ opening */

void writer_init(writer *w) {
    *w = (writer){.draft = -1, .target = -1, .folder = -1};
}

static void close_one(int *file) {
    if (*file >= 0)
        close(*file);
    *file = -1;
}

static void drop_draft(writer *w) {
    close_one(&w->draft);
    if (w->name[0] != '\0' && w->owner == getpid())
        (void)!unlinkat(w->folder, w->name, 0);
    w->name[0] = '\0';
}

void writer_discard(writer *w) {
    drop_draft(w);
    close_one(&w->target);
    close_one(&w->folder);
    memory_free(NULL, w->path);
    w->path = NULL;
}

/* Whether a new file would have other rights, or other names, than the one that is open. */
static bool is_more_than_mode(int file, const struct stat *status) {
    return status->st_nlink > 1 || fgetxattr(file, "system.posix_acl_access", NULL, 0) > 0;
}

/* Opens the existing file, *before its status; there may be none. Decides how it is written. */
static int open_target(writer *w, struct stat *before) {
    const char *path = w->path;
    w->target = open(path, OPEN_TARGET | O_NOFOLLOW);
    if (w->target < 0 && errno == ELOOP) {
        w->in_place = true;
        w->target = open(path, OPEN_TARGET);
    }
    int code = w->target < 0 ? errno : 0;
    if (code == ENXIO && stat(path, before) == 0 && S_ISFIFO(before->st_mode))
        return EAGAIN;
    if (code == ENOENT && writer_base(path)[0] == '\0')
        return path[0] == '\0' ? ENOENT : EISDIR;
    if (code != 0)
        return code == ENOENT ? 0 : code;
    if (fstat(w->target, before) != 0)
        return errno;
    if (!S_ISREG(before->st_mode) || is_more_than_mode(w->target, before))
        w->in_place = true;
    return 0;
}

/* The draft gets owner, group and permissions of the file before; false if it cannot. */
static bool keep_rights(int draft, const struct stat *before) {
    struct stat now;
    if (fstat(draft, &now) != 0)
        return false;
    bool is_owned = now.st_uid == before->st_uid && now.st_gid == before->st_gid;
    if (!is_owned && fchown(draft, before->st_uid, before->st_gid) != 0)
        return false;
    return fchmod(draft, before->st_mode & 0777) == 0;
}

/* The draft beside the target; a failure that leaves the way in place open sets in_place. */
static int make_draft(writer *w, const struct stat *before) {
    bool exists = w->target >= 0;
    int code = writer_open_folder(w->path, &w->folder);
    if (code == 0)
        code = writer_create(w->folder, ".promptic-", ".part", exists ? 0600 : w->mode, w->name,
                             &w->draft);
    if (code != 0)
        w->name[0] = '\0';
    if (exists && (code == EACCES || code == EPERM || code == EROFS))
        w->in_place = true;
    else if (code == 0 && exists && !keep_rights(w->draft, before))
        w->in_place = true;
    if (w->in_place)
        drop_draft(w);
    return w->in_place ? 0 : code;
}

/* A draft that has no name: nothing of it outlives the process. */
static int make_nameless(writer *w) {
    const char *folder = getenv("TMPDIR");
    struct text pattern;
    text_init(&pattern, NULL);
    text_addf(&pattern, "%s/promptic-XXXXXX", folder != NULL && *folder != '\0' ? folder : "/tmp");
    if (pattern.failed)
        return ENOMEM;
    w->draft = mkostemp(pattern.data, O_CLOEXEC);
    if (w->draft >= 0)
        unlink(pattern.data);
    else
        w->draft = memfd_create("promptic", MFD_CLOEXEC);
    int code = w->draft < 0 ? errno : 0;
    text_free(&pattern);
    return code;
}

int writer_open(writer *w, const char *path, mode_t mode) {
    struct stat before;
    writer_init(w);
    w->owner = getpid();
    w->mode = mode;
    w->path = text_copy(NULL, path, strlen(path));
    int code = w->path != NULL ? open_target(w, &before) : ENOMEM;
    if (code == 0 && !w->in_place)
        code = make_draft(w, &before);
    if (code == 0 && w->in_place)
        code = make_nameless(w);
    if (code != 0)
        writer_discard(w);
    return code;
}

/* ------------------------------------------------------------------ writing */

void writer_add(writer *w, const char *bytes, size_t length) {
    if (w->problem != 0)
        return;
    w->problem = w->owner == getpid() ? writer_put(w->draft, bytes, length) : ECANCELED;
    if (w->problem == 0)
        w->written += (long long)length;
}

void writer_start_over(writer *w) {
    w->problem = w->owner == getpid() ? 0 : ECANCELED; /* the parent's draft is the same file */
    w->written = 0;
    if (w->problem == 0 && (ftruncate(w->draft, 0) != 0 || lseek(w->draft, 0, SEEK_SET) != 0))
        w->problem = errno;
}

/* ------------------------------------------------------------------- commit */

/* Copies from the draft what the target has not had yet. */
static int copy(writer *w) {
    char bytes[16 * 1024];
    while (w->passed < w->written) {
        ssize_t count = pread(w->draft, bytes, sizeof bytes, (off_t)w->passed);
        if (count <= 0) {
            if (count < 0 && errno == EINTR)
                continue;
            return count == 0 ? EIO : errno;
        }
        ssize_t taken = write(w->target, bytes, (size_t)count);
        if (taken < 0 && errno != EINTR)
            return errno;
        w->passed += taken > 0 ? taken : 0;
    }
    return 0;
}

/* A pipe that nobody reads any more is an error, and no end of the process. */
static int write_through(writer *w) {
    sigpipe_guard guard;
    sigpipe_block(&guard, true);
    int code = copy(w);
    sigpipe_restore(&guard);
    return code;
}

static int write_in_place(writer *w) {
    struct stat status;
    if (w->target < 0) { /* behind a link that led nowhere */
        w->target = open(w->path, OPEN_TARGET | O_CREAT, w->mode);
        if (w->target < 0)
            return errno;
    }
    if (fstat(w->target, &status) != 0)
        return errno;
    if (!S_ISREG(status.st_mode))
        return write_through(w);
    int code = writer_reserve(w->target, w->written);
    if (code == 0)
        code = copy(w);
    return code == 0 ? writer_finish(w->target, w->written) : code;
}

/* Whether an existing file that no other can replace may still be written: it is a mount of its
 * own, or another user's in a sticky folder. */
static bool is_fixed(const writer *w, int code) {
    return w->target >= 0 && (code == EBUSY || code == EXDEV || code == EPERM || code == EACCES);
}

static int replace(writer *w) {
    int code = writer_rename(w->folder, w->draft, w->name, writer_base(w->path));
    if (code != 0)
        return is_fixed(w, code) ? write_in_place(w) : code;
    w->name[0] = '\0';
    return 0;
}

int writer_commit(writer *w) {
    int code = w->draft < 0 ? EBADF : w->problem;
    if (code == 0 && w->owner != getpid())
        code = ECANCELED;
    if (code == 0)
        code = w->in_place ? write_in_place(w) : replace(w);
    if (code != EAGAIN)
        writer_discard(w);
    return code;
}
