/*
 * loop.h - drives jobs (job.h), which are calls: starts the due ones, steps the running ones, ends
 * both.
 *
 * The loop owns time and the waiting; connections belong to the pools of its clients (pool.h).
 */
#ifndef PROMPTIC_LOOP_H
#define PROMPTIC_LOOP_H

#include "heap.h"
#include "job.h"
#include "list.h"
#include "memory.h"
#include "pool.h"
#include "promptic.h"
#include "wake.h"
#include "watch.h"

#include <stdint.h>
#include <sys/types.h>

/* Attempts under way at one time, over all clients of a loop; further ones are queued, so that ten
 * thousand submits do not open ten thousand connections. */
#define LOOP_MAX_RUNNING 100

/* Attempts begun between two steps; further ones are queued until the next. Each may mean a
 * connection, with a TLS handshake of a millisecond, and a step may be a part of a game's frame. */
#define LOOP_MAX_LAUNCHES 2

/* Microseconds that a step has for responses, about: a half for the rest of those that came,
 * and for what else comes the rest. */
#define LOOP_STEP_US 1000

struct promptic_loop {
    promptic_allocator allocator; /* of the loop, its timers and pools */
    pid_t process;                /* that made it, or used it last */
    unsigned generation;          /* how often the process has changed, by fork */
    list_link pools;              /* connections of the clients */
    size_t references;            /* the host's, and one a client */
    size_t unfinished;            /* jobs that have not ended */
    size_t running;               /* attempts under way */
    size_t launched;              /* attempts begun since the last step began */
    list_link queued;             /* jobs that wait until an attempt may begin, in order */
    list_link ended;              /* jobs whose callback is still to be run */
    struct heap timers;           /* of the unfinished jobs */
    uint64_t random_state;
    struct wake wake;   /* ends a wait: promptic_wake */
    bool woken;         /* it did, in the wait that is under way */
    struct watch watch; /* of a host with its own event loop */
    bool uses_tls;      /* a client of it may: OpenSSL writes without MSG_NOSIGNAL */
    bool stepping;      /* inside libcurl or the timers: no call may be driven from there */
};

void loop_retain(promptic_loop *loop);
void loop_release(promptic_loop *loop);

/* To be called at the entry of each public function: in a forked child the loop starts afresh.
 * Calls under way end as cancelled, the parent's connections are left alone. */
void loop_check_process(promptic_loop *loop);

/* A pool in the loop's list. NULL if out of memory. */
struct pool *loop_new_pool(promptic_loop *loop);

/* Closes the pool's connections and takes it out of the list. */
void loop_free_pool(promptic_loop *loop, struct pool *pool);

/* Makes room for one more job, so that scheduling it can not fail. */
bool loop_reserve(promptic_loop *loop);

/* Sets the job's timer, or moves it. */
void loop_schedule(promptic_loop *loop, struct job *job);

/* Takes the job's timer back, and the job out of the queue. */
void loop_unschedule(promptic_loop *loop, struct job *job);

/* Begins the job's next attempt now, or queues it if too many are under way or just begun.
 * timer.due_ms is the end of a queued job's deadline, set by the caller. */
void loop_launch(promptic_loop *loop, struct job *job);

/* Takes the handle of an attempt under way back, aborting what it does. */
void loop_remove(promptic_loop *loop, struct pool *pool, CURL *easy);

/* What promptic_step does, with the sockets that were found ready before. */
size_t loop_step(promptic_loop *loop);

/* Milliseconds until the loop has something to do at the latest: 0 at once, -1 never. */
long loop_time_left_ms(const promptic_loop *loop);

/* Reports to a host with its own event loop when to step next. To be called whenever that may have
 * changed outside of loop_step. */
void loop_notify_timer(promptic_loop *loop);

/* Has the job's callback run in the next dispatch. */
void loop_announce(promptic_loop *loop, struct job *job);

/* Runs the callbacks of ended jobs. Re-entrant: each is run once. */
void loop_dispatch(promptic_loop *loop);

#endif
