/*
 * sigpipe.h - keeps SIGPIPE from the process while libcurl writes to sockets.
 *
 * OpenSSL writes with write(2), which raises SIGPIPE if the peer has gone. libcurl's own guard
 * swaps the process-wide handler, which races with other threads and with the host's own; here the
 * signal is blocked in the calling thread only, and a pending one that we caused is consumed.
 */
#ifndef PROMPTIC_SIGPIPE_H
#define PROMPTIC_SIGPIPE_H

#include <signal.h>
#include <stdbool.h>

typedef struct sigpipe_guard {
    bool is_on;
    sigset_t previous;
    bool was_pending;
} sigpipe_guard;

/* Does nothing for plain text, which libcurl sends plain text with MSG_NOSIGNAL. */
void sigpipe_block(sigpipe_guard *guard, bool needed);
void sigpipe_restore(const sigpipe_guard *guard);

#endif
