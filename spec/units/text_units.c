/* text_units.c - core/text.c: growing, failing, UTF-8 in both directions, wiping. */
#include "text.h"

#include "units.h"
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

static void grow(void) {
    struct text t;
    size_t length;
    text_init(&t, NULL);
    char *nothing = text_take(&t, &length);
    SAME("", nothing);
    CHECK(length == 0 && t.data == NULL);
    memory_free(NULL, nothing);
    for (int i = 0; i < 1000; i++)
        text_add_char(&t, (char)('a' + i % 26));
    CHECK(t.length == 1000 && t.data[1000] == '\0' && t.capacity > 1000);
    for (size_t i = 0; i < t.length; i++)
        CHECK(t.data[i] == (char)('a' + i % 26));
    text_clear(&t);
    CHECK(t.length == 0 && t.data[0] == '\0');
    text_add_n(&t, "a\0b", 3);
    text_addf(&t, "%d%s", 12, "x");
    text_add(&t, "");
    text_addf(&t, "%s", "");
    text_add_n(&t, NULL, 0);
    CHECK(t.length == 6 && memcmp(t.data, "a\0b12x", 7) == 0);
    char *taken = text_take(&t, &length);
    CHECK(length == 6 && t.length == 0 && t.data == NULL && !t.failed);
    memory_free(NULL, taken);
}

/* A reserve moves the text once; what fits into it does not move it again. */
static void reserve(void) {
    struct text t;
    text_init(&t, NULL);
    CHECK(text_reserve(&t, 63));
    CHECK(t.capacity == 64);
    const char *data = t.data;
    for (int i = 0; i < 63; i++)
        text_put(&t, 'x');
    CHECK(t.data == data && t.length == 63 && t.data[63] == '\0');
    CHECK(text_reserve(&t, 0) && t.capacity == 64);
    CHECK(text_reserve(&t, 1) && t.capacity == 128); /* 64 bytes and the final NUL */
    text_free(&t);
    CHECK(t.data == NULL && t.capacity == 0);
    CHECK(!text_reserve(&t, SIZE_MAX) && t.failed);
    text_clear(&t);
    text_add(&t, "again");
    SAME("again", t.data);
    CHECK(!text_reserve(&t, SIZE_MAX - 2) && t.failed);
    text_free(&t);
}

/* With memory for so many blocks and no more. */
static void fail_after(long left) {
    units_memory memory;
    struct text t;
    size_t length = 1;
    units_memory_init(&memory, left);
    text_init(&t, &memory.allocator);
    for (int i = 0; i < 200; i++)
        text_add_char(&t, 'x');
    CHECK(t.failed == (memory.refused > 0));
    size_t refused = memory.refused;
    text_addf(&t, "%s", "more");
    text_add_char(&t, 'c');
    CHECK(memory.refused == refused); /* a failure is remembered, not tried again */
    char *taken = text_take(&t, &length);
    CHECK((taken == NULL) == (refused > 0) && (taken != NULL || length == 0));
    CHECK(!t.failed && t.data == NULL);
    memory_free(&memory.allocator, taken);
    char *copied = text_copy(&memory.allocator, "ab", 2);
    CHECK((copied == NULL) == (left < 4));
    memory_free(&memory.allocator, copied);
    CHECK(memory.blocks == 0);
}

/* An allocator that looks at what it is given back. */
static void *look(void *userdata, void *block, size_t size) {
    if (size > 0)
        return realloc(block, size);
    *(bool *)userdata = memcmp(block, "\0\0\0\0\0\0", 7) == 0;
    free(block);
    return NULL;
}

static void free_secret(void) {
    bool was_wiped = false;
    const promptic_allocator allocator = {look, &was_wiped};
    text_free_secret(&allocator, text_copy(&allocator, "secret", 6));
    CHECK(was_wiped);
    text_free_secret(&allocator, NULL);
}

static void copy(void) {
    char *copied = text_copy(NULL, "abcdef", 3);
    SAME("abc", copied);
    memory_free(NULL, copied);
    CHECK(text_copy(NULL, "", SIZE_MAX) == NULL);
    char secret[] = "secret";
    text_wipe(secret, 5);
    CHECK(memcmp(secret, "\0\0\0\0\0t", 7) == 0);
}

static const struct {
    const char *name, *bytes;
    uint32_t code;
    size_t width; /* 0: not well formed */
} characters[] = {
    {"NUL is read as the first of one byte", "\x01", 1, 1},
    {"the last of one byte", "\x7F", 0x7F, 1},
    {"the first of two", "\xC2\x80", 0x80, 2},
    {"the last of two", "\xDF\xBF", 0x7FF, 2},
    {"the first of three", "\xE0\xA0\x80", 0x800, 3},
    {"before the surrogates", "\xED\x9F\xBF", 0xD7FF, 3},
    {"after the surrogates", "\xEE\x80\x80", 0xE000, 3},
    {"the last of three", "\xEF\xBF\xBF", 0xFFFF, 3},
    {"the first of four", "\xF0\x90\x80\x80", 0x10000, 4},
    {"the last of all", "\xF4\x8F\xBF\xBF", 0x10FFFF, 4},
    {"a continuation alone", "\x80", 0, 0},
    {"its last", "\xBF", 0, 0},
    {"two bytes for one, C0", "\xC0\x80", 0, 0},
    {"two bytes for one, C1", "\xC1\xBF", 0, 0},
    {"three bytes for two", "\xE0\x9F\xBF", 0, 0},
    {"four bytes for three", "\xF0\x8F\xBF\xBF", 0, 0},
    {"the first surrogate", "\xED\xA0\x80", 0, 0},
    {"the last surrogate", "\xED\xBF\xBF", 0, 0},
    {"past the last", "\xF4\x90\x80\x80", 0, 0},
    {"F5", "\xF5\x80\x80\x80", 0, 0},
    {"FF", "\xFF\x80\x80\x80", 0, 0},
    {"cut after one of two", "\xC2", 0, 0},
    {"cut after two of three", "\xE2\x82", 0, 0},
    {"cut after three of four", "\xF0\x9F\x98", 0, 0},
    {"no continuation",
     "\xC2"
     "A",
     0, 0},
    {"no second continuation",
     "\xE2\x82"
     "A",
     0, 0},
    {"no third continuation",
     "\xF0\x9F\x98"
     "A",
     0, 0},
    {"a continuation of the wrong kind", "\xE2\xC2\x82", 0, 0},
};

static void read_and_write(void) {
    for (size_t i = 0; i < COUNT_OF(characters); i++) {
        uint32_t code = 0;
        const char *bytes = characters[i].bytes;
        char written[5] = "";
        units_row(characters[i].name);
        CHECK(utf8_read(bytes, strlen(bytes), &code) == characters[i].width);
        if (characters[i].width == 0)
            continue;
        CHECK(code == characters[i].code);
        CHECK(utf8_write(code, written) == characters[i].width);
        SAME(bytes, written);
        CHECK(utf8_read(bytes, strlen(bytes) - 1, &code) == 0 || strlen(bytes) == 1);
    }
    units_row(NULL);
}

void units_text(void) {
    grow();
    reserve();
    for (long left = 0; left < 5; left++)
        fail_after(left);
    copy();
    free_secret();
    read_and_write();
}
