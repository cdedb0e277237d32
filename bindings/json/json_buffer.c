/* json_buffer.c - the growing buffer that JSON is written into, and JSON strings. */
#include "json_buffer.h"

#include "ascii.h"
#include "json_codec.h"
#include "json_text.h"
#include "utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 256

static const char metatable_key; /* its address is the registry's key */

static int buffer_gc(lua_State *L) {
    json_buffer_clear(lua_touserdata(L, 1));
    return 0;
}

json_buffer *json_buffer_push(lua_State *L) {
    json_buffer *b = compat_newuserdata(L, sizeof *b);
    *b = (json_buffer){NULL, 0, 0};
    json_codec_protect(L, &metatable_key, "promptic.json.buffer", buffer_gc);
    return b;
}

void json_buffer_grow(lua_State *L, json_buffer *b, size_t more) {
    if (more >= SIZE_MAX / 2 - b->length)
        luaL_error(L, "not enough memory");
    size_t needed = b->length + more + 1;
    size_t capacity = b->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : b->capacity * 2;
    if (capacity < needed)
        capacity = needed;
    char *data = realloc(b->data, capacity);
    if (data == NULL)
        luaL_error(L, "not enough memory");
    b->data = data;
    b->capacity = capacity;
}

char *json_buffer_take(json_buffer *b, size_t *length) {
    char *data = b->data;
    if (data != NULL)
        data[b->length] = '\0';
    if (length != NULL)
        *length = b->length;
    *b = (json_buffer){NULL, 0, 0};
    return data;
}

void json_buffer_clear(json_buffer *b) {
    free(b->data);
    *b = (json_buffer){NULL, 0, 0};
}

/* [-0, +0, m] The escape of a byte below 0x20, of a quote or of a backslash. */
static void add_escape(lua_State *L, json_buffer *b, unsigned char byte) {
    static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *pair = named; *pair != '\0'; pair += 2) {
        if ((unsigned char)pair[0] == byte) {
            char escape[2] = {'\\', pair[1]};
            json_buffer_add(L, b, escape, sizeof escape);
            return;
        }
    }
    char escape[6] = {'\\', 'u', '0', '0'};
    ascii_put_hex(escape + 4, byte);
    json_buffer_add(L, b, escape, sizeof escape);
}

/* [-0, +0, m] Text of which some does not stand for itself. */
static bool add_escaped(lua_State *L, json_buffer *b, const char *text, const char *end,
                        size_t *invalid_at) {
    const char *run = text; /* the bytes before this are in the buffer */
    for (const char *at = text; (at = json_skip_plain(at, end)) < end;) {
        size_t sequence = (unsigned char)*at < 0x80 ? 1 : utf8_sequence(at, end);
        if (sequence == 0) {
            if (invalid_at != NULL)
                *invalid_at = (size_t)(at - text) + 1;
            return false;
        }
        if ((unsigned char)*at < 0x80) {
            json_buffer_add(L, b, run, (size_t)(at - run));
            add_escape(L, b, (unsigned char)*at);
            run = at + 1;
        }
        at += sequence;
    }
    json_buffer_add(L, b, run, (size_t)(end - run));
    return true;
}

bool json_buffer_add_string(lua_State *L, json_buffer *b, const char *text, size_t length,
                            size_t *invalid_at) {
    size_t before = b->length;
    if (b->capacity - b->length <= length + 2)
        json_buffer_grow(L, b, length + 2);
    b->data[b->length++] = '"';
    if (json_all_plain(text, length)) {
        json_buffer_add(L, b, text, length);
    } else if (!add_escaped(L, b, text, text + length, invalid_at)) {
        b->length = before;
        return false;
    }
    json_buffer_add_char(L, b, '"');
    return true;
}
