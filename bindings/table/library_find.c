/*
 * library_find.c - the rows of the library's own names by their keys.
 */
#include "library_find.h"

#include "registry.h"

void library_open(lua_State *L, const library_row *rows, size_t count) {
    lua_createtable(L, 0, (int)count);
    for (size_t i = 0; i < count; i++) {
        lua_pushlightuserdata(L, (void *)&rows[i]);
        lua_setfield(L, -2, rows[i].key);
    }
    bindings_set(L, BINDINGS_LIBRARY);
}

const library_row *library_find(lua_State *L, const char *key) {
    bindings_get(L, BINDINGS_LIBRARY);
    lua_getfield(L, -1, key);
    const library_row *row = lua_touserdata(L, -1);
    lua_pop(L, 2);
    return row;
}

const promptic_parameter *library_parameters(const library_row *row) {
    return row->like != NULL ? promptic_endpoint_find(row->like)->parameters : row->call.parameters;
}
