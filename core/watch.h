/*
 * watch.h - a host's own event loop: it is told which sockets to look at, and tells what it saw.
 *
 * The loop keeps a list of the sockets as well. The functions that block look at it, since libcurl
 * must learn of traffic in the same way whoever looked, or what it tells the host falls behind. And
 * it makes good what libcurl leaves out: some versions (7.88 for one) close sockets that have not
 * connected yet without a word, and may open others of the same number. So the host has to
 * forget those before libcurl does anything, and is told afterwards which are still wanted.
 */
#ifndef PROMPTIC_WATCH_H
#define PROMPTIC_WATCH_H

#include "promptic.h"

/* A socket that libcurl wants to know of. Directions are those of promptic.h, or-ed. */
typedef struct watch_socket {
    int number;
    unsigned char wanted; /* by libcurl */
    unsigned char told;   /* to the host; 0: it does not know of the socket */
    unsigned char ready;  /* what watch_wait has found */
    bool is_connecting;   /* libcurl may close it without a word */
} watch_socket;

typedef struct watch {
    promptic_socket_fn on_socket; /* NULL: the loop is asked, and watch_ functions do nothing */
    promptic_timer_fn on_timer;
    void *userdata;
    watch_socket *sockets;
    size_t count;
    bool acting;      /* between watch_begin and watch_end */
    bool has_overrun; /* there have been more sockets than the list has room for */
} watch;

/* Whether the loop belongs to a host with its own event loop. */
bool watch_is_on(const promptic_loop *loop);

/* Makes room for the sockets of all attempts that can be under way. False where memory ends. */
bool watch_reserve(promptic_loop *loop);

/* To be called before and after libcurl gets a chance to close sockets. */
void watch_begin(promptic_loop *loop);
void watch_end(promptic_loop *loop);

/* Blocks until a socket is ready or for timeout_ms; with 0 it only looks. */
void watch_wait(promptic_loop *loop, int timeout_ms);

/* Lets libcurl do what the sockets are ready for that watch_wait has found. */
void watch_drive(promptic_loop *loop);

#endif
