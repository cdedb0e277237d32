/*
 * rows_file.c - a window onto a file, which moves on as rows are read from it.
 *
 * Nothing waits here: anything but a regular file is polled before it is read. O_NONBLOCK is set only
 * on files opened here, standard input stays as it is.
 */
#include "rows_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW ((size_t)128 * 1024)

/* Read in one turn, in less than a millisecond. */
#define TURN ((size_t)512 * 1024)

const char rows_file_not_ready[] = "nothing to read yet";
const char rows_file_next_turn[] = "more is to be read";

bool rows_file_open(rows_file *file, const char *path) {
    struct stat status;
    bool is_borrowed = strcmp(path, "-") == 0;
    *file = (rows_file){.descriptor =
                            is_borrowed ? STDIN_FILENO
                                        : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY),
                        .is_borrowed = is_borrowed,
                        .owner = (long)getpid(),
                        .line = 1};
    if (file->descriptor < 0)
        return false;
    file->can_seek = fstat(file->descriptor, &status) == 0 && !S_ISFIFO(status.st_mode) &&
                     !S_ISCHR(status.st_mode) && !S_ISSOCK(status.st_mode);
    off_t offset = file->can_seek ? lseek(file->descriptor, 0, SEEK_CUR) : 0;
    file->offset = offset > 0 ? offset : 0;
    return true;
}

/* Makes room behind the content: by moving it to the front, else by a larger window. */
static const char *make_room(rows_file *file) {
    if (file->at > 0) {
        file->end -= file->at;
        memmove(file->data, file->data + file->at, file->end);
        file->at = 0;
    }
    if (file->end < file->capacity)
        return NULL;
    if (file->capacity >= ROWS_LONGEST)
        return "it is longer than 16 MiB";
    size_t capacity = file->capacity == 0 ? WINDOW : 2 * file->capacity;
    char *data = realloc(file->data, capacity);
    if (data == NULL)
        return "not enough memory";
    file->data = data;
    file->capacity = capacity;
    return NULL;
}

/* Of a pipe, a terminal or a socket: NULL if it can be read without waiting. */
static const char *check_ready(const rows_file *file) {
    struct pollfd ready = {.fd = file->descriptor, .events = POLLIN};
    if (file->owner != (long)getpid())
        return "the pipe belongs to the process that opened it";
    return poll(&ready, 1, 0) > 0 ? NULL : rows_file_not_ready;
}

void rows_file_begin(rows_file *file) {
    file->may_read = TURN;
}

const char *rows_file_more(rows_file *file) {
    ssize_t got;
    const char *problem = file->can_seek ? NULL : check_ready(file);
    if (problem == NULL && file->may_read == 0)
        problem = rows_file_next_turn;
    if (problem == NULL)
        problem = make_room(file);
    if (problem != NULL)
        return problem;
    char *to = file->data + file->end;
    size_t room = file->capacity - file->end;
    room = room < file->may_read ? room : file->may_read;
    do
        got = file->can_seek ? pread(file->descriptor, to, room, (off_t)file->offset)
                             : read(file->descriptor, to, room);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno == EAGAIN ? rows_file_not_ready : strerror(errno);
    file->offset += got;
    file->end += (size_t)got;
    file->may_read -= (size_t)got;
    file->ended = got == 0;
    return NULL;
}

void rows_file_consume(rows_file *file, size_t length) {
    const char *at = file->data + file->at, *end = at + length;
    while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        file->line++;
        at++;
    }
    file->at += length;
}

void rows_file_close(rows_file *file) {
    if (file->descriptor >= 0 && !file->is_borrowed)
        close(file->descriptor);
    free(file->data);
    *file = (rows_file){.descriptor = -1};
}
