/*
 * driver.h - three hosts that drive a loop: one waits in the library, one steps it without ever
 * waiting in it, as a game does, and one has an event loop of its own, over epoll. The last checks
 * what it is told of sockets.
 */
#ifndef SPEC_HOST_DRIVER_H
#define SPEC_HOST_DRIVER_H

#include "check.h"

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define DRIVER_SECONDS 20 /* nothing takes that long */
#define DRIVER_SOCKETS 1024

typedef enum driver_kind { DRIVER_WAITS, DRIVER_STEPS, DRIVER_WATCHES, DRIVER_KINDS } driver_kind;

typedef struct driver {
    driver_kind kind;
    promptic_loop *loop;
    size_t turns; /* how often something was done */
    int epoll;
    double due;                      /* when to step; negative: never */
    char directions[DRIVER_SOCKETS]; /* of each socket that is watched */
    size_t sockets;
} driver;

static inline void driver_on_socket(promptic_loop *loop, int socket, int directions,
                                    void *userdata) {
    driver *d = userdata;
    struct epoll_event event = {.data = {.fd = socket}};
    if (!CHECK(loop == d->loop) || !CHECK(socket >= 0 && socket < DRIVER_SOCKETS))
        return;
    CHECK(fcntl(socket, F_GETFD) >= 0); /* open, also when it is to be forgotten */
    bool known = d->directions[socket] != 0;
    event.events |= directions & PROMPTIC_READ ? EPOLLIN : 0;
    event.events |= directions & PROMPTIC_WRITE ? EPOLLOUT : 0;
    int operation = directions == 0 ? EPOLL_CTL_DEL : known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    CHECK(epoll_ctl(d->epoll, operation, socket, &event) == 0);
    d->sockets += (directions != 0) - (size_t)known;
    d->directions[socket] = (char)directions;
}

static inline void driver_on_timer(promptic_loop *loop, long timeout_ms, void *userdata) {
    driver *d = userdata;
    CHECK(loop == d->loop);
    d->due = timeout_ms < 0 ? -1 : seconds_now() + (double)timeout_ms / 1000;
}

static inline void driver_open(driver *d, driver_kind kind) {
    promptic_error error;
    *d = (driver){.kind = kind, .due = -1};
    d->loop = promptic_loop_new(&error);
    d->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (kind == DRIVER_WATCHES)
        promptic_watch(d->loop, driver_on_socket, driver_on_timer, d);
}

/* The loop's clients have been freed by now, so nothing may be left to look at. */
static inline void driver_close(driver *d) {
    promptic_loop_free(d->loop);
    CHECK(d->sockets == 0);
    close(d->epoll);
}

/* Milliseconds that may pass until the next step. */
static inline int driver_patience(const driver *d, int limit_ms) {
    double left = d->due < 0 ? limit_ms : (d->due - seconds_now()) * 1000 + 0.999;
    return left < 0 ? 0 : left < limit_ms ? (int)left : limit_ms;
}

static inline void driver_look(driver *d, int limit_ms) {
    struct epoll_event events[16];
    int count = epoll_wait(d->epoll, events, 16, driver_patience(d, limit_ms));
    for (int i = 0; i < count; i++) {
        int directions = events[i].events & EPOLLIN ? PROMPTIC_READ : 0;
        directions |= events[i].events & EPOLLOUT ? PROMPTIC_WRITE : 0;
        promptic_socket_ready(d->loop, events[i].data.fd, directions);
    }
    if (d->due >= 0 && d->due <= seconds_now())
        promptic_step(d->loop);
}

/* Does what there is to do, after waiting for it for so many milliseconds at most. */
static inline void driver_turn(driver *d, int limit_ms) {
    const struct timespec moment = {0, 1000000};
    d->turns++;
    if (d->kind == DRIVER_WAITS) {
        promptic_wait(d->loop, limit_ms);
    } else if (d->kind == DRIVER_STEPS) {
        promptic_step(d->loop);
        nanosleep(&moment, NULL);
    } else {
        driver_look(d, limit_ms);
    }
}

/* Drives for so long. */
static inline void driver_for(driver *d, double seconds) {
    double end = seconds_now() + seconds;
    while (seconds_now() < end)
        driver_turn(d, 10);
}

/* Drives until *count has reached the number; false where that takes too long. */
static inline bool driver_until(driver *d, const size_t *count, size_t number) {
    double end = seconds_now() + DRIVER_SECONDS;
    while (*count < number && seconds_now() < end)
        driver_turn(d, 5000);
    return *count >= number;
}

#endif
