/* rows_refuse.c - what all formats need: why a row cannot be used, and what it becomes. */
#include "rows.h"

#include "clean.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const promptic_endpoint *rows_endpoint(void) {
    return promptic_endpoint_find("create_observations");
}

const char *rows_before_inputs(const rows_room *room) {
    return room->cases ? "{\"inputPayload\":" : "{\"variables\":";
}

const char *rows_before_answer(const rows_room *room) {
    return room->cases ? ",\"expectedPayload\":" : ",\"expected\":";
}

rows_outcome rows_stop(rows_reader *reader, const char *problem) {
    if (problem == rows_file_not_ready)
        return ROWS_WAIT;
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
