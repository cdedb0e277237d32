/*
 * watch.h - a host's own event loop: the loop reports which sockets to poll, the host reports which
 * became ready.
 *
 * Some versions of libcurl (7.88 for one) close sockets that have not connected yet without a
 * callback, and may open others of the same number. So the loop reports those as forgotten before
 * libcurl runs, and reports afterwards which are still to be polled.
 */
#ifndef PROMPTIC_WATCH_H
#define PROMPTIC_WATCH_H

#include "promptic.h"

typedef struct watch {
    promptic_socket_fn on_socket; /* NULL: there is no such host */
    promptic_timer_fn on_timer;
    void *userdata;
} watch;

/* Whether the loop belongs to a host with its own event loop. */
bool watch_is_on(const promptic_loop *loop);

/* A pool_report_fn; its owner is the loop. */
void watch_report(void *loop, int socket, int directions);

/* To be called before and after libcurl gets a chance to open or close sockets. */
void watch_begin(promptic_loop *loop);
void watch_end(promptic_loop *loop);

#endif
