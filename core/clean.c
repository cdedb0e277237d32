#include "clean.h"

#include "ascii.h"
#include "text.h"
#include "utf8.h"

#include <string.h>

/* ----------------------------------------------------------------- secrets */

/* Digits of an entity of HTML at most, which may begin with zeros. */
#define ENTITY_DIGITS 8

/* A character of a secret. */
struct character {
    const char *bytes;
    size_t length; /* of them: 1 if they are no UTF-8 */
    uint32_t code;
};

static struct character first_character(const char *secret) {
    struct character c = {.bytes = secret, .length = 1, .code = (unsigned char)*secret};
    uint32_t code;
    size_t length = c.code < 0x80 ? 0 : utf8_read(secret, strlen(secret), &code);
    if (length > 0) {
        c.length = length;
        c.code = code;
    }
    return c;
}

/* How many bytes are the character as a number, "&#38;" or "&#x26;"; 0: they are not. */
static size_t numbered(const char *at, const char *end, uint32_t code) {
    bool is_hex = end - at > 3 && (at[2] | 0x20) == 'x';
    const char *first = at + (is_hex ? 3 : 2), *digit = first;
    uint32_t value = 0;
    for (int part; digit < end && digit - first < ENTITY_DIGITS; digit++) {
        if ((part = ascii_hex_value(*digit)) < 0 || (!is_hex && part > 9))
            break;
        value = value * (is_hex ? 16 : 10) + (uint32_t)part; /* eight digits fit */
    }
    bool is_whole = digit > first && digit < end && *digit == ';';
    return is_whole && value == code ? (size_t)(digit + 1 - at) : 0;
}

/* The same of an entity of HTML, as pages of errors have them. */
static size_t entity(const char *at, const char *end, uint32_t code) {
    static const struct {
        const char *name;
        char character;
    } names[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
    if (end - at > 2 && at[1] == '#')
        return numbered(at, end, code);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if ((unsigned char)names[i].character != code)
            continue;
        size_t length = strlen(names[i].name);
        if ((size_t)(end - at) >= length && memcmp(at, names[i].name, length) == 0)
            return length;
    }
    return 0;
}

/* The same of \u and four digits, and of two of them for what is beyond U+FFFF. */
static size_t json_number(const char *at, const char *end, uint32_t code) {
    uint32_t rest = code - 0x10000;
    if (at[1] != 'u')
        return 0;
    if (code <= 0xFFFF)
        return ascii_read_hex(at + 2, end, 4) == code ? 6 : 0;
    bool is_pair = ascii_read_hex(at + 2, end, 4) == 0xD800 + (rest >> 10) && end - at >= 12 &&
                   at[6] == '\\' && at[7] == 'u' &&
                   ascii_read_hex(at + 8, end, 4) == 0xDC00 + (rest & 0x3FF);
    return is_pair ? 12 : 0;
}

/* How many bytes stand for the character if it is escaped; 0: it is not. */
static size_t escaped(const char *at, const char *end, const struct character *c) {
    if (*at == '%' && c->length == 1)
        return ascii_read_hex(at + 1, end, 2) == c->code ? 3 : 0;
    if (*at == '\\' && end - at >= 2 && (unsigned char)at[1] == c->code &&
        strchr("\"\\/", at[1]) != NULL)
        return 2;
    if (*at == '\\' && end - at >= 2)
        return json_number(at, end, c->code);
    return *at == '&' ? entity(at, end, c->code) : 0;
}

/* The same if it stands as it is; of several bytes each may be percent-encoded. */
static size_t plain(const char *at, const char *end, const struct character *c) {
    const char *from = at;
    if (c->length == 1)
        return *at == *c->bytes;
    for (size_t i = 0; i < c->length; i++)
        if (from < end && *from == c->bytes[i])
            from++;
        else if (from < end && *from == '%' &&
                 ascii_read_hex(from + 1, end, 2) == (unsigned char)c->bytes[i])
            from += 3;
        else
            return 0;
    return (size_t)(from - at);
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
    for (struct character c; *secret != '\0' && now.count > 0; secret += c.length) {
        struct ends next = {.count = 0};
        c = first_character(secret);
        for (size_t i = 0; i < now.count; i++) {
            const char *from = now.at[i];
            size_t escape = from < end ? escaped(from, end, &c) : 0;
            size_t itself = from < end ? plain(from, end, &c) : 0;
            if (escape > 0)
                add_end(&next, from + escape);
            if (itself > 0)
                add_end(&next, from + itself);
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
    for (struct character c; *secret != '\0'; secret += c.length) {
        c = first_character(secret);
        size_t escape = at < end ? escaped(at, end, &c) : 0;
        size_t itself = at < end ? plain(at, end, &c) : 0;
        if (escape > 0 && itself > 0)
            return match_each_way(at, end, secret);
        if (escape == 0 && itself == 0)
            return NULL;
        at += escape + itself;
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
