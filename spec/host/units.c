/*
 * units.c - the units of the core, spec/units/: tables and random operations against what the
 * headers in core/ say, without a server. To be built with AddressSanitizer; takes about a second.
 *
 *   units [NAME...]    these units only: units heap retry
 */
#include "../units/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t checks, failed;
static const char *row;

/* ------------------------------------------------------------------ checks */

static bool note(bool holds, const char *file, int line) {
    checks++;
    if (holds || ++failed > 50)
        return holds;
    fprintf(stderr, "%s:%d: ", file, line);
    if (row != NULL)
        fprintf(stderr, "(row \"%s\") ", row);
    return false;
}

bool units_check(bool holds, const char *what, const char *file, int line) {
    if (!note(holds, file, line) && failed <= 50)
        fprintf(stderr, "does not hold: %s\n", what);
    return holds;
}

static const char *shown(const char *string) {
    return string != NULL ? string : "(NULL)";
}

bool units_same(const char *expected, const char *actual, const char *file, int line) {
    bool holds =
        expected == NULL || actual == NULL ? expected == actual : strcmp(expected, actual) == 0;
    if (!note(holds, file, line) && failed <= 50)
        fprintf(stderr, "expected \"%s\", got \"%s\"\n", shown(expected), shown(actual));
    return holds;
}

bool units_has(const char *part, const char *text, const char *file, int line) {
    bool holds = text != NULL && strstr(text, part) != NULL;
    if (!note(holds, file, line) && failed <= 50)
        fprintf(stderr, "no \"%s\" in \"%s\"\n", part, shown(text));
    return holds;
}

void units_row(const char *name) {
    row = name;
}

/* ----------------------------------------------------------------- helpers */

static void *reallocate(void *userdata, void *block, size_t size) {
    units_memory *memory = userdata;
    if (size == 0) {
        memory->blocks--;
        free(block);
        return NULL;
    }
    if (memory->left == 0) {
        memory->refused++;
        memory->left = memory->recovers ? -1 : 0;
        return NULL;
    }
    memory->left -= memory->left > 0;
    memory->blocks += block == NULL;
    return realloc(block, size);
}

void units_memory_init(units_memory *memory, long left) {
    *memory = (units_memory){.allocator = {reallocate, memory}, .left = left};
}

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators". */
uint64_t units_random(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (*state * UINT64_C(2685821657736338717)) >> 32;
}

void units_clear_proxies(void) {
    static const char *const names[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                        "all_proxy",  "ALL_PROXY",  "no_proxy",    "NO_PROXY"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unsetenv(names[i]);
}

/* -------------------------------------------------------------------- main */

static bool is_wanted(const char *name, int count, char **arguments) {
    for (int i = 1; i < count; i++)
        if (strcmp(arguments[i], name) == 0)
            return true;
    return count == 1;
}

int main(int count, char **arguments) {
    static const struct {
        const char *name;
        void (*run)(void);
    } units[] = {
#define UNITS_ROW(NAME) {#NAME, units_##NAME},
        UNITS(UNITS_ROW)};
    units_clear_proxies();
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (is_wanted(units[i].name, count, arguments))
            units[i].run();
    if (failed > 0 || checks == 0) {
        printf("units: %zu of %zu checks FAILED\n", failed, checks);
        return 1;
    }
    printf("units: %zu checks\nunits: passed\n", checks);
    return 0;
}
