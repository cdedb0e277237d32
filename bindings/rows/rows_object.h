/*
 * rows_object.h - what all objects of a bulk upload share that Lua sees.
 */
#ifndef PROMPTIC_ROWS_OBJECT_H
#define PROMPTIC_ROWS_OBJECT_H

#include "compat.h"
#include "rows_batch.h"
#include "rows_reader.h"

#include <stddef.h>
#include <stdint.h>

#define ROWS_BATCH "promptic.rows.batch"
#define ROWS_READER "promptic.rows.reader"
#define ROWS_SET "promptic.rows.set"
#define ROWS_SCAN "promptic.rows.scan"

/* [-?, +?, e] */
int rows_out_of_memory(lua_State *L);

/* [-0, +1, m] A zeroed userdata of this type. */
void *rows_new_object(lua_State *L, const char *type, size_t size);

/* [-0, +0, m] Makes a type's metatable, whose methods these are. */
void rows_add_type(lua_State *L, const char *type, const luaL_Reg *methods);

/* [-0, +1, m] */
void rows_push_number(lua_State *L, int64_t number);

/* [-0, +0, e] A number that an option may have made larger than any count. */
int64_t rows_check_number(lua_State *L, int index);

/* [-0, +0, e] */
rows_batch *rows_check_batch(lua_State *L, int index);
rows_reader *rows_check_reader(lua_State *L, int index);

#endif
