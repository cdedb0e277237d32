#include "encode.h"

#include "ascii.h"

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t encode_percent(char *out, const char *string) {
    static const char digits[] = "0123456789ABCDEF";
    const char *start = out;
    for (; *string != '\0'; string++) {
        unsigned char byte = (unsigned char)*string;
        if (ascii_is_alphanumeric(*string) || strchr("-._~", *string) != NULL) {
            *out++ = *string;
        } else {
            *out++ = '%';
            *out++ = digits[byte >> 4];
            *out++ = digits[byte & 15];
        }
    }
    return (size_t)(out - start);
}

void encode_read_percent(char *out, const char *string) {
    for (; *string != '\0'; string++) {
        int64_t byte = -1;
        if (*string == '%' && string[1] != '\0')
            byte = ascii_read_hex(string + 1, string + 3, 2);
        *out++ = byte >= 0 ? (char)byte : *string;
        string += byte >= 0 ? 2 : 0;
    }
    *out = '\0';
}

size_t encode_base64(char *out, const void *bytes, size_t length) {
    const unsigned char *at = bytes;
    const char *start = out;
    for (size_t left = length; left > 0; at += 3, left -= left < 3 ? left : 3) {
        unsigned long group = (unsigned long)at[0] << 16;
        group |= left > 1 ? (unsigned long)at[1] << 8 : 0;
        group |= left > 2 ? at[2] : 0;
        *out++ = base64[group >> 18];
        *out++ = base64[group >> 12 & 63];
        *out++ = left > 1 ? base64[group >> 6 & 63] : '=';
        *out++ = left > 2 ? base64[group & 63] : '=';
    }
    return (size_t)(out - start);
}

/* The value of a character of base64's alphabet, or -1. */
static int sextet(char c) {
    if (ascii_is_upper(c))
        return c - 'A';
    if (ascii_is_digit(c))
        return c - '0' + 52;
    if (ascii_is_alphanumeric(c))
        return c - 'a' + 26;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool encode_read_base64(char *out, size_t *written, const char *text, size_t length, bool strict) {
    const char *start = out;
    unsigned long group = 0;
    int bits = 0;
    for (size_t i = 0; i < length; i++) {
        int value = sextet(text[i]);
        if (value < 0)
            return false;
        group = (group << 6 | (unsigned long)value) & 0xFFFFFF;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            *out++ = (char)(group >> bits & 0xFF);
        }
    }
    *written = (size_t)(out - start);
    return bits < 6 && (!strict || (group & ((1UL << bits) - 1)) == 0);
}
