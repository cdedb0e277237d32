/*
 * http.h - the arguments of promptic.http, and URLs.
 */
#ifndef PROMPTIC_HTTP_H
#define PROMPTIC_HTTP_H

#include "site.h"

/* [-0, +0, e] What the types of the arguments of promptic.http do not say: completes the settings
 * on top. */
void bindings_check_http(lua_State *L, const bindings_site *site);

/* [-0, +1, m] locate(url, base): the URL taken apart, or nil if it is none of http or https. */
int bindings_locate(lua_State *L);

/* [-0, +1, m] utf8(bytes): with U+FFFD in place of bytes that are not UTF-8. */
int bindings_repair_utf8(lua_State *L);

#endif
