/*
 * span_queue.h - the queue of promptic.tracer.
 */
#ifndef PROMPTIC_SPAN_QUEUE_H
#define PROMPTIC_SPAN_QUEUE_H

#include "compat.h"

/* [-0, +1, m] The part "c.span_queue" of the prelude: new(capacity, stats), where stats.made counts
 * what came by put, and stats.dropped.queue_full what gave way to that. Returns a table of functions:
 *
 *    put(span, process, attributes)  adds a span and returns true if that needs nothing else. Returns
 *                                    false and changes nothing if the queue or the span is another
 *                                    process's, an attribute is a table, quiet(number) is used up,
 *                                    or its slot is not there yet. Never raises
 *    add(span)                       adds a span; returns whether the oldest was dropped for it
 *    take()                          removes the oldest and returns it
 *    count()                         spans that wait
 *    quiet(number)                   so many more may come by put: none of them has to wake anybody
 *    clear()                         removes all; the queue is this process's now, and quiet is 0 */
int bindings_open_span_queue(lua_State *L);

#endif
