/* ascii.h - classes of ASCII characters, independent of the locale. */
#ifndef PROMPTIC_ASCII_H
#define PROMPTIC_ASCII_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool ascii_is_digit(char c) {
    return c >= '0' && c <= '9';
}

static inline bool ascii_is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

static inline bool ascii_is_alphanumeric(char c) {
    return ascii_is_digit(c) || ascii_is_upper(c) || (c >= 'a' && c <= 'z');
}

/* C0 and DEL. */
static inline bool ascii_is_control(char c) {
    return (unsigned char)c < 0x20 || c == 0x7F;
}

static inline char ascii_lower(char c) {
    return ascii_is_upper(c) ? (char)(c + ('a' - 'A')) : c;
}

/* The value of a hexadecimal digit, or -1. */
static inline int ascii_hex_value(char c) {
    if (ascii_is_digit(c))
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of the `count` hexadecimal digits, at most 8, at `at`; -1 unless all are there. */
static inline int64_t ascii_read_hex(const char *at, const char *end, int count) {
    int64_t value = 0;
    if (end - at < count)
        return -1;
    for (int i = 0; i < count; i++) {
        int digit = ascii_hex_value(at[i]);
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* Writes a byte as two hexadecimal digits in lower case. */
static inline char *ascii_put_hex(char *out, unsigned char byte) {
    static const char digits[] = "0123456789abcdef";
    *out++ = digits[byte >> 4];
    *out++ = digits[byte & 15];
    return out;
}

/* Whether the string holds a control character. */
static inline bool ascii_has_control(const char *string) {
    for (; *string != '\0'; string++)
        if (ascii_is_control(*string))
            return true;
    return false;
}

/* Whether the bytes may be the name of a header (RFC 9110, 5.6.2). */
static inline bool ascii_is_token(const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (bytes[i] <= ' ' || bytes[i] >= 0x7F ||
            memchr("\"(),/:;<=>?@[\\]{}", bytes[i], 17) != NULL)
            return false;
    return length > 0;
}

/* Whether the bytes may be the value of a header: no control character but the tab. */
static inline bool ascii_is_line(const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (ascii_is_control(bytes[i]) && bytes[i] != '\t')
            return false;
    return true;
}

#endif
