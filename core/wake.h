/* wake.h - a descriptor that ends a poll(2): written by a signal handler or another thread. */
#ifndef PROMPTIC_WAKE_H
#define PROMPTIC_WAKE_H

#include <stdbool.h>

struct wake {
    int readable, writable; /* the two ends of a pipe, close-on-exec and non-blocking */
};

/* False if the process has no descriptors left; both ends are -1 then. */
bool wake_open(struct wake *wake);
void wake_close(struct wake *wake);

/* Makes `readable` readable until wake_clear. Async-signal-safe; errno is kept. */
void wake_send(const struct wake *wake);
void wake_clear(const struct wake *wake);

#endif
