/*
 * json_write_number.c - numbers to JSON text: all digits of an integer, the shortest form of a
 * double.
 */
#include "json_write_number.h"

#include "number.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* 2^63, in a form that every tool reads. */
#define INTEGER_LIMIT 9223372036854775808.0

/* Writes digits up to `end`; returns the first one. */
static char *write_digits(char *end, unsigned long long value) {
    do {
        *--end = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    return end;
}

void json_add_integer(lua_State *L, json_buffer *b, long long value) {
    char digits[24], *end = digits + sizeof digits;
    unsigned long long size = value < 0 ? 0 - (unsigned long long)value : (unsigned long long)value;
    char *first = write_digits(end, size);
    if (value < 0)
        *--first = '-';
    json_buffer_add(L, b, first, (size_t)(end - first));
}

/*
 * Writes a double that has at most 15 digits and a small exponent; false for others. With `count`
 * digits behind the point it is the integer `digits` / 10^count. Both are exact doubles, so that a
 * division which gives the value back is what a reader computes.
 */
static bool add_short(lua_State *L, json_buffer *b, double value) {
#if FLT_EVAL_METHOD == 0
    double size = fabs(value), power = 10;
    if (!(size >= 1e-4 && size < 1e14))
        return false;
    for (int count = 1; size * power < 1e15; count++, power *= 10) {
        double digits = (double)(uint64_t)(size * power + 0.5);
        if (digits / power != size)
            continue;
        char text[32], *end = text + sizeof text, *first = write_digits(end, (uint64_t)digits);
        while (end - first <= count)
            *--first = '0';
        memmove(first - 1, first, (size_t)(end - first) - (size_t)count);
        end[-count - 1] = '.';
        first--;
        if (value < 0)
            *--first = '-';
        json_buffer_add(L, b, first, (size_t)(end - first));
        return true;
    }
#else
    (void)L, (void)b, (void)value;
#endif
    return false;
}

void json_add_double(lua_State *L, json_buffer *b, double value) {
    if (value == 0 && signbit(value)) {
        json_buffer_add(L, b, "-0.0", 4);
        return;
    }
    /* All digits, since the shortest form of 2^60 reads back as another integer. */
    if (value >= -INTEGER_LIMIT && value < INTEGER_LIMIT && value == (double)(long long)value) {
        json_add_integer(L, b, (long long)value);
        return;
    }
    if (add_short(L, b, value))
        return;
    char text[NUMBER_SIZE];
    number_shortest(text, value);
    json_buffer_add(L, b, text, strlen(text));
}
