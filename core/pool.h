/*
 * pool.h - the connections of a client: libcurl's multi handle, its TLS sessions, its sockets.
 *
 * A pool lets libcurl work when a socket is ready or its timer has run out, and keeps a list of its
 * sockets. The list says whether a kept connection may still be used, and which descriptors a
 * forked child has to close. Source of the rules: README.md in this folder, "Connections".
 */
#ifndef PROMPTIC_POOL_H
#define PROMPTIC_POOL_H

#include "list.h"
#include "memory.h"
#include "promptic.h"

#include <curl/curl.h>

#if LIBCURL_VERSION_NUM < 0x075800
#error "libcurl 7.88 or newer is needed: older ones take a connection that breaks for a TLS error"
#endif

#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <sys/types.h>

/* Most sockets of one transfer at a time (MAX_SOCKSPEREASYHANDLE in libcurl's sources). */
#define POOL_SOCKETS_OF_TRANSFER 5

/* One end of a connection, as libcurl spells it. */
typedef struct pool_end {
    char ip[INET6_ADDRSTRLEN];
    int port;
} pool_end;

/* A socket that libcurl has opened, or wants to be polled. */
typedef struct pool_socket {
    int number;
    bool is_ours;         /* opened by the pool; else one of libcurl's own, such as a lookup's */
    bool is_open;         /* of ours: not closed yet, as far as libcurl has said */
    bool is_connecting;   /* of ours: it has carried no request, so libcurl may close it silently */
    bool is_named;        /* local and peer are known */
    ino_t inode;          /* of ours; a later socket of the same number has another */
    unsigned char wanted; /* directions libcurl waits for, PROMPTIC_READ and _WRITE or-ed */
    unsigned char reported; /* directions reported to the host; 0: none */
    unsigned char ready;    /* directions found ready and not handled yet */
    bool is_behind;         /* they were found in an earlier step, which had no time for them */
    CURL *easy;             /* the transfer that wants them; NULL if none does */
    pool_end local, peer;
    int64_t used_ms; /* when a request last began on it */
} pool_socket;

struct pool;

/* Asks the host to watch the socket for these directions; 0: no longer. */
typedef void (*pool_report_fn)(void *owner, int socket, int directions);

/* Notes that bytes may have come for the transfer by this socket: parts of a header line reach no
 * callback. */
typedef void (*pool_moved_fn)(void *owner, CURL *easy, int socket);

/* What libcurl holds for a pool; abandoned as a whole after a fork. */
typedef struct pool_handles {
    CURLM *multi;
    CURLSH *share; /* TLS sessions: libcurl 7.88 keeps them per easy handle */
    struct pool_handles *abandoned;
} pool_handles;

struct pool {
    const promptic_allocator *allocator; /* the loop's, borrowed */
    list_link link;                      /* in the loop's list */
    size_t running;                      /* transfers under way */
    list_link working;                   /* those that have more to do without libcurl */
    int64_t until_us;                    /* when the step that is under way is to end */
    bool is_behind;                      /* the last one had no time for some sockets */
    pool_handles *handles;               /* NULL until the first transfer, and after a fork */
    int64_t due_ms;                      /* when libcurl's timer runs out; CLOCK_NEVER */
    pool_socket *sockets;
    size_t count, capacity;
    bool lost_socket;      /* one was closed before it carried a request */
    long most_kept;        /* idle connections */
    pool_report_fn report; /* called as soon as a socket the host knows is closed */
    pool_moved_fn moved;   /* called before a readable socket is handled */
    void *owner;           /* of both */
};

/* A pool that keeps up to most_kept connections, freed with pool_free. NULL if out of memory. */
struct pool *pool_new(const promptic_allocator *allocator, long most_kept, pool_report_fn report,
                      pool_moved_fn moved, void *owner);

/* Closes the pool's connections. No transfer may be under way. */
void pool_free(struct pool *pool);

/* Makes room for one more transfer. False if out of memory. */
bool pool_reserve(struct pool *pool);

/* Has the easy handle open its sockets through the pool and share its TLS sessions. */
CURLcode pool_attach(struct pool *pool, CURL *easy);

/* Begins, or aborts, a transfer. */
CURLMcode pool_add(struct pool *pool, CURL *easy);
void pool_remove(struct pool *pool, CURL *easy);

/* A new socket, close-on-exec; negative with errno if there is none. */
int pool_open_socket(const struct curl_sockaddr *address);

/* Fills *fds, at most `room`, with the sockets to poll; returns how many. */
size_t pool_fill(struct pool *pool, struct pollfd *fds, size_t room);

/* Takes what poll(2) has found for what pool_fill has filled in, of `count` sockets at most;
 * returns how many these were. */
size_t pool_take(struct pool *pool, const struct pollfd *fds, size_t count);

/* Notes that the host found the socket ready. Nothing happens if the pool does not poll it. */
void pool_note_ready(struct pool *pool, int socket, int directions);

typedef enum pool_progress {
    POOL_IDLE,  /* there was nothing to do */
    POOL_ACTED, /* transfers may have ended */
    POOL_BROKEN /* libcurl ran out of memory: abort the transfers, then call pool_repair */
} pool_progress;

/* Lets libcurl do what sockets and timer are ready for, sockets until pool->until_us, with `one` at
 * least one of them. What there was no time for is left for the next step: is_behind. */
pool_progress pool_drive(struct pool *pool, int64_t now_ms, bool one);

/* Closes the pool's connections; the next transfer makes new ones. After libcurl 7.88 has failed to
 * allocate a socket's entry it divides by zero at the next use of that socket. */
void pool_repair(struct pool *pool);

/* Before libcurl runs: asks the host to forget the sockets that libcurl may close silently. */
void pool_hide_connecting(struct pool *pool);

/* After it ran: drops sockets that it has closed silently, and, with `to_host`, reports what the
 * others are to be watched for. */
void pool_settle(struct pool *pool, bool to_host);

/*
 * In a child process after fork: closes this process's copies of the descriptors and lets go of
 * what libcurl holds without cleaning it up. Cleaning up would send close_notify over the parent's
 * connections and wait for lookup threads that do not exist here. Nothing is allocated.
 */
void pool_abandon(struct pool *pool);

#endif
