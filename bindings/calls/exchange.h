/*
 * exchange.h - the arguments of uploads and downloads of artifacts, and their requests.
 */
#ifndef PROMPTIC_EXCHANGE_H
#define PROMPTIC_EXCHANGE_H

#include "site.h"

/* [-0, +0, e] What the types of the arguments of upload_artifact and download_artifact do not say.
 * The first makes a table { bytes =, path = } of the source, the second opens the file, the field
 * `file` of the settings on top. */
void bindings_check_source(lua_State *L, const bindings_site *site);
void bindings_check_download(lua_State *L, const bindings_site *site);

/* [-0, +1, m] Pushes what artifacts need of C: the prelude's "c.files". */
int bindings_open_exchange(lua_State *L);

#endif
