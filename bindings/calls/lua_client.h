/*
 * lua_client.h - clients, as Lua has them.
 */
#ifndef PROMPTIC_LUA_CLIENT_H
#define PROMPTIC_LUA_CLIENT_H

#include "compat.h"
#include "promptic.h"
#include "state.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct bindings_client {
    promptic_client *handle; /* NULL before it is made, once it is freed, and of a view */
    const struct bindings_client
        *parent;            /* of a view (client:with): the client; kept alive like state */
    promptic_limits limits; /* of a view's calls */
    bindings_state *state;  /* kept alive by the userdata's user value */
    size_t most_values;     /* of one response */
    bool closed;
    bool strict; /* in its results a name that their type does not have is an error */
} bindings_client;

/* The client of the core, also of a view; NULL if there is none (any more). */
promptic_client *bindings_client_handle(const bindings_client *client);

/* client:with(options) */
int bindings_client_with(lua_State *L);

/* promptic.client([options]), with checked options at index 1 */
int bindings_new_client(lua_State *L);

/* The same without a credential, for logging in: see `anonymous` in promptic.h. It checks them. */
int bindings_new_anonymous_client(lua_State *L);

/* client:close() */
int bindings_close_client(lua_State *L);

/* [-0, +1, e] renew(client): whether the configuration file has another credential, which the
 * client uses from now on. */
int bindings_renew_client(lua_State *L);

/* is_strict(client) -> boolean, for the prelude: whether the option `strict` was given. */
int bindings_is_strict(lua_State *L);

/* [-0, +0, e] warn(client, text): a line of level warning in the client's log. */
int bindings_warn(lua_State *L);

/* [-0, +0, m] Makes the metatable of clients; the methods are in their slot already. */
void bindings_open_clients(lua_State *L);

/* [-0, +0, m] Whether the client at index has a log function. */
bool bindings_has_log(lua_State *L, int index);

/* The promptic_log_fn of clients with a log function; userdata is the bindings_client. */
void bindings_log(promptic_log_level level, const char *text, void *userdata);

/* [-0, +0, -] The same for the function that the reference in the registry is to. */
void bindings_log_to(bindings_state *state, int reference, promptic_log_level level,
                     const char *text);

#endif
