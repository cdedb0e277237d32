/*
 * rows_reader.h - reads observations from a file, one after the other, whatever its format.
 *
 * A row's number is its place in the source, counted from 1, rows that cannot be used included.
 */
#ifndef PROMPTIC_ROWS_READER_H
#define PROMPTIC_ROWS_READER_H

#include "compat.h"
#include "json_buffer.h"
#include "json_reader.h"
#include "rows_file.h"
#include "rows_json.h"
#include "rows_keys.h"
#include "rows_names.h"
#include "rows_room.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum rows_outcome {
    ROWS_READ,   /* a row */
    ROWS_END,    /* no row is left */
    ROWS_BAD,    /* a row that cannot be used; the next one can be read */
    ROWS_BROKEN, /* nothing further can be read */
    ROWS_WAIT,   /* more input is needed: read again */
    ROWS_TURN    /* the same, and it is there */
} rows_outcome;

typedef struct rows_column rows_column; /* rows_header.h */
typedef struct rows_field rows_field;   /* rows_field.h */
typedef struct rows_format rows_format;

/* A variable and the column that it comes from. */
typedef struct rows_variable {
    const char *name, *column;
} rows_variable;

/* How a file is to be read. The texts are the caller's. */
typedef struct rows_reading {
    const rows_format *format;      /* NULL: as the file's name says */
    const char *label_column;       /* NULL: expected */
    const char *split_column;       /* NULL: split, which may be missing */
    char separator;                 /* '\0': as the format, or the file's first line, says */
    const rows_variable *variables; /* NULL: all columns that are nothing else */
    size_t variable_count;
} rows_reading;

/* A name in reader->names, as JSON. */
typedef struct rows_place {
    size_t at, length;
} rows_place;

/* A variable, the column or member that it comes from, and that column's index. */
typedef struct rows_mapping {
    rows_place name, column;
    size_t index;
} rows_mapping;

/* Where a .json file is read on. */
typedef enum rows_stage {
    STAGE_BEGIN,   /* before the bracket */
    STAGE_OPENED,  /* behind it: an element, or the end */
    STAGE_BETWEEN, /* behind an element */
    STAGE_ELEMENT, /* behind a comma */
    STAGE_CLOSED   /* behind the closing bracket */
} rows_stage;

/* Reads one observation after the other from a file. */
typedef struct rows_reader {
    rows_file file;
    json_reader json; /* of .jsonl and .json files */
    rows_keys keys;   /* of the row that is read from them */
    rows_outcome (*read)(lua_State *L, struct rows_reader *reader, json_buffer *out);
    int64_t number; /* of the row that was read last */
    int64_t line;   /* where it begins */
    size_t before;  /* bytes that it took, to read it again */
    size_t long_field,
        scanned;   /* of a record that is not whole: a field, what of it was searched */
    bool begun;    /* the bytes before the first row were read */
    bool opened;   /* its beginning was checked */
    bool skipping; /* the rest of a bad record's line is to be skipped */
    bool unmarked; /* what may be before a .csv file's header was read */
    rows_stage stage;
    char reason[512];
    const char *code; /* of the reason, scripts/codes.lua; NULL: it has none */
    rows_on_empty on_empty;
    rows_room room;
    bool is_empty; /* the row was refused for its answer, which is empty */

    rows_column *columns; /* of a .csv file */
    rows_field *fields;
    size_t column_count;
    size_t expected; /* the index of the column of right answers */
    rows_names seen; /* while the header is read */
    char separator;
    bool separator_given;
    const char *const *splits; /* what a split can be */
    rows_place label, split;   /* names of the columns of right answers and splits */
    bool needs_split;          /* the column of splits was asked for */
    rows_mapping *mappings;    /* NULL: all columns that are nothing else are variables */
    size_t mapping_count;
    json_buffer names; /* those, and the columns', as JSON */
    json_buffer scratch;
} rows_reader;

/* A format, by the ending of the file's name. */
struct rows_format {
    const char *ending;
    rows_outcome (*read)(lua_State *L, rows_reader *reader, json_buffer *out);
    char separator; /* of a .csv file */
};

/* The format of files of this name, which may be "." and the format's; NULL if there is none. */
const rows_format *rows_find_format(const char *path);

/* [-0, +0, m] Opens the file, whose name has a format; false with errno set. */
bool rows_reader_open(lua_State *L, rows_reader *reader, const char *path,
                      const rows_reading *reading);

/* [-0, +0, m] Reads the next row and adds its JSON to the buffer; after anything but ROWS_READ the
 * buffer is as it was, and after ROWS_BAD and ROWS_BROKEN there is a reason. */
rows_outcome rows_reader_read(lua_State *L, rows_reader *reader, json_buffer *out);

/* Gives the row that was read last back, to be read again. */
void rows_reader_unread(rows_reader *reader);

void rows_reader_close(rows_reader *reader);

/* A name in reader->names, quotes included. */
static inline rows_value rows_name_at(const rows_reader *reader, rows_place place) {
    return (rows_value){.at = reader->names.data + place.at, .length = place.length};
}

#endif
