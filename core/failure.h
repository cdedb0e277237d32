/*
 * failure.h - messages of failures: of responses that are no success, and the one place
 * where the core fills a promptic_error.
 */
#ifndef PROMPTIC_FAILURE_H
#define PROMPTIC_FAILURE_H

#include "memory.h"
#include "promptic.h"

/* Longest message taken from a JSON body's `error`, and longest text of any other body, in bytes.
 * The whole body stays readable in promptic_result. */
#define FAILURE_MAX_MESSAGE 2000
#define FAILURE_MAX_TEXT 300
#define FAILURE_MAX_CODE 100

/*
 * The message of a response whose status is not 2xx (README.md, "Errors"): the body's `error` where
 * that is text for people, its `message` beside a code or inside an object, else the text of the
 * body (of an HTML page what stands between its tags); where that is empty the status's standard
 * reason (RFC 9110 15). It is one line as clean_line makes it. The status itself is not part of it.
 *
 *   content_type  the response's header, or NULL
 *   body          any bytes; may be NULL where length is 0
 *
 * Freed with memory_free. NULL if out of memory.
 */
char *failure_message(const promptic_allocator *allocator, int status, const char *content_type,
                      const char *body, size_t length);

/* The code that the body has beside its message, as one clean line: *code, NULL where it has none,
 * freed with memory_free. False if out of memory. */
bool failure_code(const promptic_allocator *allocator, const char *body, size_t length,
                  char **code);

/* Whether the response says that the server does not have the route: a 404 without the message that
 * the platform gives where a route exists and the resource does not. */
bool failure_is_no_route(int status, const char *body, size_t length);

/* Whether the platform refuses an id of the request for its form, in its own words: a 400 with the
 * error "Invalid uuid". */
bool failure_is_wrong_id(int status, const char *body, size_t length);

/* The message of no route: the route, and what may be the cause: another platform, with its
 * replacement for the operation, or a wrong endpoint. Freed with memory_free. NULL if out of
 * memory. */
char *failure_no_route(const promptic_allocator *allocator, const promptic_endpoint *row);

/* The message of a 404 that has the platform's form, of a row. A missing resource and an operation
 * that the platform dropped look the same, so that one which newer platforms dropped names both. A
 * list that takes no id cannot be missing. Freed with memory_free. NULL if out of memory. */
char *failure_not_found(const promptic_allocator *allocator, const promptic_endpoint *row,
                        const char *body, size_t length);

/* The standard reason of a status, "Not Found"; NULL where it has none. A static string. */
const char *failure_reason(int status);

/* Fills *error (NULL is allowed) and returns the kind, so that a function can fail in one line.
 * The message passes clean_line. */
promptic_kind failure_set(promptic_error *error, promptic_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with a code, a static string that scripts/codes.lua lists. */
promptic_kind failure_set_code(promptic_error *error, promptic_kind kind, const char *code,
                               const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same for an allocation that failed: returns PROMPTIC_MEMORY. */
promptic_kind failure_memory(promptic_error *error);

#endif
