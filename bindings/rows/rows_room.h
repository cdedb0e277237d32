/*
 * rows_room.h - what rows become where they are added: observations, or cases of a dataset.
 */
#ifndef PROMPTIC_ROWS_ROOM_H
#define PROMPTIC_ROWS_ROOM_H

#include "promptic.h"

#include <stdbool.h>

/* What an observation with an empty answer is. */
typedef enum rows_on_empty {
    ROWS_EMPTY_ERROR, /* a row that cannot be used */
    ROWS_EMPTY_SKIP,  /* the same, and always skipped */
    ROWS_EMPTY_KEEP   /* a row like any other */
} rows_on_empty;

/* Where rows go to, which decides their form. */
typedef struct rows_room {
    bool cases;    /* of a dataset; else observations */
    bool values;   /* answers are any JSON values; else texts */
    bool payloads; /* rows may have the form of a case too */
} rows_room;

/* The row of create_observations in the table of endpoints. */
const promptic_endpoint *rows_endpoint(void);

/* How a row begins up to its inputs, an object, and what stands before its answer. */
const char *rows_before_inputs(const rows_room *room);
const char *rows_before_answer(const rows_room *room);

#endif
