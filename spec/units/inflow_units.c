/*
 * inflow_units.c - core/gzip.c and inflow.c: what is read in pieces of any size is the same, each
 * call takes a bounded part, and each allocation may fail.
 */
#include "clock.h"
#include "inflow.h"

#include "units.h"

#include <stdlib.h>
#include <string.h>

/* Appends the text as a member of gzip; block: Z_FULL_FLUSH after so many bytes, 0: none. */
static size_t pack(const char *text, size_t length, size_t block, char *out, size_t size) {
    z_stream stream = {.next_out = (Bytef *)out, .avail_out = (uInt)size};
    deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
    stream.next_in = (Bytef *)(uintptr_t)text;
    for (size_t at = 0; block > 0 && at < length; at += block) {
        stream.avail_in = (uInt)(length - at < block ? length - at : block);
        deflate(&stream, Z_FULL_FLUSH);
    }
    stream.avail_in = block > 0 ? 0 : (uInt)length;
    deflate(&stream, Z_FINISH);
    deflateEnd(&stream);
    return size - stream.avail_out;
}

/* Numbers below 64 that repeat little: each block gets tables of its own. */
static void fill(char *text, size_t length) {
    uint64_t state = 1;
    for (size_t i = 0; i < length; i++)
        text[i] = (char)(' ' + (units_random(&state) >> 26) % (1 + i % 60));
}

static void start(struct inflow *inflow, uint64_t most, int status, const char *coding) {
    inflow_start(inflow, most, NULL, NULL, false);
    inflow_note_coding(inflow, coding, strlen(coding));
    CHECK(inflow_open(inflow, status, -1, false));
}

/* Hands the bytes over in pieces; there is no time for more than one part of each. */
static bool take(struct inflow *inflow, const char *bytes, size_t length, size_t piece) {
    bool fine = true;
    for (size_t at = 0; at < length && fine; at += piece) {
        fine = inflow_take(inflow, bytes + at, length - at < piece ? length - at : piece, 0);
        while (fine && inflow_has_left(inflow))
            fine = inflow_go_on(inflow, 0);
    }
    return fine;
}

enum { TEXT = 200000 };
static char sample[TEXT], packed[2 * TEXT];

static void pieces(void) {
    static const size_t sizes[] = {1, 2, 3, 17, 1000, 1023, 1024, 1025, 16384, 2 * TEXT};
    struct inflow inflow;
    fill(sample, TEXT);
    inflow_init(&inflow, NULL);
    for (size_t parts = 1; parts <= 3; parts++) {
        size_t length = 0, part = TEXT / parts;
        for (size_t i = 0; i < parts; i++)
            length += pack(sample + i * part, part, i == 1 ? 97 : 0, packed + length,
                           sizeof packed - length);
        memset(packed + length, 0, 600);
        for (size_t i = 0; i < COUNT_OF(sizes); i++) {
            start(&inflow, TEXT, 200, "gzip");
            CHECK(take(&inflow, packed, length + 600, sizes[i]) && inflow_is_whole(&inflow));
            CHECK(inflow.body.length == parts * part &&
                  memcmp(inflow.body.data, sample, inflow.body.length) == 0);
            start(&inflow, parts * part - 1, 200, "gzip");
            CHECK(!take(&inflow, packed, length, sizes[i]) && inflow.problem == INFLOW_TOO_BIG);
            start(&inflow, TEXT, 200, "gzip");
            CHECK(take(&inflow, packed, length - 1, sizes[i]) && !inflow_is_whole(&inflow));
        }
    }
    inflow_free(&inflow);
}

/* What a time that is over leaves: a call reads GZIP_SLICE, or gives GZIP_PIECE. */
static void parts(void) {
    static char blanks[64 * GZIP_PIECE];
    memset(blanks, ' ', sizeof blanks);
    size_t length = pack(blanks, sizeof blanks, 0, packed, sizeof packed), calls = 1;
    struct gzip *gzip = gzip_new(NULL);
    CHECK(gzip != NULL);
    for (size_t at = 0, read; at < length || gzip->has_more; at += read) {
        read = gzip_read(gzip, packed + at, length - at);
        CHECK(read <= GZIP_SLICE && gzip->piece_length <= GZIP_PIECE);
        calls++;
    }
    CHECK(calls >= 64 && gzip_is_whole(gzip));
    gzip_free(gzip);
    length = pack(sample, 50000, 0, packed, sizeof packed); /* hardly any smaller */
    gzip = gzip_new(NULL);
    CHECK(gzip_read(gzip, packed, length) <= GZIP_SLICE && length > 2 * GZIP_SLICE);
    gzip_free(gzip);
}

/* All that follows from what has come is handed on before more comes, as zlib would do it. */
static void at_once(void) {
    static char blanks[16 * GZIP_PIECE];
    memset(blanks, ' ', sizeof blanks);
    size_t length = pack(blanks, sizeof blanks, 0, packed, sizeof packed);
    for (size_t piece = 1; piece < 64; piece++) {
        z_stream whole = {.next_in = (Bytef *)packed};
        inflow inflow;
        inflateInit2(&whole, 15 + 16);
        whole.next_out = (Bytef *)blanks, whole.avail_out = sizeof blanks;
        inflow_init(&inflow, NULL);
        start(&inflow, sizeof blanks, 200, "gzip");
        for (size_t at = 0; at + piece < length; at += piece) {
            whole.avail_in = (uInt)piece;
            inflate(&whole, Z_SYNC_FLUSH);
            CHECK(take(&inflow, packed + at, piece, piece) && inflow.decoded == whole.total_out);
        }
        inflateEnd(&whole);
        inflow_free(&inflow);
    }
}

/* gzip is not zlib's own format. A failure's body may be cut off: its beginning is the message. */
static void forms(void) {
    uLongf length = sizeof packed;
    inflow inflow;
    CHECK(compress((Bytef *)packed, &length, (const Bytef *)sample, 50000) == Z_OK);
    inflow_init(&inflow, NULL);
    start(&inflow, TEXT, 200, "gzip");
    CHECK(!take(&inflow, packed, length, 1000) && inflow.problem == INFLOW_NO_GZIP);
    length = pack(sample, 50000, 0, packed, sizeof packed);
    start(&inflow, TEXT, 500, "gzip");
    CHECK(take(&inflow, packed, length / 2, 1000) && inflow_is_whole(&inflow));
    CHECK(inflow.body.length > 0 && inflow.body.length < 50000);
    inflow_free(&inflow);
}

static void codings(void) {
    static const struct {
        const char *content, *transfer;
        int status;
        bool opens;
    } rows[] = {
        {"", "", 200, true},
        {"identity", "chunked", 200, true},
        {"gzip", "Chunked", 200, true},
        {" , GZIP ,", "", 200, true},
        {"identity, x-gzip", "", 200, true},
        {"gzip, gzip", "", 200, false},
        {"gzip;q=1", "", 200, false},
        {"br", "", 200, false},
        {"br", "", 204, true},
        {"br", "", 304, true},
        {"br", "", 103, true},
        {"br", "", 500, false},
        {"", "gzip, chunked", 200, false},
        {"", "identity", 200, false},
        {"", "gzip", 500, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct inflow inflow;
        units_row(rows[i].content);
        inflow_init(&inflow, NULL);
        inflow_start(&inflow, 100, NULL, NULL, false);
        inflow_note_coding(&inflow, "br", 2); /* of an earlier head */
        inflow_forget_codings(&inflow);
        inflow_note_coding(&inflow, rows[i].content, strlen(rows[i].content));
        inflow_note_transfer_coding(&inflow, rows[i].transfer, strlen(rows[i].transfer));
        CHECK(inflow_open(&inflow, rows[i].status, 10, false) == rows[i].opens);
        CHECK((inflow.problem == INFLOW_CODING) == !rows[i].opens);
        inflow_free(&inflow);
    }
    units_row(NULL);
}

static size_t handed;

static void hand(const char *piece, size_t length, void *userdata) {
    (void)userdata;
    handed = piece == NULL ? 0 : handed + length;
}

/* Bytes are counted before and after decoding, kept or handed on. */
static void counting(void) {
    struct inflow inflow;
    inflow_init(&inflow, NULL);
    for (int coded = 0; coded < 2; coded++) { /* as it is, in gzip */
        size_t length = coded ? pack(sample, 50000, 0, packed, sizeof packed) : 50000;
        const char *bytes = coded ? packed : sample;
        for (int fits = 0; fits < 2; fits++) {
            inflow_start(&inflow, fits ? 50000 : 49999, hand, NULL, false);
            inflow_note_coding(&inflow, "gzip", coded ? 4 : 0);
            CHECK(inflow_open(&inflow, 200, -1, false));
            CHECK(take(&inflow, bytes, length, 1000) == (fits != 0));
            CHECK(handed <= 50000 && (handed == 50000) == (fits != 0) && inflow.body.length == 0);
        }
    }
    size_t length = pack("", 0, 0, packed, sizeof packed);
    start(&inflow, 500, 200, "gzip"); /* padding counts */
    CHECK(take(&inflow, packed, length, 500));
    memset(packed, 0, sizeof packed);
    CHECK(!take(&inflow, packed, 500, 100) && inflow.problem == INFLOW_TOO_BIG);
    inflow_free(&inflow);
}

static void hold(const char *piece, size_t length, void *userdata) {
    inflow *inflow = userdata;
    inflow->is_held = piece != NULL;
    handed = piece == NULL ? 0 : handed + length;
}

/* A callback that holds the body back gets no second piece; the next response is not held. */
static void holding(void) {
    inflow inflow;
    size_t length = pack(sample, TEXT, 0, packed, sizeof packed);
    inflow_init(&inflow, NULL);
    inflow_start(&inflow, TEXT, hold, &inflow, false);
    inflow_note_coding(&inflow, "gzip", 4);
    CHECK(inflow_open(&inflow, 200, -1, false));
    CHECK(inflow_take(&inflow, packed, length, INT64_MAX) && inflow.is_held);
    CHECK(handed > 0 && handed <= GZIP_PIECE && inflow_has_left(&inflow));
    inflow_start(&inflow, TEXT, NULL, NULL, false);
    CHECK(!inflow.is_held && !inflow_has_left(&inflow));
    inflow_free(&inflow);
}

static void memory(void) {
    size_t length = pack(sample, 40000, 0, packed, sizeof packed);
    bool fine = false;
    for (long left = 0; !fine && left < 100; left++) {
        units_memory memory;
        struct inflow inflow;
        units_memory_init(&memory, left);
        inflow_init(&inflow, &memory.allocator);
        inflow_start(&inflow, TEXT, NULL, NULL, false);
        inflow_note_coding(&inflow, "gzip", 4);
        fine = inflow_open(&inflow, 200, 100, false) && take(&inflow, packed, length, 5000);
        CHECK(fine || inflow.problem == INFLOW_NO_MEMORY);
        inflow_free(&inflow);
        CHECK(memory.blocks == 0);
    }
    CHECK(fine);
}

void units_inflow(void) {
    pieces();
    parts();
    at_once();
    forms();
    codings();
    counting();
    holding();
    memory();
}
