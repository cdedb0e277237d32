/*
 * httpd_connections.c - bounds what a connection may take from the others: a request has to arrive
 * within a time that grows with its bytes, and if there are too many connections the one that
 * has waited longest gives its place to a new one.
 *
 * libmicrohttpd's own limit is the time without any byte, which a byte now and then stretches
 * without end. It closes a connection only by itself: shutting the socket down is seen by it as the
 * client's end.
 */
#include "httpd_connections.h"

#include "clock.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>

/* How slow a body may be once its first seconds have passed. */
#define SLOWEST_BYTES_PER_SECOND 1024.0

/* Descriptors for everything else: database, log, standard streams, listening socket. */
#define OTHER_DESCRIPTORS 40

typedef struct httpd_connection {
    struct httpd_connection *next;
    struct httpd_connection **link; /* what points to this one */
    int fd;
    double since;  /* when the head, the body or the response began to be waited for */
    double bytes;  /* of the body so far */
    bool answered; /* the request is complete: its response is on its way */
    bool closing;
} connection_state;

/* NULL if memory was out when it was opened. */
static connection_state *state_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != NULL ? info->socket_context : NULL;
}

static void begin(connection_state *c, bool answered) {
    if (c == NULL)
        return;
    c->since = clock_seconds();
    c->bytes = 0;
    c->answered = answered;
}

void httpd_note_head(struct MHD_Connection *connection) {
    begin(state_of(connection), false);
}

void httpd_note_body(struct MHD_Connection *connection, size_t bytes) {
    connection_state *c = state_of(connection);
    if (c != NULL)
        c->bytes += (double)bytes;
}

void httpd_note_request(struct MHD_Connection *connection) {
    begin(state_of(connection), true);
}

void httpd_note_end(struct MHD_Connection *connection) {
    begin(state_of(connection), false);
}

/* ----------------------------------------------------------------- closing */

static void close_connection(connection_state *c) {
    c->closing = true;
    shutdown(c->fd, SHUT_RDWR);
}

/* Closes the connection that has waited longest: for its request, else for its response. */
static void make_room(httpd_server *server) {
    connection_state *oldest = NULL;
    for (connection_state *c = server->connections; c != NULL; c = c->next) {
        if (c->closing)
            continue;
        if (oldest == NULL || (oldest->answered && !c->answered) ||
            (oldest->answered == c->answered && c->since < oldest->since))
            oldest = c;
    }
    if (oldest != NULL)
        close_connection(oldest);
}

double httpd_close_late(httpd_server *server) {
    double time = clock_seconds(), next = -1;
    for (connection_state *c = server->connections; c != NULL; c = c->next) {
        if (c->answered || c->closing)
            continue;
        double left =
            c->since + server->request_seconds + c->bytes / SLOWEST_BYTES_PER_SECOND - time;
        if (left <= 0)
            close_connection(c);
        else if (next < 0 || left < next)
            next = left;
    }
    return next;
}

/* ----------------------------------------------------------- opened, closed */

static void opened(httpd_server *server, struct MHD_Connection *connection, void **context) {
    connection_state *c = calloc(1, sizeof *c);
    *context = c;
    if (c == NULL)
        return;
    c->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    if (++server->connection_count > server->max_connections)
        make_room(server);
    begin(c, false);
    c->next = server->connections;
    c->link = &server->connections;
    if (c->next != NULL)
        c->next->link = &c->next;
    server->connections = c;
}

static void closed(httpd_server *server, void **context) {
    connection_state *c = *context;
    *context = NULL;
    if (c == NULL)
        return;
    *c->link = c->next;
    if (c->next != NULL)
        c->next->link = c->link;
    server->connection_count--;
    free(c);
}

void httpd_on_connection(void *server, struct MHD_Connection *connection, void **context,
                         enum MHD_ConnectionNotificationCode what) {
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        opened(server, connection, context);
    else
        closed(server, context);
}

size_t httpd_most_connections(void) {
    struct rlimit files = {.rlim_cur = FD_SETSIZE};
    getrlimit(RLIMIT_NOFILE, &files);
    size_t most = files.rlim_cur < FD_SETSIZE ? (size_t)files.rlim_cur : FD_SETSIZE;
    return most > 2 * OTHER_DESCRIPTORS ? most - OTHER_DESCRIPTORS : OTHER_DESCRIPTORS;
}
