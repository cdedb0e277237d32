#include "text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)64)

void text_init(text *text, const promptic_allocator *allocator) {
    memset(text, 0, sizeof *text);
    text->allocator = allocator;
}

void text_free(text *text) {
    memory_free(text->allocator, text->data);
    text_init(text, text->allocator);
}

void text_clear(text *text) {
    text->length = 0;
    text->failed = false;
    if (text->data != NULL)
        text->data[0] = '\0';
}

void text_cut(text *text, size_t length) {
    if (text->length <= length)
        return;
    text->length = length;
    text->data[length] = '\0';
}

bool text_shrink(text *text, size_t most) {
    size_t needed = text->length > 0 ? text->length + 1 : 0;
    bool is_last = text->capacity - needed <= most;
    if (is_last && needed == 0) {
        text_free(text);
        return true;
    }
    size_t capacity = is_last ? needed : text->capacity - most;
    char *data = memory_resize(text->allocator, text->data, capacity);
    if (data == NULL) /* an allocator that cannot */
        return true;
    text->data = data;
    text->capacity = capacity;
    return is_last;
}

bool text_reserve(text *text, size_t length) {
    if (text->failed)
        return false;
    if (length < text->capacity - text->length)
        return true;
    size_t capacity = text->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : text->capacity;
    while (length >= capacity - text->length && capacity <= SIZE_MAX / 2)
        capacity *= 2;
    bool fits = length < capacity - text->length;
    char *data = fits ? memory_resize(text->allocator, text->data, capacity) : NULL;
    if (data == NULL) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

void text_add_n(text *text, const char *bytes, size_t length) {
    if (!text_reserve(text, length))
        return;
    if (length > 0)
        memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void text_add(text *text, const char *string) {
    text_add_n(text, string, strlen(string));
}

void text_add_char(text *text, char c) {
    text_add_n(text, &c, 1);
}

void text_addf(text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) {
        text->failed = true;
        return;
    }
    if (!text_reserve(text, (size_t)length))
        return;
    va_start(arguments, format);
    vsnprintf(text->data + text->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text->length += (size_t)length;
}

size_t text_utf8(unsigned long code_point, char bytes[4]) {
    static const unsigned char marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
    unsigned long c = code_point;
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        c = 0xFFFD;
    size_t width = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = width; i-- > 1; c >>= 6)
        bytes[i] = (char)(0x80 | (c & 0x3F));
    bytes[0] = (char)(marks[width] | c);
    return width;
}

size_t text_read_utf8(const char *bytes, size_t length, unsigned long *code) {
    const unsigned char *s = (const unsigned char *)bytes;
    static const unsigned long smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t width = s[0] < 0x80 ? 1 : s[0] < 0xC2 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    if (width == 0 || s[0] > 0xF4 || width > length)
        return 0;
    *code = width == 1 ? s[0] : s[0] & (0xFFU >> (width + 1));
    for (size_t i = 1; i < width; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
        *code = *code << 6 | (s[i] & 0x3F);
    }
    bool is_surrogate = *code >= 0xD800 && *code <= 0xDFFF;
    return *code < smallest[width] || *code > 0x10FFFF || is_surrogate ? 0 : width;
}

char *text_take(text *text, size_t *length) {
    text_add_n(text, "", 0);
    char *data = text->failed ? NULL : text->data;
    if (length != NULL)
        *length = data != NULL ? text->length : 0;
    if (data != NULL)
        text_init(text, text->allocator);
    else
        text_free(text);
    return data;
}

char *text_copy(const promptic_allocator *allocator, const char *bytes, size_t length) {
    char *copy = length < SIZE_MAX ? memory_resize(allocator, NULL, length + 1) : NULL;
    if (copy == NULL)
        return NULL;
    memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

void text_wipe(void *memory, size_t length) {
    volatile unsigned char *byte = memory;
    while (length-- > 0)
        *byte++ = 0;
}

void text_free_secret(const promptic_allocator *allocator, char *string) {
    if (string == NULL)
        return;
    text_wipe(string, strlen(string));
    memory_free(allocator, string);
}
