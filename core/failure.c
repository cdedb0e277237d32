#include "failure.h"

#include "clean.h"
#include "json_peek.h"
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ------------------------------------------------------------------ reasons */

const char *failure_reason(int status) {
    static const struct {
        int status;
        const char *reason;
    } rows[] = {
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {402, "Payment Required"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {407, "Proxy Authentication Required"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {422, "Unprocessable Content"},
        {426, "Upgrade Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].status == status)
            return rows[i].reason;
    return NULL;
}

/* --------------------------------------------------------- text for people */

/* Adds the bytes as one readable line of at most `limit` bytes. */
static void add_line(text *line, const char *bytes, size_t length, size_t limit) {
    size_t room = length < limit / 3 ? 3 * length : limit; /* a byte may become U+FFFD */
    if (text_reserve(line, room))
        line->length += clean_line(line->data + line->length, room + 1, bytes, length);
}

/* ------------------------------------------------------------------- HTML */

/* How far an HTML page is read, in bytes; its first words are wanted. */
#define HTML_BEGINNING ((size_t)64 * 1024)

static bool starts_with(const char *at, const char *end, const char *word) {
    size_t length = strlen(word);
    return (size_t)(end - at) >= length && strncasecmp(at, word, length) == 0;
}

/* Where the element that is not for reading ends: "</style" after "<style". */
static const char *after_element(const char *at, const char *end, const char *closing) {
    for (; at < end; at++)
        if (*at == '<' && starts_with(at, end, closing))
            return at;
    return end;
}

/* Adds what stands between the tags. */
static void add_html_text(text *plain, const char *at, const char *end) {
    while (at < end) {
        const char *tag = memchr(at, '<', (size_t)(end - at));
        text_add_n(plain, at, (size_t)((tag != NULL ? tag : end) - at));
        text_add_char(plain, ' ');
        if (tag == NULL)
            return;
        if (starts_with(tag, end, "<style"))
            tag = after_element(tag, end, "</style");
        else if (starts_with(tag, end, "<script"))
            tag = after_element(tag, end, "</script");
        const char *close = tag < end ? memchr(tag, '>', (size_t)(end - tag)) : NULL;
        at = close != NULL ? close + 1 : end;
    }
}

/* ---------------------------------------------------------------- messages */

/* Finds a member that is a string. */
static bool find_string(const char *json, size_t length, const char *name, json_value *value) {
    return json_member(json, length, name, value) && json_is_string(value);
}

/* The body's text for people: its `error` where that is such a text; its `message` where `error` is
 * a code beside it or an object around it. *code is the code for programs, empty where there is
 * none. False where the body is not of the platform's form. */
static bool find_message(const char *body, size_t length, json_value *message, json_value *code) {
    json_value error, other;
    *code = (json_value){.start = NULL};
    if (!json_member(body, length, "error", &error))
        return false;
    if (json_is_object(&error)) {
        if (find_string(error.start, error.length, "code", &other))
            *code = other;
        return find_string(error.start, error.length, "message", message);
    }
    if (json_is_string(&error) && find_string(body, length, "message", &other)) {
        *code = error;
        *message = other;
        return true;
    }
    *message = error;
    return json_is_string(&error);
}

/* Adds a string of the body as a line of readable text. */
static void add_json_line(text *line, const json_value *value, size_t limit) {
    text plain;
    text_init(&plain, line->allocator);
    json_add_string(value, &plain);
    add_line(line, plain.data, plain.length, limit);
    line->failed = line->failed || plain.failed;
    text_free(&plain);
}

/* Adds "[0].config: " where `details` names a field. */
static void add_field(text *line, const char *body, size_t length) {
    json_value details, path;
    size_t before = line->length;
    if (!json_member(body, length, "details", &details) || !json_is_object(&details) ||
        !find_string(details.start, details.length, "path", &path))
        return;
    add_json_line(line, &path, FAILURE_MAX_CODE);
    if (line->length > before)
        text_add(line, ": ");
}

static void add_body(text *line, const char *content_type, const char *body, size_t length) {
    json_value message, code;
    text plain;
    text_init(&plain, line->allocator);
    if (find_message(body, length, &message, &code)) {
        add_field(line, body, length);
        add_json_line(line, &message, FAILURE_MAX_MESSAGE);
    } else if (content_type != NULL && strncasecmp(content_type, "text/html", 9) == 0) {
        add_html_text(&plain, body, body + (length < HTML_BEGINNING ? length : HTML_BEGINNING));
        add_line(line, plain.data, plain.length, FAILURE_MAX_TEXT);
    } else {
        add_line(line, body, length, FAILURE_MAX_TEXT);
    }
    line->failed = line->failed || plain.failed;
    text_free(&plain);
}

char *failure_message(const promptic_allocator *allocator, int status, const char *content_type,
                      const char *body, size_t length) {
    text line;
    text_init(&line, allocator);
    if (length > 0)
        add_body(&line, content_type, body, length);
    if (line.length == 0) {
        const char *reason = failure_reason(status);
        if (reason != NULL)
            text_add(&line, reason);
        else
            text_addf(&line, "status %d without an explanation", status);
    }
    return text_take(&line, NULL);
}

bool failure_code(const promptic_allocator *allocator, const char *body, size_t length,
                  char **code) {
    json_value message, found;
    text line;
    *code = NULL;
    if (length == 0 || !find_message(body, length, &message, &found) || found.start == NULL)
        return true;
    text_init(&line, allocator);
    add_json_line(&line, &found, FAILURE_MAX_CODE);
    if (line.length == 0 && !line.failed) {
        text_free(&line);
        return true;
    }
    *code = text_take(&line, NULL);
    return *code != NULL;
}

bool failure_is_no_route(int status, const char *body, size_t length) {
    json_value message, code;
    return status == 404 && (length == 0 || !find_message(body, length, &message, &code));
}

bool failure_is_wrong_id(int status, const char *body, size_t length) {
    static const char words[] = "\"Invalid uuid\"";
    json_value message, code;
    return status == 400 && length > 0 && find_message(body, length, &message, &code) &&
           message.length == sizeof words - 1 && memcmp(message.start, words, message.length) == 0;
}

char *failure_no_route(const promptic_allocator *allocator, const promptic_endpoint *row) {
    text line;
    text_init(&line, allocator);
    text_addf(&line, "this server has no %s %s: ", row->verb, row->path);
    if (row->instead != NULL)
        text_addf(&line, "a newer platform, which has %s instead", row->instead);
    else if (row->dropped != NULL)
        text_addf(&line, "a newer platform, which no longer has %s", row->name);
    else if (row->since != NULL)
        text_addf(&line, "an older platform, which does not have %s yet", row->name);
    else
        text_add(&line, "another platform");
    text_add(&line, ", or a wrong endpoint");
    return text_take(&line, NULL);
}

char *failure_not_found(const promptic_allocator *allocator, const promptic_endpoint *row,
                        const char *body, size_t length) {
    text line;
    char *message = failure_message(allocator, 404, NULL, body, length);
    if (message == NULL)
        return NULL;
    text_init(&line, allocator);
    text_add(&line, message);
    memory_free(allocator, message);
    if (row->instead != NULL)
        text_addf(&line, "; or this platform no longer has it: use %s", row->instead);
    else if (row->dropped != NULL)
        text_add(&line, "; or this platform no longer has it");
    else if (row->since != NULL && strcmp(row->verb, "GET") == 0 && strchr(row->path, '{') == NULL)
        text_addf(&line, ": this platform does not have %s yet", row->name);
    return text_take(&line, NULL);
}

/* ------------------------------------------------------------------ errors */

__attribute__((format(printf, 4, 0))) static void fill(promptic_error *error, promptic_kind kind,
                                                       const char *code, const char *format,
                                                       va_list arguments) {
    char message[2 * sizeof error->message];
    vsnprintf(message, sizeof message, format, arguments);
    error->kind = kind;
    error->code = code;
    clean_line(error->message, sizeof error->message, message, strlen(message));
}

promptic_kind failure_set(promptic_error *error, promptic_kind kind, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (error != NULL)
        fill(error, kind, NULL, format, arguments);
    va_end(arguments);
    return kind;
}

promptic_kind failure_set_code(promptic_error *error, promptic_kind kind, const char *code,
                               const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (error != NULL)
        fill(error, kind, code, format, arguments);
    va_end(arguments);
    return kind;
}

promptic_kind failure_memory(promptic_error *error) {
    return failure_set(error, PROMPTIC_MEMORY, "not enough memory");
}

const char *promptic_kind_name(promptic_kind kind) {
    static const char *const names[] = {
        [PROMPTIC_OK] = "ok",
        [PROMPTIC_API_ERROR] = "api",
        [PROMPTIC_TIMEOUT] = "timeout",
        [PROMPTIC_CONNECTION] = "connection",
        [PROMPTIC_TLS] = "tls",
        [PROMPTIC_DECODE] = "decode",
        [PROMPTIC_CANCELLED] = "cancelled",
        [PROMPTIC_AUTH] = "auth",
        [PROMPTIC_CONFIG] = "config",
        [PROMPTIC_ARGUMENT] = "argument",
        [PROMPTIC_MEMORY] = "memory",
    };
    size_t count = sizeof names / sizeof *names;
    return (size_t)kind < count ? names[kind] : "unknown";
}
