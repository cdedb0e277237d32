/*
 * httpd_file.h - the module's functions on the database file.
 */
#ifndef PROMPTIC_HTTPD_FILE_H
#define PROMPTIC_HTTPD_FILE_H

#include <lua.h>

/* lua_CFunctions, documented where they are defined. */
int httpd_peek(lua_State *L);
int httpd_make_private(lua_State *L);

#endif
