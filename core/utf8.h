/* utf8.h - UTF-8 (RFC 3629). */
#ifndef PROMPTIC_UTF8_H
#define PROMPTIC_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The length, 1 to 4, of the UTF-8 sequence at `text` (before `end`), or 0 if there is none that
 * RFC 3629 allows: overlong forms, surrogates and code points beyond U+10FFFF are none.
 */
size_t utf8_sequence(const char *text, const char *end);

/* How many of the bytes at `text`, 1 to 3, are one error, if utf8_sequence found none: as
 * many as could begin a sequence (the "maximal subpart" of the Unicode Standard, 3.9, D93b). */
size_t utf8_invalid(const char *text, const char *end);

/* Whether the bytes from `text` to `end` could become a sequence if more bytes followed. */
bool utf8_is_cut(const char *text, const char *end);

/* Writes a code point, surrogates included, as UTF-8; returns its length. */
size_t utf8_write(uint32_t code, char bytes[4]);

/* The bytes of the sequence that `length` bytes begin with, at least one, or 0 as utf8_sequence;
 * its code point in *code. */
size_t utf8_read(const char *bytes, size_t length, uint32_t *code);

#endif
