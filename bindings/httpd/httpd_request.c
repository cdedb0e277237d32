/*
 * httpd_request.c - one request: its body is gathered, on_request is called, its response is
 * queued.
 *
 * libmicrohttpd is on the C stack here, so no Lua error may pass: all that can raise runs inside
 * the one lua_pcall of respond(). What is allocated belongs to the exchange, which ends in
 * httpd_on_completed whatever happens before.
 */
#include "httpd_request.h"

#include "ascii.h"
#include "grow.h"
#include "httpd.h"
#include "httpd_connections.h"
#include "httpd_error.h"
#include "httpd_stream.h"

#include <lauxlib.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BODY_BYTES ((size_t)64 * 1024)

/* Of an internal error's message; more of it is on stderr. */
#define MAX_MESSAGE_BYTES 1000

#define STATUS_TOO_LARGE 413 /* libmicrohttpd renames its constant from release to release */

typedef struct exchange {
    char *uri; /* as it was sent */
    char *body;
    size_t length;
    size_t capacity;
    bool begun; /* the headers have arrived */
    bool too_large;
    const char *method;                /* while on_request runs */
    struct MHD_Connection *connection; /* likewise */
    httpd_server *server;              /* likewise */
    unsigned status;
    struct MHD_Response *response; /* owned until it is queued */
} exchange;

/* ---------------------------------------------------------- begin and end */

void *httpd_on_uri(void *server, const char *uri, struct MHD_Connection *connection) {
    (void)server;
    (void)connection;
    exchange *x = calloc(1, sizeof *x);
    if (x == NULL)
        return NULL;
    x->uri = strdup(uri);
    return x;
}

size_t httpd_keep_escaped(void *server, struct MHD_Connection *connection, char *text) {
    (void)server;
    (void)connection;
    return strlen(text);
}

static void drop_response(exchange *x) {
    if (x->response != NULL)
        MHD_destroy_response(x->response);
    x->response = NULL;
}

void httpd_on_completed(void *server, struct MHD_Connection *connection, void **state,
                        enum MHD_RequestTerminationCode how) {
    (void)server;
    (void)how;
    httpd_note_end(connection);
    exchange *x = *state;
    *state = NULL;
    if (x == NULL)
        return;
    drop_response(x);
    free(x->uri);
    free(x->body);
    free(x);
}

/* -------------------------------------------------------------------- body */

/* A body above the cap is read to its end and dropped: a client that is still sending would not
 * see a response. */
static void refuse_body(exchange *x) {
    free(x->body);
    x->body = NULL;
    x->length = x->capacity = 0;
    x->too_large = true;
}

/* False if out of memory. */
static bool gather(exchange *x, const char *piece, size_t length, size_t max_bytes) {
    if (x->too_large)
        return true;
    if (length > max_bytes - x->length) {
        refuse_body(x);
        return true;
    }
    char *body = grow(x->body, &x->capacity, x->length + length, 1, FIRST_BODY_BYTES);
    if (body == NULL)
        return false;
    x->body = body;
    memcpy(x->body + x->length, piece, length);
    x->length += length;
    return true;
}

/* ---------------------------------------------------------- request to Lua */

/* "http://host/path", which proxies send, is "/path" to a server. */
static const char *without_origin(const char *uri) {
    const char *host = uri[0] == '/' ? NULL : strstr(uri, "://");
    if (host == NULL)
        return uri;
    const char *path = host + 3 + strcspn(host + 3, "/?");
    return *path == '\0' ? "/" : path;
}

/* [-0, +0, m] Sets path and query of the table on top. */
static void set_target(lua_State *L, const char *uri) {
    const char *target = without_origin(uri);
    size_t path_length = strcspn(target, "?");
    if (path_length == 0)
        lua_pushliteral(L, "/");
    else
        lua_pushlstring(L, target, path_length);
    lua_setfield(L, -2, "path");
    if (target[path_length] == '?') {
        lua_pushstring(L, target + path_length + 1);
        lua_setfield(L, -2, "query");
    }
}

typedef struct header {
    const char *name, *value;
    size_t name_length, value_length;
} header;

typedef struct header_list {
    header *items;
    size_t count;
} header_list;

static enum MHD_Result note_header(void *userdata, enum MHD_ValueKind kind, const char *name,
                                   size_t name_length, const char *value, size_t value_length) {
    (void)kind;
    header_list *list = userdata;
    list->items[list->count++] =
        (header){name, value == NULL ? "" : value, name_length, value == NULL ? 0 : value_length};
    return MHD_YES;
}

/* [-0, +1, m] The name with A to Z as a to z, whatever the locale. */
static void push_lower(lua_State *L, const char *name, size_t length) {
    luaL_Buffer b;
    char *lower = luaL_buffinitsize(L, &b, length);
    for (size_t i = 0; i < length; i++)
        lower[i] = ascii_lower(name[i]);
    luaL_pushresultsize(&b, length);
}

/* [-0, +0, m] Adds to the table on top; values of one name are joined, as RFC 9110 allows. */
static void set_header(lua_State *L, const header *h) {
    push_lower(L, h->name, h->name_length);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_pushlstring(L, h->value, h->value_length);
    } else {
        lua_pushliteral(L, ", ");
        lua_pushlstring(L, h->value, h->value_length);
        lua_concat(L, 3);
    }
    lua_rawset(L, -3);
}

/* [-0, +0, m] Sets headers of the table on top. The walk over them only takes notes, because no
 * Lua error may pass through it. */
static void set_headers(lua_State *L, struct MHD_Connection *connection) {
    int count = MHD_get_connection_values_n(connection, MHD_HEADER_KIND, NULL, NULL);
    size_t room = count > 0 ? (size_t)count : 1;
    header_list list = {.items = lua_newuserdatauv(L, room * sizeof(header), 0)};
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, note_header, &list);
    lua_createtable(L, 0, (int)list.count);
    for (size_t i = 0; i < list.count; i++)
        set_header(L, &list.items[i]);
    lua_setfield(L, -3, "headers");
    lua_pop(L, 1);
}

/* [-0, +1, m] */
static void push_request(lua_State *L, const exchange *x) {
    lua_createtable(L, 0, 5);
    lua_pushstring(L, x->method);
    lua_setfield(L, -2, "method");
    set_target(L, x->uri);
    set_headers(L, x->connection);
    lua_pushlstring(L, x->length > 0 ? x->body : "", x->length);
    lua_setfield(L, -2, "body");
}

/* ------------------------------------------------------- response from Lua */

/* [-0, +0, e] Adds the table or nil at index to the response. */
static void add_headers(lua_State *L, exchange *x, int index) {
    if (lua_isnil(L, index))
        return;
    if (!lua_istable(L, index))
        luaL_error(L, "on_request returned a %s as headers", luaL_typename(L, index));
    for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || !lua_isstring(L, -1))
            luaL_error(L, "on_request returned a header that is not a pair of strings");
        const char *name = lua_tostring(L, -2), *value = lua_tostring(L, -1);
        if (MHD_add_response_header(x->response, name, value) != MHD_YES)
            luaL_error(L, "on_request returned a header that cannot be sent: '%s'", name);
    }
}

/* [-0, +0, e] Makes the response of the body at index. */
static void take_body(lua_State *L, exchange *x, int index, lua_Integer status) {
    const char *body = "";
    size_t length = 0;
    if (lua_isfunction(L, index)) {
        httpd_stream_response(L, x->server, index, &x->response);
    } else {
        if (!lua_isnil(L, index) && lua_type(L, index) != LUA_TSTRING)
            luaL_error(L, "on_request returned a %s as body", luaL_typename(L, index));
        if (!lua_isnil(L, index))
            body = lua_tolstring(L, index, &length);
        if (length > 0 && (status == 204 || status == 304))
            luaL_error(L, "on_request returned a body with status %d, which has none", (int)status);
        x->response = MHD_create_response_from_buffer(length, (void *)body, MHD_RESPMEM_MUST_COPY);
    }
    if (x->response == NULL)
        luaL_error(L, "not enough memory");
}

/* [-0, +0, e] Makes the response from status, headers and body at index and after it. */
static void take_response(lua_State *L, exchange *x, int index) {
    int integral;
    lua_Integer status = lua_tointegerx(L, index, &integral);
    if (!integral || status < 200 || status > 599)
        luaL_error(L, "on_request returned '%s', which is no status from 200 to 599",
                   luaL_tolstring(L, index, NULL));
    x->status = (unsigned)status;
    take_body(L, x, index + 2, status);
    add_headers(L, x, index + 1);
}

/* on_request and the exchange are the arguments. [-2, +0, e] */
static int serve(lua_State *L) {
    exchange *x = lua_touserdata(L, 2);
    lua_pushvalue(L, 1);
    push_request(L, x);
    lua_call(L, 1, 3);
    take_response(L, x, 3);
    return 0;
}

/* -------------------------------------------------------- internal errors */

/* How many bytes form a character of UTF-8 at text, or 0. */
static size_t utf8_length(const unsigned char *text, size_t left) {
    static const struct {
        unsigned char first, last, low, high; /* of the first byte, of the second byte */
        size_t length;
    } rows[] = {
        {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
        {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
        {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (text[0] < rows[i].first || text[0] > rows[i].last || left < rows[i].length)
            continue;
        bool fine = text[1] >= rows[i].low && text[1] <= rows[i].high;
        for (size_t n = 2; n < rows[i].length; n++)
            fine = fine && text[n] >= 0x80 && text[n] <= 0xBF;
        return fine ? rows[i].length : 0;
    }
    return 0;
}

/* Writes the text as the inside of a JSON string, at most six bytes for each of its own. */
static size_t write_json(char *out, const char *text, size_t length) {
    size_t at = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        size_t character = c < 0x80 ? 1 : utf8_length((const unsigned char *)text + i, length - i);
        if (character == 0) {
            at += (size_t)sprintf(out + at, "\\ufffd");
        } else if (c == '"' || c == '\\') {
            out[at++] = '\\';
            out[at++] = (char)c;
        } else if (c < 0x20) {
            at += (size_t)sprintf(out + at, "\\u%04x", c);
        } else {
            memcpy(out + at, text + i, character);
            at += character;
            i += character - 1;
        }
    }
    return at;
}

/* A response {"error": text}, or NULL if out of memory. */
static struct MHD_Response *error_response(const char *prefix, const char *text, size_t length) {
    char body[6 * MAX_MESSAGE_BYTES + 100];
    size_t at = (size_t)snprintf(body, 90, "{\"error\":\"%s", prefix);
    at += write_json(body + at, text, length < MAX_MESSAGE_BYTES ? length : MAX_MESSAGE_BYTES);
    memcpy(body + at, "\"}", 2);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(at + 2, body, MHD_RESPMEM_MUST_COPY);
    if (response != NULL)
        MHD_add_response_header(response, "Content-Type", "application/json");
    return response;
}

/* [-0, +0, -] The error that on_request raised is on top, with a traceback. */
static void respond_error(lua_State *L, exchange *x) {
    const char *text = httpd_error_text(L);
    size_t length = httpd_report_error(L, x->server);
    drop_response(x);
    x->status = MHD_HTTP_INTERNAL_SERVER_ERROR;
    x->response = error_response("internal error: ", text, length);
}

/* ---------------------------------------------------------------- response */

/* [-0, +0, -] Leaves status and response in the exchange. */
static void respond(exchange *x) {
    lua_State *L = x->server->L;
    int top = lua_gettop(L);
    if (!lua_checkstack(L, LUA_MINSTACK))
        return;
    lua_pushcfunction(L, httpd_describe_error);
    lua_pushcfunction(L, serve);
    lua_pushvalue(L, x->server->handler);
    lua_pushlightuserdata(L, x);
    if (lua_pcall(L, 2, 0, top + 1) != LUA_OK)
        respond_error(L, x);
    lua_settop(L, top);
}

static void respond_too_large(exchange *x) {
    char text[80];
    int length = snprintf(text, sizeof text, "the request body is larger than %zu bytes",
                          x->server->max_body_bytes);
    x->status = STATUS_TOO_LARGE;
    x->response = error_response("", text, (size_t)length);
}

enum MHD_Result httpd_on_request(void *userdata, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *piece,
                                 size_t *length, void **state) {
    (void)url;
    (void)version;
    httpd_server *server = userdata;
    exchange *x = *state;
    if (x == NULL || x->uri == NULL || server->L == NULL)
        return MHD_NO;
    if (!x->begun) {
        x->begun = true;
        httpd_note_head(connection);
        return MHD_YES;
    }
    if (*length > 0) {
        httpd_note_body(connection, *length);
        bool gathered = gather(x, piece, *length, server->max_body_bytes);
        *length = 0;
        return gathered ? MHD_YES : MHD_NO;
    }
    httpd_note_request(connection);
    x->method = method;
    x->connection = connection;
    x->server = server;
    if (x->too_large)
        respond_too_large(x);
    else
        respond(x);
    enum MHD_Result queued =
        x->response == NULL ? MHD_NO : MHD_queue_response(connection, x->status, x->response);
    drop_response(x);
    return queued;
}
