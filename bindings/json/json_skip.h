/*
 * json_skip.h - passing over JSON text quickly: to the end of a value, without looking closely.
 *
 * What is passed over need not be JSON; whoever reads it finds that out.
 */
#ifndef PROMPTIC_JSON_SKIP_H
#define PROMPTIC_JSON_SKIP_H
#include "json_text.h"

/* Behind the string whose opening quote is at `at`; NULL where it does not end before `end`. */
const char *json_skip_string(const char *at, const char *end);

/* Behind the value at `at`; NULL where it does not end before `end`: of a number or a word more may
 * follow there. */
const char *json_skip_value(const char *at, const char *end);

#endif
