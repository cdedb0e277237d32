/*
 * loop.h - drives calls over one curl multi handle: which are due, which run, which have ended.
 *
 * The loop owns time and sockets; what an ended attempt means is decided in call.c.
 */
#ifndef PROMPTIC_LOOP_H
#define PROMPTIC_LOOP_H

#include "list.h"
#include "memory.h"
#include "promptic.h"
#include "watch.h"

#include <curl/curl.h>
#include <stdint.h>

/* Attempts under way at one time, over all clients of a loop; further ones are queued, so that ten
 * thousand submits do not open ten thousand connections. */
#define LOOP_MAX_RUNNING 100

/* Attempts begun between two steps; further ones are queued until the next. Each may mean a
 * connection, with a TLS handshake of a millisecond, and a step may be a part of a game's frame. */
#define LOOP_MAX_LAUNCHES 2

struct promptic_loop {
    promptic_allocator allocator; /* of the loop and its heap */
    CURLM *multi;
    size_t references;    /* the host's, and one a client */
    size_t unfinished;    /* calls that have not ended */
    size_t running;       /* attempts under way */
    size_t launched;      /* attempts begun since the last step began */
    list_link queued;     /* calls that wait until an attempt may begin, first come first served */
    list_link ended;      /* calls whose callback is still to be run */
    promptic_call **heap; /* unfinished calls, the one that is due first at the top */
    size_t heap_length, heap_capacity;
    uint64_t random_state;
    watch watch;   /* of a host with its own event loop */
    bool uses_tls; /* a client of it may: OpenSSL writes without MSG_NOSIGNAL */
    bool stepping; /* inside libcurl or the timers: no call may be driven from there */
};

void loop_retain(promptic_loop *loop);
void loop_release(promptic_loop *loop);

/* Makes room for one more call, so that scheduling it can not fail. */
bool loop_reserve(promptic_loop *loop);

/* Puts the call into the heap, or moves it to where its due_ms belongs. */
void loop_schedule(promptic_loop *loop, promptic_call *call);

/* Takes the call out of heap and queue. */
void loop_unschedule(promptic_loop *loop, promptic_call *call);

/* Starts the call's next attempt now, or queues it where too many are under way or just begun. */
void loop_launch(promptic_loop *loop, promptic_call *call);

/* Takes the handle of an attempt under way back, aborting what it does. */
void loop_remove(promptic_loop *loop, CURL *easy);

/* What promptic_step does, with what the socket is ready for: see curl_multi_socket_action(3). */
size_t loop_step(promptic_loop *loop, curl_socket_t socket, int curl_events);

/* Tells a host with its own event loop when to step next. To be called whenever that may have
 * changed outside of loop_step. */
void loop_tell_timer(promptic_loop *loop);

/* Has the call's callback run in the next dispatch. */
void loop_announce(promptic_loop *loop, promptic_call *call);

/* Runs the callbacks of ended calls. Re-entrant: each is run once. */
void loop_dispatch(promptic_loop *loop);

#endif
