/*
 * auth.c - what promptic.auth needs of C: clients without a credential, and the configuration file.
 * The login itself is Lua, in bindings/prelude/auth.lua.
 */
#include "auth.h"

#include "arguments.h"
#include "client_argument.h"
#include "errors.h"
#include "library_find.h"
#include "lua_client.h"
#include "site.h"

/* As many as promptic_config_write knows, and more. */
enum { MAX_KEYS = 8 };

/* --------------------------------------------------------------------- file */

/* [-0, +0, m] Sets a field of the table on top. */
static void set_boolean(lua_State *L, const char *name, bool value) {
    lua_pushboolean(L, value);
    lua_setfield(L, -2, name);
}

/* [-0, +2, e] inspect(file or nil): the content of the file without secrets, and its problem or
 * nil. */
static int inspect(lua_State *L) {
    static const char *const keys[] = {"api_key", "access_token", "workspace_id", "endpoint"};
    const char *file = luaL_optstring(L, 1, NULL);
    promptic_config_info info = {.size = sizeof info};
    promptic_error error = {.kind = PROMPTIC_OK};
    if (promptic_config_inspect(file, &info, &error) == PROMPTIC_MEMORY)
        return bindings_raise_failure(L, &error);
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

/* promptic.auth.save{ api_key =, ... }: every option but config_file is a key of the file. */
int bindings_save_config(lua_State *L) {
    static const bindings_site site = {.function = "save", .argument = 1};
    promptic_pair changes[MAX_KEYS];
    promptic_error error = {.kind = PROMPTIC_OK};
    const char *file = NULL;
    size_t count = 0;
    luaL_checkstack(L, MAX_KEYS + LUA_MINSTACK, NULL);
    const promptic_parameter *p = library_find(L, "auth.save")->call.parameters;
    for (; p->name != NULL; p++) {
        bindings_push_option(L, 1, p->name);
        if (lua_isnil(L, -1))
            continue;
        const char *value = lua_tostring(L, -1);
        if (p->type == PROMPTIC_STRING)
            file = value;
        else if (count == MAX_KEYS)
            return luaL_error(L, "the configuration file has too many keys");
        else
            changes[count++] = (promptic_pair){.name = p->name, .value = value};
    }
    promptic_kind kind = promptic_config_write(file, changes, count, &error);
    if (kind == PROMPTIC_ARGUMENT)
        return bindings_argument_error(L, &site, "%s", error.message);
    return kind == PROMPTIC_OK ? 0 : bindings_raise_failure(L, &error);
}

/* ------------------------------------------------------------------ clients */

/* [-0, +1, e] describe(client): which sources won, without a secret. */
static int describe(lua_State *L) {
    const bindings_client *client =
        bindings_check_client(L, &(bindings_site){.function = "describe", .argument = 1});
    lua_createtable(L, 0, 6);
    const promptic_client *handle = bindings_client_handle(client);
    lua_pushstring(L, promptic_client_source(handle));
    lua_setfield(L, -2, "source");
    lua_pushstring(L, promptic_client_credential(handle));
    lua_setfield(L, -2, "credential");
    lua_pushstring(L, promptic_client_endpoint(handle));
    lua_setfield(L, -2, "endpoint");
    lua_pushstring(L, promptic_client_endpoint_source(handle));
    lua_setfield(L, -2, "endpoint_source");
    lua_pushstring(L, promptic_client_proxy(handle));
    lua_setfield(L, -2, "proxy");
    lua_pushstring(L, promptic_client_ai_application(handle));
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "workspace_id");
    lua_setfield(L, -2, "ai_application_id");
    return 1;
}

/* ---------------------------------------------------------------------- open */

int bindings_open_auth(lua_State *L) {
    static const luaL_Reg functions[] = {{"client", bindings_new_anonymous_client},
                                         {"describe", describe},
                                         {"inspect", inspect},
                                         {NULL, NULL}};
    luaL_newlib(L, functions);
    lua_pushliteral(L, PROMPTIC_DEFAULT_ENDPOINT);
    lua_setfield(L, -2, "DEFAULT_ENDPOINT");
#ifdef __APPLE__
    set_boolean(L, "is_macos", true);
#endif
    return 1;
}
