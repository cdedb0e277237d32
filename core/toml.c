#include "toml.h"

#include "ascii.h"
#include "text.h"
#include "utf8.h"

#include <string.h>

/* How deep arrays and inline tables may be nested. */
#define MAX_DEPTH 64

typedef struct reader {
    const char *at, *end;
    size_t line;
    bool in_table;
    /* Decoded strings lie in two buffers as long as the text, which no decoded string outgrows:
     * one allocation each, so that no copy of a secret is left behind by a realloc. */
    char *key, *value;
    size_t key_length, key_parts;
    const char *fault; /* the problem, on line `line` */
} reader;

/* Always false, so that a function can fail in one line. */
static bool fail(reader *r, const char *message) {
    r->fault = message;
    return false;
}

/* -------------------------------------------------------------- characters */

static bool is_next(const reader *r, char c) {
    return r->at < r->end && *r->at == c;
}

static bool starts_with(const reader *r, const char *word) {
    size_t length = strlen(word);
    return (size_t)(r->end - r->at) >= length && memcmp(r->at, word, length) == 0;
}

static bool is_bare(char c) {
    return ascii_is_alphanumeric(c) || c == '_' || c == '-';
}

static bool is_control(char c) {
    return ascii_is_control(c) && c != '\t';
}

static bool at_newline(const reader *r) {
    return is_next(r, '\n') || starts_with(r, "\r\n");
}

static void skip_newline(reader *r) {
    r->at += *r->at == '\r' ? 2 : 1;
    r->line++;
}

static void skip_blanks(reader *r) {
    while (is_next(r, ' ') || is_next(r, '\t'))
        r->at++;
}

static void skip_comment(reader *r) {
    if (is_next(r, '#'))
        while (r->at < r->end && !at_newline(r))
            r->at++;
}

/* Blanks, comments and line breaks, which may stand anywhere inside an array. */
static void skip_space(reader *r) {
    for (;;) {
        skip_blanks(r);
        skip_comment(r);
        if (!at_newline(r))
            return;
        skip_newline(r);
    }
}

/* ----------------------------------------------------------------- strings */

/* A string under way: the buffer of its characters, and its length by now. */
typedef struct string {
    char *data;
    size_t length;
} string;

static bool read_code_point(reader *r, string *out, int digits) {
    int64_t code = ascii_read_hex(r->at, r->end, digits);
    if (code < 0)
        return fail(r, "\\u needs four hexadecimal digits, \\U eight");
    r->at += digits;
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return fail(r, "an escape in a string is not a character");
    out->length += utf8_write((uint32_t)code, out->data + out->length);
    return true;
}

static bool read_escape(reader *r, string *out) {
    static const char letters[] = "btnfr\"\\", meanings[] = "\b\t\n\f\r\"\\";
    r->at++;
    char letter = r->at < r->end ? *r->at++ : '\0';
    const char *known = letter != '\0' ? strchr(letters, letter) : NULL;
    if (known != NULL) {
        out->data[out->length++] = meanings[known - letters];
        return true;
    }
    if (letter == 'u' || letter == 'U')
        return read_code_point(r, out, letter == 'u' ? 4 : 8);
    return fail(r, "an unknown escape in a string; a backslash is written \\\\");
}

/* A backslash at a line's end drops the line break and all white space before the next text. */
static bool skip_line_continuation(reader *r) {
    const char *start = r->at++;
    skip_blanks(r);
    if (!at_newline(r)) {
        r->at = start;
        return false;
    }
    while (at_newline(r)) {
        skip_newline(r);
        skip_blanks(r);
    }
    return true;
}

/* Reads a string, from its first quote on, which is in `quotes` once or three times. */
static bool read_string(reader *r, string *out, const char *quotes) {
    bool is_basic = quotes[0] == '"', is_multiline = quotes[1] != '\0';
    size_t first_line = r->line;
    out->length = 0;
    r->at += strlen(quotes);
    if (is_multiline && at_newline(r))
        skip_newline(r);
    while (!starts_with(r, quotes)) {
        if (r->at == r->end || (!is_multiline && at_newline(r))) {
            r->line = first_line;
            return fail(r, "a string has no end");
        }
        if (is_basic && *r->at == '\\') {
            if (!(is_multiline && skip_line_continuation(r)) && !read_escape(r, out))
                return false;
        } else if (is_multiline && at_newline(r)) {
            skip_newline(r);
            out->data[out->length++] = '\n';
        } else if (is_control(*r->at)) {
            return fail(r, "a control character in a string");
        } else {
            out->data[out->length++] = *r->at++;
        }
    }
    r->at += strlen(quotes);
    /* Up to two quotes more before the closing three belong to the text. */
    for (int i = 0; is_multiline && i < 2 && is_next(r, quotes[0]); i++)
        out->data[out->length++] = *r->at++;
    out->data[out->length] = '\0';
    return true;
}

/* The quotes that begin a string here, or NULL. */
static const char *string_quotes(const reader *r) {
    static const char *const quotes[] = {"\"\"\"", "'''", "\"", "'"};
    for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++)
        if (starts_with(r, quotes[i]))
            return quotes[i];
    return NULL;
}

/* ------------------------------------------------------------ other values */

/* A number, a date or a boolean: only its characters are checked, and its first one, by which a
 * string without quotes is recognised. */
static bool skip_word(reader *r) {
    const char *start = r->at;
    bool is_date;
    do {
        while (r->at < r->end &&
               (is_bare(*r->at) || *r->at == '+' || *r->at == '.' || *r->at == ':'))
            r->at++;
        /* One blank may stand between a date and its time. */
        is_date = r->at - start == 10 && ascii_is_digit(*start) && start[4] == '-' &&
                  r->end - r->at >= 2 && *r->at == ' ' && ascii_is_digit(r->at[1]);
        r->at += is_date ? 1 : 0;
    } while (is_date);
    size_t length = (size_t)(r->at - start);
    if (length == 0)
        return fail(r, "a value is missing");
    if (ascii_is_digit(*start) || ((*start == '+' || *start == '-') && length > 1))
        return true;
    static const char *const words[] = {"true", "false", "inf", "nan"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == length && memcmp(words[i], start, length) == 0)
            return true;
    return fail(r, "not a TOML value; a string needs quotes around it");
}

/* Skips an array or an inline table with its contents. */
static bool skip_brackets(reader *r) {
    char closing[MAX_DEPTH];
    size_t depth = 0, first_line = r->line;
    do {
        string scratch = {r->value, 0};
        const char *quotes = string_quotes(r);
        if (r->at == r->end) {
            r->line = first_line;
            return fail(r, "an array or inline table has no end");
        }
        if (quotes != NULL) {
            if (!read_string(r, &scratch, quotes))
                return false;
        } else if (*r->at == '[' || *r->at == '{') {
            if (depth == MAX_DEPTH)
                return fail(r, "arrays are nested too deeply");
            closing[depth++] = *r->at++ == '[' ? ']' : '}';
        } else if (*r->at == ']' || *r->at == '}') {
            if (*r->at++ != closing[--depth])
                return fail(r, "an opening and a closing bracket do not match");
        } else if (is_control(*r->at)) {
            return fail(r, "a control character in an array");
        } else {
            r->at++;
        }
        if (depth > 0)
            skip_space(r);
    } while (depth > 0);
    return true;
}

/* -------------------------------------------------------------------- keys */

/* Reads a key into r->key. */
static bool read_key(reader *r) {
    r->key_length = r->key_parts = 0;
    do {
        string part = {r->key + r->key_length, 0};
        skip_blanks(r);
        if (is_next(r, '"') || is_next(r, '\'')) {
            if (!read_string(r, &part, is_next(r, '"') ? "\"" : "'"))
                return false;
        } else {
            while (r->at < r->end && is_bare(*r->at))
                part.data[part.length++] = *r->at++;
            if (part.length == 0)
                return fail(r, "a key is missing, or needs quotes around it");
        }
        r->key_length += part.length;
        r->key_parts++;
        skip_blanks(r);
    } while (is_next(r, '.') && (r->key[r->key_length++] = *r->at++));
    r->key[r->key_length] = '\0';
    return true;
}

/* -------------------------------------------------------------------- lines */

static bool read_table_header(reader *r, toml_entry *entry, const char *toml) {
    const char *closing = starts_with(r, "[[") ? "]]" : "]";
    *entry = (toml_entry){.key = r->key, .is_header = true, .in_table = true, .line = r->line};
    entry->start = (size_t)(r->at - toml);
    r->at += strlen(closing);
    r->in_table = true;
    if (!read_key(r))
        return false;
    if (!starts_with(r, closing))
        return fail(r, "a [table] has no closing bracket");
    r->at += strlen(closing);
    entry->end = (size_t)(r->at - toml);
    return true;
}

static bool read_value(reader *r, toml_entry *entry, const char *toml) {
    const char *quotes = string_quotes(r);
    string value = {r->value, 0};
    bool is_good;
    entry->start = (size_t)(r->at - toml);
    if (quotes != NULL)
        is_good = read_string(r, &value, quotes);
    else if (is_next(r, '[') || is_next(r, '{'))
        is_good = skip_brackets(r);
    else
        is_good = skip_word(r);
    entry->end = (size_t)(r->at - toml);
    entry->value = quotes != NULL ? r->value : NULL;
    entry->value_length = quotes != NULL ? value.length : 0;
    return is_good;
}

static bool read_entry(reader *r, toml_entry *entry, const char *toml) {
    *entry = (toml_entry){.key = r->key, .in_table = r->in_table, .line = r->line};
    if (!read_key(r))
        return false;
    if (!is_next(r, '='))
        return fail(r, "a key is not followed by '='");
    r->at++;
    skip_blanks(r);
    entry->is_toplevel = !r->in_table && r->key_parts == 1;
    return read_value(r, entry, toml);
}

static bool end_line(reader *r) {
    skip_blanks(r);
    skip_comment(r);
    return r->at == r->end || at_newline(r) || fail(r, "unexpected text after the value");
}

static bool read_lines(reader *r, const char *toml, toml_entry_fn on_entry, void *userdata) {
    if (starts_with(r, "\xEF\xBB\xBF"))
        r->at += 3;
    for (skip_space(r); r->at < r->end; skip_space(r)) {
        toml_entry entry;
        bool is_header = is_next(r, '[');
        if (is_header ? !read_table_header(r, &entry, toml) : !read_entry(r, &entry, toml))
            return false;
        if (!end_line(r))
            return false;
        if (!on_entry(&entry, userdata))
            return true;
    }
    return true;
}

bool toml_read(const promptic_allocator *allocator, const char *toml, size_t length,
               toml_entry_fn on_entry, void *userdata, toml_error *error) {
    reader r = {.at = toml, .end = toml + length, .line = 1};
    r.key = memory_resize(allocator, NULL, length + 1);
    r.value = memory_resize(allocator, NULL, length + 1);
    bool has_memory = r.key != NULL && r.value != NULL;
    bool is_good = has_memory && read_lines(&r, toml, on_entry, userdata);
    if (!has_memory)
        *error = (toml_error){.line = 0, .message = "not enough memory"};
    else if (!is_good)
        *error = (toml_error){.line = r.line, .message = r.fault};
    if (r.value != NULL)
        text_wipe(r.value, length + 1);
    memory_free(allocator, r.key);
    memory_free(allocator, r.value);
    return is_good;
}
