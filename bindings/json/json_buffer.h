/*
 * json_buffer.h - a block of bytes that grows, which a request can take over.
 */
#ifndef PROMPTIC_JSON_BUFFER_H
#define PROMPTIC_JSON_BUFFER_H

#include "compat.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A growing block of bytes. The userdata that json_buffer_push pushes owns it and frees it. */
typedef struct json_buffer {
    char *data; /* NULL as long as nothing was added */
    size_t length;
    size_t capacity; /* one byte more than length is always there, for the NUL */
} json_buffer;

/* [-0, +1, m] Pushes the userdata; the buffer lives as long as that. */
json_buffer *json_buffer_push(lua_State *L);

/* [-0, +0, m] Makes room for `more` bytes and a NUL behind the content. */
void json_buffer_grow(lua_State *L, json_buffer *b, size_t more);

/* [-0, +0, m] Appends bytes as they are. `text` is borrowed and not part of the buffer itself. */
static inline void json_buffer_add(lua_State *L, json_buffer *b, const char *text, size_t length) {
    if (b->capacity - b->length <= length)
        json_buffer_grow(L, b, length);
    if (length > 0)
        memcpy(b->data + b->length, text, length);
    b->length += length;
}

static inline void json_buffer_add_char(lua_State *L, json_buffer *b, char c) {
    if (b->capacity - b->length <= 1)
        json_buffer_grow(L, b, 1);
    b->data[b->length++] = c;
}

/*
 * [-0, +0, m] Appends text as a JSON string, quotes included. Where the text is not UTF-8, returns
 * false, appends nothing and sets *invalid_at (unless NULL) to the first bad byte, counted
 * from 1.
 */
bool json_buffer_add_string(lua_State *L, json_buffer *b, const char *text, size_t length,
                            size_t *invalid_at);

/*
 * Returns the block, NUL-terminated, and leaves the buffer empty and usable. Freed with free().
 * NULL if nothing was ever added. *length (unless NULL) leaves the NUL out. Never raises.
 */
char *json_buffer_take(json_buffer *b, size_t *length);

/* Frees the block now, instead of when the userdata is collected. The buffer is empty and usable. */
void json_buffer_clear(json_buffer *b);

#endif
