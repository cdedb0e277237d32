/* loop_wait.h - waits for sockets and timers, and steps; a host's own event loop does so itself. */
#ifndef PROMPTIC_LOOP_WAIT_H
#define PROMPTIC_LOOP_WAIT_H

#include "loop.h"

/* Waits and steps until is_over(subject), for timeout_ms at most (-1: as long as it takes), or
 * until promptic_wake. The subject must outlive that. */
void loop_wait_until(promptic_loop *loop, bool (*is_over)(const void *), const void *subject,
                     long timeout_ms);

#endif
