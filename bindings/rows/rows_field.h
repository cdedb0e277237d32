/*
 * rows_field.h - a field of a .csv file.
 */
#ifndef PROMPTIC_ROWS_FIELD_H
#define PROMPTIC_ROWS_FIELD_H

#include "rows_reader.h"

#include <stdbool.h>
#include <stddef.h>

/* A field as it stands in the window, without the quotes around it. */
struct rows_field {
    const char *at;
    size_t length;
    bool doubled; /* holds doubled quotes */
};

/* [-0, +0, m] Adds the field as a JSON string; false with *invalid_at where it is not UTF-8. */
bool rows_csv_add_field(lua_State *L, rows_reader *reader, const rows_field *field,
                        json_buffer *out, size_t *invalid_at);

#endif
