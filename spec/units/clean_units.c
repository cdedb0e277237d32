/* clean_units.c - core/clean.c: secrets in any spelling, and text that a terminal may show. */
#include "clean.h"

#include "units.h"

#include <stdio.h>
#include <string.h>

/* ----------------------------------------------------------------- secrets */

#define SECRET "sk-9/a\"b\\c"

static const struct {
    const char *name, *text, *shown;
} hidden[] = {
    {"alone", SECRET, "**********"},
    {"within", "x" SECRET "y", "x**********y"},
    {"twice", SECRET SECRET, "********************"},
    {"after its own beginning", "sk-9/sk-9/a\"b\\c!", "sk-9/**********!"},
    {"cut", "sk-9/a\"b\\", "sk-9/a\"b\\"},
    {"in another case", "SK-9/a\"b\\c", "SK-9/a\"b\\c"},
    {"JSON", "{\"k\":\"sk-9\\/a\\\"b\\\\c\"}", "{\"k\":\"*************\"}"},
    {"JSON, slash as it is", "sk-9/a\\\"b\\\\c.", "************."},
    {"JSON by number", "\\u0073k-9/a\\u0022b\\u005cc.", "*************************."},
    {"JSON by number, capitals", "sk\\u002D9/a\"b\\u005Cc.", "********************."},
    {"JSON, all by number",
     "\\u0073\\u006b\\u002d\\u0039\\u002f\\u0061\\u0022\\u0062\\u005c\\u0063.",
     "************************************************************."},
    {"percent", "sk-9%2Fa%22b%5Cc&", "****************&"},
    {"percent, small letters", "sk-9%2fa%22b%5cc&", "****************&"},
    {"percent from the first on", "%73k-9%2fa%22b%5cc&", "******************&"},
    {"a mixture", "%73\\u006b-9\\/a\\\"b%5cc&", "*********************&"},
    {"a number that breaks off", "sk-9\\u002", "sk-9\\u002"},
    {"a percent sign that breaks off", "sk-9%2", "sk-9%2"},
    {"a backslash that breaks off", "sk-9\\", "sk-9\\"},
    {"an escape of another character", "sk\\n9/a\"b\\c", "sk\\n9/a\"b\\c"},
    {"no digit", "sk-9%2ga\"b\\c", "sk-9%2ga\"b\\c"},
    {"no digit either", "sk-9%2@a\"b\\c", "sk-9%2@a\"b\\c"},
    {"a letter before a", "sk-9%`fa\"b\\c", "sk-9%`fa\"b\\c"},
    {"another character's number", "sk-9\\u012fa\"b\\c", "sk-9\\u012fa\"b\\c"},
    {"none", "nothing of the kind", "nothing of the kind"},
    {"the second secret", "a pass\xC3\xA4!", "a ******!"},
    {"the second secret, percent", "a pass%C3%a4!", "a **********!"},
    {"a character of two bytes, JSON", "a pass\\u00e4!", "a **********!"},
    {"a character of two bytes, HTML", "a pass&#228;pass&#xE4;!", "a ********************!"},
    {"its number as percent", "a pass%e4!", "a pass%e4!"},
    {"a byte of its number", "a pass&#195;&#164;!", "a pass&#195;&#164;!"},
    {"one that is too short", "abc", "abc"},
    {"the shortest", "wxy\"", "****"},
    {"JSON at the end", "wxy\\\"", "*****"},
    {"JSON by number at the end", "wxy\\u0022", "*********"},
    {"percent at the end", "wxy%22", "******"},
    {"no digit, near the digits", "wx%7@\"", "wx%7@\""},
    {"no digit, before the letters", "wx%7`\"", "wx%7`\""},
    {"no digit, after the letters", "wxy%1i", "wxy%1i"},
    {"HTML", "sk-9/a&quot;b\\c&", "***************&"},
    {"HTML by number", "&#115;k&#x2d;9&#X002F;a&#34;b&#0000092;c.",
     "****************************************."},
    {"HTML at the end", "wxy&#34;", "********"},
    {"HTML that breaks off", "wxy&#34", "wxy&#34"},
    {"HTML without digits", "wxy&#;&#x;", "wxy&#;&#x;"},
    {"another entity", "wxy&amp;", "wxy&amp;"},
    {"a number too large", "wxy&#290;wxy&#4294967330;", "wxy&#290;wxy&#4294967330;"},
    {"empty", "", ""},
};

static void hide(void) {
    const clean_secrets secrets = {{SECRET, NULL, "pass\xC3\xA4", "wxy\""}},
                        few = {{"abc", "", NULL, NULL}};
    static const struct {
        const char *secret, *text, *shown;
    } odd[] = {
        {"ab%25cd", "<ab%25cd>", "<*******>"},     /* as it stands: not the escape of "ab%cd" */
        {"ab%25cd", "<ab%2525cd>", "<*********>"}, /* percent-encoded */
        {"a\\\\b", "<a\\\\b>", "<****>"},          /* two backslashes as they stand */
        {"a\\\\b", "<a\\\\\\\\b>", "<******>"},    /* and in JSON */
        {"\\u0025x", "<\\u0025x>", "<*******>"},   /* what looks like an escape */
        {"%25%25%25%25x", "<%25%25%25%25x>", "<*************>"},
        {"ab%25cd", "<ab%cd>", "<ab%cd>"}, /* another text */
        {"\xE7\xA7\x98-\xF0\x9F\x94\x91", "<\\u79d8-\\uD83D\\udd11>", "<*******************>"},
        {"\xE7\xA7\x98-\xF0\x9F\x94\x91", "<&#31192;&#x2d;&#x1F511;>", "<***********************>"},
        {"\xE7\xA7\x98-\xF0\x9F\x94\x91", "<%E7\xA7%98-%f0%9f\x94%91>", "<******************>"},
        {"\xE7\xA7\x98-\xF0\x9F\x94\x91", "<\\u79d8-\\uD83D\\udd12>", "<\\u79d8-\\uD83D\\udd12>"},
        {"\xE7\xA7\x98-\xF0\x9F\x94\x91", "<\\u79d8-\\uD83D", "<\\u79d8-\\uD83D"},
        {"abc\xE4", "<abc%E4>", "<******>"}, /* no UTF-8 */
    };
    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        const clean_secrets one = {{odd[i].secret}};
        char text[128];
        snprintf(text, sizeof text, "%s", odd[i].text);
        units_row(odd[i].text);
        clean_hide(text, strlen(text), &one);
        SAME(odd[i].shown, text);
    }
    for (size_t i = 0; i < COUNT_OF(hidden); i++) {
        char text[128];
        snprintf(text, sizeof text, "%s", hidden[i].text);
        units_row(hidden[i].name);
        clean_hide(text, strlen(text), &secrets);
        SAME(hidden[i].shown, text);
        clean_hide(text, strlen(text), &few);
        SAME(hidden[i].shown, text);
    }
    units_row(NULL);
    char text[] = "a" SECRET "\0" SECRET, part[] = SECRET SECRET;
    clean_hide(text, sizeof text - 1, NULL);
    clean_hide(NULL, 0, &secrets);
    SAME("a" SECRET, text);
    clean_hide(text, sizeof text - 1, &secrets); /* text may hold NULs */
    CHECK(memcmp(text, "a**********\0**********", sizeof text) == 0);
    clean_hide(part, 2 * strlen(SECRET) - 1, &secrets); /* what follows is not looked at */
    SAME("**********" SECRET, part);
}

/* ------------------------------------------------------------------- lines */

static const struct {
    const char *name, *text, *line;
} lines[] = {
    {"plain", "a line", "a line"},
    {"empty", "", ""},
    {"only blanks", " \t\r\n", ""},
    {"blanks at the ends", "  a  ", "a"},
    {"runs of blanks", "a \t\r\n b", "a b"},
    {"line breaks", "a\nb\r\nc", "a b c"},
    {"C0",
     "a\x01"
     "b\x1b[31mc\x1f"
     "d",
     "a b [31mc d"},
    {"DEL",
     "a\x7F"
     "b",
     "a b"},
    {"C1, first and last",
     "a\xC2\x80"
     "b\xC2\x9F"
     "c",
     "a b c"},
    {"CSI of C1",
     "a\xC2\x9B"
     "31mb",
     "a 31mb"},
    {"no-break space",
     "a\xC2\xA0"
     "b",
     "a b"},
    {"after C1",
     "a\xC2\xA1"
     "b",
     "a\xC2\xA1"
     "b"},
    {"line separator",
     "a\xE2\x80\xA8"
     "b",
     "a b"},
    {"paragraph separator",
     "a\xE2\x80\xA9"
     "b",
     "a b"},
    {"before these",
     "a\xE2\x80\xA7"
     "b",
     "a\xE2\x80\xA7"
     "b"},
    {"byte order mark",
     "\xEF\xBB\xBF"
     "a",
     "a"},
    {"Arabic letter mark",
     "a\xD8\x9C"
     "b",
     "a b"},
    {"beside it",
     "a\xD8\x9B"
     "b\xD8\x9D",
     "a\xD8\x9B"
     "b\xD8\x9D"},
    {"left-to-right mark",
     "a\xE2\x80\x8E"
     "b",
     "a b"},
    {"right-to-left mark",
     "a\xE2\x80\x8F"
     "b",
     "a b"},
    {"before these marks",
     "a\xE2\x80\x8D"
     "b",
     "a\xE2\x80\x8D"
     "b"},
    {"the first embedding",
     "a\xE2\x80\xAA"
     "b",
     "a b"},
    {"right-to-left override",
     "a\xE2\x80\xAE"
     "b",
     "a b"},
    {"narrow no-break space stays",
     "a\xE2\x80\xAF"
     "b",
     "a\xE2\x80\xAF"
     "b"},
    {"before the isolates",
     "a\xE2\x81\xA5"
     "b",
     "a\xE2\x81\xA5"
     "b"},
    {"the first isolate",
     "a\xE2\x81\xA6"
     "b",
     "a b"},
    {"the last isolate",
     "a\xE2\x81\xA9"
     "b",
     "a b"},
    {"after the isolates",
     "a\xE2\x81\xAA"
     "b",
     "a\xE2\x81\xAA"
     "b"},
    {"not UTF-8",
     "a\xFF\xFE"
     "b",
     "a\xEF\xBF\xBD\xEF\xBF\xBD"
     "b"},
    {"not UTF-8 after a blank",
     "a \xFF"
     "b",
     "a \xEF\xBF\xBD"
     "b"},
    {"cut UTF-8", "a\xE2\x82", "a\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"cut before a letter",
     "a\xF0\x9F\x98"
     "b",
     "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
     "b"},
    {"a surrogate", "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"C1 as one byte",
     "a\x9B"
     "31m",
     "a\xEF\xBF\xBD"
     "31m"},
    {"other scripts", "\xD7\xA9\xD7\x9C\xF0\x9F\x98\x80", "\xD7\xA9\xD7\x9C\xF0\x9F\x98\x80"},
};

static void make_lines(void) {
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        char line[64];
        units_row(lines[i].name);
        size_t length = clean_line(line, sizeof line, lines[i].text, strlen(lines[i].text));
        SAME(lines[i].line, line);
        CHECK(length == strlen(line));
    }
    units_row(NULL);
    char line[16];
    CHECK(clean_line(line, sizeof line, NULL, 0) == 0 && line[0] == '\0');
    CHECK(clean_line(line, sizeof line, "a\0b", 3) == 3);
    SAME("a b", line);
}

/* What does not fit ends in dots, and never within a character; what fits to the byte does not. */
static const struct {
    size_t size;
    const char *text, *line;
} cuts[] = {
    {5, "abcd", "abcd"},
    {5, "abcde", "a..."},
    {6, "abcde", "abcde"},
    {6, "abcdef", "ab..."},
    {6, "abcde  ", "abcde"},
    {6, "abcd ef", "ab..."},
    {6, "a bcd ", "a bcd"},
    {6,
     "ab\xC3\xA4"
     "d",
     "ab\xC3\xA4"
     "d"},
    {6,
     "ab\xC3\xA4"
     "de",
     "ab..."},
    {6,
     "a\xC3\xA4"
     "cde",
     "a..."},
    {7,
     "a\xC3\xA4"
     "cde",
     "a\xC3\xA4"
     "cde"},
    {7,
     "a\xC3\xA4"
     "cdef",
     "a\xC3\xA4..."},
    {8,
     "a\xE2\x82\xAC"
     "bcde",
     "a\xE2\x82\xAC..."},
    {7,
     "a\xE2\x82\xAC"
     "bcde",
     "a..."},
    {5, "\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
    {5,
     "\xF0\x9F\x98\x80"
     "a",
     "..."},
    {9,
     "\xF0\x9F\x98\x80"
     "abcde",
     "\xF0\x9F\x98\x80"
     "a..."},
    {5, "\xFF\xFF", "..."},
};

static void cut_lines(void) {
    for (size_t i = 0; i < COUNT_OF(cuts); i++) {
        char line[16];
        memset(line, 'x', sizeof line);
        units_row(cuts[i].text);
        size_t length = clean_line(line, cuts[i].size, cuts[i].text, strlen(cuts[i].text));
        SAME(cuts[i].line, line);
        CHECK(length == strlen(line));
        for (size_t at = cuts[i].size; at < sizeof line; at++)
            CHECK(line[at] == 'x');
    }
    units_row(NULL);
}

/* Random bytes into each size: never past it, always readable, always one line. */
static void survive(void) {
    static const char likely[] =
        " \n\x7F\x80\x9B\xA8\xBF\xC2\xD8\x9C\xE2\x80\xAE\x81\xA6\xF0\x9F\x98"
        "ab";
    uint64_t random = 7;
    for (int i = 0; i < 20000; i++) {
        char bytes[24], line[24], again[24];
        size_t size = 5 + units_random(&random) % 19, length = units_random(&random) % sizeof bytes;
        for (size_t at = 0; at < length; at++)
            bytes[at] = likely[units_random(&random) % (sizeof likely - 1)];
        size_t used = clean_line(line, size, bytes, length);
        CHECK(used < size && strlen(line) == used);
        CHECK(clean_line(again, sizeof again, line, used) == used); /* it is clean */
        if (!SAME(line, again))
            return;
    }
}

void units_clean(void) {
    hide();
    make_lines();
    cut_lines();
    survive();
}
