/*
 * crc32.h - promptic.crc32.
 */
#ifndef PROMPTIC_CRC32_H
#define PROMPTIC_CRC32_H

#include <lua.h>

/* crc32(bytes, { seed = integer }) -> integer */
int crc32_function(lua_State *L);

#endif
