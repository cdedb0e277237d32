#include "sha256.h"

#include "ascii.h"

#include <stdint.h>
#include <string.h>

enum { BLOCK = 64, ROUNDS = 64 };

/* 4.2.2: the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t constants[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* 5.3.3: the fractional parts of the square roots of the first eight primes. */
static const uint32_t beginning[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static uint32_t rotate(uint32_t word, int count) {
    return word >> count | word << (32 - count);
}

/* 6.2.2, step 1. */
static void expand(const unsigned char *block, uint32_t schedule[ROUNDS]) {
    for (int i = 0; i < 16; i++, block += 4)
        schedule[i] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 |
                      (uint32_t)block[2] << 8 | block[3];
    for (int i = 16; i < ROUNDS; i++) {
        uint32_t a = schedule[i - 15], b = schedule[i - 2];
        uint32_t small0 = rotate(a, 7) ^ rotate(a, 18) ^ a >> 3;
        uint32_t small1 = rotate(b, 17) ^ rotate(b, 19) ^ b >> 10;
        schedule[i] = schedule[i - 16] + small0 + schedule[i - 7] + small1;
    }
}

/* 6.2.2, steps 2 to 4. The names are those of the standard. */
static void add_block(uint32_t hash[8], const unsigned char *block) {
    uint32_t w[ROUNDS], a = hash[0], b = hash[1], c = hash[2], d = hash[3];
    uint32_t e = hash[4], f = hash[5], g = hash[6], h = hash[7];
    expand(block, w);
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t big1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
        uint32_t big0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
        uint32_t t1 = h + big1 + ((e & f) ^ (~e & g)) + constants[i] + w[i];
        uint32_t t2 = big0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + t1;
        d = c, c = b, b = a, a = t1 + t2;
    }
    hash[0] += a, hash[1] += b, hash[2] += c, hash[3] += d;
    hash[4] += e, hash[5] += f, hash[6] += g, hash[7] += h;
}

/* 5.1.1: a one bit, zeros, and the length in bits; one block or two. */
static void add_end(uint32_t hash[8], const unsigned char *rest, size_t left, uint64_t length) {
    unsigned char blocks[2 * BLOCK] = {0};
    size_t size = left < BLOCK - 8 ? BLOCK : 2 * BLOCK;
    uint64_t bits = length * 8;
    if (left > 0)
        memcpy(blocks, rest, left);
    blocks[left] = 0x80;
    for (int i = 0; i < 8; i++)
        blocks[size - 1 - (size_t)i] = (unsigned char)(bits >> (8 * i));
    for (size_t at = 0; at < size; at += BLOCK)
        add_block(hash, blocks + at);
}

void sha256_digits(const void *bytes, size_t length, char digits[SHA256_DIGITS + 1]) {
    const unsigned char *at = bytes;
    uint32_t hash[8];
    size_t left = length;
    memcpy(hash, beginning, sizeof hash);
    for (; left >= BLOCK; left -= BLOCK, at += BLOCK)
        add_block(hash, at);
    add_end(hash, at, left, length);
    for (int i = 0; i < SHA256_DIGITS / 2; i++)
        digits = ascii_put_hex(digits, (unsigned char)(hash[i / 4] >> (24 - 8 * (i % 4))));
    *digits = '\0';
}
