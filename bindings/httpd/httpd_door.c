/*
 * httpd_door.c - how long a request may take to arrive.
 *
 * libmicrohttpd closes a connection on which nothing happens; one that sends a byte now and then it
 * keeps for ever, and select takes about a thousand. So each connection has a time by which the
 * head of its next request has to be complete, then one for the body.
 */
#include "httpd.h"

#include <stdlib.h>
#include <sys/socket.h>

/* A body may take so many times as long as a head: 256 MiB come from this machine. */
#define BODY_FACTOR 10

/* A connection, in the server's list. */
struct httpd_door {
    struct httpd_door *next, **link;
    int socket;
    double due; /* when it is closed; 0: a response is under way */
};

static void set_due(httpd_server *server, httpd_door *door, int factor) {
    if (door != NULL)
        door->due = factor > 0 ? httpd_clock() + (double)factor * server->idle_seconds : 0;
}

static httpd_door *door_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != NULL ? info->socket_context : NULL;
}

/* Without memory the connection has no such time. */
static httpd_door *open_door(httpd_server *server, struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    httpd_door *door = info != NULL ? malloc(sizeof *door) : NULL;
    if (door == NULL)
        return NULL;
    door->socket = info->connect_fd;
    door->next = server->doors;
    door->link = &server->doors;
    if (door->next != NULL)
        door->next->link = &door->next;
    server->doors = door;
    set_due(server, door, 1);
    return door;
}

void httpd_on_connection(void *userdata, struct MHD_Connection *connection, void **context,
                         enum MHD_ConnectionNotificationCode what) {
    httpd_door *door = *context;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = open_door(userdata, connection);
        return;
    }
    if (door == NULL)
        return;
    *door->link = door->next;
    if (door->next != NULL)
        door->next->link = door->link;
    free(door);
    *context = NULL;
}

void httpd_door_head(httpd_server *server, struct MHD_Connection *connection) {
    set_due(server, door_of(connection), BODY_FACTOR);
}

void httpd_door_whole(httpd_server *server, struct MHD_Connection *connection) {
    set_due(server, door_of(connection), 0);
}

void httpd_door_next(httpd_server *server, struct MHD_Connection *connection) {
    set_due(server, door_of(connection), 1);
}

double httpd_close_late(httpd_server *server, double seconds) {
    double now = httpd_clock();
    for (httpd_door *door = server->doors; door != NULL; door = door->next) {
        if (door->due == 0)
            continue;
        if (door->due <= now) {
            shutdown(door->socket, SHUT_RDWR); /* libmicrohttpd finds it closed and does the rest */
            door->due = 0;
        } else if (door->due - now < seconds) {
            seconds = door->due - now;
        }
    }
    return seconds;
}
