/* failure_units.c - core/failure_body.c, failure.c: what a failed response says to people, and to
 * programs. */
#include "failure.h"
#include "failure_body.h"

#include "units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *body, *message, *code;
} bodies[] = {
    {"{\"error\":\"Not found\"}", "Not found", NULL},
    {"{\"error\":\"invalid_request\",\"message\":\"name is missing\"}", "name is missing",
     "invalid_request"},
    {"{\"message\":\"m\",\"error\":\"c\"}", "m", "c"},
    {"{\"error\":{\"code\":\"c\",\"message\":\"m\"}}", "m", "c"},
    {"{\"error\":{\"code\":7,\"message\":\"m\"}}", "m", NULL},
    {"{\"error\":{\"message\":\"m\"}}", "m", NULL},
    {"{\"error\":{\"code\":\"c\"}}", "{\"error\":{\"code\":\"c\"}}", NULL},
    {"{\"error\":\"c\",\"message\":7}", "c", NULL},
    {"{\"error\":7}", "{\"error\":7}", NULL},
    {"{\"error\":null,\"message\":\"m\"}", "{\"error\":null,\"message\":\"m\"}", NULL},
    {"{\"message\":\"m\"}", "{\"message\":\"m\"}", NULL},
    {"{\"error\":\"\"}", "Not Found", NULL},
    {"{\"error\":\"\",\"message\":\"m\"}", "m", NULL},
    {"{\"error\":\" a\\nb\\u009b\\u202ec \"}", "a b c", NULL},
    {"{\"error\":\"\\u00e4\\ud83d\\ude00\"}", "\xC3\xA4\xF0\x9F\x98\x80", NULL},
    {"{\"error\":\"cut", "{\"error\":\"cut", NULL},
    {"{\"error\":\"whole\",\"detail\":{\"a", "whole", NULL},
    {"[\"error\"]", "[\"error\"]", NULL},
    {"plain\r\n text ", "plain text", NULL},
    {"\xFF", "\xEF\xBF\xBD", NULL},
    {" \r\n", "Not Found", NULL},
    {"", "Not Found", NULL},
};

/* The message of a body; NULL if out of memory. */
static char *message_of(const promptic_allocator *allocator, int status, const char *type,
                        const char *bytes) {
    failure_body body;
    bool read = failure_body_read(&body, allocator, bytes, strlen(bytes));
    char *message = read ? failure_message(&body, status, type) : NULL;
    failure_body_free(&body);
    return message;
}

/* Its code. False if out of memory. */
static bool code_of(const promptic_allocator *allocator, const char *bytes, char **code) {
    failure_body body;
    *code = NULL;
    bool read =
        failure_body_read(&body, allocator, bytes, strlen(bytes)) && failure_code(&body, code);
    failure_body_free(&body);
    return read;
}

static bool is_no_route(int status, const char *bytes) {
    failure_body body;
    CHECK(failure_body_read(&body, NULL, bytes, strlen(bytes)));
    bool none = failure_is_no_route(&body, status);
    failure_body_free(&body);
    return none;
}

static void read_bodies(void) {
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        const char *body = bodies[i].body;
        char *code, *message = message_of(NULL, 404, NULL, body);
        units_row(body);
        SAME(bodies[i].message, message);
        CHECK(code_of(NULL, body, &code));
        SAME(bodies[i].code, code);
        memory_free(NULL, message);
        memory_free(NULL, code);
    }
    units_row(NULL);
}

static const struct {
    const char *type, *page, *message;
} pages[] = {
    {"text/html", "<p>Bad <b>gateway</b></p>", "Bad gateway"},
    {"TEXT/HTML; charset=utf-8", "<h1>502</h1>\n<p>x", "502 x"},
    {"text/html", "<style>p{}</style>a<script>var x = '<p>';</script>b", "a b"},
    {"text/html", "<STYLE>p{}</STYLE >a", "a"},
    {"text/html", "<style>p{}", "Bad Gateway"},
    {"text/html", "a<br", "a"},
    {"text/html", "a <", "a"},
    {"text/html", "</style>a", "a"},
    {"text/html", "{\"error\":\"json anyway\"}", "json anyway"},
    {"text/plain", "<p>a", "<p>a"},
    {"application/xhtml+xml", "<p>a", "<p>a"},
    {NULL, "<p>a", "<p>a"},
};

static void read_pages(void) {
    for (size_t i = 0; i < COUNT_OF(pages); i++) {
        const char *page = pages[i].page;
        char *message = message_of(NULL, 502, pages[i].type, page);
        units_row(page);
        SAME(pages[i].message, message);
        memory_free(NULL, message);
    }
    units_row(NULL);
}

/* Expects a message of so many bytes that ends in dots, or does not. */
static void expect_length(const char *type, const char *body, size_t length, bool is_cut) {
    char *message = message_of(NULL, 500, type, body);
    CHECK(strlen(message) == length);
    CHECK((strcmp(message + length - 3, "...") == 0) == is_cut);
    memory_free(NULL, message);
}

/* A body of `count` letters between what stands before and after them; freed with free. */
static char *long_body(const char *before, size_t count, const char *after) {
    size_t start = strlen(before);
    char *body = malloc(start + count + strlen(after) + 1);
    if (body == NULL)
        abort();
    memcpy(body, before, start);
    memset(body + start, 'x', count);
    strcpy(body + start + count, after);
    return body;
}

static void cut(void) {
    static const struct {
        const char *type, *before, *after;
        size_t count, length;
        bool is_cut;
    } rows[] = {
        {NULL, "", "", FAILURE_MAX_TEXT, FAILURE_MAX_TEXT, false},
        {NULL, "", "", FAILURE_MAX_TEXT + 1, FAILURE_MAX_TEXT, true},
        {"text/html", "<p>", "</p>", FAILURE_MAX_TEXT + 1, FAILURE_MAX_TEXT, true},
        {NULL, "{\"error\":\"", "\"}", FAILURE_MAX_MESSAGE, FAILURE_MAX_MESSAGE, false},
        {NULL, "{\"error\":\"", "\"}", FAILURE_MAX_MESSAGE + 1, FAILURE_MAX_MESSAGE, true},
    };
    char *code;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *body = long_body(rows[i].before, rows[i].count, rows[i].after);
        expect_length(rows[i].type, body, rows[i].length, rows[i].is_cut);
        free(body);
    }
    char *body = long_body("{\"message\":\"m\",\"error\":\"", 101, "\"}");
    CHECK(code_of(NULL, body, &code) && strlen(code) == FAILURE_MAX_CODE);
    memory_free(NULL, code);
    free(body);
    body = long_body("<style>", 64 * 1024, "</style>far"); /* beyond what is read of a page */
    char *message = message_of(NULL, 599, "text/html", body);
    SAME("status 599 without a message", message);
    memory_free(NULL, message);
    free(body);
}

static void no_route(void) {
    static const struct {
        promptic_endpoint row;
        const char *route, *resource; /* what a page and the platform's own 404 say */
    } cases[] = {
        {{.name = "a", .verb = "GET", .path = "/a", .since = "1.2"},
         "it is an older platform, which does not have a yet, or the endpoint is wrong",
         "x: this platform does not have a yet"},
        {{.name = "a", .verb = "GET", .path = "/a/{id}", .since = "1.2"},
         "it is an older platform, which does not have a yet, or the endpoint is wrong",
         "x"},
        {{.name = "a", .verb = "GET", .path = "/a", .dropped = "2", .instead = "b"},
         "it is a newer platform, which has b instead, or the endpoint is wrong",
         "x; or this platform no longer has it: use b"},
        {{.name = "a", .verb = "GET", .path = "/a", .since = "1.2", .dropped = "2"},
         "it is a newer platform, which no longer has a, or the endpoint is wrong",
         "x; or this platform no longer has it"},
        {{.name = "a", .verb = "GET", .path = "/a"},
         "it is another platform, or the endpoint is wrong",
         "x"},
    };
    CHECK(is_no_route(404, "") && is_no_route(404, "<p>"));
    CHECK(!is_no_route(404, "{\"error\":\"x\"}"));
    CHECK(!is_no_route(405, "") && !is_no_route(403, "<p>"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = failure_no_route(NULL, &cases[i].row), begin[64];
        int length =
            snprintf(begin, sizeof begin, "this server has no GET %s: ", cases[i].row.path);
        CHECK(strncmp(begin, text, (size_t)length) == 0);
        SAME(cases[i].route, text + length);
        memory_free(NULL, text);
        failure_body body;
        CHECK(failure_body_read(&body, NULL, "{\"error\":\"x\"}", 13));
        text = failure_not_found(&body, &cases[i].row);
        failure_body_free(&body);
        SAME(cases[i].resource, text);
        memory_free(NULL, text);
    }
}

static void give_reasons(void) {
    static const struct {
        int status;
        const char *message;
    } reasons[] = {
        {400, "Bad Request"},
        {505, "HTTP Version Not Supported"},
        {422, "Unprocessable Content"},
        {599, "status 599 without a message"},
    };
    for (size_t i = 0; i < COUNT_OF(reasons); i++) {
        char *message = message_of(NULL, reasons[i].status, NULL, "");
        SAME(reasons[i].message, message);
        memory_free(NULL, message);
    }
}

static void fill_errors(void) {
    promptic_error error;
    CHECK(failure_set(NULL, PROMPTIC_AUTH, "x") == PROMPTIC_AUTH);
    CHECK(failure_set(&error, PROMPTIC_TLS, "a\n%s\xC2\x9B!", "b") == PROMPTIC_TLS);
    SAME("a b !", error.message);
    CHECK(failure_memory(&error) == PROMPTIC_MEMORY && error.kind == PROMPTIC_MEMORY);
    failure_set(&error, PROMPTIC_TLS, "%0600d", 0);
    CHECK(strlen(error.message) == sizeof error.message - 1);
    SAME("ok", promptic_kind_name(PROMPTIC_OK));
    SAME("memory", promptic_kind_name(PROMPTIC_MEMORY));
    SAME("unknown", promptic_kind_name((promptic_kind)(PROMPTIC_MEMORY + 1)));
}

static void run_out(void) {
    static const char body[] = "{\"error\":\"co\\u0064e\",\"message\":\"m\"}";
    bool fine = false;
    for (long left = 0; !fine && left < 20; left++) {
        units_memory memory;
        char *code = NULL;
        units_memory_init(&memory, left);
        char *message = message_of(&memory.allocator, 404, NULL, body);
        CHECK((message == NULL) == (memory.refused > 0));
        CHECK(code_of(&memory.allocator, body, &code) == (memory.refused == 0));
        fine = memory.refused == 0;
        memory_free(&memory.allocator, message);
        memory_free(&memory.allocator, code);
        CHECK(memory.blocks == 0);
    }
    CHECK(fine);
}

void units_failure(void) {
    read_bodies();
    read_pages();
    cut();
    no_route();
    give_reasons();
    fill_errors();
    run_out();
}
