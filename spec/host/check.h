/*
 * check.h - what the programs of spec/host share: checks that are counted, and time.
 *
 * Each program is given the address of a server (spec/support/host_server.lua says what it
 * answers), prints what does not hold and ends with status 1 where anything did not.
 */
#ifndef SPEC_HOST_CHECK_H
#define SPEC_HOST_CHECK_H

#include "promptic.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#define CHECK(...) check((__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)

static int failed_checks;

static inline bool check(bool holds, const char *what, const char *file, int line) {
    if (!holds && ++failed_checks <= 50)
        fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    return holds;
}

static inline int report(const char *program) {
    printf("%s: %s\n", program, failed_checks == 0 ? "passed" : "FAILED");
    return failed_checks == 0 ? 0 : 1;
}

static inline double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Options of a client of the server, with nothing taken from whoever runs the program. */
static inline promptic_options options_for(const char *url) {
    promptic_options options;
    promptic_options_init(&options, sizeof options);
    options.endpoint = url;
    options.api_key = "a-key-of-the-tests";
    options.config_file = "";
    options.backoff = 0.001;
    options.timeout = 20;
    return options;
}

#endif
