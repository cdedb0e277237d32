/* json_reader.c - the grammar of JSON as a machine that stops anywhere. */
#include "json_reader.h"

#include "ascii.h"
#include "json_text.h"
#include "utf8.h"

#include <math.h>
#include <stdlib.h>

/* What may come next. */
enum {
    AT_START,   /* a byte order mark, or the value */
    AT_VALUE,   /* a value */
    AT_ELEMENT, /* an array's first element, or its end */
    AT_MEMBER,  /* an object's first key, or its end */
    AT_KEY,     /* a key */
    AT_COLON,   /* the colon behind a key */
    AT_COMMA,   /* a comma or a closing bracket; behind the root value: nothing */
    IN_STRING   /* the rest of a string */
};

static json_event fail(json_reader *r, const char *problem) {
    r->problem = problem;
    return JSON_FAILED;
}

/* The text is over, or there is no more of it yet. */
static json_event at_end(json_reader *r) {
    r->begin = r->state == IN_STRING ? r->begin : r->at;
    if (!r->last)
        return JSON_WANTS;
    if (r->state == AT_COMMA && r->depth == 0)
        return JSON_END;
    r->at = r->end;
    return fail(r, "unexpected end of the text");
}

/* ------------------------------------------------------------------ strings */

/* Adds to what the string stands for; false if out of memory. */
static bool add(json_reader *r, const char *text, size_t length) {
    if (r->scratch_capacity - r->scratch_length <= length) {
        size_t capacity = 2 * r->scratch_capacity + length + 64;
        char *scratch = memory_resize(r->allocator, r->scratch, capacity);
        if (scratch == NULL)
            return false;
        r->scratch = scratch;
        r->scratch_capacity = capacity;
    }
    memcpy(r->scratch + r->scratch_length, text, length);
    r->scratch_length += length;
    return true;
}

/* Adds the run before r->at, JSON_READER_BYTES of it at most: JSON_PAUSED if more is left. */
static json_event add_run(json_reader *r) {
    size_t length = (size_t)(r->at - r->run);
    bool is_long = length > JSON_READER_BYTES;
    if (!add(r, r->run, is_long ? JSON_READER_BYTES : length))
        return fail(r, NULL);
    r->run += is_long ? JSON_READER_BYTES : length;
    return is_long ? JSON_PAUSED : JSON_STRING;
}

/* From here on the string is not what stands in the text: adds the run before and `bytes`, and goes
 * on behind `skipped` bytes of the text. */
static json_event substitute(json_reader *r, const char *bytes, size_t length, size_t skipped) {
    if (!r->escaped)
        r->scratch_length = 0;
    r->escaped = true;
    json_event event = add_run(r);
    if (event != JSON_STRING)
        return event;
    if (!add(r, bytes, length))
        return fail(r, NULL);
    r->at += skipped;
    r->run = r->at;
    return JSON_STRING;
}

static json_event replace(json_reader *r, size_t skipped, const char *problem) {
    return r->refuses ? fail(r, problem) : substitute(r, "\xEF\xBF\xBD", 3, skipped);
}

/* A \u escape with its other half, if it is a surrogate. */
static json_event read_unicode(json_reader *r) {
    char bytes[4];
    size_t available = (size_t)(r->end - r->at);
    if (available < 6)
        return r->last ? fail(r, "invalid escape") : JSON_WANTS;
    int32_t unit = (int32_t)ascii_read_hex(r->at + 2, r->end, 4), low = -1;
    if (unit < 0)
        return fail(r, "invalid escape");
    if (unit < 0xD800 || unit > 0xDFFF)
        return substitute(r, bytes, utf8_write((uint32_t)unit, bytes), 6);
    if (unit < 0xDC00) {
        size_t behind = available - 6 < 2 ? available - 6 : 2;
        bool may_be_pair = memcmp(r->at + 6, "\\u", behind) == 0;
        if (may_be_pair && available < 12 && !r->last)
            return JSON_WANTS;
        if (may_be_pair && available >= 12)
            low = (int32_t)ascii_read_hex(r->at + 8, r->end, 4);
    }
    if (low < 0xDC00 || low > 0xDFFF)
        return replace(r, 6, "half of a surrogate pair");
    uint32_t code = 0x10000 + (((uint32_t)unit - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
    return substitute(r, bytes, utf8_write(code, bytes), 12);
}

static json_event read_escape(json_reader *r) {
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    if (r->end - r->at < 2)
        return r->last ? at_end(r) : JSON_WANTS;
    if (r->at[1] == 'u')
        return read_unicode(r);
    const char *name = memchr(names, r->at[1], sizeof names - 1);
    if (name == NULL)
        return fail(r, "invalid escape");
    return substitute(r, values + (name - names), 1, 2);
}

/* Characters beyond ASCII, up to the next ASCII character. */
static json_event read_beyond_ascii(json_reader *r, const char *stop) {
    do {
        size_t length = utf8_sequence(r->at, r->end);
        if (length > 0) {
            r->at += length;
            continue;
        }
        if (!r->last && utf8_is_cut(r->at, r->end))
            return JSON_WANTS;
        json_event event = replace(r, utf8_invalid(r->at, r->end), "text that is not UTF-8");
        if (event != JSON_STRING)
            return event;
    } while (r->at < stop && (unsigned char)*r->at >= 0x80);
    return JSON_STRING;
}

/* The closing quote. */
static json_event end_string(json_reader *r) {
    json_event event = r->escaped ? add_run(r) : JSON_STRING;
    if (event != JSON_STRING)
        return event;
    r->text = r->escaped ? r->scratch : r->run;
    r->length = r->escaped ? r->scratch_length : (size_t)(r->at - r->run);
    r->at++;
    r->state = r->string_event == JSON_KEY ? AT_COLON : AT_COMMA;
    return (json_event)r->string_event;
}

static json_event read_string(json_reader *r) {
    const char *stop =
        (size_t)(r->end - r->at) > JSON_READER_BYTES ? r->at + JSON_READER_BYTES : r->end;
    json_event event = JSON_STRING;
    r->state = IN_STRING;
    while (event == JSON_STRING) {
        r->at = json_skip_plain(r->at, stop);
        if (r->at >= stop)
            return stop < r->end ? JSON_PAUSED : at_end(r);
        unsigned char byte = (unsigned char)*r->at;
        if (byte == '"')
            return end_string(r);
        if (byte < 0x20)
            return fail(r, "control character in a string");
        event = byte == '\\' ? read_escape(r) : read_beyond_ascii(r, stop);
    }
    return event;
}

static json_event begin_string(json_reader *r, json_event event) {
    r->begin = r->at++;
    r->run = r->at;
    r->escaped = false;
    r->string_event = (unsigned char)event;
    return read_string(r);
}

/* ------------------------------------------------------------------ values */

static json_event read_number(json_reader *r) {
    const char *stop =
        (size_t)(r->end - r->at) > JSON_NUMBER_BYTES ? r->at + JSON_NUMBER_BYTES : r->end;
    const char *after = json_number_read(r->at, stop, &r->number);
    bool cut = after == stop || (after == NULL && json_number_is_cut(r->at, stop));
    if (cut && stop < r->end)
        return fail(r, "number of more than 65536 characters");
    if (cut && !r->last)
        return JSON_WANTS;
    if (after == NULL)
        return fail(r, "invalid number");
    if (!r->number.is_integer && isinf(r->number.real))
        return fail(r, "number out of range");
    r->at = after;
    r->state = AT_COMMA;
    return JSON_NUMBER;
}

static json_event read_word(json_reader *r, const char *word, size_t length, json_event event) {
    size_t available = (size_t)(r->end - r->at);
    if (memcmp(r->at, word, available < length ? available : length) != 0)
        return fail(r, "expected a value");
    if (available < length)
        return at_end(r);
    r->at += length;
    r->state = AT_COMMA;
    return event;
}

static json_event open_nested(json_reader *r, bool object) {
    if (r->depth == JSON_MAX_DEPTH)
        return fail(r, "nested deeper than 1000 arrays and objects");
    unsigned char bit = (unsigned char)(1u << (r->depth & 7)), *bits = &r->objects[r->depth >> 3];
    *bits = (unsigned char)(object ? *bits | bit : *bits & ~bit);
    r->depth++;
    r->in_object = object;
    r->at++;
    r->state = object ? AT_MEMBER : AT_ELEMENT;
    return object ? JSON_OPEN_OBJECT : JSON_OPEN_ARRAY;
}

static json_event close_nested(json_reader *r) {
    r->depth--;
    int around = r->depth - 1;
    r->in_object = around >= 0 && (r->objects[around >> 3] >> (around & 7) & 1) != 0;
    r->at++;
    r->state = AT_COMMA;
    return JSON_CLOSE;
}

static json_event read_value(json_reader *r) {
    r->begin = r->at;
    switch (*r->at) {
    case '"':
        return begin_string(r, JSON_STRING);
    case '{':
        return open_nested(r, true);
    case '[':
        return open_nested(r, false);
    case 't':
        return read_word(r, "true", 4, JSON_TRUE);
    case 'f':
        return read_word(r, "false", 5, JSON_FALSE);
    case 'n':
        return read_word(r, "null", 4, JSON_NULL);
    default:
        if (*r->at == '-' || ascii_is_digit(*r->at))
            return read_number(r);
        return fail(r, "expected a value");
    }
}

/* ------------------------------------------------------------------ the machine */

/* Skips a byte order mark; false if more bytes have to decide whether it is one. */
static bool read_mark(json_reader *r) {
    size_t available = (size_t)(r->end - r->at), length = available < 3 ? available : 3;
    bool is_mark = length == 0 || memcmp(r->at, "\xEF\xBB\xBF", length) == 0;
    if (is_mark && length < 3 && !r->last)
        return false;
    r->at += is_mark && length == 3 ? 3 : 0;
    r->state = AT_VALUE;
    return true;
}

/* To the next byte that is not white space; JSON_WANTS or JSON_PAUSED if none is in reach. */
static inline json_event skip_space(json_reader *r) {
    if (r->at < r->end && (unsigned char)*r->at > ' ')
        return JSON_END;
    const char *stop =
        (size_t)(r->end - r->at) > JSON_READER_BYTES ? r->at + JSON_READER_BYTES : r->end;
    r->at = json_skip_space(r->at, stop);
    r->begin = r->at;
    return r->at < stop ? JSON_END : stop < r->end ? JSON_PAUSED : JSON_WANTS;
}

/* Behind a value: what goes on there, or ends. JSON_END: a comma was skipped. */
static inline json_event read_comma(json_reader *r) {
    char c = *r->at;
    if (r->depth == 0)
        return fail(r, "expected the end");
    if (c == ',') {
        r->at++;
        r->state = r->in_object ? AT_KEY : AT_VALUE;
        return JSON_END;
    }
    if (c == (r->in_object ? '}' : ']'))
        return close_nested(r);
    return fail(r, r->in_object ? "expected a comma or a brace" : "expected a comma or a bracket");
}

json_event json_reader_next(json_reader *r) {
    if (r->state == IN_STRING)
        return read_string(r);
    if (r->state == AT_START && !read_mark(r))
        return JSON_WANTS;
    for (;;) {
        json_event event = skip_space(r);
        if (event != JSON_END)
            return event == JSON_WANTS ? at_end(r) : event;
        switch (r->state) {
        case AT_COMMA:
            event = read_comma(r);
            if (event != JSON_END)
                return event;
            break;
        case AT_COLON:
            if (*r->at != ':')
                return fail(r, "expected a colon");
            r->at++;
            r->state = AT_VALUE;
            break;
        case AT_MEMBER:
        case AT_KEY:
            if (*r->at == '"')
                return begin_string(r, JSON_KEY);
            return r->state == AT_MEMBER && *r->at == '}' ? close_nested(r)
                                                          : fail(r, "expected a key");
        case AT_ELEMENT:
            return *r->at == ']' ? close_nested(r) : read_value(r);
        default:
            return read_value(r);
        }
    }
}

/* ------------------------------------------------------------------ its text */

void json_reader_start(json_reader *r, const char *text, size_t length, bool last,
                       json_damage damage) {
    r->at = r->begin = r->run = text;
    r->end = text + length;
    r->last = last;
    r->refuses = damage == JSON_REFUSE;
    r->depth = 0;
    r->in_object = false;
    r->escaped = false;
    r->state = AT_START;
    r->problem = NULL;
}

void json_reader_feed(json_reader *r, const char *begin, size_t length, bool last) {
    r->at = begin + (r->at - r->begin);
    r->run = r->state == IN_STRING ? begin + (r->run - r->begin) : begin;
    r->begin = begin;
    r->end = begin + length;
    r->last = last;
}

size_t json_reader_place(const json_reader *r, const char *text) {
    size_t place = 1;
    for (const char *p = text; p < r->at; p++)
        place += ((unsigned char)*p & 0xC0) != 0x80;
    return place;
}

void json_reader_shrink(json_reader *r, size_t most) {
    size_t left = r->scratch_capacity > most ? r->scratch_capacity - most : 0;
    char *scratch = left > 0 ? memory_resize(r->allocator, r->scratch, left) : NULL;
    if (scratch == NULL) {
        memory_free(r->allocator, r->scratch);
        left = 0;
    }
    r->scratch = scratch;
    r->scratch_capacity = left;
}

void json_reader_free(json_reader *r) {
    memory_free(r->allocator, r->scratch);
    *r = (json_reader){.allocator = r->allocator};
}
