/* peer.h - a client and its loop, and the other end of one connection, in this process. */
#ifndef SPEC_UNITS_PEER_H
#define SPEC_UNITS_PEER_H

#include "units.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct peer {
    int listener, connection; /* connection: -1 if there is none */
    char url[64];
    promptic_loop *loop;
    promptic_client *client;
} peer;

static inline void peer_listen(peer *p) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    p->connection = -1;
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    CHECK(bind(p->listener, (void *)&address, sizeof address) == 0 &&
          listen(p->listener, 128) == 0);
    CHECK(getsockname(p->listener, (void *)&address, &size) == 0);
    snprintf(p->url, sizeof p->url, "http://127.0.0.1:%d", ntohs(address.sin_port));
}

/* A client whose calls have so many seconds. */
static inline void peer_open(peer *p, double deadline) {
    promptic_options options;
    promptic_error error;
    peer_listen(p);
    promptic_options_init(&options, sizeof options);
    options.endpoint = p->url;
    options.api_key = "a-key";
    options.config_file = "";
    options.deadline = deadline;
    p->loop = promptic_loop_new(&error);
    p->client = promptic_client_new(p->loop, &options, &error);
    CHECK(p->client != NULL);
}

/* Drives the loop until the next connection has brought a request. */
static inline void peer_accept(peer *p) {
    char bytes[4096];
    struct pollfd fd = {.fd = p->listener, .events = POLLIN};
    for (int i = 0; i < 1000 && poll(&fd, 1, 0) == 0; i++)
        promptic_wait(p->loop, 5);
    p->connection = accept(p->listener, NULL, NULL);
    fd.fd = p->connection;
    for (int i = 0; i < 1000 && poll(&fd, 1, 0) == 0; i++)
        promptic_wait(p->loop, 5);
    CHECK(p->connection >= 0 && recv(p->connection, bytes, sizeof bytes, MSG_DONTWAIT) > 0);
}

static inline bool peer_send(const peer *p, const char *bytes) {
    return send(p->connection, bytes, strlen(bytes), MSG_NOSIGNAL) == (ssize_t)strlen(bytes);
}

static inline void peer_drop(peer *p) {
    close(p->connection);
    p->connection = -1;
}

static inline void peer_close(peer *p) {
    promptic_client_free(p->client);
    promptic_loop_free(p->loop);
    close(p->listener);
}

#endif
