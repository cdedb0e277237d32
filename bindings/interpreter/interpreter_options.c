/*
 * interpreter_options.c - the command line of promptic-lua: lua's options and a few long ones.
 */
#include "interpreter_options.h"

#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------- texts */

static const char lua_options[] = "  -e stat   execute string 'stat'\n"
                                  "  -i        enter interactive mode after executing 'script'\n"
                                  "  -l mod    require library 'mod' into global 'mod'\n"
                                  "  -l g=mod  require library 'mod' into global 'g'\n"
                                  "  -v        show version information\n"
                                  "  -E        ignore environment variables\n"
                                  "  -W        turn warnings on\n"
                                  "  --        stop handling options\n"
                                  "  -         stop handling options and execute stdin\n";

static const char own_options[] =
    "  --sandbox            start a stand-in for the platform on this machine, and point\n"
    "                       the script at it: no account, no network\n"
    "    --pace SECONDS     how long it takes for one iteration of an experiment\n"
    "    --db FILE          keep its state in FILE instead of forgetting it\n"
    "    --without GROUP    leave out operations, as older or newer platforms do: observations,\n"
    "                       cases, workspace, ... (may be given more than once)\n"
    "    --not-found FORM   how it answers to those: json, html or empty\n"
    "  --run mod [args]     run a module that is built in; promptic.sandbox is the sandbox alone\n"
    "  --help               explain all this, with examples\n"
    "  --version            show the version of promptic-lua\n";

static const char examples[] =
    "\n"
    "Scripts find the platform in the global 'promptic'. Credentials are taken from\n"
    "PROMPTIC_API_KEY or from ~/.promptic/config.toml (api_key = \"...\").\n"
    "\n"
    "Examples:\n"
    "  promptic-lua --sandbox examples/pipeline.lua       try a whole pipeline, without an "
    "account\n"
    "  promptic-lua --sandbox -i                          try single calls\n"
    "  PROMPTIC_API_KEY=pk_... promptic-lua -e "
    "'print(promptic.client():get_ai_application().name)'\n"
    "  promptic-lua --run promptic.sandbox --help         the sandbox as a server of its own\n";

void interpreter_print_help(const char *program) {
    printf("usage: %s [options] [script [args]]\n"
           "Lua 5.4 with the Promptic platform built in.\n\n"
           "Options, as those of lua:\n%s\nFurther options:\n%s%s",
           program, lua_options, own_options, examples);
}

/* ------------------------------------------------------------------ errors */

/* Prints the problem with the option, and the options. Returns -1. */
static int refuse(const char *program, const char *option, const char *problem) {
    if (problem == NULL)
        fprintf(stderr, "%s: unrecognized option '%s'\n", program, option);
    else
        fprintf(stderr, "%s: '%s' %s\n", program, option, problem);
    fprintf(stderr, "usage: %s [options] [script [args]]\nAvailable options are:\n%s%s", program,
            lua_options, own_options);
    return -1;
}

/* ----------------------------------------------------------------- parsing */

/* What a long option does. */
typedef struct long_option {
    const char *name;
    bool *flag; /* set by it; NULL: it takes a value, and is the sandbox's */
} long_option;

/* Notes an option of the sandbox, whose value is behind its '=' or the next argument. Returns as
 * parse_long does. */
static int parse_sandbox(interpreter_options *options, const char *name, char *const *argv,
                         const char *program) {
    const char *equals = strchr(argv[0], '=');
    const char *value = equals != NULL ? equals + 1 : argv[1];
    if (value == NULL || (equals == NULL && value[0] == '-'))
        return refuse(program, name, "needs argument");
    if (options->sandbox_argument_count == 2 * INTERPRETER_MOST_SANDBOX_OPTIONS)
        return refuse(program, name, "is one option of the sandbox too many");
    options->sandbox_arguments[options->sandbox_argument_count++] = name;
    options->sandbox_arguments[options->sandbox_argument_count++] = value;
    return equals != NULL ? 0 : 1;
}

/* Handles --name, --name value and --name=value. Returns how many further arguments were taken, or
 * -1 after complaining. */
static int parse_long(interpreter_options *options, const long_option *rows, char *const *argv,
                      const char *program) {
    const char *option = argv[0];
    size_t length = strcspn(option, "=");
    for (const long_option *row = rows; row->name != NULL; row++) {
        if (strlen(row->name) != length || strncmp(row->name, option, length) != 0)
            continue;
        if (row->flag == NULL)
            return parse_sandbox(options, row->name, argv, program);
        if (option[length] != '\0')
            break;
        *row->flag = true;
        return 0;
    }
    return refuse(program, option, NULL);
}

/* Handles -E, -i, -v, -W, -e and -l. Returns as parse_long does. */
static int parse_short(interpreter_options *options, char *const *argv, const char *program) {
    const char *option = argv[0];
    if (option[1] == 'e' || option[1] == 'l') {
        options->has_chunks = options->has_chunks || option[1] == 'e';
        if (option[2] != '\0')
            return 0;
        if (argv[1] == NULL || argv[1][0] == '-')
            return refuse(program, option, "needs argument");
        return 1;
    }
    if (strchr("EivW", option[1]) == NULL || option[2] != '\0')
        return refuse(program, option, NULL);
    options->ignore_environment = options->ignore_environment || option[1] == 'E';
    options->interactive = options->interactive || option[1] == 'i';
    options->version = options->version || option[1] == 'i' || option[1] == 'v';
    return 0;
}

/* Checks that need all options. Returns 0, or -1 after complaining. */
static int check(const interpreter_options *options, const char *program) {
    if (options->sandbox_argument_count > 0 && !options->sandbox)
        return refuse(program, options->sandbox_arguments[0], "belongs to '--sandbox'");
    if (options->run_module && options->script >= options->argc)
        return refuse(program, "--run", "needs argument");
    return 0;
}

bool interpreter_parse(interpreter_options *options, int argc, char **argv, const char *program) {
    *options = (interpreter_options){.argv = argv, .argc = argc};
    const long_option rows[] = {
        {"--sandbox", &options->sandbox},
        {"--pace", NULL},
        {"--db", NULL},
        {"--without", NULL},
        {"--not-found", NULL},
        {"--run", &options->run_module},
        {"--help", &options->help},
        {"--version", &options->own_version},
        {NULL, NULL},
    };
    int i = 1;
    while (i < argc && argv[i][0] == '-' && argv[i][1] != '\0' && !options->run_module) {
        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        int taken = argv[i][1] == '-' ? parse_long(options, rows, argv + i, program)
                                      : parse_short(options, argv + i, program);
        if (taken < 0)
            return false;
        i += 1 + taken;
    }
    options->script = i < argc ? i : argc;
    return check(options, program) == 0;
}
