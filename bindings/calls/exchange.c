/*
 * exchange.c - what the prelude's artifacts need of C: requests whose responses are bytes, requests
 * to places that the platform names, checksums, base64 and files.
 */
#include "exchange.h"

#include "base64.h"
#include "download.h"
#include "http.h"
#include "json_buffer.h"
#include "lua_call.h"
#include "methods.h"
#include "sha256.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of an artifact, 50 MiB: the contract's bound of sizeBytes. */
#define MOST_BYTES 52428800

/* ----------------------------------------------------------------- exchange */

/* [-0, +1, m] A field of the table at index 2; NULL if it has none. */
static const char *text_field(lua_State *L, const char *name) {
    lua_getfield(L, 2, name);
    return lua_tostring(L, -1);
}

/* [-0, +1, e] Collects the headers of the table at index; what it pushes keeps the pairs. */
static void take_headers(lua_State *L, int index, promptic_request *request) {
    size_t count = 0;
    for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1))
        count++;
    promptic_pair *pairs = compat_newuserdata(L, (count + 1) * sizeof *pairs);
    for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1))
        pairs[request->header_count++] =
            (promptic_pair){.name = lua_tostring(L, -2), .value = lua_tostring(L, -1)};
    request->headers = pairs;
}

/* [-0, +1, e] The body as a buffer that the call takes over; NULL if there is none. */
static json_buffer *take_body(lua_State *L) {
    size_t length;
    lua_getfield(L, 2, "body");
    const char *bytes = lua_tolstring(L, -1, &length);
    if (bytes == NULL)
        return NULL;
    json_buffer *body = json_buffer_push(L);
    json_buffer_add(L, body, bytes, length);
    return body;
}

/* [-0, +n, e] Where the bytes of the response go, instead of into its body. */
static void take_file(lua_State *L, promptic_request *request) {
    lua_getfield(L, 2, "file");
    if (lua_isnil(L, -1))
        return;
    request->on_body = download_write;
    request->body_userdata = download_check(L, -1);
    lua_getfield(L, 2, "max_bytes");
    request->max_bytes = (unsigned long long)lua_tonumber(L, -1);
}

/* [-0, +1, e] A number of the table at index 2; 0 if it has none. */
static double number_field(lua_State *L, const char *name) {
    lua_getfield(L, 2, name);
    return lua_tonumber(L, -1);
}

/* [-0, +n, e] The limits of the table at index 2; absent ones are the client's. */
static promptic_limits take_limits(lua_State *L) {
    promptic_limits limits = {.size = sizeof(promptic_limits),
                              .timeout = number_field(L, "timeout"),
                              .deadline = number_field(L, "deadline"),
                              .max_retries = -1};
    limits.max_response_bytes = (size_t)number_field(L, "max_response_bytes");
    lua_getfield(L, 2, "max_retries");
    if (!lua_isnil(L, -1))
        limits.max_retries = (int)lua_tonumber(L, -1);
    return limits;
}

/* [-0, +n, e] How the response of the table at index 2 is returned. */
static bindings_exchange_kind take_kind(lua_State *L) {
    bindings_exchange_kind kind = {.json = false};
    lua_getfield(L, 2, "json");
    kind.json = lua_toboolean(L, -1);
    lua_getfield(L, 2, "is_stream");
    kind.is_stream = lua_toboolean(L, -1);
    lua_getfield(L, 2, "log");
    kind.log = lua_gettop(L);
    return kind;
}

/* [-?, +1, e] exchange(client, request): the response as it came; failures are raised as by any call.
 * The fields of a request:
 *
 *   endpoint, id, options     a row with one id in its path; options of its query; or, instead,
 *   url                       a URL that the platform has named; any, for an anonymous client
 *   path                      of the request whose response named the URL
 *   method, ca_file, headers  of a request to a URL; headers: a table of texts
 *   body                      a string
 *   file, max_bytes           the download that takes the bytes of a 2xx response; at most so many
 *   json, is_stream, log      as in bindings_exchange_kind
 *   timeout, deadline, max_retries, max_response_bytes
 */
static int exchange(lua_State *L) {
    promptic_pair query[BINDINGS_MAX_QUERY];
    const char *path[1];
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    luaL_checkstack(L, 2 * BINDINGS_MAX_QUERY + LUA_MINSTACK, NULL);
    promptic_request request = {.size = sizeof(promptic_request),
                                .method = text_field(L, "method"),
                                .url = text_field(L, "url")};
    if (request.url != NULL) {
        request.path = text_field(L, "path");
        request.ca_file = text_field(L, "ca_file");
        lua_getfield(L, 2, "headers");
        take_headers(L, lua_gettop(L), &request);
    } else {
        const promptic_endpoint *row = promptic_endpoint_find(text_field(L, "endpoint"));
        request.row = row;
        request.method = row->verb;
        path[0] = text_field(L, "id");
        request.path_args = path;
        request.path_count = 1;
        lua_getfield(L, 2, "options");
        request.query = query;
        request.query_count = bindings_take_query(L, row, lua_gettop(L), query);
    }
    take_file(L, &request);
    const promptic_limits limits = take_limits(L);
    const bindings_exchange_kind kind = take_kind(L);
    request.limits = &limits;
    return bindings_exchange(L, &request, take_body(L), &kind);
}

/* [-?, +1, e] post(client, endpoint, body): a call of a row without ids whose body, a string, is
 * ready: the library has made it, so that its shape is not looked at again. Returns what the row's
 * method returns. */
static int post(lua_State *L) {
    const promptic_endpoint *row = promptic_endpoint_find(luaL_checkstring(L, 2));
    promptic_request request = {.size = sizeof request, .row = row, .method = row->verb};
    size_t length;
    const char *bytes = luaL_checklstring(L, 3, &length);
    json_buffer *body = json_buffer_push(L);
    json_buffer_add(L, body, bytes, length);
    return bindings_call(L, &request, body);
}

/* -------------------------------------------------------------------- bytes */

/* [-0, +1, e] sha256(bytes) in hexadecimal digits. */
static int sha256(lua_State *L) {
    size_t length;
    char digits[SHA256_DIGITS + 1];
    const char *bytes = luaL_checklstring(L, 1, &length);
    sha256_digits(bytes, length, digits);
    lua_pushlstring(L, digits, SHA256_DIGITS);
    return 1;
}

/* Reads up to `length` bytes; -1 and errno if that fails. */
static ssize_t read_all(int file, char *bytes, size_t length) {
    size_t got = 0;
    while (got < length) {
        ssize_t count = read(file, bytes + got, length - got);
        if (count == 0)
            break;
        if (count > 0)
            got += (size_t)count;
        else if (errno != EINTR)
            return -1;
    }
    return (ssize_t)got;
}

/* [-0, +2, m] nil and why. */
static int push_problem(lua_State *L, const char *problem) {
    lua_pushnil(L);
    lua_pushstring(L, problem);
    return 2;
}

/* [-0, +1, m] The first `size` bytes of the file, *count of them, or all that it has; -1 and errno
 * where it cannot be read. Memory is made before the file is opened, since that may raise. */
static const char *push_beginning(lua_State *L, const char *path, size_t size, ssize_t *count) {
    char *bytes = compat_newuserdata(L, size);
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    *count = file >= 0 ? read_all(file, bytes, size) : -1;
    int code = errno;
    if (file >= 0)
        close(file);
    errno = code;
    return bytes;
}

/* [-0, +1 or 2, m] read(path, most): the file's bytes, or nil and why it cannot be read. The size
 * that a file states is a hint: that of files in /proc is 0. */
static int read_file(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    size_t most = (size_t)luaL_checkinteger(L, 2);
    struct stat status;
    ssize_t count;
    if (stat(path, &status) != 0)
        return push_problem(L, strerror(errno));
    if (!S_ISREG(status.st_mode)) /* opening a pipe could block */
        return push_problem(L, "not a regular file");
    size_t size = (unsigned long long)status.st_size > most ? most + 1 : (size_t)status.st_size + 1;
    const char *bytes = push_beginning(L, path, size, &count);
    while (count == (ssize_t)size && size <= most) {
        lua_pop(L, 1);
        size = size < 32 * 1024 ? 64 * 1024 : size > most / 2 ? most + 1 : 2 * size;
        bytes = push_beginning(L, path, size, &count);
    }
    if (count < 0)
        return push_problem(L, strerror(errno));
    if ((size_t)count > most) {
        lua_pushnil(L);
        lua_pushfstring(L, "it has more than %d bytes", (int)most);
        return 2;
    }
    lua_pushlstring(L, bytes, (size_t)count);
    return 1;
}

/* ---------------------------------------------------------------- arguments */

/* [-?, +1, e] Replaces the path on top by the bytes of its file. */
static void push_bytes(lua_State *L, const bindings_site *site) {
    const char *path = lua_tostring(L, -1);
    if (lua_type(L, -1) != LUA_TSTRING || strlen(path) != lua_rawlen(L, -1))
        bindings_argument_error(L, site,
                                "source: the path must be a string without NUL characters");
    lua_pushcfunction(L, read_file);
    lua_pushvalue(L, -2);
    lua_pushinteger(L, MOST_BYTES);
    lua_call(L, 2, 2);
    if (lua_isnil(L, -2))
        bindings_argument_error(L, site, "source: %s: %s", path, lua_tostring(L, -1));
    lua_pop(L, 1);
}

/* [-0, +0, e] A short text that names a file is more likely meant as its name. */
static void check_bytes(lua_State *L, const bindings_site *site) {
    struct stat status;
    size_t length;
    const char *bytes = lua_tolstring(L, -1, &length);
    if (length > 0 && length < PATH_MAX && strlen(bytes) == length && stat(bytes, &status) == 0 &&
        S_ISREG(status.st_mode))
        bindings_argument_error(L, site,
                                "source: '%s' names a file: { path = ... } sends its content, "
                                "{ bytes = ... } the text itself",
                                bytes);
}

void bindings_check_source(lua_State *L, const bindings_site *options) {
    bindings_site site = *options;
    int source = --site.argument;
    lua_createtable(L, 0, 2);
    if (lua_type(L, source) == LUA_TSTRING) {
        lua_pushvalue(L, source);
        check_bytes(L, &site);
    } else if (lua_istable(L, source)) {
        lua_getfield(L, source, "path");
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, "path");
        if (lua_isnil(L, -1))
            lua_getfield(L, source, "bytes");
        else
            push_bytes(L, &site);
    }
    if (lua_type(L, -1) != LUA_TSTRING)
        bindings_argument_error(L, &site,
                                "source: bytes, { path = ... } or { bytes = ... } expected, got %s",
                                luaL_typename(L, source));
    if (lua_rawlen(L, -1) > MOST_BYTES)
        bindings_argument_error(L, &site, "source: more than 50 MiB");
    int made = options->argument + 2; /* above the settings */
    lua_setfield(L, made, "bytes");
    lua_settop(L, made);
    lua_replace(L, source);
}

void bindings_check_download(lua_State *L, const bindings_site *options) {
    bindings_site site = *options;
    int path = --site.argument;
    lua_pushcfunction(L, download_open);
    lua_pushvalue(L, path);
    lua_call(L, 1, 2);
    if (lua_isnil(L, -2))
        bindings_argument_error(L, &site, "path: %s: %s", lua_tostring(L, path),
                                lua_tostring(L, -1));
    lua_pop(L, 1);
    lua_setfield(L, -2, "file");
}

int bindings_open_exchange(lua_State *L) {
    static const luaL_Reg functions[] = {{"exchange", exchange},
                                         {"post", post},
                                         {"open", download_open},
                                         {"read", read_file},
                                         {"sha256", sha256},
                                         {"base64", bindings_base64},
                                         {"unbase64", bindings_unbase64},
                                         {"locate", bindings_locate},
                                         {"utf8", bindings_repair_utf8},
                                         {NULL, NULL}};
    luaL_newlib(L, functions);
    bindings_open_stream(L);
    return 1;
}
