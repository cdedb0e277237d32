/*
 * rows_csv.c - .csv files (RFC 4180): a header, then an observation a record.
 *
 * A record is first split into fields where it stands in the window, then written as JSON. Where
 * the window ends before the record does, it is read on and the record split anew.
 */
#include "rows_csv.h"

#include "json_buffer.h"
#include "rows_field.h"
#include "rows_file.h"
#include "rows_header.h"
#include "rows_names.h"
#include "rows_refuse.h"
#include "rows_room.h"
#include "rows_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- splitting */

typedef enum split_result { SPLIT_DONE, SPLIT_MORE, SPLIT_BAD, SPLIT_NONE } split_result;

typedef struct splitting {
    const char *at, *end;
    bool ended; /* nothing follows `end` */
    char separator;
    const char *long_field; /* that was searched before, up to `scanned`, without an end */
    const char *scanned;
    size_t count;
    rows_field *fields; /* NULL: they are only counted */
    size_t capacity;
    const char *what; /* why the record is bad */
    char fault;       /* what stands where it is */
    bool open;        /* it ends inside of quotes */
} splitting;

static const char lone_return[] = "a carriage return outside of quotes";
static const char after_quote[] = "text after a closing quote";

static split_result bad(splitting *s, const char *what) {
    s->what = what;
    s->fault = '\0';
    if (s->at < s->end)
        s->fault = *s->at;
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
        if (at + 1 == s->end || at[1] != '"') { /* at the window's end split_end asks for more */
            keep(s, begin, at, doubled);
            s->at = at + 1;
            return SPLIT_DONE;
        }
        doubled = true;
    }
}

static split_result split_plain(splitting *s) {
    const char *at = s->at == s->long_field ? s->scanned : s->at;
    while (at < s->end && *at != s->separator && *at != '\n' && *at != '\r' && *at != '"')
        at++;
    if (at == s->end && !s->ended) {
        s->long_field = s->at;
        s->scanned = at;
        return SPLIT_MORE;
    }
    if (at < s->end && *at == '"')
        return bad(s, "a quote inside a field that has none around it");
    keep(s, s->at, at, false);
    s->at = at;
    return SPLIT_DONE;
}

/* What is after a field: SPLIT_NONE at the record's end, which is skipped. */
static split_result split_end(splitting *s) {
    if (s->at == s->end)
        return s->ended ? SPLIT_NONE : SPLIT_MORE;
    if (*s->at == s->separator) {
        s->at++;
        return SPLIT_DONE;
    }
    if (*s->at == '\r' && s->at + 1 == s->end && !s->ended)
        return SPLIT_MORE;
    if (*s->at == '\r' && s->at + 1 < s->end && s->at[1] != '\n')
        return bad(s, lone_return);
    if (*s->at == '\r')
        s->at++;
    if (s->at == s->end)
        return SPLIT_NONE;
    if (*s->at != '\n')
        return bad(s, after_quote);
    s->at++;
    return SPLIT_NONE;
}

/* Splits the record at s->at: SPLIT_NONE if there is none, else done, more or bad. */
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

/* Skips the rest of a bad record, of which the reason is noted. */
static rows_outcome skip_record(rows_reader *reader) {
    reader->skipping = true;
    const char *problem = pass_line(&reader->file);
    if (problem == rows_file_not_ready || problem == rows_file_next_turn)
        return rows_stop(reader, problem);
    reader->skipping = false;
    return problem != NULL ? rows_stop(reader, problem) : ROWS_BAD;
}

/* A record that cannot be split ends with the line of its fault. After a quote that is never closed
 * it is unknown how much of the rest belongs to it. */
static rows_outcome refuse_record(rows_reader *reader, const splitting *s) {
    rows_file *file = &reader->file;
    if (s->open)
        return rows_refuse(reader, ROWS_BROKEN, "%s", s->what);
    rows_file_consume(file, (size_t)(s->at - (file->data + file->at)));
    if (file->line == reader->line)
        rows_refuse(reader, ROWS_BAD, "%s", s->what);
    else
        rows_refuse(reader, ROWS_BAD, "%s in line %" PRId64, s->what, file->line);
    return skip_record(reader);
}

/* Whether there is nothing but separators and spaces before `end`: spreadsheets write such lines
 * for rows whose cells were emptied. */
static bool is_blank(const char *at, const char *end, char separator) {
    while (at < end && (*at == separator || *at == ' ' || *at == '\t'))
        at++;
    return at == end || *at == '\n' || *at == '\r';
}

/* Splits the next record into the fields that there is room for, without consuming it. Blank lines
 * are no records. */
static rows_outcome next_record(rows_reader *reader, splitting *s, rows_field *fields,
                                size_t capacity) {
    rows_file *file = &reader->file;
    for (;;) {
        const char *begin = file->data != NULL ? file->data + file->at : "";
        *s = (splitting){.at = begin,
                         .end = begin + (file->end - file->at),
                         .ended = file->ended,
                         .separator = reader->separator,
                         .long_field = begin + reader->long_field,
                         .scanned = begin + reader->scanned,
                         .fields = fields,
                         .capacity = capacity};
        reader->line = file->line;
        split_result result = split(s);
        reader->before = (size_t)(s->at - begin);
        reader->long_field = result == SPLIT_MORE ? (size_t)(s->long_field - begin) : 0;
        reader->scanned = result == SPLIT_MORE ? (size_t)(s->scanned - begin) : 0;
        if (result == SPLIT_NONE)
            return ROWS_END;
        if (result == SPLIT_BAD)
            return refuse_record(reader, s);
        if (result == SPLIT_DONE && !is_blank(begin, s->at, reader->separator))
            return ROWS_READ;
        if (result == SPLIT_DONE) {
            rows_file_consume(file, reader->before);
            continue;
        }
        const char *problem = rows_file_more(file);
        if (problem != NULL)
            return rows_stop(reader, problem);
    }
}

/* ------------------------------------------------------------------- header */

/* Reads until so many bytes are in the window, or the file ends before; NULL, or why not. */
static const char *want_bytes(rows_file *file, size_t count) {
    const char *problem = NULL;
    while (problem == NULL && file->end - file->at < count && !file->ended)
        problem = rows_file_more(file);
    return problem;
}

/* A byte order mark, and a line of its own that says the separator, as Excel reads it: sep=; */
static const char *read_preamble(rows_reader *reader) {
    static const char mark[] = "\xEF\xBB\xBF", line[] = "sep=";
    rows_file *file = &reader->file;
    const char *problem = want_bytes(file, 3 + sizeof line + 2);
    if (problem != NULL)
        return problem;
    if (file->end - file->at >= 3 && memcmp(file->data + file->at, mark, 3) == 0)
        file->at += 3;
    size_t left = file->end - file->at, length = sizeof line - 1;
    const char *at = left > 0 ? file->data + file->at : "";
    if (left < length + 2 || memcmp(at, line, length) != 0)
        return NULL;
    size_t end = length + (at[length + 1] == '\r' && left > length + 2 ? 2 : 1);
    if (at[end] == '\n') {
        if (!reader->separator_given)
            reader->separator = at[length];
        rows_file_consume(file, end + 1);
    }
    return NULL;
}

/* Splits the header: first to count the columns, then into as many fields. */
static rows_outcome split_header(rows_reader *reader, splitting *s) {
    rows_outcome outcome = next_record(reader, s, NULL, 0);
    if (outcome == ROWS_END)
        return rows_refuse(reader, ROWS_BROKEN, "the header is missing");
    if (outcome == ROWS_BAD && s->what == lone_return)
        return rows_refuse(reader, ROWS_BROKEN,
                           "the header ends with a carriage return alone: save the file with "
                           "line ends of Windows or Unix");
    const char *separator = s->what == after_quote ? rows_header_separator(s->fault) : NULL;
    if (outcome == ROWS_BAD && separator != NULL)
        return rows_refuse_as(reader, "wrong_separator",
                              rows_refuse(reader, ROWS_BROKEN, "%s: the separator looks like %s",
                                          s->what, separator));
    if (outcome != ROWS_READ)
        return outcome == ROWS_WAIT || outcome == ROWS_TURN ? outcome : ROWS_BROKEN;
    reader->columns = calloc(s->count, sizeof *reader->columns);
    reader->fields = calloc(s->count, sizeof *reader->fields);
    if (reader->columns == NULL || reader->fields == NULL)
        return rows_refuse(reader, ROWS_BROKEN, "not enough memory");
    return next_record(reader, s, reader->fields, s->count);
}

/* [-0, +0, m] */
static rows_outcome read_header(lua_State *L, rows_reader *reader) {
    splitting s;
    const char *problem = reader->unmarked ? NULL : read_preamble(reader);
    reader->line = 1;
    if (problem != NULL)
        return rows_stop(reader, problem);
    reader->unmarked = true;
    rows_outcome outcome = split_header(reader, &s);
    if (outcome == ROWS_READ)
        outcome = rows_header_take(L, reader, s.count, reader->before);
    rows_file_consume(&reader->file, outcome == ROWS_READ ? reader->before : 0);
    reader->begun = outcome != ROWS_WAIT && outcome != ROWS_TURN;
    return outcome;
}

/* ------------------------------------------------------------------ records */

/* [-0, +0, m] */
static rows_outcome write_field(lua_State *L, rows_reader *reader, size_t index, json_buffer *out) {
    const rows_column *column = &reader->columns[index];
    const char *name = rows_header_name(reader, column);
    size_t invalid_at = 0;
    if (rows_csv_add_field(L, reader, &reader->fields[index], out, &invalid_at))
        return ROWS_READ;
    return rows_refuse(reader, ROWS_BAD,
                       "column %.*s is not UTF-8 (at byte %zu): save the file as UTF-8",
                       rows_header_cut(column, name), name, invalid_at);
}

/* [-0, +0, m] A variable that has the column's value. */
static rows_outcome write_variable(lua_State *L, rows_reader *reader, rows_value name, size_t index,
                                   json_buffer *out) {
    bool is_first = out->data[out->length - 1] == '{';
    if (!is_first)
        json_buffer_add(L, out, ",", 1);
    json_buffer_add(L, out, name.at, name.length);
    json_buffer_add(L, out, ":", 1);
    return write_field(L, reader, index, out);
}

/* [-0, +0, m] The variables that were asked for. */
static rows_outcome write_mapped(lua_State *L, rows_reader *reader, json_buffer *out) {
    rows_outcome outcome = ROWS_READ;
    for (size_t i = 0; i < reader->mapping_count && outcome == ROWS_READ; i++)
        outcome = write_variable(L, reader, rows_name_at(reader, reader->mappings[i].name),
                                 reader->mappings[i].index, out);
    return outcome;
}

/* [-0, +0, m] */
static rows_outcome write_variables(lua_State *L, rows_reader *reader, json_buffer *out) {
    rows_outcome outcome = ROWS_READ;
    const char *inputs = rows_before_inputs(&reader->room);
    json_buffer_add(L, out, inputs, strlen(inputs));
    json_buffer_add(L, out, "{", 1);
    if (reader->mappings != NULL)
        outcome = write_mapped(L, reader, out);
    for (size_t i = 0; i < reader->column_count && outcome == ROWS_READ; i++) {
        const rows_column *column = &reader->columns[i];
        rows_value name = {.at = rows_header_name(reader, column), .length = column->name_length};
        if (column->use == COLUMN_VARIABLE)
            outcome = write_variable(L, reader, name, i, out);
    }
    json_buffer_add(L, out, "}", 1);
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
                       rows_cut(field->at, field->length), field->at, values[0], values[1]);
}

/* [-0, +0, m] What stands behind the variables. */
static rows_outcome write_rest(lua_State *L, rows_reader *reader, size_t index, json_buffer *out) {
    const rows_field *field = &reader->fields[index];
    switch (reader->columns[index].use) {
    case COLUMN_SPLIT:
        return write_split(L, reader, index, out);
    case COLUMN_BLANK:
        if (field->length > 0)
            return rows_refuse(reader, ROWS_BAD, "column %zu has a value and no name", index + 1);
        return ROWS_READ;
    default:
        return ROWS_READ;
    }
}

/* [-0, +0, m] */
static rows_outcome write_record(lua_State *L, rows_reader *reader, json_buffer *out) {
    rows_outcome outcome = write_variables(L, reader, out);
    if (outcome != ROWS_READ)
        return outcome;
    const char *before = rows_before_answer(&reader->room);
    json_buffer_add(L, out, before, strlen(before));
    size_t answer = out->length;
    outcome = write_field(L, reader, reader->expected, out);
    if (outcome == ROWS_READ)
        outcome = rows_check_answer(reader, out->data + answer, out->length - answer);
    for (size_t i = 0; i < reader->column_count && outcome == ROWS_READ; i++)
        outcome = write_rest(L, reader, i, out);
    json_buffer_add(L, out, "}", 1);
    return outcome;
}

rows_outcome rows_read_csv(lua_State *L, rows_reader *reader, json_buffer *out) {
    splitting s;
    if (reader->skipping)
        return skip_record(reader);
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
    rows_names_clear(&reader->seen);
    free(reader->columns);
    free(reader->fields);
    reader->columns = NULL;
    reader->fields = NULL;
}
