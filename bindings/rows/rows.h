/*
 * rows.h - observations on their way to the platform, for the bulk upload (prelude/upload.lua).
 *
 * Rows are read from a file or from Lua values straight to JSON text and gathered in batches. After
 * a failure whose effect is unknown, the platform's list is scanned piece by piece as it comes:
 * rows are distinguished by their ids, and recognised by a hash of their content. Nothing here
 * holds a file or a list, so memory does not grow with them.
 *
 * A row's number is its place in the source, counted from 1, rows that cannot be used included.
 */
#ifndef PROMPTIC_ROWS_H
#define PROMPTIC_ROWS_H

#include "compat.h"
#include "json.h"
#include "json_reader.h"
#include "json_text.h"
#include "promptic.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---------------------------------------------------------------- rows_hash.c */

/* Mixes a byte into a hash, and makes a hash of all its bits, or of two. */
#define ROWS_HASH_START UINT64_C(0xCBF29CE484222325)
uint64_t rows_hash_byte(uint64_t hash, unsigned char byte);
uint64_t rows_hash_mix(uint64_t a, uint64_t b);

/* A quick sum of bytes as they are, to notice that a source has changed. */
uint64_t rows_checksum(const char *text, size_t length);

/* --------------------------------------------------------------- rows_names.c */

typedef struct rows_name rows_name; /* of rows_names.c */

/* Names that are all different. They lie in a text of the caller's. Zeroed, it is empty. */
typedef struct rows_names {
    rows_name *places;
    size_t capacity; /* a power of two */
} rows_names;

/* Makes room for so many names, once; false if out of memory. */
bool rows_names_reserve(rows_names *names, size_t count);

/* Adds the name of `length` > 0 bytes at text + at; false where it is there already. */
bool rows_names_add(rows_names *names, const char *text, size_t at, size_t length);

void rows_names_clear(rows_names *names);

/* ----------------------------------------------------------------- rows_set.c */

/* A run of consecutive numbers, and the sum of what belongs to them. */
typedef struct rows_range {
    int64_t first, last;
    uint64_t sum;
} rows_range;

typedef struct rows_block rows_block; /* of rows_set.c */

/* Numbers as ranges in rising order, none of which touch. Zeroed, it is empty. Numbers lie between
 * -INT64_MAX / 2 and INT64_MAX / 2. */
typedef struct rows_set {
    rows_block **blocks;
    size_t block_count, block_capacity;
    size_t count; /* of ranges */
} rows_set;

/* Adds a number that is new, false if out of memory. One that is there already changes nothing. */
bool rows_set_add(rows_set *set, int64_t number, uint64_t sum);

/* Adds the numbers of the range that the set does not have; false if out of memory. */
bool rows_set_add_range(rows_set *set, const rows_range *range);

/* Adds all numbers of the other set, false if out of memory. */
bool rows_set_merge(rows_set *set, const rows_set *other);

bool rows_set_contains(const rows_set *set, int64_t number);

/* The first range that ends at the number or after it; NULL where there is none. */
const rows_range *rows_set_from(const rows_set *set, int64_t number);

/* Empties the set and frees its memory. */
void rows_set_clear(rows_set *set);

/* --------------------------------------------------------------- rows_batch.c */

typedef struct rows_row {
    size_t end; /* of its text, from the block's beginning */
    int64_t number;
    int64_t line; /* where it begins in its file; 0: it comes from no file */
} rows_row;

/* What an observation with an empty answer is. */
typedef enum rows_on_empty {
    ROWS_EMPTY_ERROR, /* a row that cannot be used */
    ROWS_EMPTY_SKIP,  /* the same, and always skipped */
    ROWS_EMPTY_KEEP   /* a row like any other */
} rows_on_empty;

/* Where rows go to, which decides their form. */
typedef struct rows_room {
    bool cases;    /* of a dataset; else observations */
    bool values;   /* answers are any JSON values; else texts */
    bool payloads; /* rows may have the form of a case too */
} rows_room;

/* What one request sends: [row,row,...]. Its text is shared with the request under way. */
typedef struct rows_batch {
    json_buffer text; /* begins with a header of its own; see rows_batch.c */
    rows_row *rows;
    size_t count, capacity;
    size_t most_rows, most_bytes, likely_bytes;
    bool sealed; /* the closing bracket is there: nothing can be added */
    rows_on_empty on_empty;
    rows_room room;
} rows_batch;

/* [-0, +0, m] Begins a row: what is added to batch->text from here on is its JSON. */
void rows_batch_begin(lua_State *L, rows_batch *batch);

/* Whether the row that was begun, and is complete, is within the limits. One always is. */
bool rows_batch_accepts(const rows_batch *batch);

/* [-0, +0, m] Takes the row. */
void rows_batch_commit(lua_State *L, rows_batch *batch, int64_t number, int64_t line);

/* Drops the row that was begun. */
void rows_batch_drop(rows_batch *batch);

/* How many bytes its request's body has. */
size_t rows_batch_bytes(const rows_batch *batch);

/* A row's text, counted from 0. */
const char *rows_batch_row(const rows_batch *batch, size_t index, size_t *length);

/* [-0, +0, m] Lends the text to a request, which returns it by its body_free. */
void rows_batch_lend(lua_State *L, rows_batch *batch, promptic_request *request);

/* [-0, +0, m] Adds a copy of a row, counted from 0, to another batch. */
void rows_batch_copy(lua_State *L, const rows_batch *batch, size_t index, rows_batch *into);

/* Keeps the first rows only. No request may be under way. */
void rows_batch_truncate(rows_batch *batch, size_t count);

/* Empties the batch. */
void rows_batch_clear(rows_batch *batch);

/* ---------------------------------------------------------------- rows_json.c */

/* A value in a JSON text; at is NULL where there is none. */
typedef struct rows_value {
    const char *at;
    size_t length;
} rows_value;

/* Names of members in a JSON text. */
typedef struct rows_naming {
    rows_value label, split; /* quotes included */
    bool payloads;           /* those of a case are known too */
} rows_naming;

/* An observation as it stands in a JSON text. Members that are null are absent. */
typedef struct rows_observation {
    rows_value variables, input, expected, split, metadata;
    bool is_case;       /* its members have the names of a case */
    rows_value unknown; /* the name of the first member that is none of these, quotes included */
    rows_value whole;   /* the object */
    bool has_input;     /* also where it is null */
} rows_observation;

/* Why a text could not be read. */
typedef struct rows_problem {
    const char *what; /* static */
    size_t place;     /* of the character, counted from 1 */
} rows_problem;

typedef enum rows_progress {
    ROWS_WHOLE,      /* the object is read, up to json->at */
    ROWS_UNFINISHED, /* more text is needed; it is read anew then */
    ROWS_WRONG       /* there is a problem */
} rows_progress;

/* Reads an object strictly. `last`: the text ends at `end`; elsewhere anything may follow.
 * The reader is the caller's, who frees it. */
rows_progress rows_json_observation(json_reader *json, const char *at, const char *end, bool last,
                                    const rows_naming *naming, rows_observation *observation,
                                    rows_problem *problem);

/* Whether the name, quotes included, is this text or this other name. */
bool rows_is_name(const rows_value *name, const char *wanted);
bool rows_is_same(const rows_value *name, const rows_value *other);

/* Goes through the members of an object that has been read: false after the last one. */
void rows_members_start(json_reader *json, const rows_value *object);
bool rows_members_next(json_reader *json, rows_value *name, rows_value *value);

/* What an observation or a case says: a hash of inputs and answer, whatever the order of their
 * members, spacing and escapes, and whether numbers are written 1 or 1.0, and its split. A member
 * that is null counts as absent, an answer { value = x } as x; idx and metadata do not count. */
enum { ROWS_NO_SPLIT };
typedef struct rows_content {
    uint64_t hash;
    uint64_t split; /* ROWS_NO_SPLIT, or any number that is the split's alone */
} rows_content;

/* False where the text is neither. */
bool rows_json_content(const char *text, size_t length, rows_content *content);

/* ---------------------------------------------------------------- rows_file.c */

/* No row is longer. A quote that is never closed would make one of the whole file. */
#define ROWS_LONGEST ((size_t)16 * 1024 * 1024)

/* A window onto a file, or onto a pipe, a terminal or a socket, which are read once they are ready.
 */
typedef struct rows_file {
    int descriptor;   /* -1: closed */
    bool is_borrowed; /* standard input: not closed */
    bool can_seek; /* read at an offset of its own: a forked child would share the descriptor's */
    int64_t offset;
    long owner; /* the process that opened it, to which what cannot seek belongs */
    char *data;
    size_t capacity;
    size_t at, end; /* what is not consumed yet */
    int64_t line;   /* of what is at `at`, counted from 1 */
    bool ended;     /* nothing follows the window */
} rows_file;

/* Opens the file, "-" standard input; false with errno set. */
bool rows_file_open(rows_file *file, const char *path);

/* Reads more behind what is there, which may move. NULL, or why not: static, or strerror's. */
const char *rows_file_more(rows_file *file);

/* What it gives where nothing can be read without waiting. */
extern const char rows_file_not_ready[];

/* Skips the next bytes, counting their lines. */
void rows_file_consume(rows_file *file, size_t length);

void rows_file_close(rows_file *file);

/* -------------------------------------------------------------- rows_reader.c */

typedef enum rows_outcome {
    ROWS_READ,   /* a row */
    ROWS_END,    /* no row is left */
    ROWS_BAD,    /* a row that cannot be used; the next one can be read */
    ROWS_BROKEN, /* nothing further can be read */
    ROWS_WAIT    /* what is needed is not there yet: to be read again */
} rows_outcome;

typedef struct rows_column rows_column; /* of rows_csv.h */
typedef struct rows_field rows_field;

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
    rows_outcome (*read)(lua_State *L, struct rows_reader *reader, json_buffer *out);
    int64_t number; /* of the row that was read last */
    int64_t line;   /* where it begins */
    size_t before;  /* bytes that it took, to read it again */
    bool begun;     /* what is before the first row was read */
    bool opened;    /* its beginning was checked */
    bool skipping;  /* the rest of a bad record's line is to be skipped */
    bool unmarked;  /* what may be before a .csv file's header was read */
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

/* The format of files of this name, which may be "." and the format's; NULL where there is none. */
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

/* ROWS_WAIT where the problem is that the file is not ready, else ROWS_BROKEN. */
rows_outcome rows_stop(rows_reader *reader, const char *problem);

/* A name in reader->names, quotes included. */
static inline rows_value rows_name_at(const rows_reader *reader, rows_place place) {
    return (rows_value){.at = reader->names.data + place.at, .length = place.length};
}

/* Notes why a row cannot be used. */
rows_outcome rows_refuse(rows_reader *reader, rows_outcome outcome, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Gives the reason that was noted a code, a static string; returns the outcome. */
rows_outcome rows_refuse_as(rows_reader *reader, const char *code, rows_outcome outcome);

/* The formats: rows_csv.c, rows_lines.c, rows_array.c. */
rows_outcome rows_read_csv(lua_State *L, rows_reader *reader, json_buffer *out);
rows_outcome rows_read_line(lua_State *L, rows_reader *reader, json_buffer *out);
rows_outcome rows_read_element(lua_State *L, rows_reader *reader, json_buffer *out);
void rows_csv_close(rows_reader *reader);

/* --------------------------------------------------------- rows_observation.c */

/* [-0, +0, m] Writes the observation that a JSON text holds as a request has it. An object without
 * `variables` is read as a row of a .csv file: all its members but expected, split and idx are
 * variables. */
rows_outcome rows_write_observation(lua_State *L, rows_reader *reader,
                                    const rows_observation *observation, json_buffer *out);

/* Refuses a row whose answer, a JSON string, is empty, unless reader->on_empty lets it be. */
rows_outcome rows_check_answer(rows_reader *reader, const char *json, size_t length);

/* The length of a text's first 64 bytes at most, whole UTF-8 characters. */
int rows_cut(const char *text, size_t length);

/* Whether a is b but for its case and the spaces around it. */
bool rows_is_alike(const char *a, size_t a_length, const char *b, size_t b_length);

/* The row of create_observations in the table of endpoints. */
const promptic_endpoint *rows_endpoint(void);

/* [-0, +0, m] The names in the file that the reader was told. */
rows_naming rows_naming_of(const rows_reader *reader);

/* How a row begins up to its inputs, an object, and what stands before its answer. */
const char *rows_before_inputs(const rows_room *room);
const char *rows_before_answer(const rows_room *room);

/* --------------------------------------------------------------- rows_item.c */

/* [-0, +0, e] Writes the row on top, a Lua value whose number is this one. A refusal is raised as a
 * message, with *refused set; *is_empty: for its answer, which is empty. */
void rows_write_item(lua_State *L, rows_batch *batch, int64_t number, bool *refused,
                     bool *is_empty);

/* --------------------------------------------------------------- rows_tally.c */

/* How often each row is wanted, and was found. */
typedef struct rows_count {
    uint64_t hash;
    uint32_t wanted, found; /* wanted 0: the place is free */
} rows_count;

typedef struct rows_tally {
    rows_count *counts;
    size_t used, capacity; /* a power of two */
} rows_tally;

/* Wants one more row of this content; false if out of memory. */
bool rows_tally_want(rows_tally *tally, const rows_content *content);

/* A row was found: true where one more of this content was wanted. One that was wanted without a
 * split may be found with any. */
bool rows_tally_find(rows_tally *tally, const rows_content *content);

/* Takes one that was wanted and found; false where none is left. */
bool rows_tally_take(rows_tally *tally, const rows_content *content);

/* Holds one more row, which is there before any is sent; false if out of memory. */
bool rows_tally_hold(rows_tally *tally, const rows_content *content);

/* Takes one of those that are held: one with this split, or any where there is none. False where
 * none is left. */
bool rows_tally_claim(rows_tally *tally, const rows_content *content);

/* Holds of each content as many as the tally or the other one does; false if out of memory. */
bool rows_tally_unite(rows_tally *tally, const rows_tally *other);

/* Nothing was found yet. */
void rows_tally_restart(rows_tally *tally);

void rows_tally_clear(rows_tally *tally);

/* ---------------------------------------------------------------- rows_scan.c */

typedef enum rows_scan_state {
    SCAN_BEFORE,
    SCAN_INSIDE,
    SCAN_BEHIND, /* the list has ended, and what follows may hold the count */
    SCAN_AFTER,
    SCAN_BROKEN,
    SCAN_CLOSED
} rows_scan_state;

/* Reads {"data":[observation,...]} as it comes, or {"caseCount":2,"cases":[case,...]}. */
typedef struct rows_scan {
    json_reader json;
    char *data;
    size_t length, capacity; /* from the element that is being read on, or what the reader needs */
    size_t element;          /* where in data that element begins, once there is one */
    rows_scan_state state;
    bool is_dataset;     /* the list is `cases`, and `caseCount` says how many there should be */
    bool in_data, in_id; /* the key read last is the list's, `id` of an element */
    bool in_count, has_count, has_id;
    int64_t id;            /* of the element */
    const rows_set *known; /* ids to skip; NULL: none */
    rows_tally *tally;     /* NULL: all others are taken */
    bool holds;            /* all others are taken, and the tally holds them */
    rows_set ids;          /* of those that were taken */
    int64_t taken, surplus, listed, count;
    int attempts; /* that have begun; one on a connection that had ended counts as well */
} rows_scan;

/* The on_body of requests whose response is scanned; userdata is the rows_scan. */
void rows_scan_piece(const char *piece, size_t length, void *userdata);

void rows_scan_clear(rows_scan *scan);

/* ------------------------------------------------------------- rows_objects.c */

/* [-0, +1, m] Pushes a reader of the file; false with errno set where it cannot be opened. */
bool rows_push_reader(lua_State *L, const char *path, const rows_reading *reading);

#endif /* PROMPTIC_ROWS_H */
