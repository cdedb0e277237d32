/*
 * rows_json.c - observations in JSON text: read strictly before they are sent on as they stand,
 * and hashed by what they say.
 */
#include "rows.h"

#include "json_number.h"
#include "json_reader.h"
#include "json_text.h"

#include <limits.h>
#include <math.h>
#include <string.h>

bool rows_json_member(const char *at, const char *end, const char *name, rows_value *value) {
    size_t length = strlen(name);
    while (at < end && *at != '}') { /* at is at the brace or the comma before a member */
        const char *key = json_skip_space(at + 1, end);
        const char *colon = key < end && *key == '"' ? json_skip_string(key, end) : NULL;
        if (colon == NULL)
            return false;
        bool is_it = (size_t)(colon - key) == length + 2 && memcmp(key + 1, name, length) == 0;
        colon = json_skip_space(colon, end);
        value->at = colon < end ? json_skip_space(colon + 1, end) : end;
        at = json_skip_value(value->at, end);
        if (at == NULL)
            return false;
        value->length = (size_t)(at - value->at);
        if (is_it)
            return true;
        at = json_skip_space(at, end);
    }
    return false;
}

/* -------------------------------------------------------- reading strictly */

typedef struct reading {
    const char *at, *end;
    bool hashing;
    int depth;
    const char *what; /* why it fails */
} reading;

static bool fail(reading *r, const char *what) {
    r->what = what;
    return false;
}

/* Fails at the end of the text whatever was expected there: more may follow. */
static bool expect(reading *r, char c, const char *what) {
    r->at = json_skip_space(r->at, r->end);
    if (r->at == r->end || *r->at != c)
        return fail(r, what);
    r->at++;
    return true;
}

static bool peek(reading *r, char c) {
    r->at = json_skip_space(r->at, r->end);
    return r->at < r->end && *r->at == c;
}

static void hash_code_point(uint64_t *hash, unsigned long code) {
    if (code < 0x80) {
        *hash = rows_hash_byte(*hash, (unsigned char)code);
        return;
    }
    int following = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char leads[] = {0, 0xC0, 0xE0, 0xF0};
    *hash = rows_hash_byte(*hash, (unsigned char)(leads[following] | (code >> (6 * following))));
    while (following-- > 0)
        *hash = rows_hash_byte(*hash, (unsigned char)(0x80 | ((code >> (6 * following)) & 0x3F)));
}

/* The code unit of the \u escape at r->at; ULONG_MAX where there is none. */
static unsigned long read_unit(reading *r) {
    static const char digits[] = "0123456789abcdefABCDEF";
    unsigned long unit = 0;
    if (r->end - r->at < 6) {
        r->at = r->end;
        return ULONG_MAX;
    }
    if (r->at[0] != '\\' || r->at[1] != 'u')
        return ULONG_MAX;
    for (int i = 2; i < 6; i++) {
        const char *digit = memchr(digits, r->at[i], sizeof digits - 1);
        if (digit == NULL)
            return ULONG_MAX;
        unsigned long value = (unsigned long)(digit - digits);
        unit = unit << 4 | (value < 16 ? value : value - 6);
    }
    r->at += 6;
    return unit;
}

static bool read_unicode(reading *r, uint64_t *hash) {
    unsigned long code = read_unit(r);
    if (code == ULONG_MAX)
        return fail(r, "a \\u that four hexadecimal digits do not follow");
    if (code >= 0xD800 && code < 0xDC00) {
        unsigned long low = read_unit(r);
        if (low == ULONG_MAX || low < 0xDC00 || low > 0xDFFF)
            return fail(r, "half of a surrogate pair");
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code < 0xE000) {
        return fail(r, "half of a surrogate pair");
    }
    hash_code_point(hash, code);
    return true;
}

static bool read_escape(reading *r, uint64_t *hash) {
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    if (r->at + 1 == r->end) {
        r->at = r->end;
        return fail(r, "a string that does not end");
    }
    if (r->at[1] == 'u')
        return read_unicode(r, hash);
    const char *name = memchr(names, r->at[1], sizeof names - 1);
    if (name == NULL)
        return fail(r, "an escape that JSON does not have");
    *hash = rows_hash_byte(*hash, (unsigned char)values[name - names]);
    r->at += 2;
    return true;
}

/* A character beyond ASCII. */
static bool read_sequence(reading *r, uint64_t *hash) {
    size_t length = json_utf8_sequence(r->at, r->end);
    if (length == 0 && r->end - r->at < 4) /* its rest may follow */
        r->at = r->end;
    if (length == 0)
        return fail(r, "text that is not UTF-8");
    for (size_t i = 0; r->hashing && i < length; i++)
        *hash = rows_hash_byte(*hash, (unsigned char)r->at[i]);
    r->at += length;
    return true;
}

/* From quote to quote; r->at is at the first. */
static bool read_string(reading *r, uint64_t *hash) {
    *hash = ROWS_HASH_START;
    for (r->at++; r->at < r->end;) {
        if (!r->hashing)
            r->at = json_skip_plain(r->at, r->end);
        if (r->at == r->end)
            break;
        unsigned char byte = (unsigned char)*r->at;
        if (byte == '"') {
            r->at++;
            return true;
        } else if (byte < 0x20) {
            return fail(r, "a control character in a string");
        } else if (byte == '\\') {
            if (!read_escape(r, hash))
                return false;
        } else if (byte >= 0x80) {
            if (!read_sequence(r, hash))
                return false;
        } else { /* while hashing */
            *hash = rows_hash_byte(*hash, byte);
            r->at++;
        }
    }
    return fail(r, "a string that does not end");
}

/* Two numbers are the same where a double makes no difference between them. */
static bool read_number(reading *r, uint64_t *hash) {
    json_number number;
    uint64_t bits;
    const char *after = json_number_read(r->at, r->end, &number);
    if (after == NULL && json_skip_value(r->at, r->end) == NULL) /* its rest may follow */
        r->at = r->end;
    if (after == NULL)
        return fail(r, "no value");
    double real = number.is_integer ? (double)number.integer : number.real;
    if (isinf(real))
        return fail(r, "a number out of range");
    if (real == 0)
        real = 0; /* no negative zero */
    memcpy(&bits, &real, sizeof bits);
    *hash = rows_hash_mix(bits, 'n');
    r->at = after;
    return true;
}

static bool read_word(reading *r, const char *word, uint64_t *hash) {
    size_t length = strlen(word), left = (size_t)(r->end - r->at);
    if (memcmp(r->at, word, left < length ? left : length) != 0)
        return fail(r, "no value");
    if (left < length)
        r->at = r->end;
    if (left < length)
        return fail(r, "no value");
    *hash = rows_hash_mix((unsigned char)word[0], 'w');
    r->at += length;
    return true;
}

static bool read_value(reading *r, uint64_t *hash);

static bool read_array(reading *r, uint64_t *hash) {
    uint64_t element;
    *hash = 'a';
    r->at++;
    if (peek(r, ']')) {
        r->at++;
        return true;
    }
    do {
        if (!read_value(r, &element))
            return false;
        *hash = rows_hash_mix(*hash, element);
        if (peek(r, ']')) {
            r->at++;
            return true;
        }
    } while (expect(r, ',', "no comma between two elements"));
    return false;
}

/* A member's name and the colon after it. */
static bool read_name(reading *r, rows_value *name, uint64_t *hash) {
    if (!peek(r, '"'))
        return fail(r, "no name of a member");
    name->at = r->at;
    if (!read_string(r, hash))
        return false;
    name->length = (size_t)(r->at - name->at);
    return expect(r, ':', "no colon after a name");
}

static bool is_null(const char *at) {
    return *at == 'n';
}

/* The members' hashes are added up, so their order does not count. */
static bool read_object(reading *r, uint64_t *hash) {
    rows_value name;
    uint64_t key, value;
    *hash = 'o';
    r->at++;
    if (peek(r, '}')) {
        r->at++;
        return true;
    }
    do {
        if (!read_name(r, &name, &key))
            return false;
        r->at = json_skip_space(r->at, r->end);
        const char *begin = r->at;
        if (!read_value(r, &value))
            return false;
        if (!is_null(begin))
            *hash += rows_hash_mix(key, value);
        if (peek(r, '}')) {
            r->at++;
            *hash = rows_hash_mix(*hash, 'o');
            return true;
        }
    } while (expect(r, ',', "no comma between two members"));
    return false;
}

static bool read_value(reading *r, uint64_t *hash) {
    r->at = json_skip_space(r->at, r->end);
    if (r->at == r->end)
        return fail(r, "no value");
    char c = *r->at;
    bool fine;
    if (c == '"')
        return read_string(r, hash);
    if (c == 't' || c == 'f' || c == 'n')
        return read_word(r, c == 't' ? "true" : c == 'f' ? "false" : "null", hash);
    if (c != '{' && c != '[')
        return read_number(r, hash);
    if (++r->depth > JSON_MAX_DEPTH)
        return fail(r, "more than 1000 values within each other");
    fine = c == '{' ? read_object(r, hash) : read_array(r, hash);
    r->depth--;
    return fine;
}

/* ------------------------------------------------------------ observations */

/* Names are compared as they stand: nobody writes the letters of these with escapes. */
static bool is_name(const rows_value *name, const char *wanted) {
    return name->length == strlen(wanted) + 2 &&
           memcmp(name->at + 1, wanted, name->length - 2) == 0;
}

/* Where the member goes; NULL where it is none of an observation's. */
static rows_value *slot(rows_observation *o, const rows_value *name) {
    if (is_name(name, "variables"))
        return &o->variables;
    if (is_name(name, "expected"))
        return &o->expected;
    if (is_name(name, "split"))
        return &o->split;
    if (is_name(name, "input"))
        return &o->input;
    return NULL;
}

typedef struct hashes {
    uint64_t variables, expected, split;
} hashes;

static void keep_hash(hashes *kept, const rows_observation *o, const rows_value *place,
                      uint64_t value) {
    if (place == &o->variables)
        kept->variables = value;
    else if (place == &o->expected)
        kept->expected = value;
    else if (place == &o->split)
        kept->split = value;
}

static bool read_member(reading *r, rows_observation *o, hashes *kept) {
    rows_value name;
    uint64_t hash;
    if (!read_name(r, &name, &hash))
        return false;
    rows_value *place = slot(o, &name);
    r->at = json_skip_space(r->at, r->end);
    const char *begin = r->at;
    if (!read_value(r, &hash))
        return false;
    if (place == &o->input)
        o->has_input = true;
    if (place == NULL && o->unknown.at == NULL)
        o->unknown = name;
    if (place == NULL || is_null(begin))
        return true;
    if (place->at != NULL)
        return fail(r, "a member that is there twice");
    *place = (rows_value){.at = begin, .length = (size_t)(r->at - begin)};
    keep_hash(kept, o, place, hash);
    return true;
}

static bool read_observation(reading *r, rows_observation *o, hashes *kept) {
    if (!expect(r, '{', "no object"))
        return false;
    if (peek(r, '}')) {
        r->at++;
        return true;
    }
    do {
        if (!read_member(r, o, kept))
            return false;
        if (peek(r, '}')) {
            r->at++;
            return true;
        }
    } while (expect(r, ',', "no comma between two members"));
    return false;
}

const char *rows_json_observation(const char *at, const char *end, rows_observation *observation,
                                  rows_problem *problem) {
    reading r = {.at = at, .end = end};
    hashes unused;
    *observation = (rows_observation){.has_input = false};
    if (read_observation(&r, observation, &unused)) {
        observation->whole = (rows_value){.at = at, .length = (size_t)(r.at - at)};
        return r.at;
    }
    *problem = (rows_problem){.what = r.what, .at = r.at};
    return NULL;
}

bool rows_json_hash(const char *text, size_t length, uint64_t *hash) {
    static const char eval[] = "\"eval\"";
    reading r = {.at = text, .end = text + length, .hashing = true};
    reading fallback = {.at = eval, .end = eval + sizeof eval - 1, .hashing = true};
    rows_observation o = {.has_input = false};
    hashes kept = {0, 0, 0};
    read_string(&fallback, &kept.split);
    if (!read_observation(&r, &o, &kept))
        return false;
    *hash = rows_hash_mix(rows_hash_mix(kept.variables, kept.expected), kept.split);
    return true;
}
