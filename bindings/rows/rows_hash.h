/*
 * rows_hash.h - hashes of observations' contents, and sums of bytes.
 */
#ifndef PROMPTIC_ROWS_HASH_H
#define PROMPTIC_ROWS_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Mixes a byte into a hash, and makes a hash of all its bits, or of two. */
#define ROWS_HASH_START UINT64_C(0xCBF29CE484222325)
uint64_t rows_hash_byte(uint64_t hash, unsigned char byte);
uint64_t rows_hash_mix(uint64_t a, uint64_t b);

/* A quick sum of bytes as they are, to notice that a source has changed. */
uint64_t rows_checksum(const char *text, size_t length);

#endif
