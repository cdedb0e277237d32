/*
 * json_peek_fuzz.c - libFuzzer target: any bytes as the body of a failed answer. What is found
 * lies inside the body, and the message is a line that a terminal can show.
 */
#include "failure.h"
#include "json_peek.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void require(bool condition) {
    if (!condition)
        abort();
}

static void check_member(const char *body, size_t length, const char *name) {
    json_value value;
    text plain;
    text_init(&plain, NULL);
    if (json_member(body, length, name, &value)) {
        require(value.start > body && value.length > 0);
        require(value.length <= (size_t)(body + length - value.start));
        json_add_string(&value, &plain);
        /* The longest expansion: \u without digits, which becomes the three bytes of U+FFFD. */
        require(!plain.failed && plain.length <= 2 * value.length);
    }
    text_free(&plain);
}

static void check_message(const char *message) {
    require(message != NULL && message[0] != '\0' && message[0] != ' ');
    require(strlen(message) <= FAILURE_MAX_MESSAGE);
    for (const char *c = message; *c != '\0'; c++) {
        require((unsigned char)*c >= 0x20 && *c != 0x7F);
        require(strncmp(c, "  ", 2) != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const types[] = {NULL, "application/json", "text/html; charset=utf-8"};
    if (size == 0)
        return 0;
    size_t length = size - 1;
    char *body = malloc(length > 0 ? length : 1); /* so that a byte past the end is noticed */
    memcpy(body, data + 1, length);
    check_member(body, length, "error");
    check_member(body, length, "");
    char *message = failure_message(NULL, 400 + data[0], types[data[0] % 3], body, length);
    check_message(message);
    free(message);
    free(body);
    return 0;
}
