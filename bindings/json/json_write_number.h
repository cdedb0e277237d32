/*
 * json_write_number.h - numbers as JSON. Inside of the codec only.
 */
#ifndef PROMPTIC_JSON_WRITE_NUMBER_H
#define PROMPTIC_JSON_WRITE_NUMBER_H

#include "json_buffer.h"

/* [-0, +0, m] Writes a number in the shortest form that reads back as the same double, all digits
 * where it is an integer; neither NaN nor an infinity. */
void json_add_integer(lua_State *L, json_buffer *b, long long value);
void json_add_double(lua_State *L, json_buffer *b, double value);

#endif
