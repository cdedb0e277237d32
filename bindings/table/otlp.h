/*
 * otlp.h - checks the request of ingest_traces.
 */
#ifndef PROMPTIC_OTLP_H
#define PROMPTIC_OTLP_H

#include "site.h"

/* [-0, +0, e] Raises unless the table or JSON text at index is nested as OTLP's request is. */
void bindings_check_otlp(lua_State *L, const bindings_site *site, int index);

#endif
