/*
 * json_pieces.h - decoding a large JSON text a piece at a time, so that a game's frame pays for a
 * few of its elements only.
 *
 * lua-cjson decodes a text at once or not at all. So the text is looked through for the end of each
 * element of its long array (the text itself, or a member of the object that it is), what is around
 * these is decoded as a text of its own, and some of the elements are, each time.
 */
#ifndef PROMPTIC_JSON_PIECES_H
#define PROMPTIC_JSON_PIECES_H

#include "json.h"

/* A text under way. Whoever decodes it keeps the text and the two values that json_pieces_begin
 * pushes. */
typedef struct json_pieces {
    const char *text;
    size_t length;
    const char *key; /* of the array, as it stands in the text; NULL: the text is the array */
    size_t key_length;
    size_t at, end; /* what is left of the array, without its brackets */
    compat_index count;
} json_pieces;

/* Whether the text has an array to go through in pieces. `text` is borrowed. */
bool json_pieces_find(json_pieces *pieces, const char *text, size_t length);

/* [-0, +2 or +0, m] Pushes the value without the elements, and the array in it that they belong
 * into. False, and nothing is pushed, where the text is no JSON: json_decode tells why. */
bool json_pieces_begin(lua_State *L, json_pieces *pieces);

/* Whether all elements are decoded. */
bool json_pieces_done(const json_pieces *pieces);

/* [-0, +0, m] Decodes some more elements into the array at `index`. False where they are no JSON.
 */
bool json_pieces_next(lua_State *L, json_pieces *pieces, int index);

#endif
