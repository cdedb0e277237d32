/* rows_refuse.c - why a row cannot be used. */
#include "rows_refuse.h"

#include "clean.h"
#include "rows_file.h"
#include "rows_room.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

rows_outcome rows_stop(rows_reader *reader, const char *problem) {
    if (problem == rows_file_not_ready)
        return ROWS_WAIT;
    if (problem == rows_file_next_turn)
        return ROWS_TURN;
    return rows_refuse(reader, ROWS_BROKEN, "%s", problem);
}

rows_outcome rows_refuse(rows_reader *reader, rows_outcome outcome, const char *format, ...) {
    char reason[sizeof reader->reason];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    clean_line(reader->reason, sizeof reader->reason, reason,
               strlen(reason)); /* it quotes the file */
    reader->code = NULL;
    return outcome;
}

rows_outcome rows_refuse_as(rows_reader *reader, const char *code, rows_outcome outcome) {
    reader->code = code;
    return outcome;
}

/* Whether the JSON string holds nothing but white space. */
static bool is_blank(const char *json, size_t length) {
    const char *at = json + 1, *end = json + length - 1;
    while (at < end) {
        bool is_escape = *at == '\\' && end - at >= 2 && strchr("tnr", at[1]) != NULL;
        if (*at != ' ' && !is_escape)
            return false;
        at += is_escape ? 2 : 1;
    }
    return true;
}

rows_outcome rows_check_answer(rows_reader *reader, const char *json, size_t length) {
    if (reader->on_empty == ROWS_EMPTY_KEEP || !is_blank(json, length))
        return ROWS_READ;
    reader->is_empty = true;
    return rows_refuse_as(reader, "empty_answer",
                          rows_refuse(reader, ROWS_BAD, "expected is empty"));
}
