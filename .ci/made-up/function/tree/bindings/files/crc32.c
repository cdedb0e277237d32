/*
 * crc32.c - the checksum of gzip (RFC 1952, 8), by zlib.
 */
#include "crc32.h"

#include <zlib.h>

int crc32_function(lua_State *L) {
    size_t length;
    const char *bytes = lua_tolstring(L, 1, &length);
    lua_getfield(L, 2, "seed");
    uLong seed = (uLong)lua_tonumber(L, -1);
    lua_pushnumber(L, (lua_Number)crc32(seed, (const Bytef *)bytes, (uInt)length));
    return 1;
}
