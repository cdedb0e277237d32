/*
 * failure_body.h - message and code of error responses, from their bodies.
 *
 * A body is read as far as it is JSON: it may be cut off after 64 KiB. Other bytes have no message
 * of the platform's form.
 */
#ifndef PROMPTIC_FAILURE_BODY_H
#define PROMPTIC_FAILURE_BODY_H

#include "text.h"

/* Longest message taken from a JSON body's `error`, and longest text of any other body, in bytes.
 * The whole body stays readable in promptic_result. */
#define FAILURE_MAX_MESSAGE 2000
#define FAILURE_MAX_TEXT 300
#define FAILURE_MAX_CODE 100

typedef struct failure_body {
    const char *bytes; /* borrowed; NULL is allowed if length is 0 */
    size_t length;
    struct text error, message;            /* members of the body that are strings */
    struct text inner_code, inner_message; /* members of its object `error` */
    struct text field;                     /* member `path` of its object `details` */
    const struct text *said; /* the platform's message, one of these; NULL if it has none */
    const struct text *code; /* the code beside it; NULL if it has none */
} failure_body;

/* Reads the body. False if out of memory. Freed with failure_body_free in either case; not to be
 * copied. */
bool failure_body_read(failure_body *body, const promptic_allocator *allocator, const char *bytes,
                       size_t length);
void failure_body_free(failure_body *body);

/*
 * The message of a response whose status is not 2xx (README.md, "Errors"): the body's `error` if
 * that is text for people, its `message` beside a code or inside an object, else the text of the
 * body (of an HTML page what stands between its tags); if that is empty, the status's standard
 * reason (RFC 9110 15). It is one line as clean_line makes it, without the status.
 * content_type: the response's header, or NULL. Freed with memory_free. NULL if out of memory.
 */
char *failure_message(const failure_body *body, int status, const char *content_type);

/* The code that the body has beside its message, as one clean line: *code, NULL if it has none,
 * freed with memory_free. False if out of memory. */
bool failure_code(const failure_body *body, char **code);

/* Whether the server does not have the route: a 404 without the platform's message for a
 * resource that does not exist. */
bool failure_is_no_route(const failure_body *body, int status);

/* Whether the platform refuses an id of the request for its form, in its own words: a 400 with the
 * error "Invalid uuid". */
bool failure_is_wrong_id(const failure_body *body, int status);

/* The message of no route: the route, and what may be the cause: another platform, with its
 * replacement for the operation, or a wrong endpoint. Freed with memory_free. NULL if out of
 * memory. */
char *failure_no_route(const promptic_allocator *allocator, const promptic_endpoint *row);

/* The message of a 404 that has the platform's form, of a row. A missing resource and an operation
 * that the platform dropped look the same, so that one which newer platforms dropped names both. A
 * list that takes no id cannot be missing. Freed with memory_free. NULL if out of memory. */
char *failure_not_found(const failure_body *body, const promptic_endpoint *row);

#endif
