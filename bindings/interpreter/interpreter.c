/*
 * interpreter.c - main of promptic-lua: the lua program with promptic built in.
 *
 * As in lua.c, main makes the state and all else runs protected, in protected_main. What scripts,
 * options and errors do is what lua does; interpreter_spec.lua holds the two side by side.
 */
#include "interpreter_flush.h"
#include "interpreter_options.h"
#include "interpreter_preload.h"
#include "interpreter_repl.h"
#include "interpreter_report.h"
#include "interpreter_sandbox.h"
#include "interpreter_session.h"
#include "interpreter_signals.h"
#include "promptic.h"

#include <lauxlib.h>
#include <lualib.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXIT_INTERRUPTED 130 /* what a shell calls the end by SIGINT: 128 and its number */

/* Lua's line and ours. */
static void print_version(void) {
    printf("%s\npromptic-lua %s\n", LUA_COPYRIGHT, PROMPTIC_VERSION);
    fflush(stdout);
}

/* [-1, +0, -] Calls the chunk on top, or reports why there is none. */
static int run_chunk(lua_State *L, int status) {
    if (status == LUA_OK)
        status = interpreter_call(L, 0, 0);
    return interpreter_report(L, status);
}

static int run_string(lua_State *L, const char *source, const char *name) {
    return run_chunk(L, luaL_loadbuffer(L, source, strlen(source), name));
}

static int run_file(lua_State *L, const char *path) {
    return run_chunk(L, luaL_loadfile(L, path));
}

/* ----------------------------------------------------------------- options */

/* [-0, +0, m] Sets the global arg: the script's name at 0, its arguments after, options before. */
static void set_arg(lua_State *L, const interpreter_options *options) {
    int script = options->script < options->argc ? options->script : 0;
    lua_createtable(L, options->argc - script - 1, script + 1);
    for (int i = 0; i < options->argc; i++) {
        lua_pushstring(L, options->argv[i]);
        lua_rawseti(L, -2, i - script);
    }
    lua_setglobal(L, "arg");
}

static int run_init(lua_State *L) {
    static const char *const names[] = {"=LUA_INIT" LUA_VERSUFFIX, "=LUA_INIT"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *init = getenv(names[i] + 1);
        if (init != NULL)
            return init[0] == '@' ? run_file(L, init + 1) : run_string(L, init, names[i]);
    }
    return LUA_OK;
}

/* [-0, +0, e] -l mod, -l mod-version or -l global=mod */
static int run_library(lua_State *L, const char *option) {
    const char *equals = strchr(option, '=');
    const char *module = equals == NULL ? option : equals + 1;
    size_t length = equals == NULL ? strcspn(option, "-") : (size_t)(equals - option);
    const char *global = lua_pushlstring(L, option, length);
    lua_getglobal(L, "require");
    lua_pushstring(L, module);
    int status = interpreter_call(L, 1, 1);
    if (status == LUA_OK)
        lua_setglobal(L, global);
    interpreter_report(L, status);
    lua_pop(L, 1);
    return status;
}

/* [-0, +0, e] Does what the options before the script say, in their order. */
static bool run_options(lua_State *L, const interpreter_options *options) {
    for (int i = 1; i < options->script; i++) {
        const char *option = options->argv[i];
        if (strcmp(option, "-W") == 0) {
            lua_warning(L, "@on", 0);
        } else if (option[0] == '-' && (option[1] == 'e' || option[1] == 'l')) {
            const char *value = option[2] != '\0' ? option + 2 : options->argv[++i];
            int status =
                option[1] == 'e' ? run_string(L, value, "=(command line)") : run_library(L, value);
            if (status != LUA_OK)
                return false;
        }
    }
    return true;
}

/* ------------------------------------------------------------------ script */

/* [-0, +n, e] Pushes what the table arg has after 0, and returns its count. */
static int push_arguments(lua_State *L) {
    if (lua_getglobal(L, "arg") != LUA_TTABLE)
        luaL_error(L, "'arg' is not a table");
    int table = lua_gettop(L);
    int count = (int)luaL_len(L, table);
    luaL_checkstack(L, count + 3, "too many arguments to script");
    for (int i = 1; i <= count; i++)
        lua_rawgeti(L, table, i);
    lua_remove(L, table);
    return count;
}

/* The script's file, or NULL if it comes from stdin or is built in. */
static const char *script_file(const interpreter_options *options) {
    char *const *name = options->argv + options->script;
    if (options->script >= options->argc || options->run_module)
        return NULL;
    return strcmp(name[0], "-") == 0 && strcmp(name[-1], "--") != 0 ? NULL : name[0];
}

/* Whether the script's first line asks for -E, however it is started: promptic, which holds
 * credentials, runs nothing of LUA_INIT. */
static bool asks_for_clean_start(const char *path) {
    char line[256] = "";
    struct stat status; /* a pipe can be read only once */
    bool is_file = path != NULL && stat(path, &status) == 0 && S_ISREG(status.st_mode);
    FILE *file = is_file ? fopen(path, "re") : NULL;
    if (file == NULL)
        return false;
    if (fgets(line, sizeof line, file) == NULL || strncmp(line, "#!", 2) != 0)
        line[0] = '\0';
    fclose(file);
    size_t length = strcspn(line, "\r\n");
    return length > 3 && strncmp(line + length - 3, " -E", 3) == 0;
}

static bool run_script(lua_State *L, const interpreter_options *options) {
    int status = options->run_module ? interpreter_load_baked(L, options->argv[options->script])
                                     : luaL_loadfile(L, script_file(options));
    if (status == LUA_OK)
        status = interpreter_call(L, push_arguments(L), LUA_MULTRET);
    return interpreter_report(L, status) == LUA_OK;
}

/* Statements from a terminal, or from a pipe as if it were one. */
static void interact(lua_State *L) {
    if (interpreter_stdin_is_terminal())
        interpreter_session(L);
    else
        interpreter_repl(L);
    interpreter_forgive();
}

/* As in lua, a script that is read from stdin without "-" never fails the program. */
static void run_stdin(lua_State *L, const interpreter_options *options) {
    if (options->interactive) {
        interact(L);
    } else if (options->script == options->argc && !options->has_chunks && !options->version) {
        if (interpreter_stdin_is_terminal())
            interact(L);
        else
            run_file(L, NULL);
    }
}

/* -------------------------------------------------------------------- main */

/* [-0, +0, e] */
static void prepare(lua_State *L, const interpreter_options *options) {
    lua_gc(L, LUA_GCSTOP); /* nothing that is made here can be collected */
    if (options->ignore_environment) {
        lua_pushboolean(L, true);
        lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV"); /* package reads it */
    }
    luaL_openlibs(L);
    interpreter_flush_at_exit(L);
    set_arg(L, options);
    interpreter_use_signals(L);
    interpreter_preload(L);
    lua_gc(L, LUA_GCRESTART);
    lua_gc(L, LUA_GCGEN, 0, 0);
}

/* argc and argv in, whether all went well out. */
static int protected_main(lua_State *L) {
    int argc = (int)lua_tointeger(L, 1);
    char **argv = lua_touserdata(L, 2);
    interpreter_options options;
    const char *program = argv[0] != NULL && argv[0][0] != '\0' ? argv[0] : INTERPRETER_NAME;
    interpreter_rename(program);
    if (!interpreter_parse(&options, argc, argv, program))
        return 0;
    if (options.help || options.own_version) {
        if (options.help)
            interpreter_print_help(program);
        else
            printf("promptic-lua %s (%s)\n", PROMPTIC_VERSION, LUA_RELEASE);
        lua_pushboolean(L, true);
        return 1;
    }
    if (options.version && !(options.interactive && interpreter_stdin_is_terminal()))
        print_version(); /* a session at a terminal has a line of its own */
    if (options.sandbox && !interpreter_start_sandbox(&options))
        return 0;
    if (asks_for_clean_start(script_file(&options)))
        options.ignore_environment = true;
    prepare(L, &options);
    if (!options.ignore_environment && run_init(L) != LUA_OK)
        return 0;
    if (script_file(&options) != NULL)
        interpreter_add_folder(L, script_file(&options));
    if (!run_options(L, &options))
        return 0;
    if (options.script < argc && !run_script(L, &options))
        return 0;
    run_stdin(L, &options);
    lua_pushboolean(L, true);
    return 1;
}

/* A standard stream that the parent closed stays useless, but keeps its number: else
 * the next file or connection gets it, and output goes there. */
static void keep_standard_streams(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            return; /* there is nothing to keep it with */
}

int main(int argc, char **argv) {
    keep_standard_streams();
    interpreter_take_signals();
    lua_State *L = luaL_newstate();
    if (L == NULL) {
        interpreter_message("cannot create state: not enough memory");
        return EXIT_FAILURE;
    }
    lua_pushcfunction(L, protected_main);
    lua_pushinteger(L, argc);
    lua_pushlightuserdata(L, argv);
    int status = lua_pcall(L, 2, 1, 0);
    bool well = status == LUA_OK && lua_toboolean(L, -1);
    interpreter_report(L, status);
    interpreter_flush(L);
    lua_close(L);
    if (interpreter_ended_by_interrupt())
        return EXIT_INTERRUPTED;
    return well ? EXIT_SUCCESS : EXIT_FAILURE;
}
