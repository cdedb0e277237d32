/*
 * httpd.h - the server of promptic.httpd.
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

/* User values of a server: on_request, the error of a signal. */
enum { HTTPD_ON_REQUEST = 1, HTTPD_INTERRUPT = 2 };

#endif
