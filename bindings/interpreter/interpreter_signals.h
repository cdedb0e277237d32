/*
 * interpreter_signals.h - SIGINT, SIGTERM and SIGHUP end a script by an error.
 */
#ifndef PROMPTIC_INTERPRETER_SIGNALS_H
#define PROMPTIC_INTERPRETER_SIGNALS_H

#include <lua.h>

#include <signal.h>
#include <stdbool.h>

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

/* Whether Ctrl-C does nothing if no script runs, as at the prompt. SIG_IGN would be inherited by
 * other programs. */
void interpreter_shrug(bool shrugs);

/* Whether this is the text of an error that a signal has raised. */
bool interpreter_is_interrupt(const char *text);

#endif
