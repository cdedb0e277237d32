/* rows_field.c - a field of a .csv file as JSON. */
#include "rows_field.h"

#include "json_buffer.h"

#include <string.h>

bool rows_csv_add_field(lua_State *L, rows_reader *reader, const rows_field *field,
                        json_buffer *out, size_t *invalid_at) {
    json_buffer *scratch = &reader->scratch;
    if (!field->doubled)
        return json_buffer_add_string(L, out, field->at, field->length, invalid_at);
    const char *at = field->at, *end = at + field->length, *quote;
    scratch->length = 0;
    while ((quote = memchr(at, '"', (size_t)(end - at))) != NULL) {
        json_buffer_add(L, scratch, at, (size_t)(quote + 1 - at));
        at = quote + 2;
    }
    json_buffer_add(L, scratch, at, (size_t)(end - at));
    return json_buffer_add_string(L, out, scratch->data, scratch->length, invalid_at);
}
