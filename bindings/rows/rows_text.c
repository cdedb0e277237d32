/* rows_text.c - texts out of files, for messages and for finding names that were meant. */
#include "rows_text.h"

#include <strings.h>

int rows_cut(const char *text, size_t length) {
    size_t most = length < 64 ? length : 64;
    while (most < length && most > 0 && ((unsigned char)text[most] & 0xC0) == 0x80)
        most--;
    return (int)most;
}

bool rows_is_alike(const char *a, size_t a_length, const char *b, size_t b_length) {
    while (a_length > 0 && (a[a_length - 1] == ' ' || a[a_length - 1] == '\t'))
        a_length--;
    while (a_length > 0 && (*a == ' ' || *a == '\t'))
        a++, a_length--;
    return a_length == b_length && strncasecmp(a, b, b_length) == 0;
}
