/* call_words.h - texts of a call: log lines, and messages without secrets. */
#ifndef PROMPTIC_CALL_WORDS_H
#define PROMPTIC_CALL_WORDS_H

#include "call.h"

/* Overwrites the secrets of the client, and of the proxy that a foreign request has of its own. */
void call_hide(const promptic_call *call, char *words, size_t length);

/* Writes a line to the log, if there is one. */
void call_log(const promptic_call *call, promptic_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A copy that may be shown to people (clean.h), of at most `limit` bytes. NULL if out of memory. */
char *call_clean_copy(const promptic_call *call, const char *words, size_t limit);

#endif
