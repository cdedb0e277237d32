/*
 * rows_file.h - a window onto a file.
 */
#ifndef PROMPTIC_ROWS_FILE_H
#define PROMPTIC_ROWS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No row is longer. A quote that is never closed would make one of the whole file. */
#define ROWS_LONGEST ((size_t)16 * 1024 * 1024)

/* A window onto a file, or onto a pipe, a terminal or a socket, which are read once they are ready. */
typedef struct rows_file {
    int descriptor;   /* -1: closed */
    bool is_borrowed; /* standard input: not closed */
    bool can_seek; /* read at an offset of its own: a forked child would share the descriptor's */
    int64_t offset;
    long owner; /* the process that opened it, to which what cannot seek belongs */
    char *data;
    size_t capacity;
    size_t at, end;  /* the bytes not consumed yet */
    int64_t line;    /* of the byte at `at`, counted from 1 */
    bool ended;      /* nothing follows the window */
    size_t may_read; /* bytes, until rows_file_begin is called again */
} rows_file;

/* Opens the file, "-" standard input; false with errno set. */
bool rows_file_open(rows_file *file, const char *path);

/* Begins a turn, in which a part of a long row is read at most: other tasks have theirs. */
void rows_file_begin(rows_file *file);

/* Reads more behind the content, which may move. NULL, or why not: static, or strerror's. */
const char *rows_file_more(rows_file *file);

/* What it gives where nothing can be read without waiting, and where the turn is over. */
extern const char rows_file_not_ready[], rows_file_next_turn[];

/* Skips the next bytes, counting their lines. */
void rows_file_consume(rows_file *file, size_t length);

void rows_file_close(rows_file *file);

#endif
