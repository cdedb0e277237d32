#include "text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)64)

void text_init(text *text) {
    memset(text, 0, sizeof *text);
}

void text_free(text *text) {
    free(text->data);
    text_init(text);
}

void text_clear(text *text) {
    text->length = 0;
    text->failed = false;
    if (text->data != NULL)
        text->data[0] = '\0';
}

/* Makes room for `length` further bytes and the final NUL. */
static bool reserve(text *text, size_t length) {
    if (text->failed)
        return false;
    if (length < text->capacity - text->length)
        return true;
    size_t capacity = text->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : text->capacity;
    while (length >= capacity - text->length && capacity <= SIZE_MAX / 2)
        capacity *= 2;
    char *data =
        length < capacity - text->length ? (char *)realloc(text->data, capacity) : (char *)NULL;
    if (data == NULL) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

void text_add_n(text *text, const char *bytes, size_t length) {
    if (!reserve(text, length))
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
    if (!reserve(text, (size_t)length))
        return;
    va_start(arguments, format);
    vsnprintf(text->data + text->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text->length += (size_t)length;
}

void text_add_utf8(text *text, unsigned long code_point) {
    unsigned long c = code_point;
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        c = 0xFFFD;
    if (c < 0x80) {
        text_add_char(text, (char)c);
    } else if (c < 0x800) {
        text_add_n(text, (char[]){(char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F))}, 2);
    } else if (c < 0x10000) {
        text_add_n(text,
                   (char[]){(char)(0xE0 | c >> 12), (char)(0x80 | (c >> 6 & 0x3F)),
                            (char)(0x80 | (c & 0x3F))},
                   3);
    } else {
        text_add_n(text,
                   (char[]){(char)(0xF0 | c >> 18), (char)(0x80 | (c >> 12 & 0x3F)),
                            (char)(0x80 | (c >> 6 & 0x3F)), (char)(0x80 | (c & 0x3F))},
                   4);
    }
}

void text_cut_utf8(text *text, size_t bytes) {
    static const char dots[] = "...";
    size_t dots_length = bytes < sizeof dots - 1 ? bytes : sizeof dots - 1;
    if (text->length <= bytes)
        return;
    size_t end = bytes - dots_length;
    /* A continuation byte (10xxxxxx) at the end means that its character would be torn. */
    while (end > 0 && ((unsigned char)text->data[end] & 0xC0) == 0x80)
        end--;
    text->length = end;
    text_add_n(text, dots, dots_length);
}

char *text_take(text *text, size_t *length) {
    text_add_n(text, "", 0);
    char *data = text->failed ? NULL : text->data;
    if (length != NULL)
        *length = data != NULL ? text->length : 0;
    if (data != NULL)
        text_init(text);
    else
        text_free(text);
    return data;
}

char *text_copy(const char *bytes, size_t length) {
    char *copy = length < SIZE_MAX ? malloc(length + 1) : NULL;
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

void text_free_secret(char *string) {
    if (string == NULL)
        return;
    text_wipe(string, strlen(string));
    free(string);
}
