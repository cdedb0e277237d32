/*
 * rows_notes.h - what the prelude's notes on labels and columns need of C.
 */
#ifndef PROMPTIC_ROWS_NOTES_H
#define PROMPTIC_ROWS_NOTES_H

#include "compat.h"

/* What notes on labels need (rows_notes.c): batch:answers(seen), reader:columns(),
 * rows.warn(client [, text]). */
int rows_batch_answers(lua_State *L);
int rows_reader_columns(lua_State *L);
int rows_warn(lua_State *L);

#endif
