/*
 * json_skip.c - passing over JSON text quickly.
 */
#include "json_skip.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

const char *json_skip_string(const char *at, const char *end) {
    for (at++; (at = memchr(at, '"', (size_t)(end - at))) != NULL; at++) {
        const char *before = at;
        while (before[-1] == '\\') /* ends at the opening quote at the latest */
            before--;
        if ((at - before) % 2 == 0)
            return at + 1;
    }
    return NULL;
}

/* What ends a number or a word, and what skip_nested stops at. */
static bool is_mark(char c) {
    return c == '"' || c == '{' || c == '}' || c == '[' || c == ']';
}

static const char *skip_nested(const char *at, const char *end) {
    size_t depth = 0;
    while (at < end) {
        if (!is_mark(*at)) {
            at++;
        } else if (*at == '"') {
            at = json_skip_string(at, end);
            if (at == NULL)
                return NULL;
        } else if (*at == '{' || *at == '[') {
            depth++;
            at++;
        } else {
            at++;
            if (--depth == 0)
                return at;
        }
    }
    return NULL;
}

const char *json_skip_value(const char *at, const char *end) {
    if (at == end)
        return NULL;
    if (*at == '"')
        return json_skip_string(at, end);
    if (*at == '{' || *at == '[')
        return skip_nested(at, end);
    while (at < end && !is_mark(*at) && *at != ',' && *at != ' ' && *at != '\t' && *at != '\n' &&
           *at != '\r')
        at++;
    return at < end ? at : NULL;
}
