/* rows_hash.c - hashes of observations' contents, and sums of bytes. */
#include "rows_hash.h"

#include <string.h>

/* FNV-1a, by Fowler, Noll and Vo. */
uint64_t rows_hash_byte(uint64_t hash, unsigned char byte) {
    return (hash ^ byte) * UINT64_C(0x100000001B3);
}

/* The finalizer of splitmix64, by Sebastiano Vigna, over both. */
uint64_t rows_hash_mix(uint64_t a, uint64_t b) {
    uint64_t z = a + b * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* Four bytes in one order on every machine, since sums may be kept in a file. Compilers make one
 * load of this. */
static uint32_t low_word(const unsigned char *b) {
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* Eight bytes in a step: every row that is sent passes through here. */
uint64_t rows_checksum(const char *text, size_t length) {
    const unsigned char *bytes = (const unsigned char *)text;
    uint64_t sum = ROWS_HASH_START ^ length;
    for (; length >= 8; bytes += 8, length -= 8) {
        uint64_t word = low_word(bytes) | (uint64_t)low_word(bytes + 4) << 32;
        sum = (sum ^ word) * UINT64_C(0x9E3779B97F4A7C15);
        sum ^= sum >> 32;
    }
    for (; length > 0; bytes++, length--)
        sum = rows_hash_byte(sum, *bytes);
    return rows_hash_mix(sum, 0);
}
