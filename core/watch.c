#include "watch.h"

#include "loop.h"

/* libcurl has at most five sockets for one transfer (MAX_SOCKSPEREASYHANDLE in its sources): two
 * that race for a connection, one that the thread of a name lookup writes to, and some to spare. */
#define MOST_SOCKETS (5 * (size_t)LOOP_MAX_RUNNING)

bool watch_is_on(const promptic_loop *loop) {
    return loop->watch.on_socket != NULL;
}

bool watch_reserve(promptic_loop *loop) {
    watch *watch = &loop->watch;
    if (watch_is_on(loop) && watch->sockets == NULL)
        watch->sockets = memory_new(&loop->allocator, MOST_SOCKETS * sizeof *watch->sockets);
    return !watch_is_on(loop) || watch->sockets != NULL;
}

/* --------------------------------------------------------------- the list */

static struct pollfd *find(watch *watch, int socket) {
    for (size_t i = 0; i < watch->count; i++)
        if (watch->sockets[i].fd == socket)
            return &watch->sockets[i];
    return NULL;
}

/* A socket past the last place is known to the host alone. */
static void note(watch *watch, int socket, int directions) {
    struct pollfd *entry = find(watch, socket);
    if (directions == 0) {
        if (entry != NULL)
            *entry = watch->sockets[--watch->count];
        return;
    }
    if (entry == NULL && watch->count < MOST_SOCKETS && watch->sockets != NULL) {
        entry = &watch->sockets[watch->count++];
        *entry = (struct pollfd){.fd = socket};
    }
    if (entry != NULL)
        entry->events = (short)((directions & PROMPTIC_READ ? POLLIN : 0) |
                                (directions & PROMPTIC_WRITE ? POLLOUT : 0));
}

/* A curl_socket_callback. */
static int on_socket(CURL *easy, curl_socket_t socket, int what, void *userdata, void *unused) {
    promptic_loop *loop = userdata;
    int directions = 0;
    (void)easy, (void)unused;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        directions |= PROMPTIC_READ;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        directions |= PROMPTIC_WRITE;
    note(&loop->watch, (int)socket, directions);
    loop->watch.on_socket(loop, (int)socket, directions, loop->watch.userdata);
    return 0;
}

/* ---------------------------------------------------------------- waiting */

void watch_wait(promptic_loop *loop, int timeout_ms) {
    watch *watch = &loop->watch;
    if (poll(watch->sockets, (nfds_t)watch->count, timeout_ms) >= 0)
        return;
    for (size_t i = 0; i < watch->count; i++) /* a signal came, and nothing was looked at */
        watch->sockets[i].revents = 0;
}

/* An error is found, with its reason, by reading and writing. libcurl's own CURL_CSELECT_ERR would
 * end the transfer without one. */
static int curl_events(bool readable, bool writable) {
    if (!readable && !writable)
        return CURL_CSELECT_IN | CURL_CSELECT_OUT;
    return (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0);
}

void watch_drive(promptic_loop *loop) {
    watch *watch = &loop->watch;
    int running;
    /* From the end: what libcurl does may take any socket out of the list, and then the last one,
     * which has had its turn, moves to that place. */
    for (size_t i = watch->count; i-- > 0;) {
        if (i >= watch->count || watch->sockets[i].revents == 0)
            continue;
        short revents = watch->sockets[i].revents;
        watch->sockets[i].revents = 0;
        curl_multi_socket_action(loop->multi, watch->sockets[i].fd,
                                 curl_events(revents & POLLIN, revents & POLLOUT), &running);
    }
}

/* ------------------------------------------------------------- public rest */

void promptic_watch(promptic_loop *loop, promptic_socket_fn on_socket_fn,
                    promptic_timer_fn on_timer, void *userdata) {
    loop->watch.on_socket = on_socket_fn;
    loop->watch.on_timer = on_timer;
    loop->watch.userdata = userdata;
    curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
    curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
}

size_t promptic_socket_ready(promptic_loop *loop, int socket, int directions) {
    return loop_step(loop, (curl_socket_t)socket,
                     curl_events(directions & PROMPTIC_READ, directions & PROMPTIC_WRITE));
}
