/*
 * rows_refuse.h - why a row cannot be used.
 */
#ifndef PROMPTIC_ROWS_REFUSE_H
#define PROMPTIC_ROWS_REFUSE_H

#include "rows_reader.h"

#include <stddef.h>

/* Notes why a row cannot be used. */
rows_outcome rows_refuse(rows_reader *reader, rows_outcome outcome, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Gives the reason that was noted a code, a static string; returns the outcome. */
rows_outcome rows_refuse_as(rows_reader *reader, const char *code, rows_outcome outcome);

/* ROWS_WAIT where the problem is that the file is not ready, ROWS_TURN where the turn is over, else
 * ROWS_BROKEN. */
rows_outcome rows_stop(rows_reader *reader, const char *problem);

/* Refuses a row whose answer, a JSON string, is empty, unless reader->on_empty lets it be. */
rows_outcome rows_check_answer(rows_reader *reader, const char *json, size_t length);

#endif
