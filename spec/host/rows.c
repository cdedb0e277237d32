/*
 * rows.c - counts the work that grows with a file or a list: the bytes that sets of ids move, the
 * names that a header compares. Built with --wrap, so that the library's own calls are counted.
 */
#include "check.h"
#include "rows_reader.h"
#include "rows_set.h"

#include <inttypes.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t moved, compared;

void *__real_memmove(void *to, const void *from, size_t length);
void *__wrap_memmove(void *to, const void *from, size_t length);
void *__wrap_memmove(void *to, const void *from, size_t length) {
    moved += length;
    return __real_memmove(to, from, length);
}

int __real_memcmp(const void *a, const void *b, size_t length);
int __wrap_memcmp(const void *a, const void *b, size_t length);
int __wrap_memcmp(const void *a, const void *b, size_t length) {
    compared++;
    return __real_memcmp(a, b, length);
}

/* --------------------------------------------------------------------- sets */

enum { IDS = 200000 };

static uint64_t random_state = 7;

static uint64_t random_number(void) {
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return random_state >> 33;
}

/* Whatever their order, an id with gaps around it moves the ranges of one block at most, and rarely
 * the list of blocks. A sorted array would move 2.4 MB an id on average. */
static void check_order(const char *what, int64_t (*id_of)(int64_t index)) {
    rows_set set = {.blocks = NULL};
    moved = 0;
    for (int64_t i = 0; i < IDS; i++)
        CHECK(rows_set_add(&set, id_of(i), 1));
    CHECK(set.count == IDS);
    if (!CHECK(moved / IDS < 8 * 1024))
        fprintf(stderr, "%s: %" PRIu64 " bytes moved an id\n", what, moved / IDS);
    for (int64_t i = 0; i < IDS; i++)
        CHECK(rows_set_contains(&set, id_of(i)) && !rows_set_contains(&set, id_of(i) + 1));
    rows_set_clear(&set);
}

static int64_t rising(int64_t index) {
    return 2 * index;
}

static int64_t falling(int64_t index) {
    return 2 * (IDS - index);
}

/* All of them once: the factor has no divisor of IDS. */
static int64_t mixed(int64_t index) {
    return 2 * (index * 7919 % IDS);
}

enum { SMALL = 4000 };

/* The set says the same as a list of which numbers it has. */
static void check_same(const rows_set *set, const bool *has) {
    const rows_range *range = rows_set_from(set, INT64_MIN);
    size_t ranges = 0;
    for (int64_t n = 0; n < SMALL; n++) {
        CHECK(rows_set_contains(set, n) == has[n]);
        if (has[n] && (n == 0 || !has[n - 1])) {
            CHECK(range != NULL && range->first == n);
            ranges++;
        }
        if (has[n] && (n + 1 == SMALL || !has[n + 1])) {
            CHECK(range != NULL && range->last == n);
            range = rows_set_from(set, n + 1);
        }
    }
    CHECK(range == NULL && set->count == ranges);
}

static void check_random(void) {
    static bool has[SMALL];
    rows_set set = {.blocks = NULL}, other = {.blocks = NULL};
    for (int i = 0; i < 3000; i++) {
        int64_t first = (int64_t)(random_number() % SMALL);
        int64_t last = first + (int64_t)(random_number() % 4);
        last = last < SMALL ? last : SMALL - 1;
        rows_set *into = random_number() % 2 ? &set : &other;
        CHECK(rows_set_add_range(into, &(rows_range){.first = first, .last = last}));
        for (int64_t n = first; n <= last; n++)
            has[n] = true;
    }
    CHECK(rows_set_merge(&set, &other));
    check_same(&set, has);
    rows_set_clear(&set);
    rows_set_clear(&other);
}

/* A range that overlaps another one is added by its gaps, however large it is. */
static void check_huge(void) {
    rows_set set = {.blocks = NULL};
    CHECK(rows_set_add(&set, 7, 3));
    CHECK(rows_set_add_range(&set, &(rows_range){.first = 1, .last = INT64_MAX / 2 - 1, .sum = 5}));
    CHECK(set.count == 1 && rows_set_contains(&set, INT64_MAX / 4) && !rows_set_contains(&set, 0));
    rows_set_clear(&set);
}

/* ------------------------------------------------------------------- headers */

enum { COLUMNS = 80000 };

static void write_header(const char *path) {
    FILE *file = fopen(path, "w");
    for (int i = 0; i < COLUMNS; i++)
        fprintf(file, "c%05d,", i);
    fprintf(file, "expected\n");
    for (int i = 0; i < COLUMNS; i++)
        fprintf(file, "%d,", i);
    fprintf(file, "x\n");
    fclose(file);
}

/* A row in all the turns that it takes. */
static rows_outcome read_whole(lua_State *L, rows_reader *reader, json_buffer *out) {
    rows_outcome outcome;
    do
        outcome = rows_reader_read(L, reader, out);
    while (outcome == ROWS_TURN);
    return outcome;
}

/* Each name is compared with a few others, not with all of them. */
static int check_header(lua_State *L) {
    const char *path = lua_tostring(L, 1);
    rows_reader reader = {.number = 0};
    json_buffer *out = json_buffer_push(L);
    const rows_reading reading = {.separator = '\0'};
    compared = moved = 0;
    CHECK(rows_reader_open(L, &reader, path, &reading));
    CHECK(read_whole(L, &reader, out) == ROWS_READ);
    CHECK(reader.column_count == COLUMNS + 1);
    if (!CHECK(compared / COLUMNS < 10))
        fprintf(stderr, "%" PRIu64 " comparisons a column\n", compared / COLUMNS);
    CHECK(read_whole(L, &reader, out) == ROWS_END);
    rows_reader_close(&reader);
    return 0;
}

static void check_headers(void) {
    char path[] = "/tmp/promptic_rows_XXXXXX.csv";
    lua_State *L = luaL_newstate();
    int file = mkstemps(path, 4);
    if (!CHECK(file >= 0) || !CHECK(L != NULL))
        return;
    close(file);
    write_header(path);
    lua_pushcfunction(L, check_header);
    lua_pushstring(L, path);
    if (!CHECK(lua_pcall(L, 1, 0, 0) == LUA_OK))
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
    lua_close(L);
    unlink(path);
}

/* --------------------------------------------------------------------- forks */

enum { LINES = 20000 }; /* several windows */

/* Reads to the end; how many rows there were, -1 where something else came. */
static int count_rows(lua_State *L, rows_reader *reader, json_buffer *out) {
    rows_outcome outcome;
    int count = 0;
    while ((outcome = rows_reader_read(L, reader, out)) == ROWS_READ) {
        out->length = 0;
        count++;
    }
    return outcome == ROWS_END ? count : -1;
}

/* A forked child and its parent both read all the rest of a file. */
static int check_forked_file(lua_State *L) {
    rows_reader reader = {.number = 0};
    json_buffer *out = json_buffer_push(L);
    const rows_reading reading = {.separator = '\0'};
    int status = -1;
    CHECK(rows_reader_open(L, &reader, lua_tostring(L, 1), &reading));
    CHECK(rows_reader_read(L, &reader, out) == ROWS_READ);
    pid_t child = fork();
    if (child == 0)
        _exit(count_rows(L, &reader, out) == LINES - 1 ? 0 : 1);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(count_rows(L, &reader, out) == LINES - 1);
    rows_reader_close(&reader);
    return 0;
}

/* A pipe that is empty is not waited for; in a forked child it is an error. */
static int check_pipe(lua_State *L) {
    static const char line[] = "{\"a\":1,\"expected\":\"x\"}\n";
    rows_reader reader = {.number = 0};
    json_buffer *out = json_buffer_push(L);
    const rows_reading reading = {.format = rows_find_format(".jsonl")};
    char path[32];
    int ends[2], status = -1;
    CHECK(pipe(ends) == 0);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    CHECK(rows_reader_open(L, &reader, path, &reading));
    CHECK(rows_reader_read(L, &reader, out) == ROWS_WAIT);
    CHECK(write(ends[1], line, 10) == 10);
    CHECK(rows_reader_read(L, &reader, out) == ROWS_WAIT);
    CHECK(write(ends[1], line + 10, sizeof line - 11) == sizeof line - 11);
    CHECK(rows_reader_read(L, &reader, out) == ROWS_READ);
    pid_t child = fork();
    if (child == 0)
        _exit(rows_reader_read(L, &reader, out) == ROWS_BROKEN &&
                      strstr(reader.reason, "belongs to the process that opened it") != NULL
                  ? 0
                  : 1);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    close(ends[1]);
    CHECK(rows_reader_read(L, &reader, out) == ROWS_END);
    rows_reader_close(&reader);
    close(ends[0]);
    return 0;
}

static void check_forks(void) {
    char path[] = "/tmp/promptic_rows_XXXXXX.jsonl";
    lua_State *L = luaL_newstate();
    int descriptor = mkstemps(path, 6);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    if (!CHECK(file != NULL) || !CHECK(L != NULL))
        return;
    for (int i = 0; i < LINES; i++)
        fprintf(file, "{\"a\":\"row %d of many\",\"expected\":\"x\"}\n", i);
    fclose(file);
    lua_pushcfunction(L, check_forked_file);
    lua_pushstring(L, path);
    if (!CHECK(lua_pcall(L, 1, 0, 0) == LUA_OK))
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
    lua_pushcfunction(L, check_pipe);
    if (!CHECK(lua_pcall(L, 0, 0, 0) == LUA_OK))
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
    lua_close(L);
    unlink(path);
}

int main(void) {
    check_forks();
    check_order("rising", rising);
    check_order("falling", falling);
    check_order("mixed", mixed);
    check_random();
    check_huge();
    check_headers();
    return report("rows");
}
