/*
 * rows_array.h - rows of .json files.
 */
#ifndef PROMPTIC_ROWS_ARRAY_H
#define PROMPTIC_ROWS_ARRAY_H

#include "rows_reader.h"

/* [-0, +0, m] rows_reader.read of .json: a row an element. */
rows_outcome rows_read_element(lua_State *L, rows_reader *reader, json_buffer *out);

#endif
