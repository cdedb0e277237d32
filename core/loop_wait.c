#include "loop_wait.h"

#include "clock.h"

#include <poll.h>

/* The sockets of all attempts that can be under way, and the end of the loop's own pipe. */
#define MOST_POLLED (1 + POOL_SOCKETS_OF_TRANSFER * LOOP_MAX_RUNNING)

/* Finds which sockets are ready, blocking for up to timeout_ms until one is. A wait that blocks
 * ends early at promptic_wake. */
static void poll_sockets(promptic_loop *loop, int timeout_ms, bool may_wake) {
    struct pollfd fds[MOST_POLLED];
    size_t count = 1;
    fds[0] = (struct pollfd){.fd = may_wake ? loop->wake.readable : -1, .events = POLLIN};
    for (list_link *link = loop->pools.next; link != &loop->pools; link = link->next)
        count += pool_fill(LIST_ENTRY(link, struct pool, link), fds + count, MOST_POLLED - count);
    if (count == 1 && timeout_ms == 0 && !may_wake)
        return;
    if (poll(fds, (nfds_t)count, timeout_ms) <= 0) /* time is up, or a signal came */
        return;
    if (fds[0].revents != 0) {
        wake_clear(&loop->wake);
        loop->woken = true;
    }
    size_t taken = 1;
    for (list_link *link = loop->pools.next; link != &loop->pools; link = link->next)
        taken += pool_take(LIST_ENTRY(link, struct pool, link), fds + taken, count - taken);
}

void promptic_wake(promptic_loop *loop) {
    wake_send(&loop->wake);
}

size_t promptic_step(promptic_loop *loop) {
    loop_check_process(loop);
    if (loop->running > 0 && !loop->stepping && !watch_is_on(&loop->watch))
        poll_sockets(loop, 0, false);
    return loop_step(loop);
}

long promptic_timeout_ms(promptic_loop *loop) {
    loop_check_process(loop);
    return loop_time_left_ms(loop);
}

/* One wait and one step; see promptic_wait. */
static size_t wait_once(promptic_loop *loop, long timeout_ms) {
    if (loop->stepping || (loop->unfinished == 0 && timeout_ms < 0))
        return loop_step(loop);
    long due_ms = loop_time_left_ms(loop);
    if (due_ms >= 0 && (timeout_ms < 0 || due_ms < timeout_ms))
        timeout_ms = due_ms;
    poll_sockets(loop, timeout_ms < 0 || timeout_ms > INT32_MAX ? INT32_MAX : (int)timeout_ms,
                 true);
    return loop_step(loop);
}

size_t promptic_wait(promptic_loop *loop, long timeout_ms) {
    loop_check_process(loop);
    loop->woken = false;
    return wait_once(loop, timeout_ms);
}

void loop_wait_until(promptic_loop *loop, bool (*is_over)(const void *), const void *subject,
                     long timeout_ms) {
    int64_t end_ms = clock_after_ms(clock_now_ms(), timeout_ms);
    loop_check_process(loop);
    loop->woken = false;
    wait_once(loop, 0);
    while (!is_over(subject) && !loop->stepping && !loop->woken) {
        int64_t left_ms = timeout_ms < 0 ? -1 : end_ms - clock_now_ms();
        if (timeout_ms >= 0 && left_ms <= 0)
            break;
        wait_once(loop, (long)left_ms);
    }
}

static bool is_idle(const void *loop) {
    return ((const promptic_loop *)loop)->unfinished == 0;
}

size_t promptic_flush(promptic_loop *loop, long timeout_ms) {
    loop_retain(loop); /* a callback may free the last client */
    loop_wait_until(loop, is_idle, loop, timeout_ms);
    size_t unfinished = loop->unfinished;
    loop_release(loop);
    return unfinished;
}

/* -------------------------------------------------- a host's own event loop */

void promptic_watch(promptic_loop *loop, promptic_socket_fn on_socket, promptic_timer_fn on_timer,
                    void *userdata) {
    loop_check_process(loop);
    loop->watch.on_socket = on_socket;
    loop->watch.on_timer = on_timer;
    loop->watch.userdata = userdata;
}

/* 0 stands for an error, which is found by reading and writing. */
size_t promptic_socket_ready(promptic_loop *loop, int socket, int directions) {
    loop_check_process(loop);
    for (list_link *link = loop->pools.next; link != &loop->pools; link = link->next)
        pool_note_ready(LIST_ENTRY(link, struct pool, link), socket,
                        directions != 0 ? directions : PROMPTIC_READ | PROMPTIC_WRITE);
    return loop_step(loop);
}
