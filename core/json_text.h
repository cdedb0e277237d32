/* json_text.h - scans JSON text: white space, plain runs of a string. */
#ifndef PROMPTIC_JSON_TEXT_H
#define PROMPTIC_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool json_is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The first byte from `at` on that is not white space, or `end`. */
static inline const char *json_skip_space(const char *at, const char *end) {
    while (at < end && json_is_space(*at))
        at++;
    return at;
}

/* Eight bytes at once; a byte that is not plain has its highest bit set in the result. Bits above
 * the lowest one that is set may be wrong, since a subtraction borrows from the byte above. */
static inline uint64_t json_not_plain(uint64_t word) {
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    uint64_t quotes = word ^ ones * '"', backslashes = word ^ ones * '\\';
    return (word | (word - ones * 0x20) | (quotes - ones) | (backslashes - ones)) & high;
}

static inline bool json_is_plain(char c) {
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

/* The end of the bytes that stand for themselves in a JSON string: ASCII, no quote, no backslash,
 * no control character. */
static inline const char *json_skip_plain(const char *at, const char *end) {
    for (uint64_t word, found; end - at >= (ptrdiff_t)sizeof word; at += sizeof word) {
        memcpy(&word, at, sizeof word);
        found = json_not_plain(word);
        if (found != 0) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            return at + (__builtin_ctzll(found) >> 3);
#else
            break;
#endif
        }
    }
    while (at < end && json_is_plain(*at))
        at++;
    return at;
}

/* Whether all of the bytes stand for themselves. The last word overlaps the one before. */
static inline bool json_all_plain(const char *text, size_t length) {
    uint64_t word;
    uint32_t first, last;
    if (length >= sizeof word) {
        for (size_t i = 0; i + sizeof word < length; i += sizeof word) {
            memcpy(&word, text + i, sizeof word);
            if (json_not_plain(word) != 0)
                return false;
        }
        memcpy(&word, text + length - sizeof word, sizeof word);
    } else if (length >= sizeof first) {
        memcpy(&first, text, sizeof first);
        memcpy(&last, text + length - sizeof last, sizeof last);
        word = (uint64_t)first << 32 | last;
    } else {
        return json_skip_plain(text, text + length) == text + length;
    }
    return json_not_plain(word) == 0;
}

#endif /* PROMPTIC_JSON_TEXT_H */
