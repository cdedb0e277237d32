#include "failure_body.h"

#include "clean.h"
#include "json_reader.h"

#include <string.h>
#include <strings.h>

/* ------------------------------------------------------------------ reasons */

/* The standard reason of a status; NULL if it has none. */
static const char *reason_of(int status) {
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

/* --------------------------------------------------------------------- JSON */

/* The members that are read, and any other. */
enum { ERROR, MESSAGE, DETAILS, CODE, PATH, OTHER };

static int member_of(const json_reader *r) {
    static const char *const names[OTHER] = {"error", "message", "details", "code", "path"};
    int name = 0;
    while (name < OTHER &&
           (strlen(names[name]) != r->length || memcmp(names[name], r->text, r->length) != 0))
        name++;
    return name;
}

/* Where the reader is. */
typedef struct cursor {
    int depth;
    int outer, inner; /* the member of the body, and of an object in it */
} cursor;

/* What a string at this place is kept as; NULL if it is not wanted. */
static struct text *wanted(failure_body *body, const cursor *at) {
    if (at->depth == 1)
        return at->outer == ERROR ? &body->error : at->outer == MESSAGE ? &body->message : NULL;
    if (at->depth != 2)
        return NULL;
    if (at->outer == ERROR && at->inner == CODE)
        return &body->inner_code;
    if (at->outer == ERROR && at->inner == MESSAGE)
        return &body->inner_message;
    return at->outer == DETAILS && at->inner == PATH ? &body->field : NULL;
}

static void take(failure_body *body, cursor *at, const json_reader *r, json_event event) {
    struct text *into = event == JSON_STRING ? wanted(body, at) : NULL;
    if (into != NULL && into->data == NULL) /* the first member of its name */
        text_add_n(into, r->text, r->length);
    if (event == JSON_KEY && at->depth == 1)
        at->outer = member_of(r);
    else if (event == JSON_KEY && at->depth == 2)
        at->inner = member_of(r);
    if (event == JSON_OPEN_OBJECT || event == JSON_OPEN_ARRAY) {
        at->depth++;
        at->inner = OTHER;
    } else if (event == JSON_CLOSE) {
        at->depth--;
    }
}

/* The texts of a body, for what is done to each. */
enum { TEXTS = 5 };
static void list_texts(failure_body *body, struct text *list[TEXTS]) {
    struct text *const texts[TEXTS] = {&body->error, &body->message, &body->inner_code,
                                       &body->inner_message, &body->field};
    memcpy(list, texts, sizeof texts);
}

/* `message` beside `error` or inside of it makes a code of the other one. */
static void settle(failure_body *body) {
    bool has_both = body->error.data != NULL && body->message.data != NULL;
    bool has_error = body->error.data != NULL;
    body->said = has_both ? &body->message : has_error ? &body->error : &body->inner_message;
    body->code = has_both ? &body->error : has_error ? NULL : &body->inner_code;
    if (body->said->data == NULL)
        body->said = body->code = NULL;
}

bool failure_body_read(failure_body *body, const promptic_allocator *allocator, const char *bytes,
                       size_t length) {
    json_reader r = {.allocator = allocator};
    cursor at = {.outer = OTHER, .inner = OTHER};
    struct text *texts[TEXTS];
    json_event event;
    *body = (failure_body){.bytes = bytes, .length = length};
    list_texts(body, texts);
    for (int i = 0; i < TEXTS; i++)
        text_init(texts[i], allocator);
    json_reader_start(&r, bytes, length, true, JSON_REPLACE);
    do {
        event = json_reader_next(&r);
        take(body, &at, &r, event);
    } while (event > JSON_END || event == JSON_PAUSED);
    bool failed = event == JSON_FAILED && r.problem == NULL;
    json_reader_free(&r);
    for (int i = 0; i < TEXTS; i++)
        failed = failed || texts[i]->failed;
    settle(body);
    return !failed;
}

void failure_body_free(failure_body *body) {
    struct text *texts[TEXTS];
    list_texts(body, texts);
    for (int i = 0; i < TEXTS; i++)
        text_free(texts[i]);
}

/* --------------------------------------------------------- text for people */

/* Adds the bytes as one readable line of at most `limit` bytes. */
static void add_line(struct text *line, const char *bytes, size_t length, size_t limit) {
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
static void add_html_text(struct text *plain, const char *at, const char *end) {
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

static void add_text(struct text *line, const failure_body *body, const char *content_type) {
    struct text plain;
    text_init(&plain, line->allocator);
    if (content_type != NULL && strncasecmp(content_type, "text/html", 9) == 0) {
        size_t length = body->length < HTML_BEGINNING ? body->length : HTML_BEGINNING;
        add_html_text(&plain, body->bytes, body->bytes + length);
        add_line(line, plain.data, plain.length, FAILURE_MAX_TEXT);
    } else {
        add_line(line, body->bytes, body->length, FAILURE_MAX_TEXT);
    }
    line->failed = line->failed || plain.failed;
    text_free(&plain);
}

/* "[0].config: " before the message if `details` names a field. */
static void add_message(struct text *line, const failure_body *body) {
    add_line(line, body->field.data, body->field.length, FAILURE_MAX_CODE);
    if (line->length > 0)
        text_add(line, ": ");
    add_line(line, body->said->data, body->said->length, FAILURE_MAX_MESSAGE);
}

char *failure_message(const failure_body *body, int status, const char *content_type) {
    struct text line;
    text_init(&line, body->error.allocator);
    if (body->said != NULL)
        add_message(&line, body);
    else if (body->length > 0)
        add_text(&line, body, content_type);
    if (line.length == 0) {
        const char *reason = reason_of(status);
        if (reason != NULL)
            text_add(&line, reason);
        else
            text_addf(&line, "status %d without a message", status);
    }
    return text_take(&line, NULL);
}

bool failure_code(const failure_body *body, char **code) {
    struct text line;
    *code = NULL;
    if (body->code == NULL || body->code->length == 0)
        return true;
    text_init(&line, body->error.allocator);
    add_line(&line, body->code->data, body->code->length, FAILURE_MAX_CODE);
    if (line.length == 0 && !line.failed) {
        text_free(&line);
        return true;
    }
    *code = text_take(&line, NULL);
    return *code != NULL;
}

bool failure_is_no_route(const failure_body *body, int status) {
    return status == 404 && body->said == NULL;
}

bool failure_is_wrong_id(const failure_body *body, int status) {
    return status == 400 && body->said != NULL && strcmp(body->said->data, "Invalid uuid") == 0;
}

char *failure_no_route(const promptic_allocator *allocator, const promptic_endpoint *row) {
    struct text line;
    text_init(&line, allocator);
    text_addf(&line, "this server has no %s %s: ", row->verb, row->path);
    if (row->instead != NULL)
        text_addf(&line, "it is a newer platform, which has %s instead", row->instead);
    else if (row->dropped != NULL)
        text_addf(&line, "it is a newer platform, which no longer has %s", row->name);
    else if (row->since != NULL)
        text_addf(&line, "it is an older platform, which does not have %s yet", row->name);
    else
        text_add(&line, "it is another platform");
    text_add(&line, ", or the endpoint is wrong");
    return text_take(&line, NULL);
}

char *failure_not_found(const failure_body *body, const promptic_endpoint *row) {
    struct text line;
    char *message = failure_message(body, 404, NULL);
    if (message == NULL)
        return NULL;
    text_init(&line, body->error.allocator);
    text_add(&line, message);
    memory_free(line.allocator, message);
    if (row->instead != NULL)
        text_addf(&line, "; or this platform no longer has it: use %s", row->instead);
    else if (row->dropped != NULL)
        text_add(&line, "; or this platform no longer has it");
    else if (row->since != NULL && strcmp(row->verb, "GET") == 0 && strchr(row->path, '{') == NULL)
        text_addf(&line, ": this platform does not have %s yet", row->name);
    return text_take(&line, NULL);
}
