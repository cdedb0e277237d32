/* rows_lines.c - .jsonl files: an observation a line. */
#include "rows_lines.h"

#include "json_buffer.h"
#include "json_text.h"
#include "rows_file.h"
#include "rows_json.h"
#include "rows_observation.h"
#include "rows_refuse.h"

#include <string.h>

/* Finds the end of the line at the window's beginning, reading on as far as needed: the length
 * without its newline, and whether there is one. NULL, or why it was not found. */
static const char *find_line(rows_file *file, size_t *length, bool *has_newline) {
    size_t searched = 0;
    for (;;) {
        const char *at = file->data != NULL ? file->data + file->at : "";
        size_t here = file->end - file->at;
        const char *newline = memchr(at + searched, '\n', here - searched);
        *length = newline != NULL ? (size_t)(newline - at) : here;
        *has_newline = newline != NULL;
        if (newline != NULL || file->ended)
            return NULL;
        searched = here;
        const char *problem = rows_file_more(file);
        if (problem != NULL)
            return problem;
    }
}

static const char byte_order_mark[] = "\xEF\xBB\xBF";

/* [-0, +0, m] */
static rows_outcome read_object(lua_State *L, rows_reader *reader, const char *at, const char *end,
                                json_buffer *out) {
    rows_observation observation;
    rows_problem problem;
    rows_naming naming = rows_naming_of(reader);
    if (rows_json_observation(&reader->json, at, end, true, &naming, &observation, &problem) !=
        ROWS_WHOLE)
        return rows_refuse(reader, ROWS_BAD, "%s%s at character %zu",
                           problem.is_json ? "" : "not JSON: ", problem.what, problem.place);
    if (json_skip_space(reader->json.at, end) != end)
        return rows_refuse(reader, ROWS_BAD, "not JSON: text after the object");
    return rows_write_observation(L, reader, &observation, out);
}

rows_outcome rows_read_line(lua_State *L, rows_reader *reader, json_buffer *out) {
    rows_file *file = &reader->file;
    for (;;) {
        size_t length;
        bool has_newline;
        reader->line = file->line;
        const char *problem = find_line(file, &length, &has_newline);
        if (problem != NULL)
            return rows_stop(reader, problem);
        if (length == 0 && !has_newline)
            return ROWS_END;
        const char *at = file->data + file->at, *end = at + length;
        if (!reader->begun && length >= 3 && memcmp(at, byte_order_mark, 3) == 0)
            at += 3;
        reader->begun = true;
        at = json_skip_space(at, end);
        reader->before = length + (has_newline ? 1 : 0);
        rows_outcome outcome = at < end ? read_object(L, reader, at, end, out) : ROWS_END;
        rows_file_consume(file, reader->before);
        if (outcome != ROWS_END)
            return outcome;
    }
}
