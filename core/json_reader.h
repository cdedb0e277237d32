/*
 * json_reader.h - the one reader of JSON: strict, resumable, without Lua.
 *
 * It gives one event after the other: a bracket, a key, a value. A text may come in pieces: if
 * one ends within a token, the reader asks for more and goes on there. No call reads more than
 * JSON_READER_BYTES of one string or of white space, so the number of calls bounds the time.
 *
 *     json_reader_start(&r, text, length, true, JSON_REPLACE);
 *     while ((event = json_reader_next(&r)) > JSON_END) ...
 *
 * The grammar is RFC 8259's; a byte order mark before the value is skipped. Numbers longer than
 * JSON_NUMBER_BYTES are refused, so that no number takes long.
 */
#ifndef PROMPTIC_JSON_READER_H
#define PROMPTIC_JSON_READER_H

#include "json_number.h"
#include "memory.h"

#include <stdbool.h>
#include <stddef.h>

/* How many arrays and objects may be open within each other. */
#define JSON_MAX_DEPTH 1000

#define JSON_READER_BYTES ((size_t)64 * 1024)
#define JSON_NUMBER_BYTES ((size_t)64 * 1024)

typedef enum json_event {
    JSON_FAILED, /* not JSON: `problem` says why, `at` where; or out of memory, `problem` NULL */
    JSON_WANTS,  /* more text is needed: json_reader_feed. Never if the text is known to end */
    JSON_PAUSED, /* within a long string or white space: call again */
    JSON_END,    /* the value is complete and nothing but white space follows */
    JSON_OPEN_ARRAY,
    JSON_OPEN_OBJECT,
    JSON_CLOSE,  /* the innermost of them */
    JSON_KEY,    /* `text` and `length`, until the next call */
    JSON_STRING, /* likewise */
    JSON_NUMBER, /* `number` */
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL
} json_event;

/* What becomes of bytes that are not UTF-8 and of surrogates without their other half. */
typedef enum json_damage {
    JSON_REPLACE, /* U+FFFD takes their place */
    JSON_REFUSE   /* they are an error */
} json_damage;

/* Everything but the fields named in this header is the reader's own. Zeroed, it owns nothing. */
typedef struct json_reader {
    const char *at;    /* the next byte to read; after an event, the first one behind its token */
    const char *end;   /* of the text received so far */
    const char *begin; /* of the token: what stands from here on has to stay, or move together */
    const char *text;  /* of a key or string, without its quotes and escapes; not NUL-terminated */
    size_t length;
    json_number number;
    const char *problem;                 /* static */
    int depth;                           /* how many arrays and objects are open */
    const promptic_allocator *allocator; /* borrowed, set by the caller; NULL: malloc */

    bool last, refuses, in_object, escaped;
    unsigned char state, string_event;
    const char *run; /* of a string: bytes from here to `at` are not in scratch yet */
    char *scratch;   /* of a string with escapes: what it stands for */
    size_t scratch_length, scratch_capacity;
    unsigned char objects[JSON_MAX_DEPTH / 8 + 1]; /* a bit for each that is open: an object? */
} json_reader;

/* Begins a text, of which the first `length` bytes are there; `last`: that is all of it. What the
 * reader owned from the text before is used again. */
void json_reader_start(json_reader *r, const char *text, size_t length, bool last,
                       json_damage damage);

/* After JSON_WANTS: `begin` has the `length` bytes from r->begin on, and more behind them. */
void json_reader_feed(json_reader *r, const char *begin, size_t length, bool last);

json_event json_reader_next(json_reader *r);

/* Where a failure is, for messages: the character at r->at, counted from 1, of the text that begins
 * at `text`. Bytes that continue a UTF-8 sequence do not count. */
size_t json_reader_place(const json_reader *r, const char *text);

/* After a text: gives back what the reader owns, `most` bytes of it. */
void json_reader_shrink(json_reader *r, size_t most);

/* Frees what the reader owns. It can be started again. */
void json_reader_free(json_reader *r);

#endif /* PROMPTIC_JSON_READER_H */
