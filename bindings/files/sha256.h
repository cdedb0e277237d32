/*
 * sha256.h - SHA-256, as FIPS 180-4 defines it (6.2). For checksums of files, not for secrets: it
 * takes no care of timing.
 */
#ifndef PROMPTIC_SHA256_H
#define PROMPTIC_SHA256_H

#include <stddef.h>

#define SHA256_DIGITS 64

/* Writes the hash of the bytes in hexadecimal digits, in lower case, with a final NUL. bytes may be
 * NULL where length is 0. */
void sha256_digits(const void *bytes, size_t length, char digits[SHA256_DIGITS + 1]);

#endif
