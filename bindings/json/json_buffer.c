/* json_buffer.c - the growing buffer that JSON is written into, and JSON strings. */
#include "json.h"
#include "json_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_TYPE "promptic.json.buffer"
#define FIRST_CAPACITY 256

static int buffer_gc(lua_State *L) {
    json_buffer *b = luaL_testudata(L, 1, BUFFER_TYPE);
    if (b != NULL) {
        json_buffer_clear(b);
    }
    return 0;
}

json_buffer *json_buffer_push(lua_State *L) {
    json_buffer *b = compat_newuserdata(L, sizeof *b);
    *b = (json_buffer){NULL, 0, 0};
    if (luaL_newmetatable(L, BUFFER_TYPE)) {
        lua_pushcfunction(L, buffer_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return b;
}

/* [-0, +0, m] Makes room for `more` bytes and a NUL. */
static void buffer_grow(lua_State *L, json_buffer *b, size_t more) {
    if (more >= SIZE_MAX / 2 - b->length) {
        luaL_error(L, "not enough memory");
    }
    size_t needed = b->length + more + 1;
    size_t capacity = b->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : b->capacity * 2;
    if (capacity < needed) {
        capacity = needed;
    }
    char *data = realloc(b->data, capacity);
    if (data == NULL) {
        luaL_error(L, "not enough memory");
    }
    b->data = data;
    b->capacity = capacity;
}

void json_buffer_add(lua_State *L, json_buffer *b, const char *text, size_t length) {
    if (b->capacity - b->length <= length) {
        buffer_grow(L, b, length);
    }
    if (length > 0) {
        memcpy(b->data + b->length, text, length);
        b->length += length;
    }
}

char *json_buffer_take(json_buffer *b, size_t *length) {
    char *data = b->data;
    if (data != NULL) {
        data[b->length] = '\0';
    }
    if (length != NULL) {
        *length = b->length;
    }
    *b = (json_buffer){NULL, 0, 0};
    return data;
}

void json_buffer_clear(json_buffer *b) {
    free(b->data);
    *b = (json_buffer){NULL, 0, 0};
}

/* [-0, +0, m] The escape of a byte below 0x20, of a quote or of a backslash. */
static void add_escape(lua_State *L, json_buffer *b, unsigned char byte) {
    static const char hex[] = "0123456789abcdef";
    static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *pair = named; *pair != '\0'; pair += 2) {
        if ((unsigned char)pair[0] == byte) {
            char escape[2] = {'\\', pair[1]};
            json_buffer_add(L, b, escape, sizeof escape);
            return;
        }
    }
    char escape[6] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};
    json_buffer_add(L, b, escape, sizeof escape);
}

bool json_buffer_add_string(lua_State *L, json_buffer *b, const char *text, size_t length,
                            size_t *invalid_at) {
    size_t before = b->length;
    const char *end = text + length;
    const char *run = text; /* what is before this is in the buffer */
    json_buffer_add(L, b, "\"", 1);
    for (const char *p = text; (p = json_skip_plain(p, end)) < end;) {
        unsigned char byte = (unsigned char)*p;
        if (byte >= 0x80) {
            size_t sequence = json_utf8_sequence(p, end);
            if (sequence == 0) {
                b->length = before;
                if (invalid_at != NULL) {
                    *invalid_at = (size_t)(p - text) + 1;
                }
                return false;
            }
            p += sequence;
        } else {
            json_buffer_add(L, b, run, (size_t)(p - run));
            add_escape(L, b, byte);
            run = ++p;
        }
    }
    json_buffer_add(L, b, run, (size_t)(end - run));
    json_buffer_add(L, b, "\"", 1);
    return true;
}
