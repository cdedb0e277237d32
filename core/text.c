#include "text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)64)

void text_init(struct text *text, const promptic_allocator *allocator) {
    memset(text, 0, sizeof *text);
    text->allocator = allocator;
}

void text_free(struct text *text) {
    memory_free(text->allocator, text->data);
    text_init(text, text->allocator);
}

void text_clear(struct text *text) {
    text->length = 0;
    text->failed = false;
    if (text->data != NULL)
        text->data[0] = '\0';
}

void text_cut(struct text *text, size_t length) {
    if (text->length <= length)
        return;
    text->length = length;
    text->data[length] = '\0';
}

bool text_shrink(struct text *text, size_t most) {
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

bool text_reserve(struct text *text, size_t length) {
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

void text_add_n(struct text *text, const char *bytes, size_t length) {
    if (!text_reserve(text, length))
        return;
    if (length > 0)
        memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void text_add(struct text *text, const char *string) {
    text_add_n(text, string, strlen(string));
}

void text_add_char(struct text *text, char c) {
    text_add_n(text, &c, 1);
}

void text_addf(struct text *text, const char *format, ...) {
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

char *text_take(struct text *text, size_t *length) {
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
