/*
 * json_reader_fuzz.c - whatever pieces a text comes in, the reader gives the same events, at the
 * same places; and what it takes strictly is UTF-8 with as many brackets closed as opened. The
 * first byte of the input says how large the pieces are, and whether damage is refused.
 */
#include "json_reader.h"
#include "json_text.h"
#include "utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What came of a text. */
typedef struct outcome {
    json_event event;
    uint64_t hash;     /* of all events, with their values */
    size_t at, events; /* where the reader stopped, after so many */
    long depth;
    const char *problem;
} outcome;

static void require(bool holds, const char *what) {
    if (holds)
        return;
    fprintf(stderr, "json_reader_fuzz: %s\n", what);
    abort();
}

static void mix(outcome *o, const void *bytes, size_t length) {
    for (size_t i = 0; i < length; i++)
        o->hash = (o->hash ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001B3);
}

static void take(outcome *o, const json_reader *r, json_event event) {
    mix(o, &event, sizeof event);
    if (event == JSON_KEY || event == JSON_STRING) {
        mix(o, r->text, r->length);
        for (const char *p = r->text, *end = p + r->length; p < end;) {
            size_t length = utf8_sequence(p, end);
            require(length > 0, "a string that is not UTF-8");
            p += length;
        }
    }
    if (event == JSON_NUMBER && r->number.is_integer)
        mix(o, &r->number.integer, sizeof r->number.integer);
    else if (event == JSON_NUMBER)
        mix(o, &r->number.real, sizeof r->number.real);
    o->depth += event == JSON_OPEN_ARRAY || event == JSON_OPEN_OBJECT ? 1 : 0;
    o->depth -= event == JSON_CLOSE ? 1 : 0;
    o->events++;
    require(o->depth == r->depth, "another depth than its events have");
}

static outcome read_whole(const char *text, size_t length, json_damage damage) {
    json_reader r = {.at = NULL};
    outcome o = {.event = JSON_PAUSED};
    json_reader_start(&r, text, length, true, damage);
    do {
        o.event = json_reader_next(&r);
        if (o.event > JSON_END)
            take(&o, &r, o.event);
        require(o.event != JSON_WANTS, "more is wanted of a text that is all there");
    } while (o.event == JSON_PAUSED || o.event > JSON_END);
    o.at = (size_t)(r.at - text);
    o.problem = r.problem;
    json_reader_free(&r);
    return o;
}

/* Each window onto the text is a block of its own, so that nothing outside of it can be read. */
static outcome read_pieces(const char *text, size_t length, json_damage damage, size_t piece) {
    json_reader r = {.at = NULL};
    outcome o = {.event = JSON_PAUSED};
    char *window = malloc(1);
    size_t base = 0, end = 0; /* of the window in the text */
    json_reader_start(&r, window, 0, length == 0, damage);
    do {
        o.event = json_reader_next(&r);
        if (o.event > JSON_END)
            take(&o, &r, o.event);
        if (o.event != JSON_WANTS)
            continue;
        require(end < length, "more is wanted than there is");
        size_t begin = base + (size_t)(r.begin - window);
        end = length - end < piece ? length : end + piece;
        char *next = malloc(end - begin);
        memcpy(next, text + begin, end - begin);
        json_reader_feed(&r, next, end - begin, end == length);
        free(window);
        window = next;
        base = begin;
    } while (o.event == JSON_WANTS || o.event == JSON_PAUSED || o.event > JSON_END);
    o.at = base + (size_t)(r.at - window);
    o.problem = r.problem;
    json_reader_free(&r);
    free(window);
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    json_damage damage = data[0] & 1 ? JSON_REFUSE : JSON_REPLACE;
    char *text = malloc(size); /* a copy without a byte behind it */
    memcpy(text, data + 1, size - 1);
    text = realloc(text, size > 1 ? size - 1 : 1);
    outcome whole = read_whole(text, size - 1, damage);
    outcome pieces = read_pieces(text, size - 1, damage, 1 + (data[0] >> 1) % 20);
    require(whole.event == pieces.event, "another end");
    require(whole.hash == pieces.hash && whole.events == pieces.events, "other events");
    require(whole.at == pieces.at && whole.problem == pieces.problem, "another problem");
    require(whole.event != JSON_END || whole.depth == 0, "brackets that are open at the end");
    require(whole.event != JSON_FAILED || whole.problem != NULL, "no memory");
    free(text);
    return 0;
}
