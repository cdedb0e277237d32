/*
 * transfer.h - one HTTP exchange over a libcurl easy handle: what is sent, what came back.
 *
 * A transfer knows nothing of retries, deadlines or the loop. It belongs to a call and is used
 * again for the call's next attempt.
 */
#ifndef PROMPTIC_TRANSFER_H
#define PROMPTIC_TRANSFER_H

#include "promptic.h"
#include "text.h"

#include <curl/curl.h>
#include <stdint.h>

/* What to send. Everything is borrowed until the transfer has ended. */
typedef struct transfer_plan {
    const char *method;
    const char *url;
    const char *target; /* of the request line, where the settings have an origin; else NULL */
    const char *body;   /* NULL: none, and no Content-Type */
    size_t body_length;
    struct curl_slist *headers;
    bool repeatable;           /* libcurl may send it again on a fresh connection by itself */
    bool fresh;                /* not on a connection that is there already */
    size_t max_response_bytes; /* after decompression */
    void (*on_body)(const char *piece, size_t length, void *userdata); /* as in promptic_request */
    void *body_userdata;
} transfer_plan;

typedef struct transfer {
    CURL *easy; /* NULL while no attempt is under way */
    size_t max_response_bytes;
    void (*on_body)(const char *piece, size_t length, void *userdata); /* NULL: `body` collects */
    void *body_userdata;
    text body;
    text headers; /* name, NUL, value, NUL, ... of the last answer */
    size_t header_count;
    curl_off_t uploaded;
    int64_t moved_ms; /* when a byte moved last, or the attempt began */
    bool repeatable;
    bool has_origin;             /* the URL was found to be one before */
    bool connected;              /* there is, or was, a connection to send the request on */
    bool has_head;               /* the answer's head is complete */
    bool sent;                   /* of an attempt that is over: bytes of the request have left */
    bool resent;                 /* libcurl wanted to send it a second time, which was refused */
    bool too_big;                /* the answer went past max_response_bytes or the cap on headers */
    char error[CURL_ERROR_SIZE]; /* libcurl's words for it */
} transfer;

/* How an exchange ended, in the core's terms. */
typedef struct transfer_outcome {
    promptic_kind kind;  /* PROMPTIC_OK where there is a whole answer, whatever its status */
    const char *message; /* where kind is not PROMPTIC_OK; static or of the transfer */
    int status;
    bool reused; /* the connection was there already */
} transfer_outcome;

/* What all transfers of a client share. Everything is borrowed. */
typedef struct transfer_settings {
    CURLU *origin;       /* NULL: each plan has a URL to parse */
    const char *ca_file; /* NULL: libcurl's own */
    const char *ca_path;
    bool direct; /* no proxy, whatever the environment says */
} transfer_settings;

/* A new easy handle with these settings, freed with curl_easy_cleanup. NULL where memory ends. */
CURL *transfer_handle(const transfer_settings *settings);

void transfer_init(transfer *transfer, const promptic_allocator *allocator);
void transfer_free(transfer *transfer);

/* Makes the handle ready to run the plan, with `owner` as its CURLOPT_PRIVATE. The caller adds it
 * to a multi handle and keeps owning it. */
CURLcode transfer_begin(transfer *transfer, CURL *easy, const transfer_plan *plan, void *owner);

/* Reads how the exchange ended from libcurl's code and the handle, which is then let go. */
void transfer_end(transfer *transfer, CURLcode code, transfer_outcome *outcome);

/* Drops what has come of an answer. */
void transfer_forget(transfer *transfer);

/* Lets go of the handle of an attempt that is given up. */
void transfer_drop(transfer *transfer);

/* Whether any byte of the request has left in this attempt, so that the platform may have it. */
bool transfer_was_sent(const transfer *transfer);

/* The value of the answer's last header of this lower-case name, or NULL. */
const char *transfer_header(const transfer *transfer, const char *name);

#endif
