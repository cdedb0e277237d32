/*
 * rows_header.h - the header of a .csv file: what each column is for.
 */
#ifndef PROMPTIC_ROWS_HEADER_H
#define PROMPTIC_ROWS_HEADER_H

#include "rows_reader.h"

#include <stddef.h>

typedef enum column_use {
    COLUMN_VARIABLE,
    COLUMN_EXPECTED,
    COLUMN_SPLIT,
    COLUMN_IGNORED, /* idx: the row's number in the file of another program */
    COLUMN_BLANK    /* has no name: spreadsheets write columns that once held something */
} column_use;

struct rows_column {
    size_t name, name_length; /* where it is in reader->names, quotes included */
    column_use use;
};

/* [-0, +0, m] Takes the `count` fields in reader->fields as the header, whose text is `length`
 * bytes at the window's beginning. ROWS_READ, or ROWS_BROKEN with the reason. */
rows_outcome rows_header_take(lua_State *L, rows_reader *reader, size_t count, size_t length);

/* How messages call a character that often separates fields; NULL for any other. */
const char *rows_header_separator(char c);

/* The column's name, in quotes: not terminated, rows_header_cut(reader, column) bytes of it fit
 * into a message. */
const char *rows_header_name(const rows_reader *reader, const rows_column *column);
int rows_header_cut(const rows_column *column, const char *name);

#endif
