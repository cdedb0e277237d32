#include "utf8.h"

/* How long a sequence with this first byte is, and the bounds of its second byte, which keep out
 * overlong forms, surrogates and code points beyond U+10FFFF (RFC 3629, 4). 0: not a lead byte. */
static size_t sequence_bounds(unsigned char lead, unsigned char *low, unsigned char *high) {
    *low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    *high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    return lead < 0x80   ? 1
           : lead < 0xC2 ? 0
           : lead < 0xE0 ? 2
           : lead < 0xF0 ? 3
           : lead < 0xF5 ? 4
                         : 0;
}

/* How many bytes at `text` belong to the sequence that begins there; *wanted is its full length. */
static size_t sequence_part(const char *text, const char *end, size_t *wanted) {
    const unsigned char *s = (const unsigned char *)text;
    size_t available = (size_t)(end - text), part = 1;
    unsigned char low, high;
    *wanted = available == 0 ? 0 : sequence_bounds(s[0], &low, &high);
    if (*wanted == 0)
        return 0;
    for (; part < *wanted && part < available; part++, low = 0x80, high = 0xBF)
        if (s[part] < low || s[part] > high)
            break;
    return part;
}

size_t utf8_sequence(const char *text, const char *end) {
    size_t wanted, part = sequence_part(text, end, &wanted);
    return part == wanted ? part : 0;
}

size_t utf8_invalid(const char *text, const char *end) {
    size_t wanted, part = sequence_part(text, end, &wanted);
    return part > 0 ? part : 1;
}

bool utf8_is_cut(const char *text, const char *end) {
    size_t wanted, part = sequence_part(text, end, &wanted);
    return part < wanted && part == (size_t)(end - text);
}

size_t utf8_write(uint32_t code, char bytes[4]) {
    static const unsigned char leads[] = {0, 0xC0, 0xE0, 0xF0};
    size_t following = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    bytes[0] = (char)(leads[following] | (code >> (6 * following)));
    for (size_t i = 1; i <= following; i++)
        bytes[i] = (char)(0x80 | ((code >> (6 * (following - i))) & 0x3F));
    return following + 1;
}

size_t utf8_read(const char *bytes, size_t length, uint32_t *code) {
    size_t width = utf8_sequence(bytes, bytes + length);
    unsigned char lead = (unsigned char)bytes[0];
    *code = width == 1 ? lead : lead & (0xFFU >> (width + 1));
    for (size_t i = 1; i < width; i++)
        *code = *code << 6 | ((unsigned char)bytes[i] & 0x3F);
    return width;
}
