/*
 * failure_fuzz.c - libFuzzer target: any bytes as the body of a failed response. What is found is
 * no longer than the body, and the message is a line that a terminal can show.
 */
#include "failure_body.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
    if (!condition)
        abort();
}

/* The longest expansion: a byte that is not UTF-8 becomes the three of U+FFFD. */
static void check_body(const failure_body *body) {
    require(body->said == NULL || (body->said->data != NULL && !body->said->failed));
    require(body->said == NULL || body->said->length <= 3 * body->length);
    require(body->code == NULL || body->said != NULL);
}

static void check_line(const char *line, size_t longest) {
    require(line != NULL && line[0] != '\0' && line[0] != ' ');
    require(strlen(line) <= longest);
    for (const char *c = line; *c != '\0'; c++) {
        require((unsigned char)*c >= 0x20 && *c != 0x7F);
        require(strncmp(c, "  ", 2) != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const types[] = {NULL, "application/json", "text/html; charset=utf-8"};
    failure_body body;
    char *code;
    if (size == 0)
        return 0;
    size_t length = size - 1;
    char *bytes = malloc(length > 0 ? length : 1); /* so that a byte past the end is noticed */
    memcpy(bytes, data + 1, length);
    require(failure_body_read(&body, NULL, bytes, length));
    check_body(&body);
    char *message = failure_message(&body, 400 + data[0], types[data[0] % 3]);
    check_line(message, FAILURE_MAX_CODE + 2 + FAILURE_MAX_MESSAGE);
    require(failure_code(&body, &code));
    if (code != NULL)
        check_line(code, FAILURE_MAX_CODE);
    failure_body_free(&body);
    free(message);
    free(code);
    free(bytes);
    return 0;
}
