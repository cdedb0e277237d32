/* rows_array.c - .json files: one array of observations, read one at a time. */
#include "rows_array.h"

#include "json_buffer.h"
#include "json_text.h"
#include "rows_file.h"
#include "rows_json.h"
#include "rows_observation.h"
#include "rows_refuse.h"

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
    return rows_stop(reader, what);
}

static void skip_byte_order_mark(rows_file *file) {
    if (file->end - file->at >= 3 && memcmp(file->data + file->at, "\xEF\xBB\xBF", 3) == 0)
        rows_file_consume(file, 3);
}

/* Takes the byte that separates stages: the next stage, or why there is none. */
static const char *take_separator(rows_reader *reader, char byte) {
    bool opens = reader->stage == STAGE_BEGIN;
    if (reader->stage != STAGE_BEGIN && byte == ']')
        reader->stage = STAGE_CLOSED;
    else if (byte == (opens ? '[' : ','))
        reader->stage = opens ? STAGE_OPENED : STAGE_ELEMENT;
    else
        return opens ? "an array of observations expected"
                     : "not JSON: no comma between two elements";
    rows_file_consume(&reader->file, 1);
    return NULL;
}

/* Moves on to an element: ROWS_READ if there is one. Each stage can be begun again, since the
 * file may not be ready. */
static rows_outcome find_element(rows_reader *reader) {
    const char *problem = NULL;
    rows_file *file = &reader->file;
    while (problem == NULL) {
        char byte = next_byte(file, &problem);
        bool is_end = byte == '\0' && file->at == file->end;
        if (problem != NULL)
            break;
        if (reader->stage == STAGE_CLOSED && is_end)
            return ROWS_END;
        if (reader->stage == STAGE_CLOSED)
            problem = "not JSON: text after the array";
        else if (is_end && reader->stage != STAGE_BEGIN && reader->stage != STAGE_BETWEEN)
            problem = "not JSON: the array does not end";
        else if (reader->stage == STAGE_ELEMENT || (reader->stage == STAGE_OPENED && byte != ']'))
            return ROWS_READ;
        else if (reader->stage == STAGE_BEGIN && !reader->begun && byte == '\xEF')
            skip_byte_order_mark(file);
        else
            problem = take_separator(reader, byte);
        reader->begun = true;
    }
    return fail(reader, problem);
}

/* [-0, +0, m] The element at the window's beginning, which may have to become larger for it. */
static rows_outcome read_here(lua_State *L, rows_reader *reader, json_buffer *out) {
    rows_file *file = &reader->file;
    rows_observation observation;
    rows_problem problem;
    rows_naming naming = rows_naming_of(reader);
    for (;;) {
        const char *at = file->data + file->at, *end = file->data + file->end;
        rows_progress progress = rows_json_observation(&reader->json, at, end, file->ended, &naming,
                                                       &observation, &problem);
        if (progress == ROWS_WHOLE) {
            rows_outcome outcome = rows_write_observation(L, reader, &observation, out);
            reader->before = observation.whole.length;
            rows_file_consume(file, reader->before);
            reader->stage = STAGE_BETWEEN;
            return outcome;
        }
        if (progress == ROWS_WRONG)
            return rows_refuse(reader, ROWS_BROKEN, "%s%s at character %zu of the element",
                               problem.is_json ? "" : "not JSON: ", problem.what, problem.place);
        const char *what = rows_file_more(file);
        if (what != NULL)
            return rows_stop(reader, what);
    }
}

rows_outcome rows_read_element(lua_State *L, rows_reader *reader, json_buffer *out) {
    rows_outcome outcome = find_element(reader);
    if (outcome != ROWS_READ)
        return outcome;
    reader->line = reader->file.line;
    return read_here(L, reader, out);
}
