/*
 * inflow.h - the body of a response: counted, decoded, and handed on.
 *
 * Bytes are counted here and nowhere else, before and after decoding, whether they are kept or
 * handed to a callback. Decoding ends with the time that a step has for it; the rest of the
 * bytes then is kept, and inflow_go_on goes on with it.
 */
#ifndef PROMPTIC_INFLOW_H
#define PROMPTIC_INFLOW_H

#include "gzip.h"
#include "text.h"

#include <stdint.h>

/* Of the body of a response other than 2xx this much is read: it is for messages. 64 KiB, and the
 * rest of a character. */
#define INFLOW_FAILURE_BYTES ((uint64_t)64 * 1024 + 4)

typedef void (*inflow_fn)(const char *piece, size_t length, void *userdata);

typedef enum inflow_problem {
    INFLOW_FINE,
    INFLOW_ENOUGH,  /* of a failure's body; the rest is not wanted */
    INFLOW_TOO_BIG, /* more than `most` bytes */
    INFLOW_FRAMING, /* noted by the transfer: trailers or extensions of chunks are too long */
    INFLOW_CODING,  /* a coding that was not asked for, or several */
    INFLOW_NO_GZIP,
    INFLOW_NO_MEMORY
} inflow_problem;

struct inflow {
    const promptic_allocator *allocator;
    uint64_t most;          /* bytes, as they come and as they are handed on */
    inflow_fn on_body;      /* NULL: `body` collects */
    void *userdata;         /* of on_body */
    struct text body;       /* what was collected */
    bool keeps_failures;    /* a failure's body is collected as a whole */
    bool is_failure;        /* the status is not 2xx: the body is collected, see above */
    bool is_held;           /* nothing is to be handed on for now */
    uint64_t came, decoded; /* bytes */
    unsigned codings;       /* named by Content-Encoding, but identity */
    bool is_gzip;           /* one of them */
    bool is_strange;        /* a Transfer-Encoding besides chunked */
    struct gzip *gzip;      /* NULL: the bytes are the body */
    struct text left;       /* bytes that are to be decoded */
    size_t left_at;         /* those before were */
    inflow_problem problem;
};

void inflow_init(struct inflow *inflow, const promptic_allocator *allocator);
void inflow_free(struct inflow *inflow);

/* Begins a response. */
void inflow_start(struct inflow *inflow, uint64_t most, inflow_fn on_body, void *userdata,
                  bool keeps_failures);

/* A head begins: what the one before has said does not count. */
void inflow_forget_codings(struct inflow *inflow);

/* The value of a header Content-Encoding, or Transfer-Encoding. */
void inflow_note_coding(struct inflow *inflow, const char *value, size_t length);
void inflow_note_transfer_coding(struct inflow *inflow, const char *value, size_t length);

/* The head is complete. `length` is the one it announces, or negative; a response to HEAD has no
 * body. False with a problem. */
bool inflow_open(struct inflow *inflow, int status, int64_t length, bool to_head);

/* Takes bytes that came; nothing may be left of earlier ones. False with a problem. */
bool inflow_take(struct inflow *inflow, const char *bytes, size_t length, int64_t until_us);

/* Goes on with the rest. False with a problem. */
bool inflow_go_on(struct inflow *inflow, int64_t until_us);

bool inflow_has_left(const struct inflow *inflow);

/* Whether the body is complete, given that the response is. */
bool inflow_is_whole(const struct inflow *inflow);

/* Frees what only decoding needs. */
void inflow_close(struct inflow *inflow);

#endif
