/*
 * rows_csv.c - .csv files (RFC 4180): a header, then an observation a record.
 *
 * A record is first split into fields where it stands in the window, then written as JSON. Where
 * the window ends before the record does, it is read on and the record split anew.
 */
#include "rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A field as it stands in the window, without the quotes around it. */
struct rows_field {
    const char *at;
    size_t length;
    bool doubled; /* holds doubled quotes */
};

typedef enum column_use { COLUMN_VARIABLE, COLUMN_EXPECTED, COLUMN_SPLIT } column_use;

struct rows_column {
    size_t name, name_length; /* where it is in reader->names, quotes included */
    column_use use;
};

/* ---------------------------------------------------------------- splitting */

typedef enum split_result { SPLIT_DONE, SPLIT_MORE, SPLIT_BAD, SPLIT_NONE } split_result;

typedef struct splitting {
    const char *at, *end;
    bool ended; /* nothing follows `end` */
    size_t count;
    rows_field *fields; /* NULL: they are only counted */
    size_t capacity;
    const char *what; /* why the record is bad */
    bool open;        /* it ends inside of quotes */
} splitting;

static split_result bad(splitting *s, const char *what) {
    s->what = what;
    return SPLIT_BAD;
}

static void keep(splitting *s, const char *at, const char *end, bool doubled) {
    if (s->count < s->capacity)
        s->fields[s->count] =
            (rows_field){.at = at, .length = (size_t)(end - at), .doubled = doubled};
    s->count++;
}

/* s->at is at the opening quote. */
static split_result split_quoted(splitting *s) {
    const char *begin = s->at + 1;
    bool doubled = false;
    for (const char *at = begin;; at += 2) {
        at = memchr(at, '"', (size_t)(s->end - at));
        if (at == NULL) {
            s->open = true;
            return s->ended ? bad(s, "a quote that is never closed") : SPLIT_MORE;
        }
        if (at + 1 == s->end && !s->ended)
            return SPLIT_MORE;
        if (at + 1 == s->end || at[1] != '"') {
            keep(s, begin, at, doubled);
            s->at = at + 1;
            return SPLIT_DONE;
        }
        doubled = true;
    }
}

static split_result split_plain(splitting *s) {
    const char *at = s->at;
    while (at < s->end && *at != ',' && *at != '\n' && *at != '\r' && *at != '"')
        at++;
    if (at == s->end && !s->ended)
        return SPLIT_MORE;
    if (at < s->end && *at == '"')
        return bad(s, "a quote inside a field that has none around it");
    keep(s, s->at, at, false);
    s->at = at;
    return SPLIT_DONE;
}

/* What is after a field: SPLIT_NONE at the record's end, which is passed over. */
static split_result split_end(splitting *s) {
    if (s->at == s->end)
        return s->ended ? SPLIT_NONE : SPLIT_MORE;
    if (*s->at == ',') {
        s->at++;
        return SPLIT_DONE;
    }
    if (*s->at == '\r' && s->at + 1 == s->end && !s->ended)
        return SPLIT_MORE;
    if (*s->at == '\r' && s->at + 1 < s->end && s->at[1] != '\n')
        return bad(s, "a carriage return outside of quotes");
    if (*s->at == '\r')
        s->at++;
    if (s->at == s->end)
        return SPLIT_NONE;
    if (*s->at != '\n')
        return bad(s, "text after a closing quote");
    s->at++;
    return SPLIT_NONE;
}

/* Splits the record at s->at: SPLIT_NONE where there is none, else done, more or bad. */
static split_result split(splitting *s) {
    split_result result;
    if (s->at == s->end)
        return s->ended ? SPLIT_NONE : SPLIT_MORE;
    do {
        bool quoted = s->at < s->end && *s->at == '"';
        result = quoted ? split_quoted(s) : split_plain(s);
        if (result == SPLIT_DONE)
            result = split_end(s);
    } while (result == SPLIT_DONE);
    return result == SPLIT_NONE ? SPLIT_DONE : result;
}

/* ------------------------------------------------------------- the next record */

/* Goes on after the line at the window's beginning. */
static const char *pass_line(rows_file *file) {
    for (;;) {
        const char *at = file->data + file->at;
        const char *newline = memchr(at, '\n', file->end - file->at);
        size_t length = newline != NULL ? (size_t)(newline - at) + 1 : file->end - file->at;
        rows_file_consume(file, length);
        if (newline != NULL || file->ended)
            return NULL;
        const char *problem = rows_file_more(file);
        if (problem != NULL)
            return problem;
    }
}

/* A record that cannot be split ends, for all that can be said, with the line of its fault. Where a
 * quote is never closed, nobody can say what of the rest belongs to it. */
static rows_outcome refuse_record(rows_reader *reader, const splitting *s) {
    rows_file *file = &reader->file;
    if (s->open)
        return rows_refuse(reader, ROWS_BROKEN, "%s", s->what);
    rows_file_consume(file, (size_t)(s->at - (file->data + file->at)));
    int64_t line = file->line;
    const char *problem = pass_line(file);
    if (problem != NULL)
        return rows_refuse(reader, ROWS_BROKEN, "%s", problem);
    if (line == reader->line)
        return rows_refuse(reader, ROWS_BAD, "%s", s->what);
    return rows_refuse(reader, ROWS_BAD, "%s in line %" PRId64, s->what, line);
}

/* Splits the next record into the fields that there is room for, without passing over it. Empty
 * lines are no records. */
static rows_outcome next_record(rows_reader *reader, splitting *s, rows_field *fields,
                                size_t capacity) {
    rows_file *file = &reader->file;
    for (;;) {
        const char *begin = file->data != NULL ? file->data + file->at : "";
        *s = (splitting){.at = begin,
                         .end = begin + (file->end - file->at),
                         .ended = file->ended,
                         .fields = fields,
                         .capacity = capacity};
        reader->line = file->line;
        split_result result = split(s);
        reader->before = (size_t)(s->at - begin);
        if (result == SPLIT_NONE)
            return ROWS_END;
        if (result == SPLIT_BAD)
            return refuse_record(reader, s);
        if (result == SPLIT_DONE && *begin != '\n' && *begin != '\r')
            return ROWS_READ;
        if (result == SPLIT_DONE) {
            rows_file_consume(file, reader->before);
            continue;
        }
        const char *problem = rows_file_more(file);
        if (problem != NULL)
            return rows_refuse(reader, ROWS_BROKEN, "%s", problem);
    }
}

/* [-0, +0, m] Adds the field as a JSON string; false with *invalid_at where it is not UTF-8. */
static bool add_field(lua_State *L, rows_reader *reader, const rows_field *field, json_buffer *out,
                      size_t *invalid_at) {
    json_buffer *scratch = &reader->scratch;
    if (!field->doubled)
        return json_buffer_add_string(L, out, field->at, field->length, invalid_at);
    const char *at = field->at, *end = at + field->length, *quote;
    scratch->length = 0;
    while ((quote = memchr(at, '"', (size_t)(end - at))) != NULL) {
        json_buffer_add(L, scratch, at, (size_t)(quote + 1 - at));
        at = quote + 2;
    }
    json_buffer_add(L, scratch, at, (size_t)(end - at));
    return json_buffer_add_string(L, out, scratch->data, scratch->length, invalid_at);
}

/* ------------------------------------------------------------------- header */

/* A name for a message: at most as many bytes as this, and whole characters. */
static int cut(const char *text, size_t length) {
    size_t most = length < 64 ? length : 64;
    while (most < length && most > 0 && ((unsigned char)text[most] & 0xC0) == 0x80)
        most--;
    return (int)most;
}

static const char *name_of(const rows_reader *reader, const rows_column *column) {
    return reader->names.data + column->name;
}

static bool is_named(const rows_reader *reader, const rows_column *column, const char *name,
                     size_t length) {
    return column->name_length == length && memcmp(name_of(reader, column), name, length) == 0;
}

/* [-0, +0, m] Takes a column's name; ROWS_BROKEN where it is no good. */
static rows_outcome add_column(lua_State *L, rows_reader *reader, const rows_field *field) {
    rows_column *column = &reader->columns[reader->column_count];
    int number = (int)reader->column_count + 1;
    *column = (rows_column){.name = reader->names.length};
    if (field->length == 0)
        return rows_refuse(reader, ROWS_BROKEN, "column %d has no name", number);
    if (!add_field(L, reader, field, &reader->names, NULL))
        return rows_refuse(reader, ROWS_BROKEN, "the name of column %d is not UTF-8", number);
    column->name_length = reader->names.length - column->name;
    const char *name = name_of(reader, column);
    for (size_t i = 0; i < reader->column_count; i++)
        if (is_named(reader, &reader->columns[i], name, column->name_length))
            return rows_refuse(reader, ROWS_BROKEN, "column %.*s is there twice",
                               cut(name, column->name_length), name);
    if (is_named(reader, column, "\"split\"", sizeof "\"split\"" - 1))
        column->use = COLUMN_SPLIT;
    reader->column_count++;
    return ROWS_READ;
}

/* Finds the column of the right answers. */
static rows_outcome find_expected(rows_reader *reader) {
    const char *wanted = reader->names.data;
    for (size_t i = 0; i < reader->column_count; i++) {
        rows_column *column = &reader->columns[i];
        if (is_named(reader, column, wanted, reader->expected_length)) {
            column->use = COLUMN_EXPECTED;
            return ROWS_READ;
        }
    }
    return rows_refuse(reader, ROWS_BROKEN,
                       "there is no column %.*s; the option expected_column names it",
                       cut(wanted, reader->expected_length), wanted);
}

static const char *pass_byte_order_mark(rows_file *file) {
    while (file->end - file->at < 3 && !file->ended) {
        const char *problem = rows_file_more(file);
        if (problem != NULL)
            return problem;
    }
    if (file->end - file->at >= 3 && memcmp(file->data + file->at, "\xEF\xBB\xBF", 3) == 0)
        file->at += 3;
    return NULL;
}

/* Splits the header: first to count the columns, then into as many fields. */
static rows_outcome split_header(rows_reader *reader, splitting *s) {
    rows_outcome outcome = next_record(reader, s, NULL, 0);
    if (outcome == ROWS_END)
        return rows_refuse(reader, ROWS_BROKEN, "the header is missing");
    if (outcome != ROWS_READ)
        return ROWS_BROKEN;
    reader->columns = calloc(s->count, sizeof *reader->columns);
    reader->fields = calloc(s->count, sizeof *reader->fields);
    if (reader->columns == NULL || reader->fields == NULL)
        return rows_refuse(reader, ROWS_BROKEN, "not enough memory");
    return next_record(reader, s, reader->fields, s->count);
}

/* [-0, +0, m] */
static rows_outcome read_header(lua_State *L, rows_reader *reader) {
    splitting s;
    const char *problem = pass_byte_order_mark(&reader->file);
    reader->line = 1;
    if (problem != NULL)
        return rows_refuse(reader, ROWS_BROKEN, "%s", problem);
    rows_outcome outcome = split_header(reader, &s);
    for (size_t i = 0; i < s.count && outcome == ROWS_READ; i++)
        outcome = add_column(L, reader, &reader->fields[i]);
    if (outcome == ROWS_READ)
        outcome = find_expected(reader);
    rows_file_consume(&reader->file, outcome == ROWS_READ ? reader->before : 0);
    reader->begun = true;
    return outcome;
}

/* ------------------------------------------------------------------ records */

/* [-0, +0, m] */
static rows_outcome write_field(lua_State *L, rows_reader *reader, size_t index, json_buffer *out) {
    const rows_column *column = &reader->columns[index];
    size_t invalid_at = 0;
    if (add_field(L, reader, &reader->fields[index], out, &invalid_at))
        return ROWS_READ;
    return rows_refuse(reader, ROWS_BAD, "column %.*s is not UTF-8 (at byte %zu)",
                       cut(name_of(reader, column), column->name_length), name_of(reader, column),
                       invalid_at);
}

/* [-0, +0, m] */
static rows_outcome write_variables(lua_State *L, rows_reader *reader, json_buffer *out) {
    rows_outcome outcome = ROWS_READ;
    const char *before = "{\"variables\":{";
    for (size_t i = 0; i < reader->column_count && outcome == ROWS_READ; i++) {
        const rows_column *column = &reader->columns[i];
        if (column->use != COLUMN_VARIABLE)
            continue;
        json_buffer_add(L, out, before, strlen(before));
        json_buffer_add(L, out, name_of(reader, column), column->name_length);
        json_buffer_add(L, out, ":", 1);
        outcome = write_field(L, reader, i, out);
        before = ",";
    }
    if (*before == '{') /* there was none */
        json_buffer_add(L, out, before, strlen(before));
    return outcome;
}

/* [-0, +0, m] A split that is empty is none. */
static rows_outcome write_split(lua_State *L, rows_reader *reader, size_t index, json_buffer *out) {
    const rows_field *field = &reader->fields[index];
    const char *const *values = reader->splits;
    for (size_t i = 0; values[i] != NULL; i++)
        if (field->length == strlen(values[i]) &&
            memcmp(field->at, values[i], field->length) == 0) {
            json_buffer_add(L, out, ",\"split\":", 9);
            return write_field(L, reader, index, out);
        }
    if (field->length == 0)
        return ROWS_READ;
    return rows_refuse(reader, ROWS_BAD, "split: '%.*s' is not one of %s, %s",
                       cut(field->at, field->length), field->at, values[0], values[1]);
}

/* [-0, +0, m] */
static rows_outcome write_record(lua_State *L, rows_reader *reader, json_buffer *out) {
    rows_outcome outcome = write_variables(L, reader, out);
    for (size_t i = 0; i < reader->column_count && outcome == ROWS_READ; i++) {
        if (reader->columns[i].use != COLUMN_EXPECTED)
            continue;
        json_buffer_add(L, out, "},\"expected\":", 13);
        outcome = write_field(L, reader, i, out);
    }
    for (size_t i = 0; i < reader->column_count && outcome == ROWS_READ; i++)
        if (reader->columns[i].use == COLUMN_SPLIT)
            outcome = write_split(L, reader, i, out);
    json_buffer_add(L, out, "}", 1);
    return outcome;
}

rows_outcome rows_read_csv(lua_State *L, rows_reader *reader, json_buffer *out) {
    splitting s;
    rows_outcome outcome = reader->begun ? ROWS_READ : read_header(L, reader);
    if (outcome == ROWS_READ)
        outcome = next_record(reader, &s, reader->fields, reader->column_count);
    if (outcome != ROWS_READ)
        return outcome;
    if (s.count == reader->column_count)
        outcome = write_record(L, reader, out);
    else
        outcome = rows_refuse(reader, ROWS_BAD, "%zu fields where the header has %zu", s.count,
                              reader->column_count);
    rows_file_consume(&reader->file, reader->before);
    return outcome;
}

void rows_csv_close(rows_reader *reader) {
    free(reader->columns);
    free(reader->fields);
    reader->columns = NULL;
    reader->fields = NULL;
}
