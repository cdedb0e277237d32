/*
 * clean.h - sanitizes text from outside (responses, headers, libcurl, files) before it becomes
 * part of a message, a code, a request id, a path or a log line: control characters for the sake of
 * terminals, and secrets. Nothing else does.
 */
#ifndef PROMPTIC_CLEAN_H
#define PROMPTIC_CLEAN_H

#include <stdbool.h>
#include <stddef.h>

/* Secrets that no text may show. Every string is borrowed; NULL entries are skipped. */
#define CLEAN_SECRETS 4
typedef struct clean_secrets {
    const char *values[CLEAN_SECRETS];
} clean_secrets;

/* Shorter secrets would be found in any text, so that hiding them would only garble it. */
#define CLEAN_SHORTEST_SECRET 4

/*
 * Overwrites each occurrence of a secret with asterisks, in place and without changing the length.
 * Found are the secret as it stands, with its characters escaped as JSON does (RFC 8259 7: \", \/,
 * \u0041, two of them beyond U+FFFF), percent-encoded byte by byte (RFC 3986 2.1) or as entities of
 * HTML, and any mixture of these. NULL secrets: nothing is done.
 */
void clean_hide(char *bytes, size_t length, const clean_secrets *secrets);

/*
 * Writes the bytes to `out` as one line of readable UTF-8, NUL-terminated, of at most size - 1
 * bytes (size > 4). Runs of white space, C0 and C1 control characters, DEL, line separators and the
 * marks that turn or isolate the direction of text (Unicode's Bidi_Control) become one space, none
 * at the ends; bytes that are not UTF-8 become U+FFFD. What does not fit ends in "...", never
 * within a character. `bytes` may be NULL if length is 0. Returns the length written.
 */
size_t clean_line(char *out, size_t size, const char *bytes, size_t length);

#endif
