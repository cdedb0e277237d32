/*
 * text.h - a string that grows.
 *
 * A failed allocation is remembered and makes further additions do nothing, so that a caller
 * adds what it has to and checks once: text_take returns NULL, or `failed` is set. What is held
 * is always NUL-terminated if data is not NULL, and may hold NULs of its own.
 */
#ifndef PROMPTIC_TEXT_H
#define PROMPTIC_TEXT_H

#include "memory.h"

#include <stdbool.h>
#include <stddef.h>

struct text {
    const promptic_allocator *allocator; /* borrowed */
    char *data;                          /* NULL until something was added */
    size_t length;                       /* bytes, without the final NUL */
    size_t capacity;
    bool failed; /* an allocation has failed; the content is incomplete */
};

/* An empty text whose memory will come from the allocator (memory.h), which must outlive it.
 * Nothing is allocated. */
void text_init(struct text *text, const promptic_allocator *allocator);

/* Frees the memory; the text is empty afterwards. */
void text_free(struct text *text);

/* Empties the text and forgets a failure; keeps the memory for what comes next. */
void text_clear(struct text *text);

/* Drops the bytes behind the first `length`. */
void text_cut(struct text *text, size_t length);

/* Gives back up to `most` bytes of memory that nothing is in; false if more is left. */
bool text_shrink(struct text *text, size_t most);

/* Makes room for `length` further bytes, so that adding them moves nothing: no copy of a secret is
 * left behind. False if out of memory. */
bool text_reserve(struct text *text, size_t length);

/* Adds a byte that text_reserve has made room for. */
static inline void text_put(struct text *text, char c) {
    text->data[text->length++] = c;
    text->data[text->length] = '\0';
}

void text_add(struct text *text, const char *string);
void text_add_n(struct text *text, const char *bytes, size_t length);
void text_add_char(struct text *text, char c);

/* printf into the text. Not for doubles: their decimal point depends on the locale. */
void text_addf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Returns the string, "" if nothing was added, and leaves the text empty. *length (NULL is
 * allowed) is its length. NULL if an allocation failed. Freed with memory_free
 * and the text's allocator. */
char *text_take(struct text *text, size_t *length);

/* A copy of the first `length` bytes as a string. NULL if out of memory. Freed with memory_free.
 */
char *text_copy(const promptic_allocator *allocator, const char *bytes, size_t length);

/* Overwrites memory that held a secret; the compiler can not leave it out as it may a memset. */
void text_wipe(void *memory, size_t length);

/* Overwrites a string that holds a secret, then frees it. NULL is allowed. */
void text_free_secret(const promptic_allocator *allocator, char *string);

#endif
