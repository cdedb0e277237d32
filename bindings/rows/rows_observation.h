/*
 * rows_observation.h - what a JSON object of a file becomes.
 */
#ifndef PROMPTIC_ROWS_OBSERVATION_H
#define PROMPTIC_ROWS_OBSERVATION_H

#include "rows_reader.h"

/* [-0, +0, m] Writes the observation that a JSON text holds as a request has it. An object without
 * `variables` is read as a row of a .csv file: all its members but expected, split and idx are
 * variables. */
rows_outcome rows_write_observation(lua_State *L, rows_reader *reader,
                                    const rows_observation *observation, json_buffer *out);

/* [-0, +0, m] The names in the file that the reader was told. */
rows_naming rows_naming_of(rows_reader *reader);

#endif
