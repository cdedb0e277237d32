/*
 * state.h - what a lua_State has once: the loop, and who runs inside of it.
 */
#ifndef PROMPTIC_STATE_H
#define PROMPTIC_STATE_H

#include "compat.h"
#include "promptic.h"

#include <stdatomic.h>
#include <stdbool.h>

/* A call of Lua's, owned by a userdata (call_handle.h). */
typedef struct bindings_call_handle bindings_call_handle;

typedef struct bindings_interrupter bindings_interrupter;

/* An entry into the scheduler from outside of tasks, while it runs (guard.c). */
typedef struct bindings_entry {
    lua_State *caller, *shell;    /* who called, and the coroutine that works for it */
    struct bindings_entry *outer; /* the entry inside which this one was made */
    lua_Hook hook;   /* the caller's, in LuaJIT, where coroutines share one; taken off */
    int mask, count; /* of that */
    int status;      /* of the shell's function */
} bindings_entry;

/* Random bytes of one system call, for several ids (system.c). */
typedef struct bindings_random {
    unsigned char bytes[32];
    size_t left;      /* of them, the first ones, that are not used */
    unsigned process; /* the generation that they are for */
} bindings_random;

/* One per lua_State, made at the first use: the loop that all its clients share. A signal handler
 * reads what is atomic. */
typedef struct bindings_state {
    promptic_loop *loop;              /* NULL once the lua_State is closing */
    _Atomic(lua_State *) running;     /* the coroutine inside the core, which runs log functions */
    _Atomic(lua_State *) task;        /* of the running task, whose calls suspend it; or NULL */
    bindings_call_handle *suspending; /* the call that the running task yields for */
    bindings_entry *entry;            /* the innermost one; NULL: none is under way */
    bool shell_at_work;               /* the coroutine of bindings_guard is */
    double next_idle;                 /* when a hook that counts 1 has its next turn */
    struct bindings_foreign *foreign; /* what the running task has yielded for, if refused */
    bool waiting;                     /* the running task yields for a time or another task */
    bool background;                  /* there may be tasks in the background */
    bindings_call_handle *ended, **ended_tail; /* calls of tasks that have ended, in order */
    bindings_interrupter *interrupter;         /* NULL: signals do not wake the loop */
    atomic_bool task_interrupted;              /* a signal's hook was set on the running task */
    bool logging;                              /* a log function is running, inside the core */
    bool interrupted;                          /* a hook's error stopped it: Ctrl-C was pressed */
    bindings_random random;
} bindings_state;

/* [-0, +0, e] The state of L, with its loop. */
bindings_state *bindings_state_of(lua_State *L);

/* Between these two the core runs log functions on this coroutine. */
lua_State *bindings_enter(bindings_state *state, lua_State *L);
void bindings_leave(bindings_state *state, lua_State *outer);

/* [-0, +0, e] Refuses to drive calls from within a log function, where the core is busy. */
void bindings_check_idle(lua_State *L, const bindings_state *state);

/* What the signal handler of a program needs to stop a script. Belongs to the program, and outlives
 * the lua_State. */
struct bindings_interrupter {
    lua_Hook hook;                   /* raises, and removes itself */
    int mask, count;                 /* of the hook: see lua_sethook */
    _Atomic(lua_State *) script;     /* the coroutine that runs the script */
    _Atomic(bindings_state *) state; /* set by the bindings; NULL while there is no loop */
};

/* [-0, +0, m] To be called before the first client is made. From then on nothing polls for signals:
 * bindings_interrupt ends a wait. */
void bindings_use_interrupter(lua_State *L, bindings_interrupter *interrupter);

/* What the error of a signal says: of the hook here, and of that of a stock interpreter. */
#define bindings_interrupted "interrupted!"

/* [-0, +0, e] Raises the error of a signal, of kind "interrupted". For hooks. */
int bindings_raise_interrupt(lua_State *L);

/* [-0, +0, m] Whether the value at index is the error of a signal: a promptic.Error of that kind,
 * or the text that a stock interpreter raises. */
bool bindings_is_interrupt(lua_State *L, int index);

/* Sets the hook on the running coroutine, as far as it is known, and wakes the loop. May be
 * called by a signal handler, in any thread. */
void bindings_interrupt(bindings_interrupter *interrupter);

/* [-0, +0, -] A hook of the interrupter that a coroutine has not run, as it was over or suspended
 * when the signal came, is run by the one that resumed it. */
void bindings_pass_hook(const bindings_state *state, lua_State *from, lua_State *to);

#endif
