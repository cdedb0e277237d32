/*
 * interpreter.h - what the C files of promptic-lua share. Stack effects are written as in compat.h.
 */
#ifndef PROMPTIC_INTERPRETER_H
#define PROMPTIC_INTERPRETER_H

#include <lua.h>

#include <signal.h>
#include <stdbool.h>

/* ---------------------------------------------------- interpreter_report.c */

/* [-arguments - 1, +results, -] Calls with a traceback on errors and with Ctrl-C as an error.
 * Returns the status, with the message instead of results where it is not LUA_OK. */
int interpreter_call(lua_State *L, int arguments, int results);

/* [-0 or 1, +0, -] Prints the message on top where the status is not LUA_OK; returns the status. */
int interpreter_report(lua_State *L, int status);

#define INTERPRETER_NAME "promptic-lua"

/* Prints "program: text" to stderr; without the program's name within the REPL. */
void interpreter_message(const char *text);

/* The name that messages start with, or NULL for none; returns the one before. */
const char *interpreter_rename(const char *program);

/* Whether the error that was reported last was that of a signal. The second one forgets it. */
bool interpreter_ended_by_interrupt(void);
void interpreter_forgive(void);

/* Lua's line and ours. */
void interpreter_print_version(void);

/* ------------------------------------------------------ interpreter_flush.c */

/* [-0, +0, -] Waits for what is left to do in the background, 2 s at most. */
void interpreter_flush(lua_State *L);

/* [-0, +0, m] Makes os.exit do so too. */
void interpreter_flush_at_exit(lua_State *L);

/* --------------------------------------------------- interpreter_signals.c */

/* To be called first: from here on SIGINT, SIGTERM and SIGHUP end the process, unless they were
 * ignored. */
void interpreter_take_signals(void);

/* Whether the signal was ignored at the start, and so is for good. */
bool interpreter_ignores(int signal);

/* sigaction with an empty mask and no flags. */
void interpreter_handle(int signal, void (*handler)(int), struct sigaction *before);

/* [-0, +0, m] Lets a signal wake the library's loop. */
void interpreter_use_signals(lua_State *L);

/* [-0, +0, -] Between these two a signal is an error of the script that L runs. */
lua_State *interpreter_begin(lua_State *L);
void interpreter_end(lua_State *L, lua_State *outer);

/* Whether Ctrl-C does nothing where no script runs, as at the prompt. SIG_IGN would be inherited by
 * other programs. */
void interpreter_shrug(bool shrugs);

/* Whether this is the text of an error that a signal has raised. */
bool interpreter_is_interrupt(const char *text);

/* --------------------------------------------------- interpreter_options.c */

/* More than anybody gives. */
#define INTERPRETER_MOST_SANDBOX_OPTIONS 32

typedef struct interpreter_options {
    char **argv;
    int argc;
    int script;              /* index of the script's name, or argc where there is none */
    bool has_chunks;         /* -e */
    bool interactive;        /* -i */
    bool version;            /* -v, or -i */
    bool ignore_environment; /* -E */
    bool run_module;         /* --run: what is at `script` is the name of a module */
    bool sandbox;            /* --sandbox */
    /* Options of the sandbox and their values, in turn, as they are handed on to it. */
    const char *sandbox_arguments[2 * INTERPRETER_MOST_SANDBOX_OPTIONS];
    size_t sandbox_argument_count;
    bool help;        /* --help */
    bool own_version; /* --version */
} interpreter_options;

/* Fills the options; false after printing what is wrong and the usage. */
bool interpreter_parse(interpreter_options *options, int argc, char **argv, const char *program);

void interpreter_print_help(const char *program);

/* --------------------------------------------------- interpreter_preload.c */

/* [-0, +0, e] Makes what is built in known to require, and sets the global promptic. */
void interpreter_preload(lua_State *L);

/* [-0, +1, -] Loads a module that is written in Lua and built in; returns the status. */
int interpreter_load_baked(lua_State *L, const char *name);

/* [-0, +0, e] Puts the folder of the script first in package.path. */
void interpreter_add_folder(lua_State *L, const char *script);

/* -------------------------------------------------- interpreter_terminal.c */

/* [-?, +1, e] Opens the module promptic.terminal. */
int interpreter_open_terminal(lua_State *L);

/* ---------------------------------------------------- interpreter_gunzip.c */

/* [-?, +1, e] Opens the module promptic.gunzip. */
int interpreter_open_gunzip(lua_State *L);

/* ------------------------------------------------------ interpreter_repl.c */

/* [-?, +?, e] Reads statements from stdin and runs them, until its end. */
void interpreter_repl(lua_State *L);

bool interpreter_stdin_is_terminal(void);

/* ------------------------------------------------------ interpreter_line.c */

/* [-?, +1 or 2, e] Lua function: read(prompt, completer) reads a line from the terminal, or a paste
 * of several. The line, or nil and "end" or "interrupted". Escape sequences in the prompt stand
 * between \1 and \2. */
int interpreter_read_line(lua_State *L);

/* The same for a question: the prompt goes to stderr. */
int interpreter_ask_line(lua_State *L);

/* [-?, +0, e] Lua function: gives the line editor its history. */
int interpreter_set_history(lua_State *L);

/* --------------------------------------------------- interpreter_session.c */

/* [-?, +0, e] A person at a terminal: runs scripts/repl, until Ctrl-D. */
void interpreter_session(lua_State *L);

/* --------------------------------------------------- interpreter_sandbox.c */

/* Starts the sandbox in a process of its own and points the environment at it. It ends with this
 * process, however that ends. False after printing what is wrong. */
bool interpreter_start_sandbox(const interpreter_options *options);

#endif
