/*
 * toml_fuzz.c - libFuzzer target: any bytes through the TOML reader. Every value that it reports
 * must read the same when it stands alone, which a writer of the file leans on.
 */
#include "toml.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t *whole;
static size_t whole_length;

static void require(bool condition) {
    if (!condition)
        abort();
}

static bool on_alone(const toml_entry *entry, void *userdata) {
    const toml_entry *first = userdata;
    require(entry->is_toplevel && strcmp(entry->key, "k") == 0);
    require((entry->value == NULL) == (first->value == NULL));
    require(entry->value_length == first->value_length);
    require(entry->value == NULL || memcmp(entry->value, first->value, entry->value_length) == 0);
    return true;
}

static bool on_entry(const toml_entry *entry, void *userdata) {
    size_t *count = userdata;
    toml_error error;
    require(entry->start < entry->end && entry->end <= whole_length);
    require(entry->line >= 1 && entry->line <= whole_length + 1);
    if (entry->is_header || ++*count > 16) /* one read each: more would be quadratic */
        return true;
    size_t length = entry->end - entry->start;
    char *alone = malloc(length + 2);
    memcpy(alone, "k=", 2);
    memcpy(alone + 2, whole + entry->start, length);
    require(toml_read(NULL, alone, length + 2, on_alone, (void *)entry, &error));
    free(alone);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    toml_error error = {0, NULL};
    size_t count = 0;
    whole = data;
    whole_length = size;
    if (!toml_read(NULL, (const char *)data, size, on_entry, &count, &error))
        require(error.message != NULL && error.line >= 1);
    return 0;
}
