/*
 * client_argument.c - clients among the arguments of a function.
 */
#include "client_argument.h"

#include "lua_client.h"
#include "registry.h"

bindings_client *bindings_to_client(lua_State *L, int index) {
    bindings_client *client = lua_touserdata(L, index);
    if (client == NULL || !lua_getmetatable(L, index))
        return NULL;
    bindings_get(L, BINDINGS_CLIENT_METATABLE);
    bool is_client = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return is_client ? client : NULL;
}

bindings_client *bindings_check_client(lua_State *L, const bindings_site *site) {
    bindings_client *client = bindings_to_client(L, site->argument);
    if (client == NULL)
        bindings_argument_error(L, site, "promptic.client expected, got %s",
                                luaL_typename(L, site->argument));
    return client;
}
