/* httpd_error.c - errors that functions of the script raise while a request is served. */
#include "httpd_error.h"

#include <lauxlib.h>

#include <stdio.h>
#include <string.h>

/* [-0, +0, -] Whether the error at index is that of a signal, a promptic.Error of kind
 * "interrupted". */
static bool is_interrupt(lua_State *L, int index) {
    bool is = false;
    if (lua_istable(L, index)) {
        int table = lua_absindex(L, index);
        lua_pushliteral(L, "kind");
        is = lua_rawget(L, table) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "interrupted") == 0;
        lua_pop(L, 1);
    }
    return is;
}

int httpd_describe_error(lua_State *L) {
    lua_settop(L, 1);
    if (!is_interrupt(L, 1))
        luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
    return 1;
}

const char *httpd_error_text(lua_State *L) {
    return lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "unknown";
}

size_t httpd_report_error(lua_State *L, httpd_server *server) {
    const char *text = httpd_error_text(L);
    const char *traceback = strstr(text, "\nstack traceback:");
    if (is_interrupt(L, -1)) {
        server->interrupted = true;
        lua_pushvalue(L, -1);
        lua_setiuservalue(L, 1, HTTPD_INTERRUPT); /* index 1: everything runs inside of step */
    } else {
        fprintf(stderr, "promptic.httpd: internal error: %s\n", text);
    }
    return traceback == NULL ? strlen(text) : (size_t)(traceback - text);
}
