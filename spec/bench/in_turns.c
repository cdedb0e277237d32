/*
 * in_turns.c - runs two commands in turns and compares what they take.
 *
 *     in_turns COUNT COMMAND [ARGUMENT...] -- COMMAND [ARGUMENT...]
 *
 * Prints the median over COUNT pairs of the second's wall time in the first's, the same of the
 * CPU's and of the most memory that it had, and the first's median wall time in milliseconds. What
 * the commands print is thrown away.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

typedef struct cost {
    double wall, cpu; /* milliseconds */
    double memory;    /* KiB */
} cost;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static double milliseconds(struct timeval time) {
    return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static cost run(char **words, posix_spawn_file_actions_t *actions) {
    struct rusage used;
    int status = 0;
    pid_t child;
    double start = now();
    if (posix_spawnp(&child, words[0], actions, NULL, words, environ) != 0 ||
        wait4(child, &status, 0, &used) < 0 || status != 0) {
        fprintf(stderr, "in_turns: %s failed\n", words[0]);
        exit(1);
    }
    return (cost){now() - start, milliseconds(used.ru_utime) + milliseconds(used.ru_stime),
                  (double)used.ru_maxrss};
}

static int compare(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(double *values, size_t count) {
    qsort(values, count, sizeof *values, compare);
    return values[count / 2];
}

int main(int argc, char **argv) {
    int divider = 2;
    while (divider < argc && strcmp(argv[divider], "--") != 0)
        divider++;
    if (divider <= 2 || divider + 1 >= argc)
        return 2;
    argv[divider] = NULL;
    size_t count = (size_t)atoi(argv[1]);
    double *walls = calloc(4 * count, sizeof *walls), *cpus = walls + count, *firsts = cpus + count;
    double *memories = firsts + count;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    for (size_t i = 0; i < count; i++) {
        cost first = run(argv + 2, &actions), second = run(argv + divider + 1, &actions);
        walls[i] = second.wall / first.wall;
        cpus[i] = second.cpu / first.cpu;
        memories[i] = second.memory / first.memory;
        firsts[i] = first.wall;
    }
    printf("%.4f %.4f %.4f %.3f\n", median(walls, count), median(cpus, count),
           median(memories, count), median(firsts, count));
    posix_spawn_file_actions_destroy(&actions);
    free(walls);
    return 0;
}
