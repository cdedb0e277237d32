/* rows_observation.c - what a JSON object of a file becomes: an observation, or the reason why it
 * is none. */
#include "rows_observation.h"

#include "json_buffer.h"
#include "nearest.h"
#include "rows_json.h"
#include "rows_refuse.h"
#include "rows_room.h"
#include "rows_text.h"

#include <string.h>

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
    if (near != NULL && strcmp(near, given) == 0)
        near = NULL; /* expected or split, where the file has other names for them */
    rows_refuse(reader, ROWS_BAD,
                near != NULL ? "unknown field '%s', did you mean '%s'?" : "unknown field '%s'",
                given, near);
    lua_pop(L, 1);
    return ROWS_BAD;
}

/* ----------------------------------------------------------- flat and nested */

rows_naming rows_naming_of(rows_reader *reader) {
    return (rows_naming){.label = rows_name_at(reader, reader->label),
                         .split = rows_name_at(reader, reader->split),
                         .payloads = reader->room.payloads,
                         .keys = &reader->keys};
}

/* Whether the member is no variable if there are no `variables`. */
static bool is_reserved(const rows_naming *naming, const rows_value *name) {
    return rows_is_same(name, &naming->label) || rows_is_same(name, &naming->split) ||
           rows_is_name(name, "idx") || rows_is_name(name, "variables");
}

/* The name that was meant, where a member is one of those but for its case, or holds what only
 * `variables` would; else its length is 0. */
static rows_value meant(lua_State *L, const rows_naming *naming, const rows_value *name,
                        const rows_value *value) {
    static const char *const variables[] = {"variables", NULL};
    static const rows_value inputs = {.at = "\"variables\"", .length = 11}, none = {.at = NULL};
    const rows_value names[] = {
        naming->label, naming->split, {.at = "\"idx\"", .length = 5}, inputs};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (rows_is_alike(name->at + 1, name->length - 2, names[i].at + 1, names[i].length - 2))
            return names[i];
    if (value->at[0] != '{')
        return none;
    const char *near = bindings_nearest_value(variables, push_name(L, name));
    lua_pop(L, 1);
    return near != NULL ? inputs : none;
}

/* [-0, +0, m] */
static rows_outcome check_names(lua_State *L, rows_reader *reader, const rows_observation *o) {
    rows_value name, value;
    rows_naming naming = rows_naming_of(reader);
    rows_members_start(&reader->json, &o->whole);
    while (reader->mappings == NULL && rows_members_next(&reader->json, &name, &value)) {
        if (is_reserved(&naming, &name))
            continue;
        rows_value near = meant(L, &naming, &name, &value);
        if (near.length == 0)
            continue;
        rows_refuse(reader, ROWS_BAD, "unknown field '%s', did you mean '%s'?", push_name(L, &name),
                    push_name(L, &near));
        lua_pop(L, 2);
        return ROWS_BAD;
    }
    return ROWS_READ;
}

/* [-0, +0, m] Says which member may have been meant for the answer. */
static rows_outcome refuse_missing(lua_State *L, rows_reader *reader, const rows_observation *o) {
    rows_value name, value;
    rows_naming naming = rows_naming_of(reader);
    const char *wanted[] = {push_name(L, &naming.label), NULL};
    rows_members_start(&reader->json, &o->whole);
    rows_refuse(reader, ROWS_BAD, "%s is missing", wanted[0]);
    while (rows_members_next(&reader->json, &name, &value)) {
        const char *given = push_name(L, &name);
        bool is_near =
            !is_reserved(&naming, &name) && bindings_nearest_value(wanted, given) != NULL;
        if (is_near)
            rows_refuse(reader, ROWS_BAD, "%s is missing, did you mean '%s'?", wanted[0], given);
        lua_pop(L, 1);
        if (is_near)
            break;
    }
    lua_pop(L, 1);
    bool is_first = reader->number == 0; /* all of them call the answer something else, perhaps */
    return is_first ? rows_refuse_as(reader, "no_column", ROWS_BAD) : ROWS_BAD;
}

static bool is_of_case(const rows_value *name) {
    return rows_is_name(name, "input_payload") || rows_is_name(name, "inputPayload") ||
           rows_is_name(name, "expected_payload") || rows_is_name(name, "expectedPayload") ||
           rows_is_name(name, "metadata");
}

/* [-0, +0, m] An observation has these fields only; idx is the row's number elsewhere. */
static rows_outcome check_nested(lua_State *L, rows_reader *reader, const rows_observation *o) {
    rows_value name, value;
    rows_naming naming = rows_naming_of(reader);
    rows_members_start(&reader->json, &o->whole);
    if (o->variables.at == NULL && !o->has_input)
        return rows_refuse(reader, ROWS_BAD, "variables is missing");
    if (o->variables.at != NULL && o->variables.at[0] != '{')
        return rows_refuse(reader, ROWS_BAD, "%s: object expected, got %s",
                           o->is_case ? "inputPayload" : "variables", type_of(&o->variables));
    if (o->metadata.at != NULL && o->metadata.at[0] != '{')
        return rows_refuse(reader, ROWS_BAD, "metadata: object expected, got %s",
                           type_of(&o->metadata));
    while (o->unknown.at != NULL && rows_members_next(&reader->json, &name, &value))
        if (!is_reserved(&naming, &name) && !rows_is_name(&name, "input") &&
            !(reader->room.payloads && is_of_case(&name)))
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
static rows_outcome check_expected(lua_State *L, rows_reader *reader, const rows_observation *o) {
    if (o->expected.at == NULL)
        return o->is_case ? ROWS_READ : refuse_missing(L, reader, o);
    if (o->expected.at[0] == '"')
        return rows_check_answer(reader, o->expected.at, o->expected.length);
    if (!reader->room.values)
        return rows_refuse(reader, ROWS_BAD,
                           "expected: string expected, got %s: observations have texts only, "
                           "put the answer in quotes",
                           type_of(&o->expected));
    return ROWS_READ;
}

/* [-0, +0, m] */
static rows_outcome check(lua_State *L, rows_reader *reader, const rows_observation *o,
                          bool is_flat) {
    rows_outcome outcome = is_flat ? check_names(L, reader, o) : check_nested(L, reader, o);
    if (outcome == ROWS_READ)
        outcome = check_expected(L, reader, o);
    if (outcome == ROWS_READ && o->split.at != NULL)
        outcome = check_split(L, reader, &o->split);
    return outcome;
}

/* ------------------------------------------------------------------- writing */

/* [-0, +0, m] */
static void add(lua_State *L, json_buffer *out, const char *before, const rows_value *value) {
    json_buffer_add(L, out, before, strlen(before));
    if (value != NULL)
        json_buffer_add(L, out, value->at, value->length);
}

/* [-0, +0, m] The members that are variables, with the braces around them. */
static rows_outcome write_flat(lua_State *L, rows_reader *reader, const rows_observation *o,
                               json_buffer *out) {
    rows_value name, value;
    rows_naming naming = rows_naming_of(reader);
    const char *before = "{";
    rows_members_start(&reader->json, &o->whole);
    while (rows_members_next(&reader->json, &name, &value)) {
        if (is_reserved(&naming, &name))
            continue;
        add(L, out, before, &name);
        add(L, out, ":", &value);
        before = ",";
    }
    if (*before == '{')
        return rows_refuse(reader, ROWS_BAD, "variables is missing");
    add(L, out, "}", NULL);
    return ROWS_READ;
}

/* [-0, +0, m] */
static void write_nested(lua_State *L, const rows_observation *o, json_buffer *out) {
    if (o->variables.at != NULL) {
        add(L, out, "", &o->variables);
    } else if (o->input.at != NULL) { /* the older form */
        add(L, out, "{\"input\":", &o->input);
        add(L, out, "}", NULL);
    } else {
        add(L, out, "{}", NULL);
    }
}

/* [-0, +0, m] The members of the object that were asked for. */
static rows_outcome write_mapped(lua_State *L, rows_reader *reader, const rows_value *object,
                                 json_buffer *out) {
    const char *before = "{";
    for (size_t i = 0; i < reader->mapping_count; i++) {
        rows_value name, value, column = rows_name_at(reader, reader->mappings[i].column);
        rows_value wanted = rows_name_at(reader, reader->mappings[i].name);
        bool found = false;
        rows_members_start(&reader->json, object);
        while (!found && rows_members_next(&reader->json, &name, &value))
            found = rows_is_same(&name, &column);
        if (!found)
            return rows_refuse(reader, ROWS_BAD, "%.*s is missing",
                               rows_cut(column.at, column.length), column.at);
        add(L, out, before, &wanted);
        add(L, out, ":", &value);
        before = ",";
    }
    add(L, out, *before == '{' ? "{}" : "}", NULL);
    return ROWS_READ;
}

/* [-0, +0, m] */
static rows_outcome write_inputs(lua_State *L, rows_reader *reader, const rows_observation *o,
                                 bool is_flat, json_buffer *out) {
    add(L, out, rows_before_inputs(&reader->room), NULL);
    if (reader->mappings != NULL)
        return write_mapped(L, reader, o->variables.at != NULL ? &o->variables : &o->whole, out);
    if (is_flat)
        return write_flat(L, reader, o, out);
    write_nested(L, o, out);
    return ROWS_READ;
}

rows_outcome rows_write_observation(lua_State *L, rows_reader *reader, const rows_observation *o,
                                    json_buffer *out) {
    bool is_flat = o->variables.at == NULL && (o->unknown.at != NULL || reader->mappings != NULL);
    rows_outcome outcome = check(L, reader, o, is_flat);
    if (outcome == ROWS_READ)
        outcome = write_inputs(L, reader, o, is_flat, out);
    if (outcome != ROWS_READ)
        return outcome;
    if (o->expected.at != NULL)
        add(L, out, rows_before_answer(&reader->room), &o->expected);
    if (o->split.at != NULL)
        add(L, out, ",\"split\":", &o->split);
    if (o->metadata.at != NULL)
        add(L, out, ",\"metadata\":", &o->metadata);
    add(L, out, "}", NULL);
    return ROWS_READ;
}
