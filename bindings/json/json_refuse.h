/*
 * json_refuse.h - why a value has no JSON form, and where it is. Inside of the codec only.
 */
#ifndef PROMPTIC_JSON_REFUSE_H
#define PROMPTIC_JSON_REFUSE_H

#include "json_encoder.h"

#include <stdbool.h>
#include <stddef.h>

/* [-0, +1, m] Pushes `place: reason`; always false. The place is the members of the first `depth`
 * open tables. The format is lua_pushfstring's. */
bool json_refuse(json_encoder *e, int depth, const char *format, ...);

/* [-0, +1, m] Says that a string has no JSON form; always false. */
bool json_refuse_text(json_encoder *e, int depth, const char *what, size_t invalid_at);

/* [-0, +1, m] Sets the problem with the keys of the innermost open table; always false. */
bool json_refuse_keys(json_encoder *e);

#endif
