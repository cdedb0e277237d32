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

#include "list.h"
#include "promptic.h"

struct watch {
    promptic_loop *loop;          /* for the host's functions; opaque here */
    promptic_socket_fn on_socket; /* NULL: there is no such host */
    promptic_timer_fn on_timer;
    void *userdata;
};

/* Whether the loop belongs to a host with its own event loop. */
bool watch_is_on(const struct watch *watch);

/* A pool_report_fn; the pool's owner is the watch. */
void watch_report(void *watch, int socket, int directions);

/* To be called before and after libcurl gets a chance to open or close sockets of these pools. */
void watch_begin(const struct watch *watch, list_link *pools);
void watch_end(const struct watch *watch, list_link *pools);

#endif
