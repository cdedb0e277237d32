/* rows_file.c - a window onto a file, which moves on as rows are read from it. */
#include "rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WINDOW ((size_t)128 * 1024)

bool rows_file_open(rows_file *file, const char *path) {
    *file = (rows_file){.descriptor = open(path, O_RDONLY | O_CLOEXEC), .line = 1};
    return file->descriptor >= 0;
}

/* Makes room behind what is there: by moving it to the front, else by a larger window. */
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

const char *rows_file_more(rows_file *file) {
    ssize_t got;
    const char *problem = make_room(file);
    if (problem != NULL)
        return problem;
    do
        got = read(file->descriptor, file->data + file->end, file->capacity - file->end);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return strerror(errno);
    file->end += (size_t)got;
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
    if (file->descriptor >= 0)
        close(file->descriptor);
    free(file->data);
    *file = (rows_file){.descriptor = -1};
}
