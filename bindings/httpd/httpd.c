/*
 * httpd.c - the Lua module promptic.httpd: an HTTP server on the loopback, for the sandbox.
 *
 *    local server = httpd.listen{ port = 0, on_request = function(request) return 200, nil, "hi" end }
 *    while server:step(1) do end
 *
 * libmicrohttpd runs here without threads: all it does happens inside server:step, in the thread
 * and lua_State that call it. Lua 5.4 only. Stack effects are written as in compat.h.
 */
#include "httpd.h"

#include "clock.h"
#include "httpd_bytes.h"
#include "httpd_connections.h"
#include "httpd_file.h"
#include "httpd_request.h"

#include <lauxlib.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

#define SERVER_TYPE "promptic.httpd.server"

#define DEFAULT_MAX_BODY_BYTES ((lua_Integer)256 * 1024 * 1024)

/* A connection on which nothing happens for so long is closed, and one whose request takes longer
 * (httpd_connections.c): select takes about a thousand, and requests that never end would keep
 * everybody else out. */
#define DEFAULT_IDLE_SECONDS 30
#define DEFAULT_REQUEST_SECONDS 30
#define MAX_SECONDS 86400

/* Bounds the request line and headers of one request, and with them tokens and queries. */
#define CONNECTION_MEMORY_BYTES ((size_t)256 * 1024)

/* Keeps the conversion to a timeval in range. */
#define MAX_TIMEOUT_SECONDS 1e6

/* ----------------------------------------------------------------- options */

typedef struct listen_options {
    int port;
    unsigned idle_seconds, request_seconds;
    size_t max_connections;
    size_t max_body_bytes;
    bool watch_stdin;
} listen_options;

/* [-0, +0, e] Raises for a key that is no option. The table is at index 1. */
static void check_names(lua_State *L) {
    static const char *const names[] = {"port",         "on_request",      "max_body_bytes",
                                        "idle_seconds", "request_seconds", "max_connections",
                                        "watch_stdin"};
    for (lua_pushnil(L); lua_next(L, 1) != 0; lua_pop(L, 1)) {
        bool known = false;
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            known = known ||
                    (lua_type(L, -2) == LUA_TSTRING && strcmp(lua_tostring(L, -2), names[i]) == 0);
        if (!known)
            luaL_argerror(L, 1,
                          lua_pushfstring(L, "unknown option '%s'", luaL_tolstring(L, -2, NULL)));
    }
}

/* [-0, +0, e] */
static lua_Integer integer_option(lua_State *L, const char *name, lua_Integer otherwise,
                                  lua_Integer lowest, lua_Integer highest) {
    int integral = 1;
    lua_getfield(L, 1, name);
    lua_Integer value = lua_isnil(L, -1) ? otherwise : lua_tointegerx(L, -1, &integral);
    if (!integral || value < lowest || value > highest)
        luaL_argerror(L, 1,
                      lua_pushfstring(L, "%s: integer from %I to %I expected", name,
                                      (LUAI_UACINT)lowest, (LUAI_UACINT)highest));
    lua_pop(L, 1);
    return value;
}

/* [-0, +1, e] Reads the options and pushes on_request. */
static void check_options(lua_State *L, listen_options *options) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    check_names(L);
    options->port = (int)integer_option(L, "port", 0, 0, 65535);
    options->max_body_bytes = (size_t)integer_option(L, "max_body_bytes", DEFAULT_MAX_BODY_BYTES, 0,
                                                     (lua_Integer)(PTRDIFF_MAX / 2));
    options->idle_seconds =
        (unsigned)integer_option(L, "idle_seconds", DEFAULT_IDLE_SECONDS, 1, MAX_SECONDS);
    options->request_seconds =
        (unsigned)integer_option(L, "request_seconds", DEFAULT_REQUEST_SECONDS, 1, MAX_SECONDS);
    lua_Integer most = (lua_Integer)httpd_most_connections();
    options->max_connections = (size_t)integer_option(L, "max_connections", most, 1, most);
    lua_getfield(L, 1, "watch_stdin");
    options->watch_stdin = lua_toboolean(L, -1);
    lua_pop(L, 1);
    if (lua_getfield(L, 1, "on_request") != LUA_TFUNCTION)
        luaL_argerror(L, 1, "on_request: function expected");
}

/* ------------------------------------------------------------------ server */

/* libmicrohttpd reports only in its log why it did not start. */
__attribute__((format(printf, 2, 0))) static void keep_log(void *userdata, const char *format,
                                                           va_list arguments) {
    httpd_server *server = userdata;
    vsnprintf(server->log, sizeof server->log, format, arguments);
    server->log[strcspn(server->log, "\n")] = '\0';
}

static void start(httpd_server *server, const listen_options *options) {
    uint16_t port = (uint16_t)options->port;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->daemon = MHD_start_daemon(
        MHD_USE_ERROR_LOG, port, NULL, NULL, httpd_on_request, server, MHD_OPTION_EXTERNAL_LOGGER,
        keep_log, server, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_URI_LOG_CALLBACK, httpd_on_uri,
        server, MHD_OPTION_UNESCAPE_CALLBACK, httpd_keep_escaped, server,
        MHD_OPTION_NOTIFY_COMPLETED, httpd_on_completed, server, MHD_OPTION_NOTIFY_CONNECTION,
        httpd_on_connection, server, MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, options->idle_seconds, MHD_OPTION_END);
}

/* httpd.listen(options) */
static int httpd_listen(lua_State *L) {
    listen_options options;
    check_options(L, &options);
    httpd_server *server = lua_newuserdatauv(L, sizeof *server, 2);
    memset(server, 0, sizeof *server);
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
    server->main = lua_tothread(L, -1);
    lua_pop(L, 1);
    luaL_setmetatable(L, SERVER_TYPE);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, -2, 1);
    server->max_body_bytes = options.max_body_bytes;
    server->request_seconds = options.request_seconds;
    server->max_connections = options.max_connections;
    server->watch_stdin = options.watch_stdin;
    /* Checked before the server takes a descriptor, which could get the number of a closed stdin. */
    server->stdin_ended = options.watch_stdin && fcntl(STDIN_FILENO, F_GETFD) < 0;
    start(server, &options);
    if (server->daemon == NULL)
        return luaL_error(L, "cannot listen on 127.0.0.1:%d: %s", options.port, server->log);
    return 1;
}

static httpd_server *check_server(lua_State *L) {
    return luaL_checkudata(L, 1, SERVER_TYPE);
}

static void stop(httpd_server *server) {
    if (server->daemon != NULL)
        MHD_stop_daemon(server->daemon);
    server->daemon = NULL;
}

/* server:port() */
static int server_port(lua_State *L) {
    httpd_server *server = check_server(L);
    if (server->daemon == NULL)
        return luaL_error(L, "the server is stopped");
    lua_pushinteger(L, MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    return 1;
}

/* server:stop(), also __gc and __close. From within on_request it takes effect after the step. */
static int server_stop(lua_State *L) {
    httpd_server *server = check_server(L);
    if (server->L != NULL)
        server->stop_wanted = true;
    else
        stop(server);
    return 0;
}

/* -------------------------------------------------------------------- step */

/* Input on stdin is ignored; its end counts. */
static void read_stdin(httpd_server *server) {
    char ignored[4096];
    ssize_t count = read(STDIN_FILENO, ignored, sizeof ignored);
    server->stdin_ended = count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN);
}

/* [-0, +0, -] Waits for activity and serves it. A signal ends the wait, so that the hook which the
 * interpreter's handler has set can run. Returns 0 or an errno. */
static int serve_what_is_ready(httpd_server *server, double seconds) {
    fd_set readable, writable, exceptional;
    int highest = -1;
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    FD_ZERO(&exceptional);
    if (MHD_get_fdset(server->daemon, &readable, &writable, &exceptional, &highest) != MHD_YES)
        return EMFILE;
    MHD_UNSIGNED_LONG_LONG due_ms;
    if (MHD_get_timeout(server->daemon, &due_ms) == MHD_YES && (double)due_ms / 1000 < seconds)
        seconds = (double)due_ms / 1000;
    double late = httpd_close_late(server);
    if (late >= 0 && late < seconds)
        seconds = late;
    if (server->watch_stdin) {
        FD_SET(STDIN_FILENO, &readable);
        highest = highest < STDIN_FILENO ? STDIN_FILENO : highest;
    }
    struct timeval wait = {.tv_sec = (time_t)seconds};
    wait.tv_usec = (suseconds_t)((seconds - (double)wait.tv_sec) * 1e6);
    if (select(highest + 1, &readable, &writable, &exceptional, &wait) < 0)
        return errno == EINTR ? 0 : errno;
    if (server->watch_stdin && FD_ISSET(STDIN_FILENO, &readable))
        read_stdin(server);
    MHD_run_from_select(server->daemon, &readable, &writable, &exceptional);
    return 0;
}

/* server:step(timeout_seconds) */
static int server_step(lua_State *L) {
    httpd_server *server = check_server(L);
    double seconds = luaL_checknumber(L, 2);
    luaL_argcheck(L, seconds >= 0, 2, "number of seconds from 0 expected");
    if (server->L != NULL)
        return luaL_error(L, "step cannot be called from within on_request");
    if (server->daemon != NULL && !server->stdin_ended) {
        lua_settop(L, 1);
        lua_getiuservalue(L, 1, 1);
        server->L = L;
        server->handler = lua_gettop(L);
        int problem = serve_what_is_ready(
            server, seconds < MAX_TIMEOUT_SECONDS ? seconds : MAX_TIMEOUT_SECONDS);
        server->L = NULL;
        if (server->stop_wanted)
            stop(server);
        if (server->interrupted) {
            server->interrupted = false;
            lua_getiuservalue(L, 1, HTTPD_INTERRUPT);
            return lua_error(L);
        }
        if (problem != 0)
            return luaL_error(L, "cannot wait for requests: %s", strerror(problem));
    }
    if (server->daemon == NULL || server->stdin_ended)
        luaL_pushfail(L);
    else
        lua_pushboolean(L, true);
    return 1;
}

/* ------------------------------------------------------------------ module */

__attribute__((visibility("default"))) int luaopen_promptic_httpd(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"port", server_port},
        {"step", server_step},
        {"stop", server_stop},
        {NULL, NULL},
    };
    static const luaL_Reg metamethods[] = {
        {"__gc", server_stop},
        {"__close", server_stop},
        {NULL, NULL},
    };
    static const luaL_Reg functions[] = {
        {"listen", httpd_listen},
        {"gunzip", httpd_gunzip},
        {"unbase64", httpd_unbase64},
        {"sha256", httpd_sha256},
        {"hex", httpd_hex},
        {"peek", httpd_peek},
        {"make_private", httpd_make_private},
        {NULL, NULL},
    };
    httpd_register_inflater(L);
    luaL_newmetatable(L, SERVER_TYPE);
    luaL_setfuncs(L, metamethods, 0);
    lua_pushliteral(L, SERVER_TYPE); /* closed to scripts, as in registry.c */
    lua_setfield(L, -2, "__metatable");
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    luaL_newlib(L, functions);
    return 1;
}
