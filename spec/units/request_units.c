/* request_units.c - core/request.c: URLs of rows and of raw paths. */
#include "request.h"

#include "units.h"

#include <stdio.h>
#include <string.h>

#define BASE "https://host.example/api/v1"

static const promptic_parameter parameters[] = {
    {.name = "thing_id", .wire = "thing_id", .place = PROMPTIC_IN_PATH, .required = true},
    {.name = "limit", .wire = "limit", .place = PROMPTIC_IN_QUERY, .fallback = "20"},
    {.name = "sort_by", .wire = "sortBy", .place = PROMPTIC_IN_QUERY},
    {.name = "name", .wire = "name", .place = PROMPTIC_IN_BODY},
    {.name = NULL},
};
static const promptic_endpoint row = {.name = "get_part",
                                      .verb = "GET",
                                      .path = "/things/{thing_id}/parts/{part}",
                                      .parameters = parameters};

/* Builds a URL; *url and *path are what it says, or NULL and error->message the reason. */
static promptic_kind build(const promptic_request *request, const promptic_endpoint *of, char **url,
                           char **path, promptic_error *error) {
    *error = (promptic_error){.kind = PROMPTIC_OK};
    promptic_kind kind = request_url(NULL, BASE, request, of, url, path, error);
    CHECK(kind == error->kind);
    CHECK((kind == PROMPTIC_OK) == (*url != NULL) && (kind == PROMPTIC_OK) == (*path != NULL));
    return kind;
}

/* Expects the path and the query, or (path NULL) an argument error with these words in it. */
static void expect(const promptic_request *request, const promptic_endpoint *of, const char *path,
                   const char *rest) {
    char *url, *below, whole[512];
    promptic_error error;
    promptic_kind kind = build(request, of, &url, &below, &error);
    if (path == NULL) {
        CHECK(kind == PROMPTIC_ARGUMENT);
        HAS(rest, error.message);
    } else if (CHECK(kind == PROMPTIC_OK)) {
        snprintf(whole, sizeof whole, "%s%s%s", BASE, path, rest);
        SAME(whole, url);
        SAME(path, below);
    }
    memory_free(NULL, url);
    memory_free(NULL, below);
}

/* --------------------------------------------------------------------- raw */

static const struct {
    const char *path, *fault; /* NULL: it is taken as it is */
} raw_paths[] = {
    {"/", NULL},
    {"/components", NULL},
    {"/a/b/", NULL},
    {"//", NULL},
    {"/a//b", NULL},
    {"/...", NULL},
    {"/.a", NULL},
    {"/a.", NULL},
    {"/a..b", NULL},
    {"/..a/.b", NULL},
    {"/%2e%2e%2e", NULL},
    {"/%2f..%2F", NULL},
    {"/%2e%2", "two hexadecimal digits"},
    {"/a%20b%Ff", NULL},
    {"/%09%aA%Af%fF%90", NULL},
    {"/x2e", NULL},
    {"/%3e", NULL},
    {"/%2d", NULL},
    {"/%2e%3e", NULL},
    {"/azAZ09", NULL},
    {"/-._~!$&'()*+,;=:@", NULL},
    {"/.", "segment \".\" or \"..\""},
    {"/..", "segment \".\" or \"..\""},
    {"/../", "segment \".\" or \"..\""},
    {"/./a", "segment \".\" or \"..\""},
    {"/a/.", "segment \".\" or \"..\""},
    {"/a/..", "segment \".\" or \"..\""},
    {"/a/../b", "segment \".\" or \"..\""},
    {"/a/./b", "segment \".\" or \"..\""},
    {"//..", "segment \".\" or \"..\""},
    {"/%2e", "segment \".\" or \"..\""},
    {"/%2E%2e", "segment \".\" or \"..\""},
    {"/.%2e", "segment \".\" or \"..\""},
    {"/%2e.", "segment \".\" or \"..\""},
    {"/a/%2E./b", "segment \".\" or \"..\""},
    {NULL, "path must begin with '/'"},
    {"", "path must begin with '/'"},
    {"components", "path must begin with '/'"},
    {"https://other.example/", "path must begin with '/'"},
    {"/a?b=c", "encode it as %3F"},
    {"/a#b", "encode it as %23"},
    {"/%", "two hexadecimal digits"},
    {"/%4", "two hexadecimal digits"},
    {"/%4g", "two hexadecimal digits"},
    {"/%g4", "two hexadecimal digits"},
    {"/%%41", "two hexadecimal digits"},
    {"/%4@", "two hexadecimal digits"},
    {"/%4:", "two hexadecimal digits"},
    {"/%`4", "two hexadecimal digits"},
    {"/%G4", "two hexadecimal digits"},
    {"/a b", "byte 32, which must be percent-encoded as %20"},
    {"/a\tb", "as %09"},
    {"/a\nb", "as %0A"},
    {"/\x7F", "as %7F"},
    {"/\xC3\xA4", "byte 195, which must be percent-encoded as %C3"},
    {"/a\\..\\b", "as %5C"},
    {"/[a]", "as %5B"},
    {"/a\"b", "as %22"},
    {"/a|b", "as %7C"},
    {"/a^b", "as %5E"},
    {"/<a>", "as %3C"},
    {"/{a}", "as %7B"},
    {"/`a", "as %60"},
};

static void ask_raw(void) {
    for (size_t i = 0; i < COUNT_OF(raw_paths); i++) {
        const char *path = raw_paths[i].path, *fault = raw_paths[i].fault;
        const promptic_request request = {
            .size = sizeof(promptic_request), .method = "GET", .path = path};
        units_row(path != NULL ? path : "no path");
        expect(&request, NULL, fault == NULL ? path : NULL, fault == NULL ? "" : fault);
    }
    units_row(NULL);
}

static const struct {
    const char *method;
    bool known;
} methods[] = {
    {"GET", true},   {"POST", true},  {"PUT", true},    {"PATCH", true},    {"DELETE", true},
    {"get", false},  {"HEAD", false}, {"TRACE", false}, {"", false},        {NULL, false},
    {"GETS", false}, {"GE", false},   {"GET ", false},  {"OPTIONS", false},
};

static void ask_methods(void) {
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        const promptic_request request = {
            .size = sizeof(promptic_request), .method = methods[i].method, .path = "/a"};
        units_row(methods[i].method);
        expect(&request, NULL, methods[i].known ? "/a" : NULL,
               methods[i].known ? "" : "GET, POST, PUT, PATCH or DELETE, in capitals");
    }
    units_row(NULL);
}

static void ask_raw_query(void) {
    const char *const arguments[] = {"x"};
    const promptic_pair pairs[] = {
        {"a", "1"}, {"b c", "\xC3\xA4&=?#/+%~-._"}, {"a", ""}, {"&", "x\n"}};
    const promptic_pair nameless[] = {{"a", "1"}, {"", "1"}}, null_name[] = {{NULL, "1"}},
                        null_value[] = {{"a", NULL}};
    promptic_request request = {.size = sizeof(promptic_request),
                                .method = "GET",
                                .path = "/p",
                                .query = pairs,
                                .query_count = 4};
    expect(&request, NULL, "/p", "?a=1&b%20c=%C3%A4%26%3D%3F%23%2F%2B%25~-._&a=&%26=x%0A");
    request.query_count = 1;
    expect(&request, NULL, "/p", "?a=1");
    request.query = nameless;
    request.query_count = 2;
    expect(&request, NULL, NULL, "a query parameter has no name");
    request.query_count = 1;
    request.query = null_name;
    expect(&request, NULL, NULL, "a query parameter has no name");
    request.query = null_value;
    expect(&request, NULL, NULL, "query parameter a has no value");
    request.query_count = 0;
    request.path_args = arguments;
    request.path_count = 1;
    expect(&request, NULL, NULL, "path_args belong to an endpoint");
}

/* -------------------------------------------------------------------- rows */

static const struct {
    const char *id, *encoded; /* NULL: refused */
} ids[] = {
    {"a1-Z._~9", "a1-Z._~9"},
    {"azAZ09", "azAZ09"},
    {"...", "..."},
    {".a", ".a"},
    {"a/b", "a%2Fb"},
    {"../x", "..%2Fx"},
    {"%2e%2e", "%252e%252e"},
    {"a b?c#d", "a%20b%3Fc%23d"},
    {"\x01\x7F\x80\xFF", "%01%7F%80%FF"},
    {"@[`{", "%40%5B%60%7B"},
    {"/:", "%2F%3A"},
    {"!$&'()*+,;=", "%21%24%26%27%28%29%2A%2B%2C%3B%3D"},
    {"", NULL},
    {".", NULL},
    {"..", NULL},
    {NULL, NULL},
};

static void ask_ids(void) {
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        char path[256];
        const char *const arguments[] = {"t", ids[i].id};
        const promptic_request request = {.size = sizeof(promptic_request),
                                          .endpoint = "x",
                                          .path_args = arguments,
                                          .path_count = 2};
        snprintf(path, sizeof path, "/things/t/parts/%s",
                 ids[i].encoded != NULL ? ids[i].encoded : "");
        units_row(ids[i].id);
        expect(&request, &row, ids[i].encoded != NULL ? path : NULL,
               ids[i].encoded != NULL                      ? "?limit=20"
               : ids[i].id == NULL || ids[i].id[0] == '\0' ? "part: an id cannot be empty"
                                                           : "part: '.' and '..' cannot be ids");
    }
    units_row(NULL);
}

/* What follows the last argument of a template. */
static void ask_tail(void) {
    static const promptic_endpoint tailed = {
        .name = "t", .verb = "GET", .path = "/things/{thing_id}/parts", .parameters = parameters};
    const char *const arguments[] = {"t"};
    const promptic_request request = {
        .size = sizeof(promptic_request), .endpoint = "x", .path_args = arguments, .path_count = 1};
    expect(&request, &tailed, "/things/t/parts", "?limit=20");
}

static void ask_row(void) {
    const char *const arguments[] = {"t", "p", "more"};
    const promptic_pair both[] = {{"sortBy", "a b"}, {"limit", "5"}}, empty[] = {{"limit", ""}},
                        twice[] = {{"sortBy", "a"}, {"limit", "5"}, {"sortBy", "b"}},
                        by_name[] = {{"sort_by", "a"}}, body[] = {{"name", "a"}},
                        null_value[] = {{"limit", NULL}};
    promptic_request request = {
        .size = sizeof(promptic_request), .endpoint = "x", .path_args = arguments, .path_count = 2};
    expect(&request, &row, "/things/t/parts/p", "?limit=20");
    request.path_count = 1;
    expect(&request, &row, NULL, "get_part needs part");
    request.path_count = 0;
    expect(&request, &row, NULL, "get_part needs thing_id");
    request.path_count = 3;
    expect(&request, &row, NULL, "get_part takes 2 path arguments, not 3");
    request.path_count = 2;
    request.query = both;
    request.query_count = 2;
    expect(&request, &row, "/things/t/parts/p", "?limit=5&sortBy=a%20b");
    request.query = twice;
    request.query_count = 3;
    expect(&request, &row, NULL, "sortBy is given twice");
    request.query_count = 1;
    request.query = empty;
    expect(&request, &row, "/things/t/parts/p", "?limit=");
    request.query = by_name;
    expect(&request, &row, NULL, "get_part has no query parameter sort_by");
    request.query = body;
    expect(&request, &row, NULL, "get_part has no query parameter name");
    request.query = null_value;
    expect(&request, &row, NULL, "query parameter limit has no value");
}

/* ------------------------------------------------------------------ memory */

static void run_out(void) {
    const promptic_pair pairs[] = {{"a", "1"}};
    const promptic_request request = {.size = sizeof(promptic_request),
                                      .method = "GET",
                                      .path = "/p",
                                      .query = pairs,
                                      .query_count = 1};
    bool fine = false;
    for (long left = 0; !fine && left < 20; left++) {
        units_memory memory;
        promptic_error error;
        char *url, *path;
        units_memory_init(&memory, left);
        promptic_kind kind =
            request_url(&memory.allocator, BASE, &request, NULL, &url, &path, &error);
        fine = memory.refused == 0;
        CHECK(kind == (fine ? PROMPTIC_OK : PROMPTIC_MEMORY));
        CHECK(fine || (url == NULL && path == NULL));
        memory_free(&memory.allocator, url);
        memory_free(&memory.allocator, path);
        CHECK(memory.blocks == 0);
    }
    CHECK(fine);
}

void units_request(void) {
    ask_raw();
    ask_methods();
    ask_raw_query();
    ask_ids();
    ask_row();
    ask_tail();
    run_out();
}
