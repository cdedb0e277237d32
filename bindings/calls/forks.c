/*
 * forks.c - how often this process is the child of a fork, counted from the first use on. What
 * belongs to a process (tasks, descriptors, temporary names) compares the count with what it was,
 * which costs no system call.
 */
#include "forks.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_uint forks;

static void on_fork(void) {
    forks++;
}

/* Without memory for a handler nothing is counted; the core compares process ids by itself. */
static void watch_forks(void) {
    pthread_atfork(NULL, NULL, on_fork);
}

unsigned bindings_generation(void) {
    pthread_once(&once, watch_forks);
    return forks;
}

int bindings_push_generation(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)bindings_generation());
    return 1;
}
