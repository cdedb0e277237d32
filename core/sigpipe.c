#include "sigpipe.h"

#include <time.h>

static bool is_pending(void) {
    sigset_t pending;
    return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

static void only_sigpipe(sigset_t *set) {
    sigemptyset(set);
    sigaddset(set, SIGPIPE);
}

void sigpipe_block(sigpipe_guard *guard, bool needed) {
    sigset_t set;
    guard->is_on = needed;
    if (!needed)
        return;
    guard->was_pending = is_pending();
    only_sigpipe(&set);
    pthread_sigmask(SIG_BLOCK, &set, &guard->previous);
}

void sigpipe_restore(const sigpipe_guard *guard) {
    sigset_t set;
    if (!guard->is_on)
        return;
    only_sigpipe(&set);
    if (!guard->was_pending && is_pending()) {
        const struct timespec at_once = {0, 0};
        sigtimedwait(&set, NULL, &at_once);
    }
    pthread_sigmask(SIG_SETMASK, &guard->previous, NULL);
}
