/*
 * toml.h - reads the keys of a TOML 1.0 text (toml.io/en/v1.0.0) one after the other.
 *
 * Strings of all four kinds are decoded. Values of other types are skipped and reported
 * without closer checks: only their ends matter. Duplicate keys are left to the caller.
 */
#ifndef PROMPTIC_TOML_H
#define PROMPTIC_TOML_H

#include "memory.h"

#include <stdbool.h>
#include <stddef.h>

/* One `key = value`, or the header of a [table]. Everything is borrowed for the callback only;
 * values may be secret, and the reader wipes its copies. */
typedef struct toml_entry {
    const char *key;   /* the parts of a dotted key joined by '.', quotes and escapes resolved */
    bool is_toplevel;  /* a key of one part, outside of every [table] */
    bool is_header;    /* of a table: it has no value */
    bool in_table;     /* stands below a header, or is one */
    const char *value; /* of a string; NULL for any other type */
    size_t value_length;
    size_t line;       /* counted from 1 */
    size_t start, end; /* the value's bytes in the text, with its quotes; of a header all of it */
} toml_entry;

/* Returns false to stop the reading. */
typedef bool (*toml_entry_fn)(const toml_entry *entry, void *userdata);

/* Where and why a text is no TOML. The message is static and quotes nothing of the text. */
typedef struct toml_error {
    size_t line; /* counted from 1; 0 if an allocation failed */
    const char *message;
} toml_error;

/*
 * Calls on_entry for each key and header in the text's order. True if the whole text was read,
 * or the callback stopped it; false and *error if the text is malformed or out of memory. Entries
 * before the fault have been reported by then.
 */
bool toml_read(const promptic_allocator *allocator, const char *toml, size_t length,
               toml_entry_fn on_entry, void *userdata, toml_error *error);

#endif
