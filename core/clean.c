#include "clean.h"

#include "ascii.h"
#include "text.h"
#include "utf8.h"

#include <string.h>

/* ----------------------------------------------------------------- secrets */

/* How many bytes stand for the secret's character c if it is escaped; 0: it is not. */
static size_t escaped(const char *at, const char *end, char c) {
    int code = (unsigned char)c;
    if (*at == '%' && ascii_read_hex(at + 1, end, 2) == code)
        return 3;
    if (*at == '\\' && end - at >= 2 && at[1] == 'u' && ascii_read_hex(at + 2, end, 4) == code)
        return 6;
    if (*at == '\\' && end - at >= 2 && at[1] == c && strchr("\"\\/", c) != NULL)
        return 2;
    return 0;
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

/* How many bytes at `at` spell the secret; 0: they do not. */
static size_t match(const char *at, const char *end, const char *secret) {
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
    const char *last = at;
    for (size_t i = 0; i < now.count; i++)
        last = now.at[i] > last ? now.at[i] : last;
    return (size_t)(last - at);
}

static void hide_one(char *bytes, size_t length, const char *secret) {
    char *end = bytes + length;
    if (strlen(secret) < CLEAN_SHORTEST_SECRET)
        return;
    for (char *at = bytes; at < end;) {
        bool may_begin = *at == secret[0] || *at == '\\' || *at == '%';
        size_t found = may_begin ? match(at, end, secret) : 0;
        memset(at, '*', found);
        at += found > 0 ? found : 1;
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
