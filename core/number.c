#include "number.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Replaces the decimal separator of printf's locale, of one byte or several, by a point. */
static void use_point(char *text) {
    char *out = text;
    bool replaced = false;
    for (const char *in = text; *in != '\0'; in++) {
        if (strchr("0123456789+-e", *in) != NULL) {
            *out++ = *in;
        } else if (!replaced) {
            *out++ = '.';
            replaced = true;
        }
    }
    *out = '\0';
}

char *number_text(char text[NUMBER_SIZE], double value, int digits) {
    snprintf(text, NUMBER_SIZE, "%.*g", digits, value);
    if (isfinite(value))
        use_point(text);
    return text;
}

char *number_shortest(char text[NUMBER_SIZE], double value) {
    /* %g drops zeros, so that 15 digits are never too many for a double of full precision. */
    int digits = fabs(value) < DBL_MIN ? 1 : DBL_DIG;
    do
        snprintf(text, NUMBER_SIZE, "%.*g", digits, value);
    while (isfinite(value) && strtod(text, NULL) != value && ++digits <= DBL_DECIMAL_DIG);
    if (isfinite(value))
        use_point(text);
    return text;
}
