#include "wake.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool make_pipe(int ends[2]) {
#ifdef __linux__
    return pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0;
#else
    if (pipe(ends) != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
        fcntl(ends[i], F_SETFL, O_NONBLOCK);
    }
    return true;
#endif
}

bool wake_open(struct wake *wake) {
    int ends[2] = {-1, -1};
    bool opened = make_pipe(ends);
    wake->readable = ends[0];
    wake->writable = ends[1];
    return opened;
}

void wake_close(struct wake *wake) {
    if (wake->readable >= 0)
        close(wake->readable);
    if (wake->writable >= 0)
        close(wake->writable);
    wake->readable = wake->writable = -1;
}

/* A pipe that is full is readable as well. */
void wake_send(const struct wake *wake) {
    int saved = errno;
    ssize_t written = write(wake->writable, "", 1);
    (void)written;
    errno = saved;
}

void wake_clear(const struct wake *wake) {
    char bytes[64];
    while (read(wake->readable, bytes, sizeof bytes) > 0)
        ;
}
