/*
 * nearest.c - the name nearest to one that is wrong, for messages: did you mean 'status'?
 */
#include "nearest.h"

#include "ascii.h"

#include <string.h>

enum { MAX_NAME = 40, MIN_PART = 4 };

/* The search for the name nearest to one that is wrong. */
typedef struct nearest {
    char given[MAX_NAME];
    size_t length, best_distance;
    const char *best;
} nearest;

/* Case and underscores do not count, so taskType is near to task_type. False if it is long. */
static bool normalise(const char *text, char *name, size_t *length) {
    *length = 0;
    for (; *text != '\0'; text++) {
        if (*text == '_' || *text == '-')
            continue;
        if (*length + 1 == MAX_NAME)
            return false;
        name[(*length)++] = ascii_lower(*text);
    }
    name[*length] = '\0';
    return true;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Letters to insert, drop, replace or swap with their neighbour to get from a to b. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length) {
    size_t rows[3][MAX_NAME];
    size_t *above = rows[0], *before = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_length; j++)
        before[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t replaced = before[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = smaller(replaced, smaller(before[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], above[j - 2] + 1);
        }
        size_t *free_row = above;
        above = before;
        before = row;
        row = free_row;
    }
    return before[b_length];
}

static void consider(nearest *search, const char *name) {
    char other[MAX_NAME];
    size_t length;
    if (!normalise(name, other, &length))
        return;
    size_t shorter = smaller(length, search->length);
    size_t far = distance(search->given, search->length, other, length);
    bool is_part = shorter >= MIN_PART &&
                   (strstr(other, search->given) != NULL || strstr(search->given, other) != NULL);
    if (!is_part && far > 1 + shorter / 4)
        return;
    if (search->best == NULL || far < search->best_distance) {
        search->best = name;
        search->best_distance = far;
    }
}

const char *bindings_nearest_value(const char *const *values, const char *given) {
    nearest search = {.best = NULL};
    if (!normalise(given, search.given, &search.length))
        return NULL;
    for (; *values != NULL; values++)
        consider(&search, *values);
    return search.best;
}

const char *bindings_nearest_parameter(const promptic_parameter *parameters,
                                       bool (*wanted)(const promptic_parameter *),
                                       const char *given) {
    nearest search = {.best = NULL};
    if (!normalise(given, search.given, &search.length))
        return NULL;
    for (; parameters->name != NULL; parameters++)
        if (wanted(parameters))
            consider(&search, parameters->name);
    return search.best;
}

/* [-0, +1, e] nearest(word, words): the one of a list of words, or nil. */
static int nearest_word(lua_State *L) {
    nearest search = {.best = NULL};
    const char *given = luaL_checkstring(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    if (!normalise(given, search.given, &search.length))
        return 0;
    for (size_t i = 1; i <= lua_rawlen(L, 2); i++) {
        lua_rawgeti(L, 2, (compat_index)i);
        const char *word = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
        if (word != NULL)
            consider(&search, word);
        lua_pop(L, 1); /* the list keeps it */
    }
    lua_pushstring(L, search.best);
    return 1;
}

int bindings_open_nearest(lua_State *L) {
    lua_pushcfunction(L, nearest_word);
    return 1;
}
