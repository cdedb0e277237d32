/*
 * lua_client.c - promptic.client: from options to a client, and the client's userdata.
 */
#include "lua_client.h"

#include "arguments.h"
#include "client_argument.h"
#include "errors.h"
#include "library_call.h"
#include "library_find.h"
#include "registry.h"
#include "site.h"

#include <string.h>

/* ------------------------------------------------------------------ options */

/* [-0, +0, m] The string of an option, which stays in the table of options; NULL where absent. */
static const char *string_option(lua_State *L, const char *name) {
    bindings_push_option(L, 1, name);
    const char *text = lua_tostring(L, -1);
    lua_pop(L, 1);
    return text;
}

/* [-0, +0, m] */
static double number_option(lua_State *L, const char *name) {
    bindings_push_option(L, 1, name);
    double number = lua_tonumber(L, -1);
    lua_pop(L, 1);
    return number;
}

/* [-0, +1, m] Pushes the user agent: the caller's part, and the version of Lua. */
static const char *push_user_agent(lua_State *L) {
    const char *own = string_option(L, "user_agent");
    const char *version = &LUA_VERSION[sizeof "Lua"]; /* after the space */
    if (own == NULL || *own == '\0')
        return lua_pushfstring(L, "Lua/%s", version);
    return lua_pushfstring(L, "%s Lua/%s", own, version);
}

/* [-0, +1, m] Reads the table of settings; the string it pushes belongs to them. */
static void read_options(lua_State *L, promptic_options *options) {
    promptic_options_init(options, sizeof *options);
    options->api_key = string_option(L, "api_key");
    options->access_token = string_option(L, "access_token");
    options->ai_application_id = string_option(L, "ai_application_id");
    options->workspace_id = string_option(L, "workspace_id");
    options->endpoint = string_option(L, "endpoint");
    options->config_file = string_option(L, "config_file");
    options->ca_file = string_option(L, "ca_file");
    options->timeout = number_option(L, "timeout");
    options->deadline = number_option(L, "deadline");
    options->backoff = number_option(L, "backoff");
    options->max_retries = (int)number_option(L, "max_retries");
    options->max_response_bytes = (size_t)number_option(L, "max_response_bytes");
    bindings_push_option(L, 1, "allow_http");
    options->allow_http = lua_toboolean(L, -1);
    lua_pop(L, 1);
    bindings_push_option(L, 1, "certificate");
    options->certificate = lua_toboolean(L, -1);
    lua_pop(L, 1);
    options->user_agent = push_user_agent(L);
}

/* ----------------------------------------------------------------- lifetime */

enum {
    USER_LOG = 1,
    USER_STATE = 2,
    USER_PARENT = 3
}; /* in the table that is a client's user value */

/* [-0, +1, e] Pushes a client without a handle, which keeps its state and its log function alive,
 * and can be found by its address without being kept alive by that. */
static bindings_client *push_client(lua_State *L, bindings_state *state) {
    bindings_client *client = lua_newuserdata(L, sizeof *client);
    memset(client, 0, sizeof *client);
    client->state = state;
    bindings_get(L, BINDINGS_CLIENT_METATABLE);
    lua_setmetatable(L, -2);
    lua_createtable(L, 2, 0);
    bindings_push_option(L, 1, "log");
    lua_rawseti(L, -2, USER_LOG);
    bindings_get(L, BINDINGS_STATE);
    lua_rawseti(L, -2, USER_STATE);
    lua_setuservalue(L, -2);
    bindings_get(L, BINDINGS_CLIENTS);
    lua_pushvalue(L, -2);
    lua_rawsetp(L, -2, client);
    lua_pop(L, 1);
    return client;
}

/* [-0, +0, e] The option `strict`; raises if the types that it needs are not there. */
static bool wants_strict(lua_State *L) {
    bindings_push_option(L, 1, "strict");
    bool strict = lua_toboolean(L, -1);
    lua_pop(L, 1);
    if (strict) {
        bindings_get(L, BINDINGS_STRICT_LOAD);
        lua_call(L, 0, 0);
    }
    return strict;
}

static int new_client(lua_State *L, bool anonymous) {
    promptic_options options;
    promptic_error error = {.kind = PROMPTIC_OK};
    bool strict = wants_strict(L);
    bindings_state *state = bindings_state_of(L);
    bindings_client *client = push_client(L, state);
    client->strict = strict;
    read_options(L, &options);
    client->most_values = (size_t)number_option(L, "max_response_values");
    options.anonymous = anonymous;
    bindings_push_option(L, 1, "log");
    if (!lua_isnil(L, -1)) {
        options.log = bindings_log;
        options.log_userdata = client;
    }
    lua_pop(L, 1);
    lua_State *outer = bindings_enter(state, L);
    client->handle = promptic_client_new(state->loop, &options, &error);
    bindings_leave(state, outer);
    if (client->handle == NULL)
        return bindings_raise_failure(L, &error);
    lua_pop(L, 1);
    return 1;
}

int bindings_new_client(lua_State *L) {
    return new_client(L, false);
}

int bindings_new_anonymous_client(lua_State *L) {
    const promptic_endpoint *call = &library_find(L, "client")->call;
    bindings_check_arguments(L, call, 0);
    library_push_settings(L, call->parameters, 1);
    lua_replace(L, 1);
    return new_client(L, true);
}

promptic_client *bindings_client_handle(const bindings_client *client) {
    return client->parent != NULL ? client->parent->handle : client->handle;
}

/* [-0, +0, m] The limits that the options at index 2 name, over those of the view they are for. */
static promptic_limits read_limits(lua_State *L, const bindings_client *from) {
    static const promptic_limits none = {.size = sizeof(promptic_limits), .max_retries = -1};
    promptic_limits limits = from->parent != NULL ? from->limits : none;
    const struct {
        const char *name;
        double *into;
    } seconds[] = {{"timeout", &limits.timeout}, {"deadline", &limits.deadline}};
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        bindings_push_option(L, 2, seconds[i].name);
        if (!lua_isnil(L, -1))
            *seconds[i].into = lua_tonumber(L, -1);
        lua_pop(L, 1);
    }
    bindings_push_option(L, 2, "max_retries");
    if (!lua_isnil(L, -1))
        limits.max_retries = (int)lua_tonumber(L, -1);
    lua_pop(L, 1);
    return limits;
}

int bindings_client_with(lua_State *L) {
    const bindings_client *from = bindings_to_client(L, 1);
    const promptic_limits limits = read_limits(L, from);
    bindings_client *view = lua_newuserdata(L, sizeof *view);
    *view = (bindings_client){.state = from->state,
                              .parent = from->parent != NULL ? from->parent : from,
                              .limits = limits,
                              .strict = from->strict,
                              .most_values = from->most_values};
    bindings_get(L, BINDINGS_CLIENT_METATABLE);
    lua_setmetatable(L, -2);
    lua_createtable(L, 3, 0);
    bindings_get(L, BINDINGS_STATE);
    lua_rawseti(L, -2, USER_STATE);
    lua_pushvalue(L, 1); /* which keeps a view's own parent alive */
    lua_rawseti(L, -2, USER_PARENT);
    lua_setuservalue(L, -2);
    return 1;
}

/* [-0, +0, -] __gc */
static int free_client(lua_State *L) {
    bindings_client *client = bindings_to_client(L, 1);
    if (client == NULL || client->handle == NULL)
        return 0;
    promptic_client_free(client->handle);
    client->handle = NULL;
    client->closed = true;
    return 0;
}

/* client:close(), also __close: its calls end with kind "cancelled". A view ends nothing. */
int bindings_close_client(lua_State *L) {
    bindings_client *client =
        bindings_check_client(L, &(bindings_site){.function = "close", .argument = 1});
    if (client->parent != NULL)
        return 0;
    bindings_check_idle(L, client->state);
    client->closed = true;
    if (client->handle == NULL)
        return 0;
    lua_State *outer = bindings_enter(client->state, L);
    promptic_client_close(client->handle);
    bindings_leave(client->state, outer);
    return 0;
}

int bindings_renew_client(lua_State *L) {
    bindings_client *client =
        bindings_check_client(L, &(bindings_site){.function = "renew", .argument = 1});
    promptic_client *handle = bindings_client_handle(client);
    lua_pushboolean(L, handle != NULL && promptic_client_renew(handle));
    return 1;
}

int bindings_is_strict(lua_State *L) {
    bindings_client *client =
        bindings_check_client(L, &(bindings_site){.function = "is_strict", .argument = 1});
    lua_pushboolean(L, client->strict);
    return 1;
}

/* __tostring: promptic.client (https://promptic.eu, api_key from environment) */
static int describe(lua_State *L) {
    bindings_client *client =
        bindings_check_client(L, &(bindings_site){.function = "tostring", .argument = 1});
    const promptic_client *handle = bindings_client_handle(client);
    bool closed = client->parent != NULL ? client->parent->closed : client->closed;
    if (handle == NULL) {
        lua_pushliteral(L, "promptic.client (closed)");
        return 1;
    }
    lua_pushfstring(L, "promptic.client (%s, %s from %s%s)", promptic_client_endpoint(handle),
                    promptic_client_credential(handle), promptic_client_source(handle),
                    closed ? ", closed" : "");
    return 1;
}

void bindings_open_clients(lua_State *L) {
    static const luaL_Reg metamethods[] = {{"__gc", free_client},
                                           {"__close", bindings_close_client},
                                           {"__tostring", describe},
                                           {NULL, NULL}};
    lua_createtable(L, 0, 6);
    luaL_setfuncs(L, metamethods, 0);
    bindings_name_metatable(L, "promptic.client");
    bindings_get(L, BINDINGS_METHODS);
    lua_setfield(L, -2, "__index");
    bindings_set(L, BINDINGS_CLIENT_METATABLE);
}

/* ---------------------------------------------------------------------- log */

typedef struct log_line {
    bindings_client *client; /* NULL: the function is in the registry */
    int reference;           /* to it there */
    promptic_log_level level;
    const char *text;
} log_line;

/* [-0, +1, -] Pushes the client's log function, or nil: one that is being collected has none. */
static void push_log(lua_State *L, const log_line *line) {
    if (line->client == NULL) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, line->reference);
        return;
    }
    bindings_get(L, BINDINGS_CLIENTS);
    lua_rawgetp(L, -1, line->client);
    if (lua_isnil(L, -1))
        return;
    lua_getuservalue(L, -1);
    lua_rawgeti(L, -1, USER_LOG);
}

/* [-1, +0, e] Calls the log function. */
static int call_log(lua_State *L) {
    const log_line *line = lua_touserdata(L, 1);
    push_log(L, line);
    if (lua_isnil(L, -1))
        return 0;
    lua_pushstring(L, line->level == PROMPTIC_LOG_WARNING ? "warning" : "debug");
    lua_pushstring(L, line->text);
    lua_call(L, 2, 0);
    return 0;
}

bool bindings_has_log(lua_State *L, int index) {
    if (bindings_to_client(L, index) == NULL)
        return false;
    lua_getuservalue(L, index);
    if (!lua_istable(L, -1)) {
        lua_pop(L, 1);
        return false;
    }
    lua_rawgeti(L, -1, USER_LOG);
    bool has_log = !lua_isnil(L, -1);
    lua_pop(L, 2);
    return has_log;
}

/* Whether the error on top is that of a hook, such as the interpreter's after Ctrl-C: one that was
 * there before has taken itself off, one that came in the meantime says so. */
static bool is_interruption(lua_State *L, lua_Hook before) {
    return (before != NULL && lua_gethook(L) != before) || bindings_is_interrupt(L, -1);
}

/* [-1, +0, -] The call goes on whatever the log function did, unless a hook wants it to stop. */
static void take_error(lua_State *L, bindings_state *state, lua_Hook before) {
    if (is_interruption(L, before)) {
        bindings_set(L, BINDINGS_INTERRUPTION); /* the slot is in use, so this allocates nothing */
        state->interrupted = true;
        return;
    }
    const char *message = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "an error";
    compat_warning(L, "promptic: in the log function: ", message);
    lua_pop(L, 1);
}

static void write_line(bindings_state *state, log_line *line) {
    lua_State *L = state->running;
    if (L == NULL || state->logging || !lua_checkstack(L, LUA_MINSTACK))
        return;
    lua_Hook hook = lua_gethook(L);
    state->logging = true;
    if (compat_cpcall(L, call_log, line) != LUA_OK)
        take_error(L, state, hook);
    state->logging = false;
}

void bindings_log(promptic_log_level level, const char *text, void *userdata) {
    log_line line = {.client = userdata, .level = level, .text = text};
    write_line(line.client->state, &line);
}

void bindings_log_to(bindings_state *state, int reference, promptic_log_level level,
                     const char *text) {
    write_line(state, &(log_line){.reference = reference, .level = level, .text = text});
}

int bindings_warn(lua_State *L) {
    bindings_client *client =
        bindings_check_client(L, &(bindings_site){.function = "warn", .argument = 1});
    const char *text = luaL_checkstring(L, 2);
    const bindings_client *owner = client->parent != NULL ? client->parent : client;
    lua_State *outer = bindings_enter(client->state, L);
    bindings_log(PROMPTIC_LOG_WARNING, text, (void *)owner);
    bindings_leave(client->state, outer);
    return 0;
}
