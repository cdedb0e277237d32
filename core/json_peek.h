/*
 * json_peek.h - looks one member up in a JSON object, for the messages of failures. The
 * bodies of successful responses are decoded elsewhere, with a real parser.
 *
 * Accepts any bytes: what is not JSON is not found, or found as far as it goes. A body that is cut
 * off after the member still yields it. Linear in time, without recursion: skipped values may be
 * nested as deep as the text is long.
 */
#ifndef PROMPTIC_JSON_PEEK_H
#define PROMPTIC_JSON_PEEK_H

#include "text.h"

/* A value, where it stands in the text it was found in (borrowed). */
typedef struct json_value {
    const char *start;
    size_t length;
} json_value;

/* Finds the first member of this name of the object that the text consists of. False where the
 * text is no object or has no such member. */
bool json_member(const char *json, size_t length, const char *name, json_value *value);

/* Whether the value is a string, is an object. */
bool json_is_string(const json_value *value);
bool json_is_object(const json_value *value);

/* Adds the decoded string. Unknown escapes stand for themselves, halves of surrogate
 * pairs for U+FFFD; bytes outside of escapes are copied, UTF-8 or not. */
void json_add_string(const json_value *value, text *text);

#endif
