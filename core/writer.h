/*
 * writer.h - a file that is written as a whole or not at all.
 *
 * The bytes go to a draft beside the target, with a random name (O_EXCL), which takes the target's
 * place at the end: until then an existing file stays as it is. The new file has owner, group and
 * permissions of the one before.
 *
 * What cannot be replaced is written in place, once all bytes have arrived in a draft without a
 * name: a target behind a symbolic link, which the kernel opens (so that fs.protected_symlinks
 * holds); a file with several names or an access control list; one whose owner or group a new file
 * cannot get, or whose folder takes no new file; one that is a mount of its own. Room on the disk
 * is reserved before the first byte changes.
 *
 * A device, FIFO or terminal is written through, at the end as well. It is opened without blocking:
 * if it would block, functions return EAGAIN and are to be called again.
 *
 * A draft belongs to the process that opened it. In a forked child nothing is removed, and
 * writer_commit fails with ECANCELED.
 *
 * Functions that can fail return 0 or a number of errno.
 */
#ifndef PROMPTIC_WRITER_H
#define PROMPTIC_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Room for a draft's name: 255 bytes are the most that file systems take. */
#define WRITER_NAME 256

typedef struct writer {
    int draft;  /* -1: not open */
    int target; /* the existing file, opened for writing; -1: none yet */
    int folder; /* the target's; -1 if the draft has no name */
    bool in_place;
    char name[WRITER_NAME]; /* of the draft in the folder, or "" */
    char *path;             /* as given */
    mode_t mode;            /* of a new file */
    pid_t owner;
    int problem;       /* the first failure to write, for writer_commit */
    long long written; /* bytes in the draft */
    long long passed;  /* of these, how many a device or FIFO has taken */
} writer;

/* Nothing is open. */
void writer_init(writer *w);

/* Opens target and draft. mode: permissions of a new file, less the umask. EAGAIN: nobody reads the
 * FIFO yet. After a failure nothing is open. */
int writer_open(writer *w, const char *path, mode_t mode);

/* Adds bytes to the draft. A failure is kept for writer_commit. */
void writer_add(writer *w, const char *bytes, size_t length);

/* Empties the draft. */
void writer_start_over(writer *w);

/* Puts the draft's bytes into the target's place, on the disk for good. Closes the writer, except
 * after EAGAIN. */
int writer_commit(writer *w);

/* Closes the writer and removes the draft. Does nothing if it is closed. */
void writer_discard(writer *w);

/* ------------------------------------------------- parts, for config_replace.c */

/* Creates a file of a random name in the folder: prefix, WRITER_RANDOM letters and digits of which
 * one is no small letter at least, and suffix. *file is open for reading and writing. */
#define WRITER_RANDOM 6
int writer_create(int folder, const char *prefix, const char *suffix, mode_t mode,
                  char name[WRITER_NAME], int *file);

/* Whether these WRITER_RANDOM bytes may be such letters and digits. */
bool writer_is_random(const char *letters);

/* Opens the folder of a path. */
int writer_open_folder(const char *path, int *folder);

/* The path without its folder. */
const char *writer_base(const char *path);

/* Writes the bytes at the descriptor's position. */
int writer_put(int file, const char *bytes, size_t length);

/* Ends a file that was written in place after `size` bytes, on the disk for good. */
int writer_finish(int file, long long size);

/* Gives a complete draft, by its name in the folder, the name `base`, on the disk for good. */
int writer_rename(int folder, int draft, const char *name, const char *base);

/* Makes sure that a file has room for its first `size` bytes. */
int writer_reserve(int file, long long size);

#endif
