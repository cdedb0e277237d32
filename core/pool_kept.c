#include "pool_kept.h"

#include "clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef POLLRDHUP /* Linux; elsewhere a peer that has shut down is readable */
#define POLLRDHUP 0
#endif

static bool read_end(const struct sockaddr_storage *address, pool_end *end) {
    const struct sockaddr_in *v4 = (const void *)address;
    const struct sockaddr_in6 *v6 = (const void *)address;
    bool is_v6 = address->ss_family == AF_INET6;
    if (!is_v6 && address->ss_family != AF_INET)
        return false;
    const void *bytes = is_v6 ? (const void *)&v6->sin6_addr : (const void *)&v4->sin_addr;
    end->port = ntohs(is_v6 ? v6->sin6_port : v4->sin_port);
    return inet_ntop(address->ss_family, bytes, end->ip, sizeof end->ip) != NULL;
}

/* Both ends are known and never change once the socket is connected. */
static bool read_name(pool_socket *socket) {
    struct sockaddr_storage local, peer;
    socklen_t local_size = sizeof local, peer_size = sizeof peer;
    if (socket->is_named)
        return true;
    if (!socket->is_open || getsockname(socket->number, (void *)&local, &local_size) != 0 ||
        getpeername(socket->number, (void *)&peer, &peer_size) != 0)
        return false;
    socket->is_named = read_end(&local, &socket->local) && read_end(&peer, &socket->peer);
    return socket->is_named;
}

static bool is_same_end(const pool_end *a, const pool_end *b) {
    return a->port == b->port && strcmp(a->ip, b->ip) == 0;
}

/* CURLINFO_ACTIVESOCKET is not set before a request in libcurl up to 8.1. */
static pool_socket *find_connection(struct pool *pool, const pool_end *peer,
                                    const pool_end *local) {
    for (size_t i = 0; i < pool->count; i++) {
        pool_socket *socket = &pool->sockets[i];
        if (socket->is_open && read_name(socket) && is_same_end(&socket->local, local) &&
            is_same_end(&socket->peer, peer))
            return socket;
    }
    return NULL;
}

static bool read_address(const char *ip, struct sockaddr_storage *address, socklen_t *size) {
    struct sockaddr_in *v4 = (void *)address;
    struct sockaddr_in6 *v6 = (void *)address;
    memset(address, 0, sizeof *address);
    bool is_v6 = strchr(ip, ':') != NULL;
    address->ss_family = is_v6 ? AF_INET6 : AF_INET;
    *size = is_v6 ? sizeof *v6 : sizeof *v4;
    void *bytes = is_v6 ? (void *)&v6->sin6_addr : (void *)&v4->sin_addr;
    return inet_pton(address->ss_family, ip, bytes) == 1;
}

/* Whether this machine no longer has the address, as binding a socket to it tells. What else may go
 * wrong proves nothing. */
static bool is_gone(const char *ip) {
    struct sockaddr_storage address;
    socklen_t size;
    if (!read_address(ip, &address, &size))
        return false;
    const struct curl_sockaddr wanted = {.family = address.ss_family, .socktype = SOCK_STREAM};
    int number = pool_open_socket(&wanted);
    if (number < 0)
        return false;
    bool gone = bind(number, (void *)&address, size) != 0 && errno == EADDRNOTAVAIL;
    close(number);
    return gone;
}

/* A connection in steady use needs no look at its address: 7 us. */
#define LONG_IDLE_MS 1000

bool pool_is_usable(struct pool *pool, const pool_end *peer, const pool_end *local) {
    pool_socket *socket = find_connection(pool, peer, local);
    int64_t now_ms = clock_now_ms();
    if (socket == NULL)
        return false;
    struct pollfd fd = {.fd = socket->number, .events = POLLIN | POLLRDHUP};
    if (poll(&fd, 1, 0) != 0 || (now_ms - socket->used_ms >= LONG_IDLE_MS && is_gone(local->ip)))
        return false;
    socket->used_ms = now_ms;
    return true;
}

void pool_note_connected(struct pool *pool, const pool_end *peer, const pool_end *local) {
    pool_socket *socket = find_connection(pool, peer, local);
    if (socket == NULL)
        return;
    socket->is_connecting = false;
    socket->used_ms = clock_now_ms();
}
