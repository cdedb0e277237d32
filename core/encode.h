/* encode.h - bytes as text: percent-encoded, and in base64. */
#ifndef PROMPTIC_ENCODE_H
#define PROMPTIC_ENCODE_H

#include <stdbool.h>
#include <stddef.h>

/* Writes the string with every byte percent-encoded that is not unreserved (RFC 3986 2.3: letters,
 * digits, "-", ".", "_", "~"), hexadecimal digits in upper case; not NUL-terminated. `out` has room
 * for three times the string. Returns the length written. */
size_t encode_percent(char *out, const char *string);

/* Writes what the percent-encoded string stands for, NUL-terminated, and is no longer than the
 * string. A percent sign without two hexadecimal digits stands for itself. */
void encode_read_percent(char *out, const char *string);

/* Writes the bytes in base64 (RFC 4648 4), with padding, not NUL-terminated. `out` has room for
 * ENCODE_BASE64_SIZE(length). Returns the length written. */
#define ENCODE_BASE64_SIZE(LENGTH) (((LENGTH) + 2) / 3 * 4)
size_t encode_base64(char *out, const void *bytes, size_t length);

/* Writes the bytes that base64 without its padding stands for: *written of them, at most `length`.
 * False if a character is none of base64, or one is left over. `strict`: also if bits after the
 * last byte are set. */
bool encode_read_base64(char *out, size_t *written, const char *text, size_t length, bool strict);

#endif
