/*
 * gzip_fuzz.c - libFuzzer target: any bytes as the body of a response in gzip. In pieces of any
 * size it means the same, no call gives more than it may, and the limit holds. The first byte
 * chooses the status and the size of the pieces; with its highest bit set the rest is text, which
 * is compressed first and then comes back as it was.
 */
#include "inflow.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1 << 20 };

static void require(bool condition) {
    if (!condition)
        abort();
}

/* Reads the bytes in such pieces; time is over after each part. */
static bool take(struct inflow *inflow, int status, const uint8_t *bytes, size_t length,
                 size_t piece) {
    inflow_start(inflow, MOST, NULL, NULL, false);
    inflow_note_coding(inflow, "gzip", 4);
    bool fine = inflow_open(inflow, status, (int64_t)length, false);
    for (size_t at = 0; at < length && fine; at += piece) {
        size_t left = length - at < piece ? length - at : piece;
        char *copy = malloc(left); /* so that a byte past the end is noticed */
        memcpy(copy, bytes + at, left);
        fine = inflow_take(inflow, copy, left, 0);
        free(copy);
        for (size_t before; fine && inflow_has_left(inflow);) {
            before = inflow->body.length;
            fine = inflow_go_on(inflow, 0);
            require(inflow->body.length - before <= GZIP_PIECE);
        }
    }
    require(inflow->body.length <= MOST);
    return fine;
}

static void check_any(int status, const uint8_t *bytes, size_t length, size_t piece) {
    struct inflow whole, pieces;
    inflow_init(&whole, NULL);
    inflow_init(&pieces, NULL);
    bool fine = take(&whole, status, bytes, length, length > 0 ? length : 1);
    require(take(&pieces, status, bytes, length, piece) == fine);
    require(whole.problem == pieces.problem && whole.body.length == pieces.body.length);
    require(inflow_is_whole(&whole) == inflow_is_whole(&pieces));
    require(whole.body.length == 0 ||
            memcmp(whole.body.data, pieces.body.data, whole.body.length) == 0);
    inflow_free(&whole);
    inflow_free(&pieces);
}

static void check_text(const uint8_t *text, size_t length, size_t piece) {
    uint8_t *packed = malloc(compressBound(length) + 100);
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)text, .avail_in = (uInt)length};
    struct inflow inflow;
    inflow_init(&inflow, NULL);
    deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
    stream.next_out = packed;
    stream.avail_out = (uInt)compressBound(length) + 100;
    require(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    require(take(&inflow, 200, packed, stream.total_out, piece) && inflow_is_whole(&inflow));
    require(inflow.body.length == length &&
            (length == 0 || memcmp(inflow.body.data, text, length) == 0));
    deflateEnd(&stream);
    inflow_free(&inflow);
    free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    size_t piece = (size_t)1 + (data[0] & 0x3F) * (data[0] & 0x3F);
    if (data[0] & 0x80)
        check_text(data + 1, size - 1, piece);
    else
        check_any(data[0] & 0x40 ? 500 : 200, data + 1, size - 1, piece);
    return 0;
}
