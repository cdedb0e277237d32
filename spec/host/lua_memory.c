/*
 * lua_memory.c - every entry point of the bindings, with an allocation that fails: the first one,
 * then the second, and so on until none does; each once (Lua collects and asks again), twice in a
 * row, and from there on until the entry point has given up. Lua's memory and that of malloc are
 * counted alike. Whatever the entry point then said, the same state must still work: a call and an
 * upload succeed, promptic.run returns, and no task is left that nobody can end.
 *
 *   lua_memory URL [STEP [ENTRY]]    with 1, each allocation: minutes
 *
 * Linked with -Wl,--wrap for malloc, calloc and realloc; to be built with AddressSanitizer.
 */
#include "check.h"

#include <lauxlib.h>
#include <lualib.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int luaopen_promptic(lua_State *L);

#define SCRIPT "spec/host/lua_memory.lua" /* from the project's folder */

/* ------------------------------------------------------------------ memory */

static long left = -1; /* allocations until one fails; negative: none does */
static long in_a_row;  /* how many fail then; negative: all that follow */
static long still;     /* of these, how many are still to fail */
static size_t refused;

static bool is_refused(void) {
    if (left > 0)
        left--;
    else if (left == 0) {
        left = -2;
        still = in_a_row;
    }
    if (left != -2 || still == 0)
        return false;
    still -= still > 0;
    refused++;
    return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);

void *__wrap_malloc(size_t size) {
    return is_refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    return is_refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size) {
    return is_refused() ? NULL : __real_realloc(block, size);
}

/* A lua_Alloc. A block that shrinks always fits, which Lua relies on. */
static void *reallocate(void *unused, void *block, size_t old_size, size_t size) {
    (void)unused;
    if (size == 0) {
        free(block);
        return NULL;
    }
    if ((block == NULL || size > old_size) && is_refused())
        return NULL;
    return __real_realloc(block, size);
}

/* ------------------------------------------------------------------- sweep */

static const struct {
    const char *name;
    long in_a_row;
} modes[] = {{"once", 1}, {"twice in a row", 2}, {"for ever", -1}};

static char now_at[128]; /* what is under way, for on_alarm */

static void on_alarm(int number) {
    static const char words[] = " hangs\n";
    (void)number;
    if (write(STDERR_FILENO, now_at, strlen(now_at)) < 0 ||
        write(STDERR_FILENO, words, sizeof words - 1) < 0)
        _exit(3);
    _exit(1);
}

/* Calls the function at the index; where it fails, its error is on top as a string. */
static bool run(lua_State *L, int index) {
    lua_pushvalue(L, index);
    if (lua_pcall(L, 0, 0, 0) == LUA_OK)
        return true;
    left = -1;
    luaL_tolstring(L, -1, NULL);
    return false;
}

/* True where none was left to fail. */
static bool fail_at(lua_State *L, int entry, const char *name, size_t mode, long number) {
    int top = lua_gettop(L);
    snprintf(now_at, sizeof now_at, "lua_memory: '%s' with allocation %ld failing %s", name, number,
             modes[mode].name);
    alarm(60);
    refused = 0;
    in_a_row = modes[mode].in_a_row;
    left = number;
    bool fine = run(L, entry);
    left = -1;
    if (!CHECK(fine || refused > 0))
        fprintf(stderr, "... %s: %s\n", now_at, lua_tostring(L, -1));
    lua_settop(L, top);
    if (!CHECK(run(L, 1)))
        fprintf(stderr, "... %s: %s\n", now_at, lua_tostring(L, -1));
    lua_settop(L, top);
    return refused == 0;
}

static void sweep(lua_State *L, int entry, const char *name, long step) {
    for (size_t mode = 0; mode < sizeof modes / sizeof *modes; mode++)
        for (long number = (long)mode * step / 3; failed_checks < 10; number += step)
            if (fail_at(L, entry, name, mode, number))
                break;
}

static void write_rows(const char *file) {
    char path[96];
    snprintf(path, sizeof path, "%s.csv", file);
    FILE *out = fopen(path, "w");
    if (!CHECK(out != NULL))
        return;
    fputs("n,expected\n1,x\n2,\"y\"\"\"\n3,z\n", out);
    fclose(out);
}

static const char *url_given, *file_given;

/* [-0, +2, e] Returns what the script does. */
static int open_script(lua_State *L) {
    if (luaL_loadfile(L, SCRIPT) != LUA_OK)
        return lua_error(L);
    luaL_requiref(L, "promptic", luaopen_promptic, 0);
    lua_pushstring(L, url_given);
    lua_pushstring(L, file_given);
    lua_call(L, 3, 2);
    return 2;
}

/* [-0, +2 or 1, -] */
static bool open_all(lua_State *L) {
    lua_settop(L, 0);
    lua_pushcfunction(L, open_script);
    return lua_pcall(L, 0, 2, 0) == LUA_OK;
}

static lua_State *new_state(void) {
    lua_State *L = lua_newstate(reallocate, NULL);
    luaL_openlibs(L);
    return L;
}

/* The module, its state and a client fail to come into being; the next time all of it must work.
 * True where none was left to fail. */
static bool fail_opening(size_t mode, long number) {
    lua_State *L = new_state();
    snprintf(now_at, sizeof now_at, "lua_memory: opening with allocation %ld failing %s", number,
             modes[mode].name);
    alarm(60);
    refused = 0;
    in_a_row = modes[mode].in_a_row;
    left = number;
    bool fine = open_all(L);
    left = -1;
    CHECK(fine || refused > 0);
    if (!CHECK((fine || open_all(L)) && run(L, 1)))
        fprintf(stderr, "... %s: %s\n", now_at, lua_tostring(L, -1));
    lua_close(L);
    return refused == 0;
}

static void sweep_opening(long step) {
    for (size_t mode = 0; mode < sizeof modes / sizeof *modes; mode++)
        for (long number = (long)mode * step / 3; failed_checks < 10; number += step)
            if (fail_opening(mode, number))
                break;
}

static void sweep_all(lua_State *L, long step, const char *only) {
    int count = (int)lua_rawlen(L, 2);
    CHECK(count >= 40);
    for (int i = 1; i < count; i += 2) {
        lua_settop(L, 2);
        lua_rawgeti(L, 2, i);
        lua_rawgeti(L, 2, i + 1);
        const char *name = lua_tostring(L, 3);
        if (only == NULL || strcmp(only, name) == 0)
            sweep(L, 4, name, step);
    }
}

int main(int count, char **arguments) {
    char folder[] = "/tmp/promptic-memory-XXXXXX", file[64];
    if (count < 2 || mkdtemp(folder) == NULL)
        return 2;
    snprintf(file, sizeof file, "%s/config.toml", folder);
    signal(SIGALRM, on_alarm);
    write_rows(file);
    long step = count > 2 ? strtol(arguments[2], NULL, 10) : 41;
    url_given = arguments[1];
    file_given = file;
    if (count < 4)
        sweep_opening(step);
    lua_State *L = new_state();
    if (CHECK(open_all(L)))
        sweep_all(L, step, count > 3 ? arguments[3] : NULL);
    else
        fprintf(stderr, "... %s\n", lua_tostring(L, -1));
    lua_close(L);
    unlink(file);
    strcat(file, ".csv");
    unlink(file);
    rmdir(folder);
    return report("lua_memory");
}
