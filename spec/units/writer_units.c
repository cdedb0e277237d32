/* writer_units.c - core/writer.c: names of drafts, the order of fsync and rename, forks. The linker
 * puts functions of this file before some of libc. */
#include "writer.h"

#include "units.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ------------------------------------------------------------- libc, watched */

int __real_getentropy(void *bytes, size_t length);
int __real_fsync(int file);
int __real_renameat(int from, const char *name, int to, const char *other);
int __wrap_getentropy(void *bytes, size_t length);
int __wrap_fsync(int file);
int __wrap_renameat(int from, const char *name, int to, const char *other);

static char events[16]; /* f: fsync of a file, d: of a folder, r: rename */
static int draws;       /* until random numbers are other than 0 */
static int rename_problem;

static void note(char event) {
    size_t length = strlen(events);
    if (length + 1 < sizeof events)
        events[length] = event, events[length + 1] = '\0';
}

int __wrap_getentropy(void *bytes, size_t length) {
    if (draws <= 0)
        return __real_getentropy(bytes, length);
    draws--;
    memset(bytes, 27, length); /* "BBBBBB" */
    return 0;
}

int __wrap_fsync(int file) {
    struct stat status;
    note(fstat(file, &status) == 0 && S_ISDIR(status.st_mode) ? 'd' : 'f');
    return __real_fsync(file);
}

int __wrap_renameat(int from, const char *name, int to, const char *other) {
    note('r');
    if (rename_problem == 0)
        return __real_renameat(from, name, to, other);
    errno = rename_problem;
    return -1;
}

/* ------------------------------------------------------------------- helpers */

static char folder[64];
static char path[128], other[128];

static void put(const char *name, const char *text) {
    FILE *file = fopen(name, "w");
    if (CHECK(file != NULL)) {
        fputs(text, file);
        fclose(file);
    }
}

static const char *content(const char *name) {
    static char text[256];
    FILE *file = fopen(name, "r");
    if (file == NULL)
        return NULL;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

/* How many files the folder has, those whose names begin with a dot included. */
static int count_files(void) {
    char command[128];
    int count = -1;
    snprintf(command, sizeof command, "ls -A %s | wc -l", folder);
    FILE *pipe = popen(command, "r");
    if (CHECK(pipe != NULL && fscanf(pipe, "%d", &count) == 1))
        pclose(pipe);
    return count;
}

static void begin(const char *row) {
    units_row(row);
    events[0] = '\0';
    rename_problem = 0;
    strcpy(folder, "/tmp/writer_units.XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/target", folder);
    snprintf(other, sizeof other, "%s/other", folder);
}

static void end(void) {
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    CHECK(system(command) == 0);
    units_row(NULL);
}

/* --------------------------------------------------------------------- tables */

static void check_order(void) {
    writer w;
    begin("fsync, rename, fsync of the folder");
    CHECK(writer_open(&w, path, 0666) == 0);
    writer_add(&w, "new", 3);
    CHECK(count_files() == 1);
    CHECK(writer_commit(&w) == 0);
    SAME("frd", events);
    SAME("new", content(path));
    CHECK(count_files() == 1);
    CHECK(writer_commit(&w) == EBADF);
    end();
}

static void check_config(void) {
    promptic_error error;
    promptic_pair change = {"api_key", "k"};
    begin("config.toml: fsync, rename, fsync of the folder");
    CHECK(promptic_config_write(path, &change, 1, &error) == PROMPTIC_OK);
    SAME("frd", events);
    SAME("api_key = \"k\"\n", content(path));
    end();
}

/* Somebody who guesses the draft's name gets nothing written through it. */
static void check_guessed_name(void) {
    writer w;
    char guessed[128];
    begin("a draft's name that is taken");
    snprintf(guessed, sizeof guessed, "%s/.promptic-BBBBBB.part", folder);
    put(other, "precious");
    CHECK(symlink(other, guessed) == 0);
    draws = 3;
    CHECK(writer_open(&w, path, 0666) == 0);
    CHECK(draws == 0 && strcmp(w.name, ".promptic-BBBBBB.part") != 0);
    writer_add(&w, "new", 3);
    CHECK(writer_commit(&w) == 0);
    SAME("precious", content(other));
    SAME("new", content(path));
    CHECK(count_files() == 3);
    end();
}

static void check_random(void) {
    CHECK(writer_is_random("aB3xyz") && writer_is_random("BBBBBB"));
    CHECK(!writer_is_random("backup") && !writer_is_random("a.Bxyz") && !writer_is_random("aB3"));
}

/* A rename that fails leaves the file as it was; that of a mount is written in place. */
static void check_rename_fails(void) {
    writer w;
    struct stat before, after;
    begin("a rename that fails");
    put(path, "old content");
    rename_problem = EIO;
    CHECK(writer_open(&w, path, 0666) == 0);
    writer_add(&w, "new", 3);
    CHECK(writer_commit(&w) == EIO);
    SAME("old content", content(path));
    CHECK(count_files() == 1);
    rename_problem = EBUSY;
    CHECK(stat(path, &before) == 0);
    CHECK(writer_open(&w, path, 0666) == 0);
    writer_add(&w, "new", 3);
    CHECK(writer_commit(&w) == 0);
    SAME("new", content(path));
    CHECK(stat(path, &after) == 0 && before.st_ino == after.st_ino);
    CHECK(count_files() == 1);
    end();
}

/* The child of a fork has the parent's writer, and leaves its draft alone. */
static void check_fork(void) {
    writer w;
    begin("a fork");
    put(path, "old");
    CHECK(writer_open(&w, path, 0666) == 0);
    writer_add(&w, "ne", 2);
    for (int writes = 0; writes < 2; writes++) {
        int status = -1;
        pid_t child = fork();
        if (child == 0) {
            writer copy = w;
            copy.path = strdup(w.path);
            if (writes) {
                writer_start_over(&copy);
                writer_add(&copy, "xxxx", 4);
            }
            bool refuses = writer_commit(&copy) == ECANCELED;
            writer_discard(&w);
            _exit(refuses ? 0 : 1);
        }
        CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    }
    CHECK(count_files() == 2);
    writer_add(&w, "w", 1);
    CHECK(writer_commit(&w) == 0);
    SAME("new", content(path));
    CHECK(count_files() == 1);
    end();
}

void units_writer(void) {
    check_order();
    check_config();
    check_guessed_name();
    check_random();
    check_rename_fails();
    check_fork();
}
