/*
 * http.c - the arguments of promptic.http, and what it needs to know of URLs.
 */
#include "http.h"

#include "ascii.h"
#include "config.h"
#include "encode.h"
#include "json_buffer.h"
#include "json_encode.h"
#include "methods.h"
#include "place.h"
#include "raw.h"
#include "registry.h"
#include "utf8.h"

#include <string.h>

enum { METHOD = 1, URL = 2 }; /* indices of arguments */

/* --------------------------------------------------------------------- URL */

/* A URL that is freed when it is collected. */
static int free_place(lua_State *L) {
    place_free(lua_touserdata(L, 1));
    return 0;
}

/* [-0, +1, m] Pushes a userdata that owns an empty place. */
static struct place *push_place(lua_State *L) {
    struct place *kept = compat_newuserdata(L, sizeof *kept);
    memset(kept, 0, sizeof *kept);
    if (luaL_newmetatable(L, "promptic.place")) {
        bindings_name_metatable(L, "promptic.place");
        lua_pushcfunction(L, free_place);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return kept;
}

/* [-0, +0, m] */
static void set_text(lua_State *L, const char *name, const char *text) {
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

static void set_flag(lua_State *L, const char *name, bool flag) {
    lua_pushboolean(L, flag);
    lua_setfield(L, -2, name);
}

/* [-0, +1, m] Pushes what the prelude has to know of the URL. */
static void push_described(lua_State *L, const struct place *place) {
    bool is_http = strcasecmp(place->scheme, "http") == 0;
    lua_createtable(L, 0, 6);
    set_text(L, "url", place->url);
    set_text(L, "host", place->host);
    lua_pushfstring(L, "%s://%s:%s", place->scheme, place->host,
                    place->port != NULL ? place->port : "");
    lua_setfield(L, -2, "origin");
    set_flag(L, "is_http", is_http);
    set_flag(L, "is_local", config_is_loopback(place->host));
    set_flag(L, "has_user", place->user != NULL);
}

/* [-0, +1, e] Pushes the URL in a userdata; NULL with *problem if it is none of http or https. */
static const struct place *push_url(lua_State *L, const char *base, const char *value,
                                    const char **problem) {
    struct place *place = push_place(L);
    CURLUcode code = place_read(place, base, value);
    if (code == CURLUE_OUT_OF_MEMORY)
        luaL_error(L, "not enough memory");
    *problem = code != CURLUE_OK ? curl_url_strerror(code) : "neither https nor http";
    return code == CURLUE_OK && place_is_web(place) ? place : NULL;
}

int bindings_locate(lua_State *L) {
    const char *problem;
    const char *value = luaL_checkstring(L, 1), *base = luaL_checkstring(L, 2);
    const struct place *place = push_url(L, base, value, &problem);
    if (place != NULL)
        push_described(L, place);
    else
        lua_pushnil(L);
    return 1;
}

/* -------------------------------------------------------------------- form */

/* [-0, +1, e] Pushes the pairs of the table at index as name=value&..., percent-encoded. */
static void push_form(lua_State *L, const bindings_site *site, const char *label, int index) {
    size_t count, room = 1;
    const promptic_pair *pairs = bindings_take_pairs(L, site, label, index, &count);
    for (size_t i = 0; i < count; i++)
        room += 3 * strlen(pairs[i].name) + 3 * strlen(pairs[i].value) + 2;
    char *line = compat_newuserdata(L, room), *end = line;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            *end++ = '&';
        end += encode_percent(end, pairs[i].name);
        *end++ = '=';
        end += encode_percent(end, pairs[i].value);
    }
    lua_pushlstring(L, line, (size_t)(end - line));
    lua_remove(L, -2);
}

/* ----------------------------------------------------------------- settings */

/* [-0, +0, e] Sets the field `place` of the settings: the URL with the query. */
static void take_url(lua_State *L, const bindings_site *options, int settings) {
    bindings_site site = *options;
    const char *problem, *url = lua_tostring(L, URL);
    site.argument = URL;
    const struct place *place = push_url(L, NULL, url, &problem);
    if (place == NULL) { /* which is not quoted: a key may be in it */
        bindings_argument_error(L, &site, "url: %s", problem);
        return;
    }
    lua_getfield(L, settings, "query");
    if (!lua_isnil(L, -1)) {
        const char *before = strchr(place->url, '?') != NULL ? "&" : "?";
        push_form(L, options, "query", lua_gettop(L));
        const char *query = lua_tostring(L, -1);
        if (*query != '\0')
            url = lua_pushfstring(L, "%s%s%s", place->url, before, query);
        place = push_url(L, NULL, url, &problem);
        if (place == NULL) {
            bindings_argument_error(L, options, "query: %s", problem);
            return;
        }
    }
    push_described(L, place);
    lua_setfield(L, settings, "place");
    lua_settop(L, settings);
}

/* [-0, +0, e] Raises if the table at index has the header in another spelling. */
static void check_spelling(lua_State *L, const bindings_site *site, const char *name, int into) {
    for (lua_pushnil(L); lua_next(L, into) != 0; lua_pop(L, 1))
        if (strcasecmp(lua_tostring(L, -2), name) == 0)
            bindings_argument_error(L, site, "headers.%s: given twice, in two spellings", name);
}

/* [-0, +0, e] Copies the header on top to the table at index, its value as text. */
static void take_header(lua_State *L, const bindings_site *site, int into) {
    size_t length;
    if (lua_type(L, -2) != LUA_TSTRING)
        bindings_argument_error(L, site, "headers: they have names, this one has a %s",
                                luaL_typename(L, -2));
    const char *name = lua_tolstring(L, -2, &length);
    if (!ascii_is_token(name, length))
        bindings_argument_error(L, site, "headers: a name that HTTP does not allow");
    check_spelling(L, site, name, into);
    lua_pushvalue(L, -2);
    if (lua_type(L, -2) == LUA_TNUMBER) {
        bindings_push_number(L, lua_gettop(L) - 1);
    } else if (lua_type(L, -2) == LUA_TSTRING) {
        lua_pushvalue(L, -2);
    } else {
        bindings_argument_error(L, site, "headers.%s: string or number expected, got %s", name,
                                luaL_typename(L, -2));
    }
    const char *value = lua_tolstring(L, -1, &length);
    if (!ascii_is_line(value, length))
        bindings_argument_error(L, site, "headers.%s: holds a control character", name);
    lua_rawset(L, into);
}

/* [-0, +0, e] Replaces the headers by a table of texts. */
static void take_headers(lua_State *L, const bindings_site *site, int settings) {
    lua_newtable(L);
    int into = lua_gettop(L);
    lua_getfield(L, settings, "headers");
    if (!lua_isnil(L, -1))
        for (lua_pushnil(L); lua_next(L, into + 1) != 0; lua_pop(L, 1))
            take_header(L, site, into);
    lua_pushvalue(L, into);
    lua_setfield(L, settings, "headers");
    lua_settop(L, settings);
}

/* [-0, +0, e] Raises if two of these are given. */
static void check_one(lua_State *L, const bindings_site *site, int settings,
                      const char *const names[]) {
    const char *found = NULL;
    for (; *names != NULL; names++) {
        lua_getfield(L, settings, *names);
        bool is_given = !lua_isnil(L, -1);
        lua_pop(L, 1);
        if (is_given && found != NULL)
            bindings_argument_error(L, site, "%s and %s exclude each other", found, *names);
        if (is_given)
            found = *names;
    }
}

/* [-0, +0, e] Makes `body` of json or form, and sets its type. */
static void take_body(lua_State *L, const bindings_site *site, int settings) {
    check_one(L, site, settings, (const char *const[]){"body", "json", "form", NULL});
    lua_getfield(L, settings, "form");
    lua_getfield(L, settings, "json");
    const char *type = NULL;
    if (!lua_isnil(L, -2)) {
        type = "application/x-www-form-urlencoded";
        push_form(L, site, "form", settings + 1);
    } else if (!lua_isnil(L, -1)) {
        type = "application/json";
        json_buffer *text = json_buffer_push(L);
        if (!json_encode(L, settings + 2, JSON_ANY, "json", text))
            bindings_argument_error(L, site, "%s", lua_tostring(L, -1));
        lua_pushlstring(L, text->data, text->length);
    }
    if (type != NULL) {
        lua_setfield(L, settings, "body");
        lua_pushstring(L, type);
        lua_setfield(L, settings, "content_type");
    }
    lua_getfield(L, settings, "body");
    if (!lua_isnil(L, -1) && strcmp(lua_tostring(L, METHOD), "HEAD") == 0)
        bindings_argument_error(L, site, "a HEAD request has no body");
    lua_settop(L, settings);
}

/* [-0, +0, e] Drops a Content-Length that is right and raises for others: the rest of a connection
 * that is kept would be read as another request (RFC 9112, 11.2). */
static void check_framing(lua_State *L, const bindings_site *site, int settings) {
    lua_getfield(L, settings, "headers");
    lua_getfield(L, settings, "body");
    lua_Number length = (lua_Number)lua_rawlen(L, -1);
    lua_pop(L, 1);
    for (lua_pushnil(L); lua_next(L, settings + 1) != 0; lua_pop(L, 1)) {
        const char *name = lua_tostring(L, -2);
        if (strcasecmp(name, "Transfer-Encoding") == 0)
            bindings_argument_error(L, site, "headers.%s: is up to the library", name);
        if (strcasecmp(name, "Content-Length") != 0)
            continue;
        if (!lua_isnumber(L, -1) || lua_tonumber(L, -1) != length)
            bindings_argument_error(L, site, "headers.%s: is not the length of the body", name);
        lua_pushvalue(L, -2);
        lua_pushnil(L);
        lua_rawset(L, settings + 1);
    }
    lua_settop(L, settings);
}

void bindings_check_http(lua_State *L, const bindings_site *site) {
    int settings = lua_gettop(L);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    take_url(L, site, settings);
    take_headers(L, site, settings);
    take_body(L, site, settings);
    check_framing(L, site, settings);
    check_one(L, site, settings, (const char *const[]){"save", "on_data", NULL});
}

/* ------------------------------------------------------------------- UTF-8 */

int bindings_repair_utf8(lua_State *L) {
    size_t length, width;
    uint32_t code;
    const char *bytes = luaL_checklstring(L, 1, &length);
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    for (size_t at = 0; at<length; at += width> 0 ? width : 1) {
        width = utf8_read(bytes + at, length - at, &code);
        if (width > 0)
            luaL_addlstring(&out, bytes + at, width);
        else
            luaL_addstring(&out, "\xEF\xBF\xBD");
    }
    luaL_pushresult(&out);
    return 1;
}
