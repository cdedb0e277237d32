/*
 * rows_csv.h - rows of .csv and .tsv files.
 */
#ifndef PROMPTIC_ROWS_CSV_H
#define PROMPTIC_ROWS_CSV_H

#include "rows_reader.h"

/* [-0, +0, m] rows_reader.read of .csv and .tsv: a row a record. */
rows_outcome rows_read_csv(lua_State *L, rows_reader *reader, json_buffer *out);

/* Frees what reading it has allocated. */
void rows_csv_close(rows_reader *reader);

#endif
