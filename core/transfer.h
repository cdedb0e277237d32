/*
 * transfer.h - one HTTP exchange over a libcurl easy handle: request and response.
 *
 * A transfer knows nothing of retries, deadlines or the loop. It belongs to a call and is used
 * again for the call's next attempt.
 */
#ifndef PROMPTIC_TRANSFER_H
#define PROMPTIC_TRANSFER_H

#include "inflow.h"
#include "pool.h"
#include "promptic.h"
#include "text.h"

#include <curl/curl.h>
#include <stdint.h>

/* What to send. Everything is borrowed until the transfer has ended. */
typedef struct transfer_plan {
    struct pool *pool;
    const char *method;
    const char *url;
    const char *target; /* of the request line, if the settings have an origin; else NULL */
    const char *body;   /* NULL: none, and no Content-Type */
    size_t body_length;
    struct curl_slist *headers;
    bool fresh;             /* not on a connection that is there already */
    double connect_timeout; /* seconds for name lookup, connection, tunnel and handshake */
    uint64_t most;          /* bytes of the response's body, before and after decompression */
    const char *bound;      /* what that is called in messages */
    inflow_fn on_body;      /* as in promptic_request */
    void *body_userdata;
    bool keeps_failures; /* the body of a response other than 2xx is wanted as a whole */
} transfer_plan;

/* Bytes that may come while libcurl calls no callback, such as a part of a header line (of 100 KiB at
 * most) or of a TLS record. It skips extensions of chunks (RFC 9112, 7.1.1) and the body of a proxy's
 * refusal without a word, whatever their length. */
#define TRANSFER_MAX_UNHEARD ((size_t)512 * 1024)

struct transfer {
    CURL *easy; /* NULL while no attempt is under way */
    struct pool *pool;
    list_link work_link;  /* in the pool's list of those that have more to do without libcurl */
    struct inflow inflow; /* the response's body */
    const char *bound;    /* what the limit on its bytes is called in messages */
    struct text headers;  /* name, NUL, value, NUL, ... of the last response */
    size_t header_count;
    size_t head_bytes;  /* of all heads of the attempt and of trailers, a proxy's included */
    size_t head_lines;  /* of the same */
    size_t unheard;     /* bytes read at least since a callback of libcurl's took some */
    struct text issuer; /* of the server's certificate; empty unless it was asked for */
    long long expires;  /* when that ends, in seconds since 1970; 0 if it is not known */
    curl_off_t uploaded;
    int64_t moved_ms; /* when a byte moved last, or the attempt began */
    long sent_before; /* CURLINFO_REQUEST_SIZE before the request: bytes of CONNECT */
    bool to_head;     /* the method is HEAD: the response has no body */
    bool has_origin;  /* the URL was found to be one before */
    bool connected;   /* the request was given an established connection */
    bool has_head;    /* the response's head is complete */
    bool sent;        /* of an attempt that is over: bytes of the request itself were handed to an
                       * established connection; those of a handshake or of CONNECT are not */
    bool stale;       /* the kept connection had ended, nothing was sent */
    bool resent;      /* libcurl wanted to send it a second time, which was refused */
    bool long_head;   /* head_bytes or head_lines exceeded its cap */
    bool is_paused;   /* libcurl holds bytes back until transfer_go_on */
    bool has_ended;   /* libcurl has reported the end, with this code */
    CURLcode end_code;
    char error[CURL_ERROR_SIZE]; /* libcurl's message */
};

/* How an exchange ended, in the core's terms. */
typedef struct transfer_outcome {
    promptic_kind kind;  /* PROMPTIC_OK if there is a whole response, whatever its status */
    const char *message; /* NULL if kind is PROMPTIC_OK; static or of the transfer */
    const char *code;    /* static, or NULL: see promptic_error */
    int status;          /* also if the body cannot be used; 0 if there is no whole head */
    bool reused;         /* the connection was there already */
    bool stale;          /* it had ended before the request was sent: no attempt was made */
} transfer_outcome;

/* What all transfers of a client share. Everything is borrowed. */
typedef struct transfer_settings {
    struct pool *pool;
    CURLU *origin;       /* NULL: each plan has a URL to parse */
    const char *ca_file; /* NULL: libcurl's own */
    const char *ca_path;
    const char *proxy;    /* NULL: none, whatever the environment says */
    const char *no_proxy; /* hosts that are asked without it; NULL: none */
    bool certificate;     /* keep the server's: transfer.issuer and transfer.expires */
} transfer_settings;

/* A new easy handle with these settings, freed with curl_easy_cleanup. NULL with libcurl's code in
 * *problem: out of memory, or a setting that this libcurl does not have. */
CURL *transfer_handle(const transfer_settings *settings, CURLcode *problem);

void transfer_init(struct transfer *transfer, const promptic_allocator *allocator);
void transfer_free(struct transfer *transfer);

/* Makes the handle ready to run the plan, with `owner` as its CURLOPT_PRIVATE. The caller adds it
 * to a multi handle and keeps owning it. */
CURLcode transfer_begin(struct transfer *transfer, CURL *easy, const transfer_plan *plan,
                        void *owner);

/* Goes on with what came, until then at most. True if the exchange has ended: transfer->end_code.
 */
bool transfer_go_on(struct transfer *transfer, int64_t until_us);

/* Holds the response's body back, or lets it go on. */
void transfer_hold(struct transfer *transfer, bool held);

/* Before a socket is read: bytes have moved, which may reach no callback. Ends the attempt if too many
 * have. */
void transfer_note_moved(struct transfer *transfer, int socket);

/* Notes libcurl's code; true if nothing is left to be done before transfer_end. */
bool transfer_note_end(struct transfer *transfer, CURLcode code);

/* Reads how the exchange ended from libcurl's code and the handle, which is then released. */
void transfer_end(struct transfer *transfer, CURLcode code, transfer_outcome *outcome);

/* Drops the part of a response that has arrived. */
void transfer_forget(struct transfer *transfer);

/* Releases the handle of a cancelled attempt. */
void transfer_drop(struct transfer *transfer);

/* The value of the response's last header of this lower-case name, or NULL. */
const char *transfer_header(const struct transfer *transfer, const char *name);

#endif
