/*
 * loop.h - drives calls over one curl multi handle: which are due, which run, which have ended.
 *
 * The loop owns time and sockets; what an ended attempt means is decided in call.c.
 */
#ifndef PROMPTIC_LOOP_H
#define PROMPTIC_LOOP_H

#include "list.h"
#include "promptic.h"

#include <curl/curl.h>
#include <stdint.h>

struct promptic_loop {
    CURLM *multi;
    size_t references;    /* the host's, and one a client */
    size_t unfinished;    /* calls that have not ended */
    size_t running;       /* attempts under way */
    list_link queued;     /* calls that wait for an attempt to end, first come first served */
    list_link ended;      /* calls whose callback is still to be run */
    promptic_call **heap; /* unfinished calls, the one that is due first at the top */
    size_t heap_length, heap_capacity;
    uint64_t random_state;
    promptic_socket_fn on_socket; /* of a host with its own event loop; NULL elsewhere */
    promptic_timer_fn on_timer;
    void *watch_userdata;
    bool polling;  /* inside promptic_wait, which looks at all sockets itself */
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

/* Starts the call's next attempt now, or queues it where too many are under way. */
void loop_launch(promptic_loop *loop, promptic_call *call);

/* Tells a host with its own event loop when to step next. */
void loop_tell_timer(promptic_loop *loop);

/* Has the call's callback run in the next dispatch. */
void loop_announce(promptic_loop *loop, promptic_call *call);

/* Runs the callbacks of ended calls. Re-entrant: each is run once. */
void loop_dispatch(promptic_loop *loop);

#endif
