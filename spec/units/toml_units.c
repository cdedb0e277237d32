/* toml_units.c - core/toml.c: what a text says, and on which line it is wrong. */
#include "toml.h"

#include "units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Writes each entry as one line: [header] or key=value, `*` before what is not at top level, `?`
 * for a value of another type. */
static bool describe(const toml_entry *entry, void *userdata) {
    char *out = userdata;
    size_t used = strlen(out);
    if (entry->is_header) {
        CHECK(entry->in_table && !entry->is_toplevel && entry->value == NULL);
        snprintf(out + used, 512 - used, "[%s];", entry->key);
        return true;
    }
    CHECK(entry->value != NULL ? strlen(entry->value) <= entry->value_length
                               : entry->value_length == 0);
    snprintf(out + used, 512 - used, "%s%s%s=%s;", entry->is_toplevel ? "" : "*",
             entry->in_table ? "*" : "", entry->key, entry->value != NULL ? entry->value : "?");
    return true;
}

static const struct {
    const char *text, *said;
} good[] = {
    {"", ""},
    {"\n\r\n # only a comment", ""},
    {"\xEF\xBB\xBF"
     "a = \"x\"",
     "a=x;"},
    {"a=\"x\"", "a=x;"},
    {" \t a \t = \t 'x' # y", "a=x;"},
    {"a='x'\r\nb='y'\n", "a=x;b=y;"},
    {"azAZ='x'", "azAZ=x;"},
    {"a=\"\\u00aA\\U0010FFFF\"", "a=\xC2\xAA\xF4\x8F\xBF\xBF;"},
    {"a=\"\"\"x\\ \t\n y\"\"\"", "a=xy;"},
    {"a=\"\"\"x\"\"\"\"", "a=x\";"},
    {"a='''x'''''", "a=x'';"},
    {"a=1979-05-27 7", "a=?;"},
    {"a-B_9='x'", "a-B_9=x;"},
    {"'a b'='x'\n\"c\\u0064\"='y'", "a b=x;cd=y;"},
    {"a.b='x'\na . 'b c' . \"d\" = 'y'", "*a.b=x;*a.b c.d=y;"},
    {"[t]\na='x'\n[t.u]\n[[v]]", "[t];**a=x;[t.u];[v];"},
    {"[ t . 'u v' ] # c\n", "[t.u v];"},
    {"a=\"\\b\\t\\n\\f\\r\\\"\\\\\"", "a=\b\t\n\f\r\"\\;"},
    {"a=\"\\u00e4\\U0001F600\"", "a=\xC3\xA4\xF0\x9F\x98\x80;"},
    {"a=\"\\uFFFF\\ud7ff\\uE000\"", "a=\xEF\xBF\xBF\xED\x9F\xBF\xEE\x80\x80;"},
    {"a='\\n'", "a=\\n;"},
    {"a=''\nb=\"\"", "a=;b=;"},
    {"a=\"\"\"\nx\n y\"\"\"", "a=x\n y;"},
    {"a=\"\"\"x\r\ny\"\"\"", "a=x\ny;"},
    {"a=\"\"\"x \\\n  \n  y\"\"\"", "a=x y;"},
    {"a=\"\"\"x\\\\\n\"\"\"", "a=x\\\n;"},
    {"a=\"\"\"\"x\"\"\"\"\"", "a=\"x\"\";"},
    {"a='''x''y'''", "a=x''y;"},
    {"a='''\n\\x'''", "a=\\x;"},
    {"a=1\nb=-1.5e3\nc=0xFF\nd=1_000", "a=?;b=?;c=?;d=?;"},
    {"a=true\nb=false\nc=inf\nd=-nan\ne=+inf\nf=nan", "a=?;b=?;c=?;d=?;e=?;f=?;"},
    {"a=1979-05-27T07:32:00Z\nb=1979-05-27 07:32:00\nc=1979-05-27\nd=07:32:00", "a=?;b=?;c=?;d=?;"},
    {"a=1979-05-27 # c\nb='x'", "a=?;b=x;"},
    {"a=[1,\n # c ]\n \"]\", ['''\n]''']]\nb='x'", "a=?;b=x;"},
    {"a={b='}',c=[1]}\nd='x'", "a=?;d=x;"},
    {"a=[]\nb={}", "a=?;b=?;"},
};

static const struct {
    const char *text, *fault;
    size_t line;
} bad[] = {
    {"a", "a key is not followed by '='", 1},
    {"\na b='x'", "a key is not followed by '='", 2},
    {"='x'", "a key is missing", 1},
    {"a.='x'", "a key is missing", 1},
    {"a=", "a value is missing", 1},
    {"a= # c", "a value is missing", 1},
    {"a=x", "a string needs quotes", 1},
    {"a=truely", "a string needs quotes", 1},
    {"a=tru", "a string needs quotes", 1},
    {"a=-", "a string needs quotes", 1},
    {"a=\"x\nb='y'", "a string has no end", 1},
    {"\na='''x\n\n", "a string has no end", 2},
    {"a='x' 'y'", "unexpected text after the value", 1},
    {"a='x' b='y'", "unexpected text after the value", 1},
    {"[t] a", "unexpected text after the value", 1},
    {"[t", "no closing bracket", 1},
    {"[[t]", "no closing bracket", 1},
    {"[]", "a key is missing", 1},
    {"a=\"\\x\"", "an unknown escape", 1},
    {"a=\"\\", "an unknown escape", 1},
    {"a=\"\\u12g4\"", "four hexadecimal digits", 1},
    {"a=\"\\u123", "four hexadecimal digits", 1},
    {"a=\"\\u12@4\"", "four hexadecimal digits", 1},
    {"a=\"\\ud800\"", "is not a character", 1},
    {"a=\"\\udfff\"", "is not a character", 1},
    {"a=\"\\U00110000\"", "is not a character", 1},
    {"a=\"\\UFFFFFFFF\"", "is not a character", 1},
    {"a=\"x\x01\"", "a control character in a string", 1},
    {"a='x\x7F'", "a control character in a string", 1},
    {"a='x\ry'", "a control character in a string", 1},
    {"\n\na=[1", "an array or inline table has no end", 3},
    {"a=[1,\n\n", "an array or inline table has no end", 1},
    {"a=\"\"\"x\"\"\"\"\"\"", "unexpected text after the value", 1},
    {"'a", "a string has no end", 1},
    {"a=1979-05-27 x", "unexpected text after the value", 1},
    {"a=12 7", "unexpected text after the value", 1},
    {"a=[1}", "bracket do not match", 1},
    {"a={1]", "bracket do not match", 1},
    {"a=[\x01]", "a control character in an array", 1},
    {"a=[\"x\n\"]", "a string has no end", 1},
};

/* Reads a copy that ends where the text does, so that AddressSanitizer sees what looks beyond. */
static bool read_exactly(const char *text, char *said, toml_error *error) {
    size_t length = strlen(text);
    char *copy = malloc(length > 0 ? length : 1);
    if (copy == NULL)
        abort();
    memcpy(copy, text, length);
    bool fine = toml_read(NULL, copy, length, describe, said, error);
    free(copy);
    return fine;
}

static void read_all(void) {
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        char said[512] = "";
        toml_error error = {0, ""};
        units_row(good[i].text);
        CHECK(read_exactly(good[i].text, said, &error));
        SAME(good[i].said, said);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        char said[512] = "";
        toml_error error = {0, ""};
        units_row(bad[i].text);
        CHECK(!read_exactly(bad[i].text, said, &error));
        HAS(bad[i].fault, error.message);
        CHECK(error.line == bad[i].line);
    }
    units_row(NULL);
}

/* An allocator that looks for the secret in what it is given back: two buffers of 16 bytes each. */
static void *look(void *userdata, void *block, size_t size) {
    if (size > 0)
        return block == NULL ? calloc(1, size) : realloc(block, size);
    *(bool *)userdata |= memmem(block, 16, "hunter2", 7) != NULL;
    free(block);
    return NULL;
}

static void wipe(void) {
    bool found = false;
    char said[512] = "";
    toml_error error;
    const promptic_allocator allocator = {look, &found};
    CHECK(toml_read(&allocator, "key = 'hunter2'", 15, describe, said, &error) && !found);
    SAME("key=hunter2;", said);
}

/* So many brackets in each other, the innermost empty. */
static bool reads_depth(size_t depth) {
    char text[256] = "a=", said[512] = "";
    toml_error error;
    memset(text + 2, '[', depth);
    memset(text + 2 + depth, ']', depth);
    bool fine = toml_read(NULL, text, 2 + 2 * depth, describe, said, &error);
    if (!fine)
        HAS("nested too deeply", error.message);
    return fine;
}

static bool stop(const toml_entry *entry, void *userdata) {
    (void)entry;
    return ++*(int *)userdata < 2;
}

static bool keep_place(const toml_entry *entry, void *userdata) {
    toml_entry *kept = userdata;
    kept[entry->line - 1] = *entry;
    return true;
}

/* The bytes of a value, its quotes included; of a header all of it. */
static void places(void) {
    static const char text[] = "a = 'x' # c\n[ t ]\nb=[1, 2] ";
    static const char *const parts[] = {"'x'", "[ t ]", "[1, 2]"};
    toml_entry entries[3];
    toml_error error;
    CHECK(toml_read(NULL, text, sizeof text - 1, keep_place, entries, &error));
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        CHECK(entries[i].end - entries[i].start == strlen(parts[i]));
        CHECK(memcmp(text + entries[i].start, parts[i], strlen(parts[i])) == 0);
    }
}

static void run_out(void) {
    for (long left = 0; left < 3; left++) {
        units_memory memory;
        char said[512] = "";
        toml_error error = {1, ""};
        units_memory_init(&memory, left);
        bool fine = toml_read(&memory.allocator, "a='x'", 5, describe, said, &error);
        CHECK(fine == (left == 2) && memory.blocks == 0);
        CHECK(fine || error.line == 0);
    }
}

void units_toml(void) {
    toml_error error;
    int count = 0;
    read_all();
    CHECK(reads_depth(64) && !reads_depth(65));
    CHECK(toml_read(NULL, "a=1\nb=2\nc", 9, stop, &count, &error) && count == 2);
    places();
    wipe();
    run_out();
}
