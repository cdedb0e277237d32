/*
 * interpreter_signals.c - SIGINT, SIGTERM and SIGHUP end a script by an error.
 *
 * The first signal raises an error of kind "interrupted" in the script, so that cleanup that is to be
 * closed is closed. A script may catch it: after SIGINT it goes on, after the others the process
 * ends all the same, at the end of the script or after GRACE_SECONDS, by the signal itself. A
 * second signal ends it at once. The kernel keeps signals with their default action from process 1,
 * so the handlers are there from start to end, and process 1 ends by an exit status of 128 + the
 * signal.
 */
#include "interpreter_signals.h"

#include "prelude.h"
#include "state.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GRACE_SECONDS 3

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
#define NUMBERS (sizeof numbers / sizeof *numbers)

static bool ignored[NUMBERS];         /* at the start, as by nohup: for good */
static volatile sig_atomic_t pending; /* the signal of the running script */
static volatile sig_atomic_t ending;  /* SIGTERM or SIGHUP: there is no way back */
static volatile sig_atomic_t has_raised;
static volatile sig_atomic_t shrugs; /* SIGINT does nothing if no script runs */

/* --------------------------------------------------------------------- ends */

/* For signal handlers too. */
static void end_by(int signal) {
    sigset_t set;
    if (getpid() == 1)
        _exit(128 + signal);
    interpreter_handle(signal, SIG_DFL, NULL);
    sigemptyset(&set);
    sigaddset(&set, signal);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(signal);
}

static void on_alarm(int signal) {
    (void)signal;
    end_by(ending);
}

/* Whatever the exit status would have been, and after all else that is to be done at an exit. */
static void at_exit(void) {
    if (ending == 0)
        return;
    fflush(NULL);
    end_by(ending);
}

/* ---------------------------------------------------------------- the error */

/* The library's own functions are not interrupted: stopped half-way they would leave their state
 * broken. */
static void stop_script(lua_State *L, lua_Debug *activation) {
    if (bindings_in_prelude(L, activation))
        return;
    lua_sethook(L, NULL, 0, 0);
    has_raised = 1;
    bindings_raise_interrupt(L);
}

static bindings_interrupter interrupter = {
    .hook = stop_script,
    .mask = LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT,
    .count = 1,
};

/* Setting a hook is all that a state takes while it may be in the middle of anything. */
static void on_signal(int signal) {
    int problem = errno;
    if (signal == SIGINT && shrugs && interrupter.script == NULL)
        return;
    if (interrupter.script == NULL || pending != 0)
        end_by(signal);
    pending = signal;
    if (signal != SIGINT) {
        ending = signal;
        interpreter_handle(SIGALRM, on_alarm, NULL);
        alarm(GRACE_SECONDS);
    }
    bindings_interrupt(&interrupter);
    errno = problem;
}

/* ---------------------------------------------------------------- interface */

void interpreter_handle(int signal, void (*handler)(int), struct sigaction *before) {
    struct sigaction action = {.sa_flags = 0};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, before);
}

bool interpreter_ignores(int signal) {
    for (size_t i = 0; i < NUMBERS; i++)
        if (numbers[i] == signal)
            return ignored[i];
    return false;
}

void interpreter_take_signals(void) {
    struct sigaction before;
    for (size_t i = 0; i < NUMBERS; i++) {
        ignored[i] = sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN;
        if (!ignored[i])
            interpreter_handle(numbers[i], on_signal, NULL);
    }
    atexit(at_exit); /* the first one registered runs last */
}

void interpreter_use_signals(lua_State *L) {
    bindings_use_interrupter(L, &interrupter);
}

lua_State *interpreter_begin(lua_State *L) {
    lua_State *outer = interrupter.script;
    interrupter.script = L;
    return outer;
}

void interpreter_end(lua_State *L, lua_State *outer) {
    interrupter.script = outer;
    if (lua_gethook(L) == stop_script) /* the signal came when it was over */
        lua_sethook(L, NULL, 0, 0);
    if (ending == 0)
        pending = 0;
}

void interpreter_shrug(bool at_prompt) {
    shrugs = at_prompt;
}

bool interpreter_is_interrupt(const char *text) {
    return has_raised && strstr(text, bindings_interrupted) != NULL;
}
