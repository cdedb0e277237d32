/*
 * formats.h - what the formats of parameters are called and how a value is checked for one. Their
 * words for readers are in scripts/formats.lua.
 */
#ifndef PROMPTIC_FORMATS_H
#define PROMPTIC_FORMATS_H

#include "site.h"

/* A format. Static memory. */
typedef struct format_row {
    const char *name; /* in promptic.endpoints and promptic.library; NULL: absent there */
    int type;         /* Lua's, in place of the parameter's; LUA_TNONE: the parameter's decides */
    /* [-0, +0, e] Raises unless the value at index, of the right type, has the format; NULL: every
     * value has it, or the platform checks. */
    void (*check)(lua_State *L, const bindings_site *site, const promptic_parameter *parameter,
                  int index);
} format_row;

/* The row of a format. */
const format_row *formats_find(promptic_format format);

#endif
