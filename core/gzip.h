/*
 * gzip.h - undoes gzip (RFC 1952) in parts that take a bounded time, whatever the bytes are.
 *
 * Members may follow each other; what follows the last one and begins no other is padding and
 * ignored, as gzread(3) and browsers do.
 *
 *     while (length > 0 || gzip->has_more) {
 *         size_t read = gzip_read(gzip, bytes, length);
 *         ... gzip->piece, gzip->piece_length; gzip->problem ...
 *     }
 */
#ifndef PROMPTIC_GZIP_H
#define PROMPTIC_GZIP_H

#include "memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <zlib.h>

/* What one call reads and gives at most. A block's tables cost more than its bytes: 1 KiB of the
 * smallest blocks takes some 0.2 ms, as 32 KiB of text do. */
#define GZIP_SLICE ((size_t)1024)
#define GZIP_PIECE ((size_t)(32 * 1024))

typedef enum gzip_problem { GZIP_FINE, GZIP_NO_GZIP, GZIP_NO_MEMORY } gzip_problem;

struct gzip {
    const promptic_allocator *allocator; /* borrowed */
    gzip_problem problem;                /* for good */
    bool has_more;                       /* the piece was full: there may be more without bytes */
    size_t piece_length;
    bool has_member; /* one was read to its end */
    bool in_padding;
    z_stream stream;
    char piece[GZIP_PIECE];
};

/* NULL if out of memory. Freed with gzip_free. */
struct gzip *gzip_new(const promptic_allocator *allocator);
void gzip_free(struct gzip *gzip); /* NULL is allowed */

/* Reads some of the bytes, and returns how many; gzip->piece is what they stand for. */
size_t gzip_read(struct gzip *gzip, const char *bytes, size_t length);

/* Whether what was read is complete. */
bool gzip_is_whole(const struct gzip *gzip);

#endif
