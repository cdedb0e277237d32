/*
 * watch.h - a host's own event loop: it is told which sockets to look at, and tells what it saw.
 *
 * The loop keeps a list of the sockets as well, for the functions that block: libcurl must learn
 * of traffic in the same way whoever looked, or what it tells the host falls behind.
 */
#ifndef PROMPTIC_WATCH_H
#define PROMPTIC_WATCH_H

#include "promptic.h"

#include <poll.h>

typedef struct watch {
    promptic_socket_fn on_socket; /* NULL: the loop is asked, and watch_ functions do nothing */
    promptic_timer_fn on_timer;
    void *userdata;
    struct pollfd *sockets; /* what libcurl waits for; revents is what watch_wait has found */
    size_t count;
} watch;

/* Whether the loop belongs to a host with its own event loop. */
bool watch_is_on(const promptic_loop *loop);

/* Makes room for the sockets of all attempts that can be under way. False where memory ends. */
bool watch_reserve(promptic_loop *loop);

/* Blocks until a socket is ready or for timeout_ms; with 0 it only looks. */
void watch_wait(promptic_loop *loop, int timeout_ms);

/* Lets libcurl do what the sockets are ready for that watch_wait has found. */
void watch_drive(promptic_loop *loop);

#endif
