/*
 * baked.h - Lua files that bake.sh turned into C arrays.
 */
#ifndef PROMPTIC_BAKED_H
#define PROMPTIC_BAKED_H

#include <stddef.h>

typedef struct baked_module {
    const char *name;      /* as require takes it: promptic.sandbox.store */
    const char *chunkname; /* as luaL_loadbuffer takes it: =promptic/sandbox/store.lua */
    const char *source;    /* or what bake_compile made of it */
    size_t length;
} baked_module;

/* Each list ends with a row whose name is NULL. */
extern const baked_module baked_prelude[]; /* bindings/prelude, in the module */
extern const baked_module baked_scripts[]; /* scripts, in the interpreter only */
extern const baked_module
    baked_made[]; /* what the scripts themselves make, in the interpreter only */
extern const baked_module
    baked_vendor[]; /* argparse, which others wrote; in the interpreter only */

#endif
