/* rows_reader.c - reads observations from a file, one after the other, whatever its format. */
#include "rows.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const promptic_endpoint *rows_endpoint(void) {
    return promptic_endpoint_find("create_observations");
}

static const char *const *split_values(void) {
    const promptic_parameter *p = rows_endpoint()->parameters;
    while (strcmp(p->name, "split") != 0)
        p++;
    return p->values;
}

rows_read_fn *rows_format(const char *path) {
    static const struct {
        const char *ending;
        rows_read_fn *read;
    } formats[] = {
        {".csv", rows_read_csv}, {".jsonl", rows_read_line}, {".json", rows_read_element}};
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        size_t ending = strlen(formats[i].ending);
        if (length >= ending && strcasecmp(path + length - ending, formats[i].ending) == 0)
            return formats[i].read;
    }
    return NULL;
}

bool rows_reader_open(lua_State *L, rows_reader *reader, const char *path,
                      const char *expected_column) {
    const char *wanted = expected_column != NULL ? expected_column : "expected";
    reader->read = rows_format(path);
    reader->splits = split_values();
    json_buffer_add_string(L, &reader->names, wanted, strlen(wanted), NULL);
    reader->expected_length = reader->names.length;
    return rows_file_open(&reader->file, path);
}

rows_outcome rows_refuse(rows_reader *reader, rows_outcome outcome, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reader->reason, sizeof reader->reason, format, arguments);
    va_end(arguments);
    return outcome;
}

rows_outcome rows_reader_read(lua_State *L, rows_reader *reader, json_buffer *out) {
    size_t before = out->length;
    reader->before = 0;
    rows_outcome outcome = reader->read(L, reader, out);
    reader->again = false;
    if (outcome != ROWS_READ)
        out->length = before;
    if (outcome == ROWS_READ || outcome == ROWS_BAD)
        reader->number++;
    return outcome;
}

void rows_reader_unread(rows_reader *reader) {
    reader->file.at -= reader->before;
    reader->file.line = reader->line;
    reader->before = 0;
    reader->again = true;
    reader->number--;
}

void rows_reader_close(rows_reader *reader) {
    rows_file_close(&reader->file);
    rows_csv_close(reader);
    json_reader_free(&reader->json);
    json_buffer_clear(&reader->names);
    json_buffer_clear(&reader->scratch);
}

/* ------------------------------------------------- observations that are JSON */

static const char *type_of(const rows_value *value) {
    switch (value->at[0]) {
    case '"':
        return "a string";
    case '{':
        return "an object";
    case '[':
        return "an array";
    case 't':
    case 'f':
        return "a boolean";
    default:
        return "a number";
    }
}

/* [-0, +1, m] The name of a value that is in quotes, cut to a sane length. */
static const char *push_name(lua_State *L, const rows_value *value) {
    size_t length = value->length - 2 < 64 ? value->length - 2 : 64;
    lua_pushlstring(L, value->at + 1, length);
    return lua_tostring(L, -1);
}

static bool is_item(const promptic_parameter *parameter) {
    return parameter->place == PROMPTIC_IN_ITEM;
}

/* [-0, +0, m] */
static rows_outcome refuse_unknown(lua_State *L, rows_reader *reader, const rows_value *name) {
    const char *given = push_name(L, name);
    const char *near = bindings_nearest_parameter(rows_endpoint()->parameters, is_item, given);
    rows_refuse(reader, ROWS_BAD,
                near != NULL ? "unknown field '%s', did you mean '%s'?" : "unknown field '%s'",
                given, near);
    lua_pop(L, 1);
    return ROWS_BAD;
}

/* [-0, +0, m] */
static rows_outcome check_split(lua_State *L, rows_reader *reader, const rows_value *split) {
    const char *const *values = reader->splits;
    if (split->at[0] != '"')
        return rows_refuse(reader, ROWS_BAD, "split: string expected, got %s", type_of(split));
    for (size_t i = 0; values[i] != NULL; i++)
        if (split->length == strlen(values[i]) + 2 &&
            memcmp(split->at + 1, values[i], split->length - 2) == 0)
            return ROWS_READ;
    rows_refuse(reader, ROWS_BAD, "split: '%s' is not one of %s, %s", push_name(L, split),
                values[0], values[1]);
    lua_pop(L, 1);
    return ROWS_BAD;
}

/* [-0, +0, m] */
static rows_outcome check(lua_State *L, rows_reader *reader, const rows_observation *o) {
    if (o->unknown.at != NULL)
        return refuse_unknown(L, reader, &o->unknown);
    if (o->variables.at == NULL && !o->has_input)
        return rows_refuse(reader, ROWS_BAD, "variables is missing");
    if (o->variables.at != NULL && o->variables.at[0] != '{')
        return rows_refuse(reader, ROWS_BAD, "variables: object expected, got %s",
                           type_of(&o->variables));
    if (o->expected.at == NULL)
        return rows_refuse(reader, ROWS_BAD, "expected is missing");
    if (o->expected.at[0] != '"')
        return rows_refuse(reader, ROWS_BAD, "expected: string expected, got %s",
                           type_of(&o->expected));
    return o->split.at != NULL ? check_split(L, reader, &o->split) : ROWS_READ;
}

/* [-0, +0, m] */
static void add(lua_State *L, json_buffer *out, const char *before, const rows_value *value) {
    json_buffer_add(L, out, before, strlen(before));
    json_buffer_add(L, out, value->at, value->length);
}

rows_outcome rows_write_observation(lua_State *L, rows_reader *reader, const rows_observation *o,
                                    json_buffer *out) {
    static const rows_value empty = {.at = "{}", .length = 2}, end = {.at = "}", .length = 1};
    rows_outcome outcome = check(L, reader, o);
    if (outcome != ROWS_READ)
        return outcome;
    if (o->variables.at == NULL && o->input.at != NULL) { /* the older form */
        add(L, out, "{\"variables\":{\"input\":", &o->input);
        add(L, out, "", &end);
    } else {
        add(L, out, "{\"variables\":", o->variables.at != NULL ? &o->variables : &empty);
    }
    add(L, out, ",\"expected\":", &o->expected);
    if (o->split.at != NULL)
        add(L, out, ",\"split\":", &o->split);
    add(L, out, "", &end);
    return ROWS_READ;
}
