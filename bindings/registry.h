/*
 * registry.h - what the bindings keep in the registry of a lua_State, and the metatables of their
 * userdata.
 */
#ifndef PROMPTIC_REGISTRY_H
#define PROMPTIC_REGISTRY_H

#include "compat.h"

/* What the bindings keep in the registry, each under an address of its own, so that two copies of
 * the library in one lua_State never take each other's userdata for their own. */
typedef enum bindings_slot {
    BINDINGS_STATE,            /* bindings_state */
    BINDINGS_INTERRUPTER,      /* bindings_interrupter, where the program has one */
    BINDINGS_MODULE,           /* the table that require "promptic" gives */
    BINDINGS_METHODS,          /* name -> function: what a client can do */
    BINDINGS_RESOURCE_MODULES, /* resource -> its module's table */
    BINDINGS_LIBRARY,          /* key -> library_row, a light userdata */
    BINDINGS_CLIENTS,          /* address -> client; weak values */
    BINDINGS_CLIENT_METATABLE,
    BINDINGS_CALL_METATABLE,
    BINDINGS_ERROR_METATABLE,
    BINDINGS_RESPONSES,    /* result -> what came with it; weak keys */
    BINDINGS_INTERRUPTION, /* the error that is to stop a call from within a log function */
    BINDINGS_SHELL,        /* the coroutine of bindings_guard */
    BINDINGS_IDLE,         /* a function in Lua that does nothing */
    BINDINGS_YIELDS,       /* coroutine.yield -> true, as the host has it */
    BINDINGS_DRIVER,       /* drive_background of the prelude's scheduler */
    BINDINGS_FLUSH,        /* promptic.flush, whatever a script puts there */
    BINDINGS_STRICT_LOAD,  /* load and mark of prelude/strict.lua */
    BINDINGS_STRICT_MARK,
    BINDINGS_SLOT_COUNT
} bindings_slot;

/* [-0, +1, -] Pushes what the slot holds, or nil. */
void bindings_get(lua_State *L, bindings_slot slot);

/* [-1, +0, m] Puts the value on top into the slot. */
void bindings_set(lua_State *L, bindings_slot slot);

/* [-0, +0, m] Names the metatable on top, and closes it to scripts: getmetatable returns the name.
 * Every userdata has such a one, since its __gc called by a script would free memory in use. */
void bindings_name_metatable(lua_State *L, const char *name);

#endif
