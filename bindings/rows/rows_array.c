/* rows_array.c - .json files: one array of observations, read one at a time. */
#include "rows.h"

#include <string.h>

/* Moves on to the next byte that is no space, reading on where needed; '\0' at the end. A NUL in
 * the file is no JSON either. Sets *problem where the file cannot be read. */
static char next_byte(rows_file *file, const char **problem) {
    for (;;) {
        const char *at = file->data != NULL ? file->data + file->at : "";
        const char *end = at + (file->end - file->at);
        const char *next = json_skip_space(at, end);
        if (next > at)
            rows_file_consume(file, (size_t)(next - at));
        if (next < end)
            return *next;
        if (file->ended)
            return '\0';
        *problem = rows_file_more(file);
        if (*problem != NULL)
            return '\0';
    }
}

static rows_outcome fail(rows_reader *reader, const char *what) {
    reader->line = reader->file.line;
    return rows_refuse(reader, ROWS_BROKEN, "%s", what);
}

static void skip_byte_order_mark(rows_file *file) {
    if (file->end - file->at >= 3 && memcmp(file->data + file->at, "\xEF\xBB\xBF", 3) == 0)
        rows_file_consume(file, 3);
}

/* The array has ended, and nothing may follow. */
static rows_outcome finish(rows_reader *reader) {
    const char *problem = NULL;
    rows_file *file = &reader->file;
    rows_file_consume(file, 1);
    char byte = next_byte(file, &problem);
    if (problem != NULL)
        return fail(reader, problem);
    if (byte != '\0' || file->at < file->end)
        return fail(reader, "not JSON: text after the array");
    return ROWS_END;
}

/* Skips what precedes an element: ROWS_READ where there is one. */
static rows_outcome skip_separator(rows_reader *reader) {
    const char *problem = NULL;
    rows_file *file = &reader->file;
    bool opens = !reader->begun;
    if (opens) {
        next_byte(file, &problem);
        skip_byte_order_mark(file);
    }
    char byte = problem == NULL ? next_byte(file, &problem) : '\0';
    if (problem == NULL && !opens && byte == ']')
        return finish(reader);
    if (problem == NULL && byte != (opens ? '[' : ','))
        problem =
            opens ? "an array of observations expected" : "not JSON: no comma between two elements";
    if (problem != NULL)
        return fail(reader, problem);
    rows_file_consume(file, 1);
    reader->begun = true;
    if (opens && next_byte(file, &problem) == ']')
        return finish(reader);
    return ROWS_READ;
}

/* [-0, +0, m] The element at the window's beginning, which may have to become larger for it. */
static rows_outcome read_here(lua_State *L, rows_reader *reader, json_buffer *out) {
    rows_file *file = &reader->file;
    rows_observation observation;
    rows_problem problem;
    for (;;) {
        const char *at = file->data + file->at, *end = file->data + file->end;
        rows_progress progress =
            rows_json_observation(&reader->json, at, end, file->ended, reader->room.payloads,
                                  &observation, &problem);
        if (progress == ROWS_WHOLE) {
            rows_outcome outcome = rows_write_observation(L, reader, &observation, out);
            reader->before = observation.whole.length;
            rows_file_consume(file, reader->before);
            return outcome;
        }
        if (progress == ROWS_WRONG)
            return rows_refuse(reader, ROWS_BROKEN, "not JSON: %s at character %zu of the element",
                               problem.what, problem.place);
        const char *what = rows_file_more(file);
        if (what != NULL)
            return rows_refuse(reader, ROWS_BROKEN, "%s", what);
    }
}

rows_outcome rows_read_element(lua_State *L, rows_reader *reader, json_buffer *out) {
    const char *problem = NULL;
    rows_outcome outcome = reader->again ? ROWS_READ : skip_separator(reader);
    if (outcome != ROWS_READ)
        return outcome;
    char byte = next_byte(&reader->file, &problem);
    if (problem == NULL && byte == '\0' && reader->file.at == reader->file.end)
        problem = "not JSON: the array does not end";
    if (problem != NULL)
        return fail(reader, problem);
    reader->line = reader->file.line;
    return read_here(L, reader, out);
}
