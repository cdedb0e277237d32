/*
 * body.h - the JSON body of a request, written from the arguments of its row.
 */
#ifndef PROMPTIC_BODY_H
#define PROMPTIC_BODY_H

#include "json_buffer.h"
#include "promptic.h"

#include <stdbool.h>
#include <stddef.h>

/* [-0, +0, e] Writes the body that the row and the arguments make (bindings_check_arguments has
 * seen them) into the buffer. */
void bindings_write_body(lua_State *L, const promptic_endpoint *row, int options, json_buffer *b);

/* [-0, +0, e] Writes the value at index as an item of the row's list. A refusal is raised as a
 * message alone, with *refused set: observations[3].expected is missing */
void bindings_write_item(lua_State *L, const promptic_endpoint *row, int index, size_t item,
                         json_buffer *b, bool *refused);

/* Whether the row's requests have a body at all. */
bool bindings_has_body(const promptic_endpoint *row);

#endif
