/*
 * json_decode.h - the Lua value of a JSON text: tables are built from the reader's events
 * (json_reader.h).
 *
 * A null is an absent key where an object held it, else lightuserdata NULL (equal to cjson.null).
 * Nothing is asked of the locale.
 */
#ifndef PROMPTIC_JSON_DECODE_H
#define PROMPTIC_JSON_DECODE_H

#include "compat.h"

#include <stdbool.h>
#include <stddef.h>

/* How a text is decoded: 0, or some of these. */
enum {
    JSON_STRICT = 1,    /* bytes that are not UTF-8 and lone surrogates are refused, not replaced */
    JSON_KEEP_NULLS = 2 /* a null is lightuserdata NULL in an object too, and as the whole text */
};

/*
 * [-0, +1, m] Pushes the value of a JSON text and returns true, or pushes a message that names the
 * character and returns false. A null as the whole text is nil. `text` is borrowed. Integers are
 * exact between -2^63 and 2^63 - 1 where Lua has integers; every other number is the nearest
 * double, and one out of its range is refused. The last of equal keys wins.
 */
bool json_decode(lua_State *L, const char *text, size_t length, unsigned options);

/* What bounds the decoding of a text that a stranger has sent. */
typedef struct json_bounds {
    size_t most_values; /* elements and members of all tables, and the whole text; 0: any number */
    void (*check)(lua_State *L, void *userdata); /* [-0, +0, e] called each 64 KiB; NULL: nothing */
    void *userdata;
    bool exceeded; /* set where the text was refused for most_values */
} json_bounds;

/* [-0, +1, e] The same as json_decode, within bounds. */
bool json_decode_bounded(lua_State *L, const char *text, size_t length, unsigned options,
                         json_bounds *bounds);

typedef enum json_progress { JSON_GOES_ON, JSON_DONE, JSON_REFUSED } json_progress;

/* [-0, +1, m] Pushes a decoding, which goes on in steps: a value to be kept meanwhile. `text` and
 * `bounds` (NULL: none; nothing is called) are borrowed until it has ended. */
void json_decoding_push(lua_State *L, const char *text, size_t length, unsigned options,
                        json_bounds *bounds);

/* [-0, +0 or 1, m] Goes on with the decoding at `index` for about as many bytes of the text. Pushes
 * the value for JSON_DONE and a message for JSON_REFUSED; no step may follow then, nor after an
 * error. */
json_progress json_decoding_step(lua_State *L, int index, size_t bytes);

#endif
