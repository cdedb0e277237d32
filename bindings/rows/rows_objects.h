/*
 * rows_objects.h - the parts of a bulk upload as Lua sees them.
 */
#ifndef PROMPTIC_ROWS_OBJECTS_H
#define PROMPTIC_ROWS_OBJECTS_H

#include "compat.h"
#include "rows_reader.h"

#include <stdbool.h>

/* [-0, +1, m] Pushes what the upload needs of C: the prelude's "c.rows". */
int bindings_open_upload(lua_State *L);

/* [-0, +1, m] Pushes a reader of the file; false with errno set where it cannot be opened. */
bool rows_push_reader(lua_State *L, const char *path, const rows_reading *reading);

#endif
