/* rows_observation.c - what a JSON object of a file becomes: an observation, or the reason why it
 * is none. */
#include "rows.h"

#include <string.h>
#include <strings.h>

/* -------------------------------------------------------------------- texts */

int rows_cut(const char *text, size_t length) {
    size_t most = length < 64 ? length : 64;
    while (most < length && most > 0 && ((unsigned char)text[most] & 0xC0) == 0x80)
        most--;
    return (int)most;
}

bool rows_is_alike(const char *a, size_t a_length, const char *b, size_t b_length) {
    while (a_length > 0 && (a[a_length - 1] == ' ' || a[a_length - 1] == '\t'))
        a_length--;
    while (a_length > 0 && (*a == ' ' || *a == '\t'))
        a++, a_length--;
    return a_length == b_length && strncasecmp(a, b, b_length) == 0;
}

bool rows_is_blank(const char *json, size_t length) {
    const char *at = json + 1, *end = json + length - 1;
    while (at < end) {
        bool is_escape = *at == '\\' && end - at >= 2 && strchr("tnr", at[1]) != NULL;
        if (*at != ' ' && !is_escape)
            return false;
        at += is_escape ? 2 : 1;
    }
    return true;
}

rows_outcome rows_check_answer(rows_reader *reader, const char *json, size_t length) {
    if (reader->on_empty == ROWS_EMPTY_KEEP || !rows_is_blank(json, length))
        return ROWS_READ;
    reader->is_empty = true;
    return rows_refuse_as(reader, "empty_answer",
                          rows_refuse(reader, ROWS_BAD, "expected is empty"));
}

/* ------------------------------------------------------------------ members */

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

static bool is_name(const rows_value *name, const char *wanted) {
    return name->length == strlen(wanted) + 2 &&
           memcmp(name->at + 1, wanted, name->length - 2) == 0;
}

/* ----------------------------------------------------------- flat and nested */

/* Whether the member is no variable where there are no `variables`. */
static bool is_reserved(const rows_value *name) {
    return is_name(name, "expected") || is_name(name, "split") || is_name(name, "idx") ||
           is_name(name, "variables");
}

/* The name that was meant, where a member is one of those but for its case, or holds what only
 * `variables` would; else NULL. */
static const char *meant(lua_State *L, const rows_value *name, const rows_value *value) {
    static const char *const names[] = {"expected", "split", "idx", "variables"};
    static const char *const variables[] = {"variables", NULL};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (rows_is_alike(name->at + 1, name->length - 2, names[i], strlen(names[i])))
            return names[i];
    if (value->at[0] != '{')
        return NULL;
    const char *near = bindings_nearest_value(variables, push_name(L, name));
    lua_pop(L, 1);
    return near;
}

/* [-0, +0, m] */
static rows_outcome check_names(lua_State *L, rows_reader *reader, const rows_observation *o) {
    rows_value name, value;
    rows_members_start(&reader->json, &o->whole);
    while (rows_members_next(&reader->json, &name, &value)) {
        const char *near = is_reserved(&name) ? NULL : meant(L, &name, &value);
        if (near == NULL)
            continue;
        rows_refuse(reader, ROWS_BAD, "unknown field '%s', did you mean '%s'?", push_name(L, &name),
                    near);
        lua_pop(L, 1);
        return ROWS_BAD;
    }
    return ROWS_READ;
}

/* [-0, +0, m] Says which member may have been meant for the answer. */
static rows_outcome refuse_missing(lua_State *L, rows_reader *reader, const rows_observation *o) {
    static const char *const wanted[] = {"expected", NULL};
    rows_value name, value;
    rows_members_start(&reader->json, &o->whole);
    rows_refuse(reader, ROWS_BAD, "expected is missing");
    while (rows_members_next(&reader->json, &name, &value)) {
        const char *given = push_name(L, &name);
        bool is_near = !is_reserved(&name) && bindings_nearest_value(wanted, given) != NULL;
        if (is_near)
            rows_refuse(reader, ROWS_BAD, "expected is missing, did you mean '%s'?", given);
        lua_pop(L, 1);
        if (is_near)
            break;
    }
    return ROWS_BAD;
}

/* [-0, +0, m] An observation has these fields only; idx is the row's number elsewhere. */
static rows_outcome check_nested(lua_State *L, rows_reader *reader, const rows_observation *o) {
    rows_value name, value;
    rows_members_start(&reader->json, &o->whole);
    if (o->variables.at == NULL && !o->has_input)
        return rows_refuse(reader, ROWS_BAD, "variables is missing");
    if (o->variables.at != NULL && o->variables.at[0] != '{')
        return rows_refuse(reader, ROWS_BAD, "variables: object expected, got %s",
                           type_of(&o->variables));
    while (o->unknown.at != NULL && rows_members_next(&reader->json, &name, &value))
        if (!is_reserved(&name) && !is_name(&name, "input"))
            return refuse_unknown(L, reader, &name);
    return ROWS_READ;
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
static rows_outcome check(lua_State *L, rows_reader *reader, const rows_observation *o,
                          bool is_flat) {
    rows_outcome outcome = is_flat ? check_names(L, reader, o) : check_nested(L, reader, o);
    if (outcome != ROWS_READ)
        return outcome;
    if (o->expected.at == NULL)
        return refuse_missing(L, reader, o);
    if (o->expected.at[0] != '"')
        return rows_refuse(reader, ROWS_BAD, "expected: string expected, got %s",
                           type_of(&o->expected));
    outcome = rows_check_answer(reader, o->expected.at, o->expected.length);
    if (outcome == ROWS_READ && o->split.at != NULL)
        outcome = check_split(L, reader, &o->split);
    return outcome;
}

/* ------------------------------------------------------------------- writing */

/* [-0, +0, m] */
static void add(lua_State *L, json_buffer *out, const char *before, const rows_value *value) {
    json_buffer_add(L, out, before, strlen(before));
    json_buffer_add(L, out, value->at, value->length);
}

/* [-0, +0, m] The members that are variables, with the braces around them. */
static rows_outcome write_flat(lua_State *L, rows_reader *reader, const rows_observation *o,
                               json_buffer *out) {
    static const rows_value close = {.at = "}", .length = 1};
    rows_value name, value;
    const char *before = "{\"variables\":{";
    rows_members_start(&reader->json, &o->whole);
    while (rows_members_next(&reader->json, &name, &value)) {
        if (is_reserved(&name))
            continue;
        add(L, out, before, &name);
        add(L, out, ":", &value);
        before = ",";
    }
    if (*before == '{')
        return rows_refuse(reader, ROWS_BAD, "variables is missing");
    add(L, out, "", &close);
    return ROWS_READ;
}

/* [-0, +0, m] */
static void write_nested(lua_State *L, const rows_observation *o, json_buffer *out) {
    static const rows_value empty = {.at = "{}", .length = 2}, close = {.at = "}", .length = 1};
    if (o->variables.at == NULL && o->input.at != NULL) { /* the older form */
        add(L, out, "{\"variables\":{\"input\":", &o->input);
        add(L, out, "", &close);
    } else {
        add(L, out, "{\"variables\":", o->variables.at != NULL ? &o->variables : &empty);
    }
}

rows_outcome rows_write_observation(lua_State *L, rows_reader *reader, const rows_observation *o,
                                    json_buffer *out) {
    static const rows_value close = {.at = "}", .length = 1};
    bool is_flat = o->variables.at == NULL && o->unknown.at != NULL;
    rows_outcome outcome = check(L, reader, o, is_flat);
    if (outcome == ROWS_READ && is_flat)
        outcome = write_flat(L, reader, o, out);
    else if (outcome == ROWS_READ)
        write_nested(L, o, out);
    if (outcome != ROWS_READ)
        return outcome;
    add(L, out, ",\"expected\":", &o->expected);
    if (o->split.at != NULL)
        add(L, out, ",\"split\":", &o->split);
    add(L, out, "", &close);
    return ROWS_READ;
}
