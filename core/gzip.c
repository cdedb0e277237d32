#include "gzip.h"

#include <stdint.h>

/* Window bits for inflateInit2: 15, and 16 for the gzip wrapper alone. */
#define GZIP_WINDOW (15 + 16)

/* The bytes that begin a member: without them it is padding. */
#define MAGIC_BYTES 2

static void *allocate(void *userdata, unsigned count, unsigned size) {
    const struct gzip *gzip = userdata;
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    return memory_resize(gzip->allocator, NULL, (size_t)count * size);
}

static void release(void *userdata, void *block) {
    const struct gzip *gzip = userdata;
    memory_free(gzip->allocator, block);
}

struct gzip *gzip_new(const promptic_allocator *allocator) {
    struct gzip *gzip = memory_new(allocator, sizeof *gzip);
    if (gzip == NULL)
        return NULL;
    gzip->allocator = allocator;
    gzip->stream.zalloc = allocate;
    gzip->stream.zfree = release;
    gzip->stream.opaque = gzip;
    if (inflateInit2(&gzip->stream, GZIP_WINDOW) != Z_OK) {
        memory_free(allocator, gzip);
        return NULL;
    }
    return gzip;
}

void gzip_free(struct gzip *gzip) {
    if (gzip == NULL)
        return;
    inflateEnd(&gzip->stream);
    memory_free(gzip->allocator, gzip);
}

/* What zlib's code means for what was read. */
static void take_code(struct gzip *gzip, int code) {
    switch (code) {
    case Z_OK:
    case Z_BUF_ERROR: /* it needs more */
        break;
    case Z_STREAM_END:
        gzip->has_member = true;
        gzip->has_more = false;
        inflateReset(&gzip->stream);
        break;
    case Z_MEM_ERROR:
        gzip->problem = GZIP_NO_MEMORY;
        break;
    default:
        gzip->in_padding = gzip->has_member && gzip->stream.total_in <= MAGIC_BYTES;
        gzip->problem = gzip->in_padding ? GZIP_FINE : GZIP_NO_GZIP;
        gzip->has_more = false;
    }
}

size_t gzip_read(struct gzip *gzip, const char *bytes, size_t length) {
    gzip->piece_length = 0;
    if (gzip->in_padding) {
        gzip->has_more = false;
        return length;
    }
    size_t slice = length < GZIP_SLICE ? length : GZIP_SLICE;
    gzip->stream.next_in = (Bytef *)(uintptr_t)bytes;
    gzip->stream.avail_in = (uInt)slice;
    gzip->stream.next_out = (Bytef *)gzip->piece;
    gzip->stream.avail_out = GZIP_PIECE;
    int code = inflate(&gzip->stream, Z_NO_FLUSH);
    gzip->piece_length = GZIP_PIECE - gzip->stream.avail_out;
    gzip->has_more = gzip->stream.avail_out == 0;
    size_t read = slice - gzip->stream.avail_in;
    take_code(gzip, code);
    return gzip->in_padding ? length : read;
}

bool gzip_is_whole(const struct gzip *gzip) {
    if (gzip->problem != GZIP_FINE)
        return false;
    return gzip->in_padding || (gzip->has_member && gzip->stream.total_in < MAGIC_BYTES) ||
           (!gzip->has_member && gzip->stream.total_in == 0);
}
