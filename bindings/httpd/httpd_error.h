/*
 * httpd_error.h - errors of the script's functions.
 */
#ifndef PROMPTIC_HTTPD_ERROR_H
#define PROMPTIC_HTTPD_ERROR_H

#include "httpd.h"

#include <lua.h>

#include <stddef.h>

/* Message handler: the error as text with a traceback; one of a signal as it is. */
int httpd_describe_error(lua_State *L);

/* [-0, +0, -] The error that a function of the script raised is on top, with a traceback: goes to
 * stderr, or, where it is an interrupt, is raised again by step. Returns the length of its message.
 */
size_t httpd_report_error(lua_State *L, httpd_server *server);

/* [-0, +0, -] The text of the error on top. */
const char *httpd_error_text(lua_State *L);

#endif
