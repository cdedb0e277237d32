#include "json_peek.h"

#include <string.h>

typedef struct cursor {
    const char *at, *end;
} cursor;

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_space(cursor *c) {
    while (c->at < c->end && is_space(*c->at))
        c->at++;
}

/* Skips white space and this character; false where another follows. */
static bool accept(cursor *c, char expected) {
    skip_space(c);
    if (c->at == c->end || *c->at != expected)
        return false;
    c->at++;
    return true;
}

/* Skips a string, from its first quote on. A string that is cut off ends with the text. */
static void skip_string(cursor *c) {
    for (c->at++; c->at < c->end && *c->at != '"'; c->at++)
        if (*c->at == '\\' && c->end - c->at > 1)
            c->at++;
    if (c->at < c->end)
        c->at++;
}

/* Skips objects and arrays with their contents; does not check which bracket closes which. */
static void skip_brackets(cursor *c) {
    size_t depth = 0;
    do {
        if (*c->at == '"') {
            skip_string(c);
            continue;
        }
        if (*c->at == '{' || *c->at == '[')
            depth++;
        else if (*c->at == '}' || *c->at == ']')
            depth--;
        c->at++;
    } while (c->at < c->end && depth > 0);
}

/* Reads one value of any type; false where there is none. */
static bool read_value(cursor *c, json_value *value) {
    skip_space(c);
    value->start = c->at;
    if (c->at == c->end)
        return false;
    if (*c->at == '"')
        skip_string(c);
    else if (*c->at == '{' || *c->at == '[')
        skip_brackets(c);
    else
        while (c->at < c->end && !is_space(*c->at) && memchr(",:{}[]\"", *c->at, 7) == NULL)
            c->at++;
    value->length = (size_t)(c->at - value->start);
    return value->length > 0;
}

bool json_is_string(const json_value *value) {
    return value->length >= 2 && value->start[0] == '"' && value->start[value->length - 1] == '"';
}

bool json_is_object(const json_value *value) {
    return value->length > 0 && value->start[0] == '{';
}

/* ------------------------------------------------------------------ strings */

/* The four hexadecimal digits at c, or -1. */
static long read_hexadecimal(const cursor *c) {
    long number = 0;
    if (c->end - c->at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char digit = c->at[i];
        if (digit >= '0' && digit <= '9')
            number = number * 16 + (digit - '0');
        else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f')
            number = number * 16 + ((digit | 0x20) - 'a' + 10);
        else
            return -1;
    }
    return number;
}

/* After "\u". A pair of surrogates is one character (RFC 8259 7). */
static unsigned long read_code_point(cursor *c) {
    long high = read_hexadecimal(c);
    if (high < 0)
        return 0xFFFD;
    c->at += 4;
    if (high >= 0xD800 && high <= 0xDBFF && c->end - c->at >= 6 && memcmp(c->at, "\\u", 2) == 0) {
        cursor second = {c->at + 2, c->end};
        long low = read_hexadecimal(&second);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            c->at += 6;
            high = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
        }
    }
    return (unsigned long)high;
}

/* Reads a byte as it is, or what an escape stands for: 1 to 4 bytes. A backslash at the end, which
 * escapes nothing, is dropped. */
static size_t read_piece(cursor *c, char piece[4]) {
    static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
    char letter = *c->at++;
    piece[0] = letter;
    if (letter != '\\')
        return 1;
    if (c->at == c->end)
        return 0;
    letter = *c->at++;
    if (letter == 'u')
        return text_utf8(read_code_point(c), piece);
    const char *known = memchr(letters, letter, sizeof letters - 1);
    piece[0] = known != NULL ? meanings[known - letters] : letter;
    return 1;
}

void json_add_string(const json_value *value, text *text) {
    if (!json_is_string(value))
        return;
    cursor c = {value->start + 1, value->start + value->length - 1};
    while (c.at < c.end) {
        const char *escape = memchr(c.at, '\\', (size_t)(c.end - c.at));
        const char *plain_end = escape != NULL ? escape : c.end;
        text_add_n(text, c.at, (size_t)(plain_end - c.at));
        c.at = plain_end;
        if (escape != NULL) {
            char piece[4];
            size_t length = read_piece(&c, piece);
            text_add_n(text, piece, length);
        }
    }
}

/* ------------------------------------------------------------------ members */

/* Whether the string stands for the name. Compared piece by piece: a lookup that needed memory
 * would have to distinguish "out of memory" from "no such member". */
static bool is_named(const json_value *key, const char *name) {
    size_t left = strlen(name);
    cursor c = {key->start + 1, key->start + key->length - 1};
    while (c.at < c.end) {
        char piece[4];
        size_t length = read_piece(&c, piece);
        if (length > left || memcmp(piece, name, length) != 0)
            return false;
        name += length;
        left -= length;
    }
    return left == 0;
}

bool json_member(const char *json, size_t length, const char *name, json_value *value) {
    cursor c = {json, json + length};
    json_value key;
    if (length == 0 || !accept(&c, '{'))
        return false;
    do {
        if (!read_value(&c, &key) || !json_is_string(&key) || !accept(&c, ':') ||
            !read_value(&c, value))
            return false;
        if (is_named(&key, name))
            return true;
    } while (accept(&c, ','));
    return false;
}
