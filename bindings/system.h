/*
 * system.h - promptic.now, promptic.time, promptic.uuid and random bytes.
 */
#ifndef PROMPTIC_SYSTEM_H
#define PROMPTIC_SYSTEM_H

#include "compat.h"

/* promptic.now(), promptic.time(), promptic.uuid() */
int bindings_now(lua_State *L);
int bindings_unix_time(lua_State *L);
int bindings_uuid(lua_State *L);

/* stamp(): promptic.time() and the generation of the process (forks.h), by one call. */
int bindings_stamp(lua_State *L);

/* random_hex(bytes): so many random bytes, 32 at most, as hexadecimal digits. */
int bindings_random_hex(lua_State *L);

#endif
