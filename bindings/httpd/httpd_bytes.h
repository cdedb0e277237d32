/*
 * httpd_bytes.h - the module's functions on bytes.
 */
#ifndef PROMPTIC_HTTPD_BYTES_H
#define PROMPTIC_HTTPD_BYTES_H

#include <lua.h>

/* The metatable of a gzip stream that is being read; httpd_register_inflater makes it. */
#define HTTPD_INFLATER "promptic.httpd.inflater"
void httpd_register_inflater(lua_State *L);

/* lua_CFunctions, documented where they are defined. */
int httpd_gunzip(lua_State *L);
int httpd_unbase64(lua_State *L);
int httpd_sha256(lua_State *L);
int httpd_hex(lua_State *L);

#endif
