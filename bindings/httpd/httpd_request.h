/*
 * httpd_request.h - the callbacks through which libmicrohttpd delivers a request.
 */
#ifndef PROMPTIC_HTTPD_REQUEST_H
#define PROMPTIC_HTTPD_REQUEST_H

#include <microhttpd.h>
#include <stddef.h>

/* The request line has been read: makes what the other callbacks find as their state. */
void *httpd_on_uri(void *server, const char *uri, struct MHD_Connection *connection);

/* Ids keep their percent-encoding: a decoded slash would look like a separator. */
size_t httpd_keep_escaped(void *server, struct MHD_Connection *connection, char *text);

/* Called with the headers, then with each piece of the body, then with none for the response. */
enum MHD_Result httpd_on_request(void *server, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *piece,
                                 size_t *length, void **state);

/* The request has ended, with a response or without. */
void httpd_on_completed(void *server, struct MHD_Connection *connection, void **state,
                        enum MHD_RequestTerminationCode how);

#endif
