/*
 * httpd.h - what the C files of promptic.httpd share: the server, the callbacks through which
 * libmicrohttpd delivers a request (httpd_request.c), and the module's functions on bytes and files
 * (httpd_bytes.c, httpd_file.c).
 */
#ifndef PROMPTIC_HTTPD_H
#define PROMPTIC_HTTPD_H

#include <lua.h>

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

/* A userdata; its user value is the function on_request. */
typedef struct httpd_server {
    struct MHD_Daemon *daemon; /* NULL once it is stopped */
    lua_State *main;           /* the main thread's state, which lives as long as the server */
    lua_State *L;              /* who called step; NULL outside of it */
    int handler;               /* inside of step, the stack index of on_request */
    size_t max_body_bytes;
    double request_seconds; /* for a head, and for a body beside the time that its bytes give it */
    struct httpd_connection *connections;
    size_t connection_count, max_connections;
    bool watch_stdin;
    bool stdin_ended;
    bool stop_wanted; /* on_request has asked for it */
    bool interrupted; /* Ctrl-C was pressed while on_request ran */
    char log[256];    /* the last line of libmicrohttpd's log */
} httpd_server;

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

/* ------------------------------------------------------ httpd_connections.c */

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

/* User values of a server: on_request, the error of a signal. */
enum { HTTPD_ON_REQUEST = 1, HTTPD_INTERRUPT = 2 };

/* ------------------------------------------------------------ httpd_error.c */

/* Message handler: the error as text with a traceback; one of a signal as it is. */
int httpd_describe_error(lua_State *L);

/* [-0, +0, -] The error that a function of the script raised is on top, with a traceback: goes to
 * stderr, or, where it is an interrupt, is raised again by step. Returns the length of its message.
 */
size_t httpd_report_error(lua_State *L, httpd_server *server);

/* [-0, +0, -] The text of the error on top. */
const char *httpd_error_text(lua_State *L);

/* [-0, +0, m] Sets *response to one whose body the function at index gives: a string each time it
 * is called, nil at the end. NULL if out of memory. *response is set before anything can raise. */
void httpd_stream_response(lua_State *L, httpd_server *server, int index,
                           struct MHD_Response **response);

/* The metatable of a gzip stream that is being read; httpd_register_inflater makes it. */
#define HTTPD_INFLATER "promptic.httpd.inflater"
void httpd_register_inflater(lua_State *L);

/* lua_CFunctions, documented where they are defined. */
int httpd_gunzip(lua_State *L);
int httpd_unbase64(lua_State *L);
int httpd_sha256(lua_State *L);
int httpd_hex(lua_State *L);
int httpd_peek(lua_State *L);
int httpd_make_private(lua_State *L);

#endif
