/*
 * rows_arguments.h - the arguments of uploads and of promptic.rows.
 */
#ifndef PROMPTIC_ROWS_ARGUMENTS_H
#define PROMPTIC_ROWS_ARGUMENTS_H

#include "site.h"

/* [-0, +0, e] What the types of an upload's arguments do not say. Puts a reader into the
 * place of a source that is a path, and the path into the settings on top. */
void bindings_check_upload(lua_State *L, const bindings_site *site);

/* [-0, +0, e] The same of promptic.rows. */
void bindings_check_rows(lua_State *L, const bindings_site *site);

#endif
