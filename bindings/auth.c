/*
 * auth.c - what promptic.auth needs of C: clients without a credential, and the configuration file.
 * The login itself is Lua, in bindings/prelude/auth.lua.
 */
#include "bindings.h"

#include <string.h>

#define OPTION(NAME, TYPE, SUMMARY) \
    { .name = NAME, .type = PROMPTIC_##TYPE, .place = PROMPTIC_IN_QUERY, .summary = SUMMARY }

/* [-?, +?, e] Raises what a function of the core says. */
static int raise(lua_State *L, const promptic_error *error) {
    return bindings_raise(
        L, &(promptic_result){.kind = error->kind, .message = error->message, .retry_after = -1});
}

/* ---------------------------------------------------------------- arguments */

static const promptic_parameter login[] = {
    OPTION("endpoint", STRING, "where the platform is; by default as for a client"),
    OPTION("config_file", STRING, "instead of ~/.promptic/config.toml"),
    OPTION("ca_file", STRING, "PEM file of the authorities to trust"),
    OPTION("user_agent", STRING, "put before the library's own name"),
    OPTION("allow_http", BOOLEAN, "plain http to other hosts than this"),
    OPTION("ai_application_id", STRING, "the AI Application to work in"),
    OPTION("workspace_id", STRING, "older name of ai_application_id"),
    OPTION("open_browser", BOOLEAN, "also open the page in a browser, where there is one; false"),
    OPTION("save", BOOLEAN, "write the session into the file; true"),
    OPTION("on_code", ANY, "function{ user_code =, verification_uri =, ... }, told what to open"),
    OPTION("on_wait", ANY, "function{ interval =, left =, problem = }, told before each wait"),
    OPTION("choose", ANY, "function(list), returns one of several AI Applications, or its id"),
    {.name = NULL},
};

static const promptic_parameter file_options[] = {
    OPTION("config_file", STRING, "instead of ~/.promptic/config.toml"),
    {.name = NULL},
};

static const promptic_parameter save_options[] = {
    OPTION("api_key", ANY, "an API key; false removes the one that is stored"),
    OPTION("access_token", ANY, "a session token; false removes it"),
    OPTION("ai_application_id", ANY, "what a session token works in; false removes it"),
    OPTION("workspace_id", ANY, "older name of ai_application_id: storing one removes the other"),
    OPTION("endpoint", ANY, "where the platform is; false removes it"),
    OPTION("config_file", STRING, "instead of ~/.promptic/config.toml"),
    {.name = NULL},
};

/* The functions of promptic.auth. */
static const promptic_endpoint rows[] = {
    {.name = "login", .parameters = login},
    {.name = "logout", .parameters = file_options},
    {.name = "status", .parameters = file_options},
};

#define ROW_COUNT (sizeof rows / sizeof *rows)

/* [-0, +0, e] The option on top, of this name: whatever it is called "on_..." is a function. */
static void check_function(lua_State *L, const bindings_site *site, const promptic_parameter *p) {
    if (p->type == PROMPTIC_ANY && !lua_isnil(L, -1) && !lua_isfunction(L, -1))
        bindings_argument_error(L, site, "option '%s': function expected, got %s", p->name,
                                luaL_typename(L, -1));
}

/* [-?, +1, e] check(options): a copy of the checked options of the function that calls it. The row
 * is its upvalue. */
static int check(lua_State *L) {
    const promptic_endpoint *row = lua_touserdata(L, lua_upvalueindex(1));
    int options = bindings_check_arguments(L, row, 1);
    const bindings_site site = {.function = row->name, .level = 1, .argument = options};
    lua_newtable(L);
    for (const promptic_parameter *p = row->parameters; p->name != NULL; p++) {
        bindings_push_option(L, options, p->name);
        check_function(L, &site, p);
        lua_setfield(L, -2, p->name);
    }
    return 1;
}

/* --------------------------------------------------------------------- file */

/* [-0, +0, m] Sets a field of the table on top. */
static void set_boolean(lua_State *L, const char *name, bool value) {
    lua_pushboolean(L, value);
    lua_setfield(L, -2, name);
}

/* [-0, +2, e] inspect(file or nil): what the file holds, and what is wrong with it or nil. */
static int inspect(lua_State *L) {
    static const char *const keys[] = {"api_key", "access_token", "workspace_id", "endpoint"};
    const char *file = luaL_optstring(L, 1, NULL);
    promptic_config_info info = {.size = sizeof info};
    promptic_error error = {.kind = PROMPTIC_OK};
    if (promptic_config_inspect(file, &info, &error) == PROMPTIC_MEMORY)
        return raise(L, &error);
    lua_createtable(L, 0, 8);
    lua_pushstring(L, info.path);
    lua_setfield(L, -2, "path");
    set_boolean(L, "exists", info.exists);
    set_boolean(L, "is_shared", info.is_shared);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        set_boolean(L, keys[i], info.has[i]);
    set_boolean(L, "ai_application_id", info.has_ai_application_id);
    if (error.kind == PROMPTIC_OK)
        return 1;
    lua_pushstring(L, error.message);
    return 2;
}

/* [-0, +0, e] The option on top is a value of the file, or false. */
static void check_setting(lua_State *L, const bindings_site *site, const char *name) {
    size_t length;
    bool removes = lua_isboolean(L, -1) && !lua_toboolean(L, -1);
    if (!removes && lua_type(L, -1) != LUA_TSTRING)
        bindings_argument_error(L, site, "option '%s': string or false expected, got %s", name,
                                luaL_typename(L, -1));
    const char *value = lua_tolstring(L, -1, &length);
    if (value != NULL && strlen(value) != length)
        bindings_argument_error(L, site, "option '%s': holds a NUL character", name);
}

/* promptic.auth.save{ api_key =, ... } */
static int save(lua_State *L) {
    static const promptic_endpoint row = {.name = "save", .parameters = save_options};
    int options = bindings_check_arguments(L, &row, 0);
    const bindings_site site = {.function = row.name, .argument = options};
    promptic_pair changes[sizeof save_options / sizeof *save_options];
    promptic_error error = {.kind = PROMPTIC_OK};
    const char *file = NULL;
    size_t count = 0;
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    for (const promptic_parameter *p = save_options; p->name != NULL; p++) {
        bindings_push_option(L, options, p->name);
        if (lua_isnil(L, -1))
            continue;
        if (p->type == PROMPTIC_STRING) {
            file = lua_tostring(L, -1);
            continue;
        }
        check_setting(L, &site, p->name);
        changes[count++] = (promptic_pair){.name = p->name, .value = lua_tostring(L, -1)};
    }
    promptic_kind kind = promptic_config_write(file, changes, count, &error);
    if (kind == PROMPTIC_ARGUMENT)
        return bindings_argument_error(L, &site, "%s", error.message);
    return kind == PROMPTIC_OK ? 0 : raise(L, &error);
}

/* ------------------------------------------------------------------ clients */

/* [-0, +1, e] describe(client): which sources won, without a secret. */
static int describe(lua_State *L) {
    const bindings_client *client =
        bindings_check_client(L, &(bindings_site){.function = "describe", .argument = 1});
    lua_createtable(L, 0, 6);
    lua_pushstring(L, promptic_client_source(client->handle));
    lua_setfield(L, -2, "source");
    lua_pushstring(L, promptic_client_credential(client->handle));
    lua_setfield(L, -2, "credential");
    lua_pushstring(L, promptic_client_endpoint(client->handle));
    lua_setfield(L, -2, "endpoint");
    lua_pushstring(L, promptic_client_endpoint_source(client->handle));
    lua_setfield(L, -2, "endpoint_source");
    lua_pushstring(L, promptic_client_ai_application(client->handle));
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "workspace_id");
    lua_setfield(L, -2, "ai_application_id");
    return 1;
}

/* ---------------------------------------------------------------------- open */

int luaopen_promptic_auth(lua_State *L) {
    luaopen_promptic(L);
    lua_getfield(L, -1, "auth");
    return 1;
}

void bindings_open_auth(lua_State *L) {
    static const luaL_Reg functions[] = {{"client", bindings_new_anonymous_client},
                                         {"describe", describe},
                                         {"inspect", inspect},
                                         {"save", save},
                                         {NULL, NULL}};
    lua_newtable(L);
    luaL_setfuncs(L, functions, 0);
    lua_pushliteral(L, PROMPTIC_DEFAULT_ENDPOINT);
    lua_setfield(L, -2, "DEFAULT_ENDPOINT");
#ifdef __APPLE__
    set_boolean(L, "is_macos", true);
#endif
    lua_newtable(L);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        lua_pushlightuserdata(L, (void *)&rows[i]);
        lua_pushcclosure(L, check, 1);
        lua_setfield(L, -2, rows[i].name);
    }
    lua_setfield(L, -2, "check");
    lua_setfield(L, -2, "auth");
}
