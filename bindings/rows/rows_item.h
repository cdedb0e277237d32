/*
 * rows_item.h - what a Lua value becomes.
 */
#ifndef PROMPTIC_ROWS_ITEM_H
#define PROMPTIC_ROWS_ITEM_H

#include "rows_batch.h"

#include <stdbool.h>
#include <stdint.h>

/* [-0, +0, e] Writes the row on top, a Lua value whose number is this one. A refusal is raised as a
 * message, with *refused set; *is_empty: for its answer, which is empty. */
void rows_write_item(lua_State *L, rows_batch *batch, int64_t number, bool *refused,
                     bool *is_empty);

#endif
