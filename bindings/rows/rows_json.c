/*
 * rows_json.c - observations in JSON text: read strictly before they are sent unchanged, and hashed
 * by content.
 */
#include "rows_json.h"

#include "json_number.h"
#include "rows_hash.h"

#include <string.h>

/* An observation that is being read. */
typedef struct reading {
    json_reader *json;
    const rows_naming *naming;
    json_event event; /* the last one */
    const char *problem;
} reading;

static bool fail(reading *r, const char *problem) {
    r->problem = problem;
    return false;
}

static uint64_t hash_text(const reading *r) {
    uint64_t hash = ROWS_HASH_START;
    for (size_t i = 0; i < r->json->length; i++)
        hash = rows_hash_byte(hash, (unsigned char)r->json->text[i]);
    return hash;
}

/* Readers of JSON take one of two members with the same name, and not all of them the same one:
 * the row that the platform lists would not be the row that was sent. */
static bool check_keys(reading *r, rows_keys *keys) {
    bool fine = true;
    if (r->event == JSON_OPEN_OBJECT || r->event == JSON_OPEN_ARRAY)
        fine = rows_keys_open(keys);
    else if (r->event == JSON_KEY)
        fine = rows_keys_add(keys, hash_text(r));
    else if (r->event == JSON_CLOSE && rows_keys_close(keys))
        return fail(r, "a member appears twice");
    return fine || fail(r, "not enough memory");
}

/* To the next event; false at an error and at the end of the text, which `event` distinguishes. */
static bool next(reading *r) {
    do
        r->event = json_reader_next(r->json);
    while (r->event == JSON_PAUSED);
    if (r->event == JSON_FAILED)
        r->problem = r->json->problem != NULL ? r->json->problem : "not enough memory";
    if (r->event <= JSON_END)
        return false;
    return r->naming == NULL || r->naming->keys == NULL || check_keys(r, r->naming->keys);
}

/* ------------------------------------------------------------------ hashes */

/* Two numbers are the same where a double makes no difference between them. */
static uint64_t hash_number(const json_number *number) {
    double real = number->is_integer ? (double)number->integer : number->real;
    uint64_t bits;
    if (real == 0)
        real = 0; /* no negative zero */
    memcpy(&bits, &real, sizeof bits);
    return rows_hash_mix(bits, 'n');
}

/* An array or object that is open. A list of them, not functions within each other: depth costs no
 * C stack. */
typedef struct open_value {
    uint64_t hash;
    uint64_t key; /* of the member that is read */
    bool is_object;
} open_value;

/* The members' hashes are added up, so their order does not count. */
static void hash_member(open_value *around, json_event event, uint64_t hash) {
    if (!around->is_object)
        around->hash = rows_hash_mix(around->hash, hash);
    else if (event != JSON_NULL)
        around->hash += rows_hash_mix(around->key, hash);
}

/* To the value of the next element or member, or to the end of the table. */
static bool next_value(reading *r, open_value *around) {
    if (!next(r))
        return false;
    if (!around->is_object || r->event == JSON_CLOSE)
        return true;
    around->key = hash_text(r);
    return next(r);
}

/* The hash of a value without its elements and members: they are added until it is closed. */
static uint64_t hash_token(const reading *r) {
    switch (r->event) {
    case JSON_OPEN_ARRAY:
        return 'a';
    case JSON_OPEN_OBJECT:
        return 'o';
    case JSON_STRING:
        return hash_text(r);
    case JSON_NUMBER:
        return hash_number(&r->json->number);
    default: /* true, false, null */
        return rows_hash_mix((uint64_t)r->event, 'w');
    }
}

/* The value that the last event begins. */
static bool hash_value(reading *r, uint64_t *hash) {
    open_value open[JSON_MAX_DEPTH];
    int depth = 0;
    for (;;) {
        if (r->event == JSON_OPEN_ARRAY || r->event == JSON_OPEN_OBJECT) {
            open[depth++] =
                (open_value){.hash = hash_token(r), .is_object = r->event == JSON_OPEN_OBJECT};
        } else {
            uint64_t value = hash_token(r);
            if (r->event == JSON_CLOSE) {
                depth--;
                value =
                    open[depth].is_object ? rows_hash_mix(open[depth].hash, 'o') : open[depth].hash;
            }
            if (depth == 0) {
                *hash = value;
                return true;
            }
            hash_member(&open[depth - 1], r->event, value);
        }
        if (!next_value(r, &open[depth - 1]))
            return false;
    }
}

static bool is_text(const reading *r, const char *text) {
    return r->json->length == strlen(text) && memcmp(r->json->text, text, r->json->length) == 0;
}

/* An answer, of which { value = x } means x: platforms have turned the one into the other. */
static bool hash_answer(reading *r, uint64_t *hash) {
    uint64_t value = 0, sum = 'o', members = 0;
    bool is_wrapped = false;
    if (r->event != JSON_OPEN_OBJECT)
        return hash_value(r, hash);
    for (; next(r) && r->event != JSON_CLOSE; members++) {
        uint64_t key = hash_text(r);
        is_wrapped = is_text(r, "value");
        if (!next(r))
            return false;
        if (r->event == JSON_NULL)
            continue;
        if (!(is_wrapped ? hash_answer(r, &value) : hash_value(r, &value)))
            return false;
        sum += rows_hash_mix(key, value);
    }
    *hash = members == 1 && is_wrapped ? value : rows_hash_mix(sum, 'o');
    return r->event == JSON_CLOSE;
}

/* To the end of the value that the last event begins. */
static bool skip_value(reading *r) {
    int depth = r->json->depth;
    if (r->event != JSON_OPEN_ARRAY && r->event != JSON_OPEN_OBJECT)
        return true;
    while (next(r))
        if (r->event == JSON_CLOSE && r->json->depth < depth)
            return true;
    return false;
}

/* ------------------------------------------------------------------ observations */

/* The token that the last event was, as it stands in the text. */
static rows_value token(const json_reader *json) {
    return (rows_value){.at = json->begin, .length = (size_t)(json->at - json->begin)};
}

/* Names are compared as they stand: writers do not escape the letters of these. */
bool rows_is_name(const rows_value *name, const char *wanted) {
    return name->length == strlen(wanted) + 2 &&
           memcmp(name->at + 1, wanted, name->length - 2) == 0;
}

bool rows_is_same(const rows_value *name, const rows_value *other) {
    return name->length == other->length && memcmp(name->at, other->at, name->length) == 0;
}

/* Where the member of a case goes; NULL for any other member. */
static rows_value *case_slot(rows_observation *o, const rows_value *name) {
    if (rows_is_name(name, "inputPayload") || rows_is_name(name, "input_payload"))
        return &o->variables;
    if (rows_is_name(name, "expectedPayload") || rows_is_name(name, "expected_payload"))
        return &o->expected;
    return NULL;
}

/* Where the member of an observation goes; NULL for any other member. */
static rows_value *slot(rows_observation *o, const rows_naming *naming, const rows_value *name) {
    if (rows_is_same(name, &naming->label))
        return &o->expected;
    if (rows_is_same(name, &naming->split))
        return &o->split;
    if (rows_is_name(name, "variables"))
        return &o->variables;
    if (rows_is_name(name, "input"))
        return &o->input;
    return NULL;
}

typedef struct hashes {
    uint64_t variables, expected, split, other;
} hashes;

/* Where the member's hash goes. */
static uint64_t *hash_of(hashes *kept, const rows_observation *o, const rows_value *place) {
    return place == &o->variables  ? &kept->variables
           : place == &o->expected ? &kept->expected
           : place == &o->split    ? &kept->split
                                   : &kept->other;
}

/* The value that the last event begins, which goes to this place. */
static bool read_value(reading *r, const rows_observation *o, const rows_value *place,
                       hashes *kept) {
    if (kept == NULL)
        return skip_value(r);
    uint64_t *hash = hash_of(kept, o, place);
    return place == &o->expected ? hash_answer(r, hash) : hash_value(r, hash);
}

/* The member whose key the last event was. `kept` is NULL without hashes. */
static bool read_member(reading *r, rows_observation *o, hashes *kept) {
    bool payloads = r->naming->payloads;
    rows_value name = token(r->json), *place = payloads ? case_slot(o, &name) : NULL;
    o->is_case = o->is_case || place == &o->variables;
    if (place == NULL)
        place =
            payloads && rows_is_name(&name, "metadata") ? &o->metadata : slot(o, r->naming, &name);
    if (!next(r))
        return false;
    bool is_null = r->event == JSON_NULL;
    const char *begin = r->json->begin;
    if (!read_value(r, o, is_null ? NULL : place, kept))
        return false;
    if (place == &o->input)
        o->has_input = true;
    if (place == NULL && o->unknown.at == NULL)
        o->unknown = name;
    if (place == NULL || is_null)
        return true;
    if (place->at != NULL)
        return fail(r, "a member appears twice");
    *place = (rows_value){.at = begin, .length = (size_t)(r->json->at - begin)};
    return true;
}

static bool read_observation(reading *r, rows_observation *o, hashes *kept) {
    /* A byte order mark belongs to a file, which has it skipped already. */
    bool is_marked = r->json->at < r->json->end && *r->json->at == '\xEF';
    if (is_marked || (next(r) && r->event != JSON_OPEN_OBJECT)) {
        r->json->at = r->json->begin;
        return fail(r, "expected an object");
    }
    while (r->event > JSON_END && next(r) && r->event == JSON_KEY)
        if (!read_member(r, o, kept))
            return false;
    return r->event == JSON_CLOSE && r->problem == NULL;
}

rows_progress rows_json_observation(json_reader *json, const char *at, const char *end, bool last,
                                    const rows_naming *naming, rows_observation *observation,
                                    rows_problem *problem) {
    reading r = {.json = json, .naming = naming};
    *observation = (rows_observation){.has_input = false};
    if (naming->keys != NULL)
        rows_keys_start(naming->keys);
    json_reader_start(json, at, (size_t)(end - at), last, JSON_REFUSE);
    bool done = read_observation(&r, observation, NULL);
    if (done) {
        observation->whole = (rows_value){.at = at, .length = (size_t)(json->at - at)};
        return ROWS_WHOLE;
    }
    if (r.problem == NULL)
        return ROWS_UNFINISHED;
    *problem = (rows_problem){
        .what = r.problem, .place = json_reader_place(json, at), .is_json = r.event != JSON_FAILED};
    return ROWS_WRONG;
}

void rows_members_start(json_reader *json, const rows_value *object) {
    json_reader_start(json, object->at, object->length, true, JSON_REFUSE);
}

bool rows_members_next(json_reader *json, rows_value *name, rows_value *value) {
    reading r = {.json = json};
    if (!next(&r) || (r.event == JSON_OPEN_OBJECT && !next(&r)) || r.event != JSON_KEY)
        return false;
    *name = token(json);
    if (!next(&r))
        return false;
    value->at = json->begin;
    if (!skip_value(&r))
        return false;
    value->length = (size_t)(json->at - value->at);
    return true;
}

const rows_naming rows_own_naming = {.label = {.at = "\"expected\"", .length = 10},
                                     .split = {.at = "\"split\"", .length = 7},
                                     .payloads = true};

bool rows_json_content(const char *text, size_t length, rows_content *content) {
    json_reader json = {.text = NULL};
    reading r = {.json = &json, .naming = &rows_own_naming};
    rows_observation o = {.has_input = false};
    hashes kept = {.split = ROWS_NO_SPLIT};
    json_reader_start(&json, text, length, true, JSON_REPLACE);
    bool done = read_observation(&r, &o, &kept);
    json_reader_free(&json);
    content->hash = rows_hash_mix(kept.variables, kept.expected);
    content->split = kept.split;
    return done;
}
