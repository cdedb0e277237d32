/*
 * rows_json.h - observations in JSON text.
 */
#ifndef PROMPTIC_ROWS_JSON_H
#define PROMPTIC_ROWS_JSON_H

#include "json_reader.h"
#include "rows_keys.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A value in a JSON text; at is NULL if there is none. */
typedef struct rows_value {
    const char *at;
    size_t length;
} rows_value;

/* Names of members in a JSON text. */
typedef struct rows_naming {
    rows_value label, split; /* quotes included */
    bool payloads;           /* those of a case are known too */
    rows_keys *keys;         /* to refuse a member that appears twice; NULL: text of our own */
} rows_naming;

/* The names of the platform, which batches and its lists have. */
extern const rows_naming rows_own_naming;

/* An observation as it stands in a JSON text. Members that are null are absent. */
typedef struct rows_observation {
    rows_value variables, input, expected, split, metadata;
    bool is_case;       /* its members have the names of a case */
    rows_value unknown; /* the name of the first member that is none of these, quotes included */
    rows_value whole;   /* the object */
    bool has_input;     /* also where it is null */
} rows_observation;

/* Why a text could not be read. */
typedef struct rows_problem {
    const char *what; /* static */
    size_t place;     /* of the character, counted from 1 */
    bool is_json;     /* the text is JSON, and no observation */
} rows_problem;

typedef enum rows_progress {
    ROWS_WHOLE,      /* the object is read, up to json->at */
    ROWS_UNFINISHED, /* more text is needed; it is read anew then */
    ROWS_WRONG       /* there is a problem */
} rows_progress;

/* Reads an object strictly. `last`: the text ends at `end`; elsewhere anything may follow.
 * The reader is the caller's, who frees it. */
rows_progress rows_json_observation(json_reader *json, const char *at, const char *end, bool last,
                                    const rows_naming *naming, rows_observation *observation,
                                    rows_problem *problem);

/* Whether the name, quotes included, is this text or this other name. */
bool rows_is_name(const rows_value *name, const char *wanted);
bool rows_is_same(const rows_value *name, const rows_value *other);

/* Goes through the members of an object that has been read: false after the last one. */
void rows_members_start(json_reader *json, const rows_value *object);
bool rows_members_next(json_reader *json, rows_value *name, rows_value *value);

/* What an observation or a case says: a hash of inputs and answer, whatever the order of their
 * members, spacing and escapes, and whether numbers are written 1 or 1.0, and its split. A member
 * that is null counts as absent, an answer { value = x } as x; idx and metadata do not count. */
enum { ROWS_NO_SPLIT };
typedef struct rows_content {
    uint64_t hash;
    uint64_t split; /* ROWS_NO_SPLIT, or any number that is the split's alone */
} rows_content;

/* False if the text is neither. */
bool rows_json_content(const char *text, size_t length, rows_content *content);

#endif
