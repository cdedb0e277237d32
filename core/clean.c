#include "clean.h"

#include "ascii.h"
#include "text.h"
#include "utf8.h"

#include <string.h>

/* ----------------------------------------------------------------- secrets */

/* Digits of an entity of HTML at most, which may begin with zeros. */
#define ENTITY_DIGITS 8

/* How many bytes are the character c as a number, "&#38;" or "&#x26;"; 0: they are not. */
static size_t numbered(const char *at, const char *end, char c) {
    bool is_hex = end - at > 3 && (at[2] | 0x20) == 'x';
    const char *first = at + (is_hex ? 3 : 2), *digit = first;
    int value = 0;
    for (int part; digit < end && digit - first < ENTITY_DIGITS; digit++) {
        if ((part = ascii_hex_value(*digit)) < 0 || (!is_hex && part > 9))
            break;
        value = value < 0x100 ? value * (is_hex ? 16 : 10) + part : value;
    }
    bool is_whole = digit > first && digit < end && *digit == ';';
    return is_whole && value == (unsigned char)c ? (size_t)(digit + 1 - at) : 0;
}

/* The same of an entity of HTML, as pages of errors have them. */
static size_t entity(const char *at, const char *end, char c) {
    static const struct {
        const char *name;
        char character;
    } names[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
    if (end - at > 2 && at[1] == '#')
        return numbered(at, end, c);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].character != c)
            continue;
        size_t length = strlen(names[i].name);
        if ((size_t)(end - at) >= length && memcmp(at, names[i].name, length) == 0)
            return length;
    }
    return 0;
}

/* How many bytes stand for the secret's character c if it is escaped; 0: it is not. */
static size_t escaped(const char *at, const char *end, char c) {
    int code = (unsigned char)c;
    if (*at == '%' && ascii_read_hex(at + 1, end, 2) == code)
        return 3;
    if (*at == '\\' && end - at >= 2 && at[1] == 'u' && ascii_read_hex(at + 2, end, 4) == code)
        return 6;
    if (*at == '\\' && end - at >= 2 && at[1] == c && strchr("\"\\/", c) != NULL)
        return 2;
    return *at == '&' ? entity(at, end, c) : 0;
}

/* Where the spelling of the secret so far may end. A secret that holds "%25" or two backslashes can
 * be read in more than one way; those past the last place are dropped. */
struct ends {
    const char *at[16];
    size_t count;
};

static void add_end(struct ends *ends, const char *at) {
    for (size_t i = 0; i < ends->count; i++)
        if (ends->at[i] == at)
            return;
    if (ends->count < sizeof ends->at / sizeof *ends->at)
        ends->at[ends->count++] = at;
}

/* Where the longest spelling of the secret ends that begins at `at`; NULL: none does. */
static const char *match_each_way(const char *at, const char *end, const char *secret) {
    struct ends now = {.at = {at}, .count = 1};
    for (; *secret != '\0' && now.count > 0; secret++) {
        struct ends next = {.count = 0};
        for (size_t i = 0; i < now.count; i++) {
            const char *from = now.at[i];
            size_t length = from < end ? escaped(from, end, *secret) : 0;
            if (length > 0)
                add_end(&next, from + length);
            if (from < end && *from == *secret)
                add_end(&next, from + 1);
        }
        now = next;
    }
    const char *last = NULL;
    for (size_t i = 0; i < now.count; i++)
        last = last == NULL || now.at[i] > last ? now.at[i] : last;
    return last;
}

/* The same. Texts of a server have one way to be read nearly everywhere, and may begin a spelling
 * with each of their bytes. */
static const char *match(const char *at, const char *end, const char *secret) {
    for (; *secret != '\0'; secret++) {
        size_t length = at < end ? escaped(at, end, *secret) : 0;
        bool is_plain = at < end && *at == *secret;
        if (length > 0 && is_plain)
            return match_each_way(at, end, secret);
        if (length == 0 && !is_plain)
            return NULL;
        at += is_plain ? 1 : length;
    }
    return at;
}

static void hide_one(char *bytes, size_t length, const char *secret) {
    char *end = bytes + length;
    if (strlen(secret) < CLEAN_SHORTEST_SECRET)
        return;
    for (char *at = bytes; at < end;) {
        const char *found = match(at, end, secret);
        size_t spelled = found != NULL ? (size_t)(found - at) : 0;
        memset(at, '*', spelled);
        at += found != NULL ? spelled : 1;
    }
}

void clean_hide(char *bytes, size_t length, const clean_secrets *secrets) {
    if (bytes == NULL || secrets == NULL)
        return;
    for (size_t i = 0; i < CLEAN_SECRETS; i++)
        if (secrets->values[i] != NULL)
            hide_one(bytes, length, secrets->values[i]);
}

/* ------------------------------------------------------------------- lines */

/* Bidi_Control of Unicode's PropList: they can make a terminal show text in another order. */
static bool turns_direction(uint32_t code) {
    return code == 0x61C || code == 0x200E || code == 0x200F ||
           (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

/* C0, DEL, C1, no-break space, Unicode's line and paragraph separators, its byte order mark. */
static bool is_blank(uint32_t code) {
    return code <= 0x20 || (code >= 0x7F && code <= 0xA0) || code == 0x2028 || code == 0x2029 ||
           code == 0xFEFF || turns_direction(code);
}

/* Ends a line that does not fit with "...", at the boundary of a character. */
static size_t cut(char *out, size_t size, size_t length) {
    static const char dots[] = "...";
    size_t room = size - sizeof dots;
    if (length > room) {
        length = room;
        while (length > 0 && ((unsigned char)out[length] & 0xC0) == 0x80)
            length--;
    }
    memcpy(out + length, dots, sizeof dots);
    return length + sizeof dots - 1;
}

size_t clean_line(char *out, size_t size, const char *bytes, size_t length) {
    size_t used = 0;
    bool was_blank = false;
    for (size_t i = 0; i < length;) {
        uint32_t code;
        char character[4];
        size_t width = utf8_read(bytes + i, length - i, &code);
        i += width > 0 ? width : 1;
        if (width > 0 && is_blank(code)) {
            was_blank = used > 0;
            continue;
        }
        size_t needed = utf8_write(width > 0 ? code : 0xFFFD, character);
        if (used + was_blank + needed >= size)
            return cut(out, size, used);
        if (was_blank)
            out[used++] = ' ';
        was_blank = false;
        memcpy(out + used, character, needed);
        used += needed;
    }
    out[used] = '\0';
    return used;
}
