/*
 * httpd_connections.h - bounds of connections.
 */
#ifndef PROMPTIC_HTTPD_CONNECTIONS_H
#define PROMPTIC_HTTPD_CONNECTIONS_H

#include "httpd.h"

#include <microhttpd.h>
#include <stddef.h>

/* A connection was opened or closed. */
void httpd_on_connection(void *server, struct MHD_Connection *connection, void **context,
                         enum MHD_ConnectionNotificationCode what);

/* What has arrived on a connection, or was sent: the head of a request, bytes of its body, the
 * whole of it, the end of its response. */
void httpd_note_head(struct MHD_Connection *connection);
void httpd_note_body(struct MHD_Connection *connection, size_t bytes);
void httpd_note_request(struct MHD_Connection *connection);
void httpd_note_end(struct MHD_Connection *connection);

/* Closes connections whose request is late. Returns the seconds until the next one is, negative for
 * none. */
double httpd_close_late(httpd_server *server);

/* How many connections there can be at once, by select and by the limit of descriptors. */
size_t httpd_most_connections(void);

#endif
