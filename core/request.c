#include "request.h"

#include "ascii.h"
#include "encode.h"
#include "failure.h"

#include <string.h>

/* ---------------------------------------------------------------- encoding */

/* Whether c is in the list; strchr alone would find the final NUL too. */
static bool is_one_of(char c, const char *list) {
    return c != '\0' && strchr(list, c) != NULL;
}

static void add_encoded(struct text *text, const char *string) {
    if (!text_reserve(text, 3 * strlen(string)))
        return;
    text->length += encode_percent(text->data + text->length, string);
    text->data[text->length] = '\0';
}

static void add_pair(struct text *query, const char *name, const char *value) {
    text_add_char(query, query->length == 0 ? '?' : '&');
    add_encoded(query, name);
    text_add_char(query, '=');
    add_encoded(query, value);
}

/* ------------------------------------------------------- rows of the table */

const char *request_id_problem(const char *id) {
    if (id == NULL || id[0] == '\0')
        return "an id cannot be empty";
    if (strcmp(id, ".") == 0 || strcmp(id, "..") == 0)
        return "'.' and '..' cannot be ids";
    return NULL;
}

static promptic_kind add_argument(struct text *path, const char *name, int name_length,
                                  const char *argument, promptic_error *error) {
    const char *problem = request_id_problem(argument);
    if (problem != NULL)
        return failure_set(error, PROMPTIC_ARGUMENT, "%.*s: %s", name_length, name, problem);
    add_encoded(path, argument);
    return PROMPTIC_OK;
}

static promptic_kind fill_template(struct text *path, const promptic_endpoint *row,
                                   const promptic_request *request, promptic_error *error) {
    size_t used = 0;
    const char *at = row->path;
    for (const char *open; (open = strchr(at, '{')) != NULL; used++) {
        const char *name = open + 1, *close = strchr(name, '}');
        int name_length = (int)(close - name);
        text_add_n(path, at, (size_t)(open - at));
        if (used == request->path_count)
            return failure_set(error, PROMPTIC_ARGUMENT, "%s needs %.*s", row->name, name_length,
                               name);
        promptic_kind kind = add_argument(path, name, name_length, request->path_args[used], error);
        if (kind != PROMPTIC_OK)
            return kind;
        at = close + 1;
    }
    text_add(path, at);
    if (used < request->path_count)
        return failure_set(error, PROMPTIC_ARGUMENT, "%s takes %u path arguments, not %u",
                           row->name, (unsigned)used, (unsigned)request->path_count);
    return PROMPTIC_OK;
}

static const promptic_parameter *query_parameter(const promptic_endpoint *row, const char *wire) {
    for (const promptic_parameter *p = row->parameters; p->name != NULL; p++)
        if (p->place == PROMPTIC_IN_QUERY && strcmp(p->wire, wire) == 0)
            return p;
    return NULL;
}

/* The value the request gives for this name before `end`, or NULL. */
static const char *given_value(const promptic_request *request, const char *name, size_t end) {
    for (size_t i = 0; i < end; i++)
        if (strcmp(request->query[i].name, name) == 0)
            return request->query[i].value;
    return NULL;
}

static promptic_kind check_pairs(const promptic_request *request, const promptic_endpoint *row,
                                 promptic_error *error) {
    for (size_t i = 0; i < request->query_count; i++) {
        const char *name = request->query[i].name;
        if (name == NULL || name[0] == '\0')
            return failure_set(error, PROMPTIC_ARGUMENT, "a query parameter has no name");
        if (request->query[i].value == NULL)
            return failure_set(error, PROMPTIC_ARGUMENT, "query parameter %.100s has no value",
                               name);
        if (row == NULL)
            continue;
        if (query_parameter(row, name) == NULL)
            return failure_set(error, PROMPTIC_ARGUMENT, "%s has no query parameter %.100s",
                               row->name, name);
        if (given_value(request, name, i) != NULL)
            return failure_set(error, PROMPTIC_ARGUMENT, "%.100s is given twice", name);
    }
    return PROMPTIC_OK;
}

static void add_row_query(struct text *query, const promptic_endpoint *row,
                          const promptic_request *request) {
    for (const promptic_parameter *p = row->parameters; p->name != NULL; p++) {
        if (p->place != PROMPTIC_IN_QUERY)
            continue;
        const char *value = given_value(request, p->wire, request->query_count);
        if (value == NULL)
            value = p->fallback;
        if (value != NULL)
            add_pair(query, p->wire, value);
    }
}

/* -------------------------------------------------------------- raw requests */

const char *const request_methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", NULL};

const char *const request_web_methods[] = {"GET",   "HEAD",   "POST",    "PUT",
                                           "PATCH", "DELETE", "OPTIONS", NULL};

promptic_kind request_check_method(const char *method, const char *const methods[],
                                   promptic_error *error) {
    for (size_t i = 0; method != NULL && methods[i] != NULL; i++)
        if (strcmp(method, methods[i]) == 0)
            return PROMPTIC_OK;
    return failure_set(error, PROMPTIC_ARGUMENT,
                       methods == request_methods
                           ? "method must be GET, POST, PUT, PATCH or DELETE, in capitals"
                           : "method must be GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS, in "
                             "capitals");
}

/* Whether the segment is "." or "..", with "%2e" for a dot or not. */
static bool is_dot_segment(const char *segment, size_t length) {
    size_t dots = 0;
    while (length > 0) {
        size_t width = segment[0] == '.' ? 1 : 3;
        if (width == 3 && (length < 3 || segment[0] != '%' || segment[1] != '2' ||
                           (segment[2] != 'e' && segment[2] != 'E')))
            return false;
        segment += width;
        length -= width;
        dots++;
    }
    return dots == 1 || dots == 2;
}

static promptic_kind check_characters(const char *path, promptic_error *error) {
    for (const char *c = path; *c != '\0'; c++) {
        if (*c == '?' || *c == '#')
            return failure_set(error, PROMPTIC_ARGUMENT,
                               "path must not hold '%c': give a query as query, or encode it as %s",
                               *c, *c == '?' ? "%3F" : "%23");
        if (*c == '%' && (ascii_hex_value(c[1]) < 0 || ascii_hex_value(c[2]) < 0))
            return failure_set(error, PROMPTIC_ARGUMENT,
                               "path holds a '%%' without two hexadecimal digits after it: "
                               "encode it as %%25");
        if (!ascii_is_alphanumeric(*c) && !is_one_of(*c, "-._~!$&'()*+,;=:@/%"))
            return failure_set(error, PROMPTIC_ARGUMENT,
                               "path holds byte %u, which must be percent-encoded as %%%02X",
                               (unsigned char)*c, (unsigned char)*c);
    }
    return PROMPTIC_OK;
}

promptic_kind request_check_path(const char *path, promptic_error *error) {
    if (path == NULL || path[0] != '/')
        return failure_set(error, PROMPTIC_ARGUMENT,
                           "path must begin with '/', such as /experiments");
    promptic_kind kind = check_characters(path, error);
    for (const char *at = path; kind == PROMPTIC_OK && *at == '/';) {
        size_t length = strcspn(++at, "/");
        if (is_dot_segment(at, length))
            return failure_set(error, PROMPTIC_ARGUMENT,
                               "path must not have a segment \".\" or \"..\"");
        at += length;
    }
    return kind;
}

static promptic_kind check_raw(const promptic_request *request, promptic_error *error) {
    promptic_kind kind = request_check_method(request->method, request_methods, error);
    if (kind == PROMPTIC_OK)
        kind = request_check_path(request->path, error);
    if (kind == PROMPTIC_OK && request->path_count > 0)
        kind = failure_set(error, PROMPTIC_ARGUMENT,
                           "path_args belong to an endpoint of the table, not to a path");
    return kind;
}

/* --------------------------------------------------------------------- URL */

static promptic_kind build(struct text *path, struct text *query, const promptic_request *request,
                           const promptic_endpoint *row, promptic_error *error) {
    promptic_kind kind =
        row != NULL ? fill_template(path, row, request, error) : check_raw(request, error);
    if (kind == PROMPTIC_OK)
        kind = check_pairs(request, row, error);
    if (kind != PROMPTIC_OK)
        return kind;
    if (row != NULL) {
        add_row_query(query, row, request);
        return PROMPTIC_OK;
    }
    text_add(path, request->path);
    for (size_t i = 0; i < request->query_count; i++)
        add_pair(query, request->query[i].name, request->query[i].value);
    return PROMPTIC_OK;
}

promptic_kind request_url(const promptic_allocator *allocator, const char *base,
                          const promptic_request *request, const promptic_endpoint *row, char **url,
                          char **path, promptic_error *error) {
    struct text whole, below, query;
    text_init(&whole, allocator);
    text_init(&below, allocator);
    text_init(&query, allocator);
    *url = *path = NULL;
    promptic_kind kind = build(&below, &query, request, row, error);
    if (kind == PROMPTIC_OK && !below.failed && !query.failed) {
        text_reserve(&whole, strlen(base) + below.length + query.length);
        text_add(&whole, base);
        text_add_n(&whole, below.data, below.length);
        text_add_n(&whole, query.data, query.length);
        *path = text_take(&below, NULL);
        *url = text_take(&whole, NULL);
    }
    if (kind == PROMPTIC_OK && (*url == NULL || *path == NULL))
        kind = failure_memory(error);
    if (kind != PROMPTIC_OK) {
        memory_free(allocator, *url);
        memory_free(allocator, *path);
        *url = *path = NULL;
    }
    text_free(&whole);
    text_free(&below);
    text_free(&query);
    return kind;
}
