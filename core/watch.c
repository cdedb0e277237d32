#include "watch.h"

#include "call.h"
#include "loop.h"

#include <poll.h>

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

/* ----------------------------------------------------------------- telling */

static void tell(promptic_loop *loop, watch_socket *socket, unsigned char directions) {
    if (socket->told == directions)
        return;
    socket->told = directions;
    loop->watch.on_socket(loop, socket->number, directions, loop->watch.userdata);
}

void watch_begin(promptic_loop *loop) {
    watch *watch = &loop->watch;
    for (size_t i = 0; i < watch->count; i++)
        if (watch->sockets[i].is_connecting)
            tell(loop, &watch->sockets[i], 0);
    watch->acting = true;
}

void watch_end(promptic_loop *loop) {
    watch *watch = &loop->watch;
    watch->acting = false;
    for (size_t i = 0; i < watch->count; i++)
        tell(loop, &watch->sockets[i], watch->sockets[i].wanted);
}

/* ---------------------------------------------------------------- the list */

static watch_socket *find(watch *watch, int number) {
    for (size_t i = 0; i < watch->count; i++)
        if (watch->sockets[i].number == number)
            return &watch->sockets[i];
    return NULL;
}

/* A new place; NULL where there is none left. */
static watch_socket *add(watch *watch, int number) {
    if (watch->sockets == NULL || watch->count == MOST_SOCKETS) {
        watch->has_overrun = true;
        return NULL;
    }
    watch->sockets[watch->count] = (watch_socket){.number = number};
    return &watch->sockets[watch->count++];
}

/* A transfer has no connection yet where its request could not be sent so far. */
static bool is_connecting(CURL *easy) {
    promptic_call *call = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &call);
    return call != NULL && !call->transfer.connected;
}

static unsigned char directions_of(int what) {
    return (unsigned char)((what == CURL_POLL_IN || what == CURL_POLL_INOUT ? PROMPTIC_READ : 0) |
                           (what == CURL_POLL_OUT || what == CURL_POLL_INOUT ? PROMPTIC_WRITE : 0));
}

/* A curl_socket_callback. */
static int on_socket(CURL *easy, curl_socket_t number, int what, void *userdata, void *unused) {
    promptic_loop *loop = userdata;
    watch *watch = &loop->watch;
    unsigned char directions = directions_of(what);
    watch_socket *socket = find(watch, (int)number);
    (void)unused;
    if (socket == NULL && directions != 0)
        socket = add(watch, (int)number);
    if (socket == NULL) { /* of a transfer that has no place, or one we have not heard of */
        if (watch->has_overrun)
            watch->on_socket(loop, (int)number, directions, watch->userdata);
    } else if (directions == 0) {
        tell(loop, socket, 0);
        *socket = watch->sockets[--watch->count];
    } else {
        socket->wanted = directions;
        socket->is_connecting = is_connecting(easy);
        if (!watch->acting)
            tell(loop, socket, directions);
    }
    return 0;
}

/* ----------------------------------------------------------------- waiting */

void watch_wait(promptic_loop *loop, int timeout_ms) {
    watch *watch = &loop->watch;
    struct pollfd polled[MOST_SOCKETS];
    for (size_t i = 0; i < watch->count; i++) {
        bool reads = watch->sockets[i].wanted & PROMPTIC_READ;
        bool writes = watch->sockets[i].wanted & PROMPTIC_WRITE;
        polled[i] = (struct pollfd){.fd = watch->sockets[i].number};
        polled[i].events = (short)((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
    }
    if (poll(polled, (nfds_t)watch->count, timeout_ms) <= 0) /* time is up, or a signal came */
        return;
    for (size_t i = 0; i < watch->count; i++) {
        short events = polled[i].revents;
        /* An error is found, with its reason, by reading and writing. */
        bool is_wrong = events != 0 && !(events & (POLLIN | POLLOUT));
        watch->sockets[i].ready =
            (unsigned char)((events & POLLIN || is_wrong ? PROMPTIC_READ : 0) |
                            (events & POLLOUT || is_wrong ? PROMPTIC_WRITE : 0));
    }
}

static int curl_events(int directions) {
    return (directions & PROMPTIC_READ ? CURL_CSELECT_IN : 0) |
           (directions & PROMPTIC_WRITE ? CURL_CSELECT_OUT : 0);
}

void watch_drive(promptic_loop *loop) {
    watch *watch = &loop->watch;
    int running;
    /* From the end: what libcurl does may take any socket out of the list, and then the last one,
     * which has had its turn, moves to that place. */
    for (size_t i = watch->count; i-- > 0;) {
        if (i >= watch->count || watch->sockets[i].ready == 0)
            continue;
        int events = curl_events(watch->sockets[i].ready);
        watch->sockets[i].ready = 0;
        curl_multi_socket_action(loop->multi, watch->sockets[i].number, events, &running);
    }
}

/* ------------------------------------------------------------- public rest */

void promptic_watch(promptic_loop *loop, promptic_socket_fn on_host_socket,
                    promptic_timer_fn on_timer, void *userdata) {
    loop->watch.on_socket = on_host_socket;
    loop->watch.on_timer = on_timer;
    loop->watch.userdata = userdata;
    curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
    curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
}

/* libcurl's own CURL_CSELECT_ERR would end the transfer without a reason. */
size_t promptic_socket_ready(promptic_loop *loop, int socket, int directions) {
    int events = curl_events(directions != 0 ? directions : PROMPTIC_READ | PROMPTIC_WRITE);
    return loop_step(loop, (curl_socket_t)socket, events);
}
