/*
 * text.h - a string that grows.
 *
 * A failed allocation is remembered and makes further additions do nothing, so that a caller
 * adds what it has to and checks once: text_take returns NULL, or `failed` is set. What is held
 * is always NUL-terminated where data is not NULL, and may hold NULs of its own.
 */
#ifndef PROMPTIC_TEXT_H
#define PROMPTIC_TEXT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct text {
    char *data;    /* NULL until something was added */
    size_t length; /* bytes, without the final NUL */
    size_t capacity;
    bool failed; /* an allocation has failed; what is held is incomplete */
} text;

/* An empty text; the same as zeroed memory. Nothing is allocated. */
void text_init(text *text);

/* Gives the memory back; the text is empty afterwards. */
void text_free(text *text);

/* Empties the text and forgets a failure; keeps the memory for what comes next. */
void text_clear(text *text);

void text_add(text *text, const char *string);
void text_add_n(text *text, const char *bytes, size_t length);
void text_add_char(text *text, char c);

/* printf into the text. Not for doubles: their decimal point depends on the locale. */
void text_addf(text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a code point in UTF-8; U+FFFD in place of a surrogate or a number past U+10FFFF. */
void text_add_utf8(text *text, unsigned long code_point);

/* Cuts the text to `bytes` at most, "..." included, at the boundary of a UTF-8 character. Does
 * nothing to a text that is short enough. */
void text_cut_utf8(text *text, size_t bytes);

/* Hands out the string, "" where nothing was added, and leaves the text empty. *length (NULL is
 * allowed) is its length. NULL where an allocation failed. Freed with free. */
char *text_take(text *text, size_t *length);

/* A copy of the first `length` bytes as a string. NULL where memory ends. Freed with free. */
char *text_copy(const char *bytes, size_t length);

/* Overwrites memory that held a secret; the compiler can not leave it out as it may a memset. */
void text_wipe(void *memory, size_t length);

/* Overwrites a string that holds a secret, then frees it. NULL is allowed. */
void text_free_secret(char *string);

#endif
