/*
 * rows_lines.h - rows of .jsonl and .ndjson files.
 */
#ifndef PROMPTIC_ROWS_LINES_H
#define PROMPTIC_ROWS_LINES_H

#include "rows_reader.h"

/* [-0, +0, m] rows_reader.read of .jsonl and .ndjson: a row a line. */
rows_outcome rows_read_line(lua_State *L, rows_reader *reader, json_buffer *out);

#endif
