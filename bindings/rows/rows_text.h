/*
 * rows_text.h - texts out of files, for messages and for finding names that were meant.
 */
#ifndef PROMPTIC_ROWS_TEXT_H
#define PROMPTIC_ROWS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The length of a text's first 64 bytes at most, whole UTF-8 characters. */
int rows_cut(const char *text, size_t length);

/* Whether a is b but for its case and the spaces around it. */
bool rows_is_alike(const char *a, size_t a_length, const char *b, size_t b_length);

#endif
