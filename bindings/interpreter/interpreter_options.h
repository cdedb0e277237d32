/*
 * interpreter_options.h - the command line of promptic-lua.
 */
#ifndef PROMPTIC_INTERPRETER_OPTIONS_H
#define PROMPTIC_INTERPRETER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* More than anybody gives. */
#define INTERPRETER_MOST_SANDBOX_OPTIONS 32

typedef struct interpreter_options {
    char **argv;
    int argc;
    int script;              /* index of the script's name, or argc if there is none */
    bool has_chunks;         /* -e */
    bool interactive;        /* -i */
    bool version;            /* -v, or -i */
    bool ignore_environment; /* -E */
    bool run_module;         /* --run: `script` is the index of a module's name */
    bool sandbox;            /* --sandbox */
    /* Options of the sandbox and their values, in turn, as they are handed on to it. */
    const char *sandbox_arguments[2 * INTERPRETER_MOST_SANDBOX_OPTIONS];
    size_t sandbox_argument_count;
    bool help;        /* --help */
    bool own_version; /* --version */
} interpreter_options;

/* Fills the options; false after printing the problem and the usage. */
bool interpreter_parse(interpreter_options *options, int argc, char **argv, const char *program);

void interpreter_print_help(const char *program);

#endif
