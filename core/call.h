/*
 * call.h - one call: its request, its attempts, and its result.
 *
 *     QUEUED -> ACTIVE -> DONE
 *                 |  ^
 *                 v  |
 *               WAITING      (backoff before the next attempt)
 */
#ifndef PROMPTIC_CALL_H
#define PROMPTIC_CALL_H

#include "foreign.h"
#include "job.h"
#include "list.h"
#include "promptic.h"
#include "transfer.h"

typedef enum call_state { CALL_QUEUED, CALL_ACTIVE, CALL_WAITING, CALL_DONE } call_state;

struct promptic_call {
    promptic_client *client; /* retained */
    list_link client_link;   /* in the client's list of unfinished calls */
    struct job job;          /* what the loop drives of it; its transfer is the one below */
    call_state state;

    const promptic_endpoint *row; /* NULL of a raw request */
    const char *method;           /* static, or in raw_method */
    char raw_method[16];
    char *url, *path;
    struct foreign foreign; /* of a request to another place than the platform */
    bool takes_any_status;  /* every response is a success */
    char *body;
    size_t body_length;
    void (*body_free)(void *);
    void (*on_body)(const char *piece, size_t length, void *userdata);
    void *body_userdata;
    uint64_t max_bytes; /* of the response; 0: the client's max_response_bytes */
    bool is_patient;    /* as in promptic_request, like those that follow */
    bool is_stream;
    promptic_log_fn log;
    void *log_userdata;
    bool repeatable;

    promptic_limits limits; /* complete: its own, else the client's */
    int64_t submitted_ms, deadline_ms;
    int attempts;
    bool maybe_sent;
    bool distrusts; /* the next attempt is to use a new connection */
    struct transfer transfer;

    promptic_result result;
    promptic_header *headers;
    char *message, *request_id, *code; /* of the result */
    char timeout_message[80];
    promptic_done_fn done;
    void *userdata;
};

#endif
