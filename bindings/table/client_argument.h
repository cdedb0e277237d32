/*
 * client_argument.h - clients among the arguments of a function.
 */
#ifndef PROMPTIC_CLIENT_ARGUMENT_H
#define PROMPTIC_CLIENT_ARGUMENT_H

#include "site.h"

typedef struct bindings_client bindings_client; /* lua_client.h */

/* [-0, +0, -] The client at index, NULL if that is something else. */
bindings_client *bindings_to_client(lua_State *L, int index);

/* [-0, +0, e] The client at the site's argument, which may be closed; raises for anything else. */
bindings_client *bindings_check_client(lua_State *L, const bindings_site *site);

#endif
