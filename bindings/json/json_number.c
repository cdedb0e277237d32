/*
 * json_number.c - the text of a JSON number to its exact value.
 *
 * The value is digits * 10^exponent, where `digits` neither starts nor ends with a zero; so it is
 * integral exactly where the exponent is not negative, however the number was written.
 */
#include "json_number.h"

#include <float.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Half-way points between doubles have at most 767 significant digits; what is beyond them only
   matters as being zero or not. */
#define SIGNIFICANT_DIGITS 780

/* No text is long enough to make up for a written exponent that is larger. */
#define EXPONENT_LIMIT 1000000000000LL

typedef struct decimal {
    bool negative;
    const char *first; /* the first digit that is not zero; NULL where the value is zero */
    const char *last;  /* past the last one; a point may be in between */
    size_t count;      /* digits from first to last */
    long long exponent;
} decimal;

static bool is_digit(const char *p, const char *end) {
    return p < end && *p >= '0' && *p <= '9';
}

static const char *skip_digits(const char *p, const char *end) {
    while (is_digit(p, end)) {
        p++;
    }
    return p;
}

/* NULL where no exponent follows the e that `p` is behind. */
static const char *read_exponent(const char *p, const char *end, long long *exponent) {
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) {
        p++;
    }
    if (!is_digit(p, end)) {
        return NULL;
    }
    long long value = 0;
    for (; is_digit(p, end); p++) {
        value = value < EXPONENT_LIMIT ? value * 10 + (*p - '0') : value;
    }
    *exponent = negative ? -value : value;
    return p;
}

/* Cuts the zeros at both ends off the mantissa, whose point (or end) is at `point`. */
static void set_digits(decimal *d, const char *mantissa, const char *point, const char *last) {
    const char *first = mantissa;
    while (first < last && (*first == '0' || *first == '.')) {
        first++;
    }
    if (first == last) {
        d->first = NULL;
        return;
    }
    while (last[-1] == '0' || last[-1] == '.') {
        last--;
    }
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
    if (!is_digit(p, end)) {
        return NULL;
    }
    p = *p == '0' ? p + 1 : skip_digits(p, end);
    if (is_digit(p, end)) {
        return NULL;
    }
    const char *point = p;
    if (p < end && *p == '.') {
        p = skip_digits(point + 1, end);
        if (p == point + 1) {
            return NULL;
        }
    }
    const char *last = p;
    if (p < end && (*p == 'e' || *p == 'E')) {
        p = read_exponent(p + 1, end, &d->exponent);
        if (p == NULL) {
            return NULL;
        }
    }
    set_digits(d, mantissa, point, last);
    return p;
}

/* The digits as one integer; there are at most 19. */
static uint64_t digits_value(const decimal *d) {
    uint64_t value = 0;
    for (const char *p = d->first; p < d->last; p++) {
        if (*p != '.') {
            value = value * 10 + (uint64_t)(*p - '0');
        }
    }
    return value;
}

static bool to_integer(const decimal *d, long long *integer) {
    if (d->first == NULL) {
        *integer = 0;
        return !d->negative;
    }
    if (d->exponent < 0 || d->exponent > 19 || d->count + (size_t)d->exponent > 19) {
        return false;
    }
    uint64_t value = digits_value(d);
    for (long long i = 0; i < d->exponent; i++) {
        value *= 10;
    }
    if (value > (uint64_t)LLONG_MAX + (d->negative ? 1 : 0)) {
        return false;
    }
    /* The negative way round, since -LLONG_MIN is no long long. */
    *integer = !d->negative ? (long long)value : value == 0 ? 0 : -(long long)(value - 1) - 1;
    return true;
}

/* Where both parts are exact doubles, one operation on them rounds once, hence correctly. */
static bool to_double_exactly(const decimal *d, double *real) {
#if FLT_EVAL_METHOD == 0
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (d->count > 15 || d->exponent < -22 || d->exponent > 22) {
        return false;
    }
    double value = (double)digits_value(d);
    *real = d->exponent < 0 ? value / powers[-d->exponent] : value * powers[d->exponent];
    return true;
#else
    (void)d;
    (void)real;
    return false;
#endif
}

/* By strtod, from a text without a point: then no locale has a say. */
static double to_double(const decimal *d) {
    char text[SIGNIFICANT_DIGITS + 32];
    size_t count = 0;
    for (const char *p = d->first; p < d->last && count < SIGNIFICANT_DIGITS; p++) {
        if (*p != '.') {
            text[count++] = *p;
        }
    }
    long long exponent = d->exponent + (long long)(d->count - count);
    if (count < d->count) {
        text[count++] = '1'; /* the last digit is not zero, so neither is what was left out */
        exponent--;
    }
    if (exponent > 99999 || exponent < -99999) {
        exponent = exponent > 0 ? 99999 : -99999;
    }
    snprintf(text + count, sizeof text - count, "e%lld", exponent);
    return strtod(text, NULL);
}

const char *json_number_read(const char *text, const char *end, json_number *number) {
    decimal d;
    const char *after = read_decimal(text, end, &d);
    if (after == NULL) {
        return NULL;
    }
    *number = (json_number){0};
    number->is_integer = to_integer(&d, &number->integer);
    if (!number->is_integer && d.first != NULL && !to_double_exactly(&d, &number->real)) {
        number->real = to_double(&d);
    }
    if (!number->is_integer && d.negative) {
        number->real = -number->real;
    }
    return after;
}
