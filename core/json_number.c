/*
 * json_number.c - the text of a JSON number to its exact value.
 *
 * The value is digits * 10^exponent, and `digits` neither starts nor ends with a zero; so it is
 * integral if and only if the exponent is not negative, however the number was written.
 */
#include "json_number.h"

#include "ascii.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Half-way points between doubles have at most 767 significant digits; later ones only
   matters as being zero or not. */
#define SIGNIFICANT_DIGITS 780

/* No text is long enough to make up for a written exponent that is larger. */
#define EXPONENT_LIMIT 1000000000000LL

typedef struct decimal {
    bool negative;
    const char *first; /* the first digit that is not zero; NULL if the value is zero */
    const char *last;  /* past the last one; a point may be in between */
    size_t count;      /* digits from first to last */
    long long exponent;
} decimal;

static bool is_digit(const char *p, const char *end) {
    return p < end && ascii_is_digit(*p);
}

static const char *skip_digits(const char *p, const char *end) {
    while (is_digit(p, end))
        p++;
    return p;
}

/* NULL if no exponent follows the e before `p`. */
static const char *read_exponent(const char *p, const char *end, long long *exponent) {
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (!is_digit(p, end))
        return NULL;
    long long value = 0;
    for (; is_digit(p, end); p++)
        value = value < EXPONENT_LIMIT ? value * 10 + (*p - '0') : value;
    *exponent = negative ? -value : value;
    return p;
}

/* Cuts the zeros at both ends off the mantissa, whose point (or end) is at `point`. */
static void set_digits(decimal *d, const char *mantissa, const char *point, const char *last) {
    const char *first = mantissa;
    while (first < last && (*first == '0' || *first == '.'))
        first++;
    if (first == last) {
        d->first = NULL;
        return;
    }
    while (last[-1] == '0' || last[-1] == '.')
        last--;
    d->first = first;
    d->last = last;
    d->count = (size_t)(last - first) - (first < point && last > point ? 1 : 0);
    d->exponent += last > point ? (long long)(point + 1 - last) : (long long)(point - last);
}

static const char *read_decimal(const char *p, const char *end, decimal *d) {
    *d = (decimal){0};
    d->negative = p < end && *p == '-';
    p += d->negative ? 1 : 0;
    const char *mantissa = p;
    if (!is_digit(p, end))
        return NULL;
    p = *p == '0' ? p + 1 : skip_digits(p, end);
    if (is_digit(p, end))
        return NULL;
    const char *point = p;
    if (p < end && *p == '.') {
        p = skip_digits(point + 1, end);
        if (p == point + 1)
            return NULL;
    }
    const char *last = p;
    if (p < end && (*p == 'e' || *p == 'E')) {
        p = read_exponent(p + 1, end, &d->exponent);
        if (p == NULL)
            return NULL;
    }
    set_digits(d, mantissa, point, last);
    return p;
}

/* The digits as one integer; there are at most 19. */
static uint64_t digits_value(const decimal *d) {
    uint64_t value = 0;
    for (const char *p = d->first; p < d->last; p++)
        if (*p != '.')
            value = value * 10 + (uint64_t)(*p - '0');
    return value;
}

static bool to_integer(const decimal *d, long long *integer) {
    if (d->first == NULL) {
        *integer = 0;
        return !d->negative;
    }
    if (d->exponent < 0 || d->exponent > 19 || d->count + (size_t)d->exponent > 19)
        return false;
    uint64_t value = digits_value(d);
    for (long long i = 0; i < d->exponent; i++)
        value *= 10;
    if (value > (uint64_t)LLONG_MAX + (d->negative ? 1 : 0))
        return false;
    /* The negative way round, since -LLONG_MIN is no long long. */
    *integer = !d->negative ? (long long)value : value == 0 ? 0 : -(long long)(value - 1) - 1;
    return true;
}

/* By strtod, from a text without a point: then no locale has a say. */
static double to_double(const decimal *d) {
    char text[SIGNIFICANT_DIGITS + 32];
    size_t count = 0;
    for (const char *p = d->first; p < d->last && count < SIGNIFICANT_DIGITS; p++)
        if (*p != '.')
            text[count++] = *p;
    long long exponent = d->exponent + (long long)(d->count - count);
    if (count < d->count) {
        text[count++] = '1'; /* the last digit is not zero, so neither is what was left out */
        exponent--;
    }
    if (exponent > 99999 || exponent < -99999)
        exponent = exponent > 0 ? 99999 : -99999;
    snprintf(text + count, sizeof text - count, "e%lld", exponent);
    return strtod(text, NULL);
}

static const char *read_exactly(const char *text, const char *end, json_number *number) {
    decimal d;
    const char *after = read_decimal(text, end, &d);
    if (after == NULL)
        return NULL;
    *number = (json_number){0};
    number->is_integer = to_integer(&d, &number->integer);
    if (!number->is_integer && d.first != NULL)
        number->real = to_double(&d);
    if (!number->is_integer && d.negative)
        number->real = -number->real;
    return after;
}

/* ------------------------------------------------------------------ the usual numbers */

/* A number of at most 19 digits and a small exponent: digits * 10^exponent. */
typedef struct small {
    uint64_t digits;
    int exponent;
    bool negative;
} small;

/* More digits may overflow. */
#define SMALL_DIGITS 19

static inline const char *add_digits(const char *p, const char *end, uint64_t *digits) {
    for (; p < end && (unsigned char)(*p - '0') < 10; p++)
        *digits = *digits * 10 + (uint64_t)(*p - '0');
    return p;
}

/* NULL if there is none that is that small; read_exactly knows more. */
static inline const char *read_small(const char *p, const char *end, small *s) {
    *s = (small){.negative = *p == '-'};
    p += s->negative ? 1 : 0;
    const char *first = p, *longest = end - first > SMALL_DIGITS ? first + SMALL_DIGITS + 1 : end;
    p = add_digits(p, longest, &s->digits);
    size_t count = (size_t)(p - first);
    if (count == 0 || (*first == '0' && count > 1))
        return NULL;
    if (p < end && *p == '.') {
        const char *point = p++;
        longest = end - point > SMALL_DIGITS ? point + SMALL_DIGITS + 1 : end;
        p = add_digits(p, longest, &s->digits);
        s->exponent = (int)(point + 1 - p);
        count += (size_t)-s->exponent;
        if (s->exponent == 0)
            return NULL;
    }
    if (count > SMALL_DIGITS || (p < end && (*p == 'e' || *p == 'E')))
        return NULL;
    return p;
}

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 uint128;

/* Divides integers, so that the bits behind a double's are known: digits / power, both not 0. */
static double divide(uint64_t digits, uint64_t power) {
    int up = __builtin_clzll(digits), down = __builtin_clzll(power);
    uint128 numerator = (uint128)(digits << up) << 63;
    uint64_t divisor = power << down, quotient = (uint64_t)(numerator / divisor);
    bool inexact = numerator % divisor != 0;
    int spare = quotient >> 63 ? 64 - DBL_MANT_DIG : 63 - DBL_MANT_DIG;
    uint64_t rest = quotient & (((uint64_t)1 << spare) - 1), half = (uint64_t)1 << (spare - 1);
    uint64_t mantissa = quotient >> spare;
    if (rest > half || (rest == half && (inexact || (mantissa & 1) != 0)))
        mantissa++;
    return ldexp((double)mantissa, spare - 63 + down - up);
}
#endif

/* The nearest double to digits / 10^count, count at most 19; false if another way is needed. */
static inline bool divide_by_power(uint64_t digits, int count, double *real) {
    static const uint64_t powers[] = {1,
                                      10,
                                      100,
                                      1000,
                                      10000,
                                      100000,
                                      1000000,
                                      10000000,
                                      100000000,
                                      1000000000,
                                      10000000000,
                                      100000000000,
                                      1000000000000,
                                      10000000000000,
                                      100000000000000,
                                      1000000000000000,
                                      10000000000000000,
                                      100000000000000000,
                                      1000000000000000000,
                                      10000000000000000000u};
#if FLT_EVAL_METHOD == 0
    /* Both are exact doubles (10^19 is 5^19 * 2^19, and 5^19 < 2^53), so the division rounds once. */
    if (digits <= (uint64_t)1 << DBL_MANT_DIG) {
        *real = (double)digits / (double)powers[count];
        return true;
    }
#endif
#ifdef __SIZEOF_INT128__
    *real = divide(digits, powers[count]);
    return true;
#else
    (void)real;
    return false;
#endif
}

const char *json_number_read(const char *text, const char *end, json_number *number) {
    small s;
    const char *after = read_small(text, end, &s);
    if (after == NULL)
        return read_exactly(text, end, number);
    while (s.exponent < 0 && s.digits % 10 == 0 && s.digits > 0) {
        s.digits /= 10;
        s.exponent++;
    }
    bool integral = s.exponent == 0 || s.digits == 0;
    if (integral ? s.digits > LLONG_MAX || (s.digits == 0 && s.negative)
                 : !divide_by_power(s.digits, -s.exponent, &number->real))
        return read_exactly(text, end, number);
    number->is_integer = integral;
    if (integral)
        number->integer = s.negative ? -(long long)s.digits : (long long)s.digits;
    else if (s.negative)
        number->real = -number->real;
    return after;
}

bool json_number_is_cut(const char *text, const char *end) {
    while (text < end && memchr("0123456789+-.eE", *text, 15) != NULL)
        text++;
    return text == end;
}
