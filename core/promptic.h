/*
 * promptic.h - the C interface of libpromptic, a client for the Promptic platform.
 *
 * Words used below, always in the same sense:
 *   borrowed          the pointer is read during the call only; the caller keeps it
 *   copied            the library keeps a copy; the caller may free its own at once
 *   takes ownership   the library frees it, also if the function fails
 *   freed with F      the caller owns the returned object and frees it with F
 *
 * Threads: a loop, its clients and their calls belong together and are used by one thread at a
 * time, not always the same one; different loops may run in different threads with nothing shared
 * between them. promptic_client_new and the promptic_config functions read the environment, which
 * no thread may change meanwhile (setenv). The table of endpoints and the other static memory may
 * be read by any thread.
 *
 * Callbacks run on the thread that has called the library, before that call returns:
 *   done           inside promptic_step, promptic_socket_ready, promptic_wait, promptic_call_wait,
 *                  promptic_flush, promptic_client_close and promptic_client_free. It may call any
 *                  function of this header, those that block too; see promptic_call_wait for the
 *                  one exception.
 *   log            inside the same functions
 *   body           (on_body of a request) inside the same functions and promptic_submit
 *   socket, timer  inside the same functions, promptic_submit, promptic_call_cancel,
 *                  promptic_call_free and promptic_loop_free
 *   allocator      inside any function that takes a loop, a client or a call
 * All but done must not call the library, and none may leave it by longjmp or a C++ exception.
 *
 * Versions: a struct that a caller fills or hands over by pointer begins with `size`, the sizeof of
 * the header that the caller was compiled with (the _init functions set it). The library reads and
 * writes no byte behind it: fields that the caller's header does not have yet are as the defaults,
 * zero in those without an _init function. So fields may be added at the end of such a struct, and of
 * promptic_result, which is never copied by size; functions and values of an enum may be added too.
 * promptic_error, promptic_pair and promptic_allocator never change. Before 1.0 a minor version may
 * do all else, and then has another soname; rows of the table are no part of this, since they are
 * static memory of the library: a program that reads them is compiled against its version.
 *
 * Blocking: only promptic_wait, promptic_call_wait and promptic_flush wait. Nothing else does, but
 * promptic_client_new reads a file, and the promptic_config functions read and write one.
 *
 * Signals: no handler is installed or changed; SIGPIPE is kept from the process with the calling
 * thread's signal mask while libcurl runs.
 */
#ifndef PROMPTIC_H
#define PROMPTIC_H

#include "promptic_endpoints.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PROMPTIC_VERSION "0.1.0"

/* What of the platform it knows (spec/contract/openapi.yaml): the day of the contract, and the
 * newest Python client that was read for it, with its date. */
#define PROMPTIC_CONTRACT_DATE "2026-12-01"
#define PROMPTIC_CONTRACT_CLIENT "1.1.0"
#define PROMPTIC_CONTRACT_CLIENT_DATE "2026-10-09"

#define PROMPTIC_DEFAULT_ENDPOINT "https://promptic.eu"

#if defined(__GNUC__)
#define PROMPTIC_API __attribute__((visibility("default")))
#else
#define PROMPTIC_API
#endif

/* ------------------------------------------------------------------ errors */

/* What went wrong, in the words of promptic.Error's field `kind`. */
typedef enum promptic_kind {
    PROMPTIC_OK,         /* nothing did */
    PROMPTIC_API_ERROR,  /* "api": the platform responded with a status other than 2xx */
    PROMPTIC_TIMEOUT,    /* "timeout": an attempt stalled, or the deadline passed */
    PROMPTIC_CONNECTION, /* "connection": no connection, or it broke */
    PROMPTIC_TLS,        /* "tls": the peer could not be verified */
    PROMPTIC_DECODE,     /* "decode": a 2xx response that cannot be read */
    PROMPTIC_CANCELLED,  /* "cancelled": the call was cancelled or its client closed */
    PROMPTIC_AUTH,       /* "auth": a credential is missing */
    PROMPTIC_CONFIG,     /* "config": an option, a variable or the configuration file is wrong */
    PROMPTIC_ARGUMENT,   /* "argument": the caller's mistake; nothing was sent */
    PROMPTIC_MEMORY      /* "memory": an allocation failed */
} promptic_kind;

/* The kind's name as listed above; a static string. */
PROMPTIC_API const char *promptic_kind_name(promptic_kind kind);

/* Filled by functions that fail before there is a call. The message never holds a secret. */
typedef struct promptic_error {
    promptic_kind kind;
    char message[512];
    const char *code; /* the reason in a word, for programs: "no_credential"; bindings/README.md
                       * lists them. A static string; NULL if the kind says enough */
} promptic_error;

/* --------------------------------------------------------------- endpoints */

/* The table's rows in their order, *count of them. Static memory, never freed. */
PROMPTIC_API const promptic_endpoint *promptic_endpoints(size_t *count);

/* The row of this name, or NULL. Static memory. */
PROMPTIC_API const promptic_endpoint *promptic_endpoint_find(const char *name);

/* ------------------------------------------------------------------ memory */

/* An allocator; zeroed, it stands for malloc, realloc and free. The options that take one say what
 * it serves. libcurl and the TLS library under it have memory of their own, also for
 * buffers, connections and the lists of headers they are handed: see curl_global_init_mem(3) and
 * promptic_loop_options. */
typedef struct promptic_allocator {
    /* As realloc, on the thread that uses what the memory is for: a new block if block is NULL,
     * else the block with this size, in another place or not. NULL if out of memory, with the block
     * unchanged. Aligned as malloc aligns. size 0: frees the block, which is not NULL then; the
     * returned value is ignored. */
    void *(*reallocate)(void *userdata, void *block, size_t size);
    void *userdata; /* handed to reallocate */
} promptic_allocator;

/* ------------------------------------------------------------------- loops */

typedef struct promptic_loop promptic_loop;
typedef struct promptic_client promptic_client;
typedef struct promptic_call promptic_call;

/* Options of a loop. Fill with promptic_loop_options_init first, then set what differs. */
typedef struct promptic_loop_options {
    size_t size;                  /* see Versions */
    bool host_owns_curl;          /* the host has called curl_global_init(3), or its _mem variant,
                                   * and lets it last as long as the loop. Else the first loop calls
                                   * it, for the process and for good, safely in any thread */
    promptic_allocator allocator; /* of the loop itself and its lists; copied */
} promptic_loop_options;

/* Fills *options with the defaults. size is sizeof(promptic_loop_options). */
PROMPTIC_API void promptic_loop_options_init(promptic_loop_options *options, size_t size);

/* A new loop, which drives the calls of its clients over shared connections. options is borrowed;
 * NULL: the defaults. Freed with promptic_loop_free. NULL and *error (memory, config) if memory
 * or libcurl fails. */
PROMPTIC_API promptic_loop *promptic_loop_new_with(const promptic_loop_options *options,
                                                   promptic_error *error);

/* The same with the defaults. */
PROMPTIC_API promptic_loop *promptic_loop_new(promptic_error *error);

/* Frees the loop. Its clients keep it alive until they are freed too, in any order, and the
 * functions of promptic_watch in use. NULL is allowed. */
PROMPTIC_API void promptic_loop_free(promptic_loop *loop);

/* Advances ready calls, runs the callbacks of calls that ended, never blocks. Between two steps two
 * attempts begin at most, each perhaps with a TLS handshake, so that no frame pays for many; the
 * others follow in the next steps, which promptic_timeout_ms then says are due at once. In a host's
 * own event loop (promptic_watch) it does what time has made due, and leaves sockets to
 * promptic_socket_ready. Returns how many calls have not ended yet. */
PROMPTIC_API size_t promptic_step(promptic_loop *loop);

/* Milliseconds until promptic_step has something to do at the latest: 0 at once, -1 nothing is
 * planned. Traffic may come sooner. */
PROMPTIC_API long promptic_timeout_ms(promptic_loop *loop);

/* Blocks until there is something to do, for timeout_ms at most (-1: as long as it takes), then
 * does what promptic_step does, once, on all sockets. With 0 it does not block. With -1 and no call
 * it returns at once. A signal handler that runs ends the wait early. */
PROMPTIC_API size_t promptic_wait(promptic_loop *loop, long timeout_ms);

/* Ends the blocking function of this loop that is under way, or else the next one, early: as though
 * its time had run out. May be called from a signal handler and from any thread, as long as the
 * loop exists; it is the one function of a loop of which that is true. A host's own event loop
 * (promptic_watch) is not woken. */
PROMPTIC_API void promptic_wake(promptic_loop *loop);

/* Blocks until no call is left, those included that callbacks submit, or for timeout_ms (-1: as
 * long as it takes). Returns how many calls have not ended. */
PROMPTIC_API size_t promptic_flush(promptic_loop *loop, long timeout_ms);

/* ------------------------------------------------------ a host's own event loop */

/* Directions of a socket, or-ed. */
#define PROMPTIC_READ 1
#define PROMPTIC_WRITE 2

/* Watch the socket for these directions from now on, instead of those said before; 0: forget it. A
 * socket is always forgotten before it is closed, so that its number cannot mean two of them; one
 * that is forgotten while it connects may be wanted again at once. */
typedef void (*promptic_socket_fn)(promptic_loop *loop, int socket, int directions, void *userdata);

/* Call promptic_step in timeout_ms from now, instead of whenever it was said before; -1: no need.
 */
typedef void (*promptic_timer_fn)(promptic_loop *loop, long timeout_ms, void *userdata);

/* The loop reports to the host which sockets to poll and when to step. To be set before the loop's
 * first call, once; both functions are needed. The host then calls promptic_socket_ready when a
 * socket is ready and promptic_step when the timer has run out. The functions that block work as
 * well, and report their changes to the host. */
PROMPTIC_API void promptic_watch(promptic_loop *loop, promptic_socket_fn on_socket,
                                 promptic_timer_fn on_timer, void *userdata);

/* Does what the socket is ready for (directions or-ed; 0 after an error on it) and what time has
 * made due, never blocks, runs the callbacks of calls that ended. A socket that has been forgotten
 * meanwhile does no harm. Returns how many calls have not ended yet. */
PROMPTIC_API size_t promptic_socket_ready(promptic_loop *loop, int socket, int directions);

/* ----------------------------------------------------------------- clients */

typedef enum promptic_log_level {
    PROMPTIC_LOG_DEBUG,  /* each attempt and how it ended */
    PROMPTIC_LOG_WARNING /* what was done about a failure: a retry and its delay */
} promptic_log_level;

/* A line of the log: no newline, no secret, borrowed for the call only. */
typedef void (*promptic_log_fn)(promptic_log_level level, const char *text, void *userdata);

/* Options of a client. Fill with promptic_options_init first, then set what differs. Every
 * string is copied. A NULL credential or endpoint means: look in the environment
 * (PROMPTIC_ACCESS_TOKEN with PROMPTIC_AI_APPLICATION_ID, PROMPTIC_API_KEY, PROMPTIC_ENDPOINT),
 * then in the configuration file. */
typedef struct promptic_options {
    size_t size; /* see Versions */
    const char *api_key;
    const char *access_token;
    const char *workspace_id;  /* older name of ai_application_id, see below */
    const char *endpoint;      /* https://host[:port][/path]; NULL: found, else the default */
    const char *config_file;   /* NULL: ~/.promptic/config.toml; "": none is read */
    const char *ca_file;       /* PEM; NULL: CURL_CA_BUNDLE, SSL_CERT_FILE, then libcurl's own */
    const char *user_agent;    /* put before the library's own, such as "game/1.2"; may be NULL */
    double timeout;            /* seconds without a byte moving that end an attempt; 30 */
    double deadline;           /* seconds for a whole call with its retries and waits; 300 */
    double backoff;            /* seconds, the first delay's upper bound, doubling; 0.5 */
    int max_retries;           /* further attempts after the first; 2 */
    bool allow_http;           /* plain http to hosts other than loopback */
    size_t max_response_bytes; /* of one response, before and after decompression; 256 MiB */
    promptic_log_fn log;       /* may be NULL */
    void *log_userdata;
    promptic_allocator allocator; /* of the client, its calls, the bodies it copies, its responses
                                   * and messages, until the last of them is freed; copied */
    bool anonymous; /* no credential is resolved or sent; the client takes raw requests only, and
                     * their paths are below the endpoint itself, not below /api/v1: for logging
                     * in. Requests with a url go to any server: see promptic_request */
    const char *ai_application_id; /* what a session token works in. workspace_id is an older name
                                    * of it; both, as PROMPTIC_WORKSPACE_ID and the file's key of
                                    * that name, may be given if they agree */
    bool certificate; /* results of calls on a new TLS connection say who issued the server's
                       * certificate and when it ends; costs some CPU in each handshake */
} promptic_options;

/* Fills *options with the defaults. size is sizeof(promptic_options). */
PROMPTIC_API void promptic_options_init(promptic_options *options, size_t size);

/* A client on the loop (borrowed, kept alive); credentials and endpoint are resolved here, once.
 * options is borrowed; NULL: the defaults. Freed with promptic_client_free. NULL and *error (auth,
 * config, memory) on failure. */
PROMPTIC_API promptic_client *
promptic_client_new(promptic_loop *loop, const promptic_options *options, promptic_error *error);

/* Ends the client's calls with kind cancelled and runs their callbacks; later submits fail with
 * the same kind. Closing twice does nothing. */
PROMPTIC_API void promptic_client_close(promptic_client *client);

/* Closes the client and frees it. Calls that the host still holds stay readable, and are still
 * to be freed. NULL is allowed. */
PROMPTIC_API void promptic_client_free(promptic_client *client);

/* The endpoint in use, without a trailing slash. Borrowed from the client. */
PROMPTIC_API const char *promptic_client_endpoint(const promptic_client *client);

/* Which source it came from: "arguments", "environment", "file" or "default". A static string. */
PROMPTIC_API const char *promptic_client_endpoint_source(const promptic_client *client);

/* The proxy for the endpoint, host[:port] without user and password; no_proxy may still exempt the
 * host. NULL: none. Borrowed from the client. */
PROMPTIC_API const char *promptic_client_proxy(const promptic_client *client);

/* The id of the AI Application that a session token works in; NULL if no source gives one, and
 * with an API key, which has its own. Borrowed from the client. */
PROMPTIC_API const char *promptic_client_ai_application(const promptic_client *client);

/* Which source the credential came from: "arguments", "environment" or "file", and whether it is
 * an "access_token" or an "api_key"; both "none" of an anonymous client. Static strings. */
PROMPTIC_API const char *promptic_client_source(const promptic_client *client);
PROMPTIC_API const char *promptic_client_credential(const promptic_client *client);

/* Reads the configuration file again, after the platform refused a credential that came from it:
 * true if it now has another one, which the client uses from its next request on. False, and
 * nothing changed, if the credential came from elsewhere, is the same, or cannot be read. */
PROMPTIC_API bool promptic_client_renew(promptic_client *client);

/* Overwrites the client's secrets in the text with asterisks, as in messages and log lines: for
 * text of a response that a host shows. */
PROMPTIC_API void promptic_client_hide(const promptic_client *client, char *text, size_t length);

/* A name and its value. */
typedef struct promptic_pair {
    const char *name;
    const char *value;
} promptic_pair;

/* ---------------------------------------------------- the configuration file */

/* The file that clients read last: TOML, with api_key, access_token, ai_application_id (older:
 * workspace_id) and endpoint at its top level. Everywhere `file` is its name, NULL for
 * ~/.promptic/config.toml. These functions block for as long as a file takes; what memory they need
 * is malloc's, and freed.
 */

/* What a file holds, without its secrets. */
typedef struct promptic_config_info {
    size_t size;     /* see Versions; to be set before */
    bool exists;     /* else nothing of the following is set but path */
    bool is_shared;  /* others than its owner can read or change it (mode & 077) */
    bool has[4];     /* api_key, access_token, workspace_id, endpoint */
    char path[4096]; /* "" if there is no home directory */
    bool has_ai_application_id;
} promptic_config_info;

/* Fills *info. PROMPTIC_OK, also if there is no such file; else PROMPTIC_CONFIG (it cannot be
 * read, is no TOML, is wrong) or PROMPTIC_MEMORY with *error filled, and the known part in *info. */
PROMPTIC_API promptic_kind promptic_config_inspect(const char *file, promptic_config_info *info,
                                                   promptic_error *error);

/* Sets these keys (those above, each once), or removes those whose value is NULL; everything else
 * in the file stays as it is, byte for byte. Setting ai_application_id removes workspace_id and the
 * other way round, since they are one thing; both cannot be set. A new file has mode 0600, its
 * folder, if that is missing too, 0700; one that is there loses the rights of others to it. It is
 * replaced as a whole or not at all, also when the power goes; of a symbolic link the file that it
 * names. PROMPTIC_OK; PROMPTIC_ARGUMENT for another key or a value that is empty or holds a control
 * character or bytes that are not UTF-8; PROMPTIC_CONFIG if the file is wrong or cannot be written;
 * PROMPTIC_MEMORY. Nothing has changed then, and *error is filled. */
PROMPTIC_API promptic_kind promptic_config_write(const char *file, const promptic_pair *changes,
                                                 size_t count, promptic_error *error);

/* ------------------------------------------------------------------- calls */

/* Limits of one call in the place of its client's. What is 0 is the client's, and max_retries if it
 * is negative. */
typedef struct promptic_limits {
    size_t size;              /* see Versions */
    double timeout, deadline; /* seconds */
    int max_retries;
    size_t max_response_bytes;
} promptic_limits;

/* What to ask for: an endpoint of the table by its name or its row, or a method and a path.
 * Everything is copied but a body with body_free, of which the library takes ownership. */
typedef struct promptic_request {
    size_t size;                  /* see Versions: sizeof(promptic_request) */
    const char *endpoint;         /* an endpoint's name; NULL: method and path are given */
    const char *const *path_args; /* in the template's order, not encoded */
    size_t path_count;
    const char *method;         /* raw: GET, POST, PUT, PATCH, DELETE */
    const char *path;           /* raw: below /api/v1, begins with '/', already encoded, no query */
    const promptic_pair *query; /* not encoded; an endpoint's defaults are added */
    size_t query_count;
    char *body; /* JSON text; NULL: no body and no Content-Type */
    size_t body_length;
    void (*body_free)(void *body); /* called with the body once; NULL: the body is copied */
    /* Called with the body of a 2xx response piece by piece as it arrives, instead of collecting
     * it. A NULL piece begins an attempt: what came before is void. NULL: the body is in the
     * result. */
    void (*on_body)(const char *piece, size_t length, void *userdata);
    void *body_userdata;
    /* A URL at another server that the platform has named: the target of a redirect, or of an
     * upload. With a method, instead of endpoint and path; a path given beside it is that
     * of the request whose response named the URL, which may be relative to it. https, or http on
     * the endpoint's own host. No credential is sent, and no redirect followed. The result's path
     * is the URL without user and query, which may be secrets.
     * Of an anonymous client it is any URL of http or https, and absolute; the method may be HEAD
     * or OPTIONS too. A response of any status is a success, whose body is in the result. */
    const char *url;
    const promptic_pair *headers; /* of a request with a url, instead of the client's own */
    size_t header_count;
    const promptic_endpoint *row;  /* instead of endpoint: a row of the table */
    const promptic_limits *limits; /* NULL: the client's */
    unsigned long long max_bytes;  /* of the response, instead of the limit; 0: the limit */
    bool is_patient; /* the deadline begins anew whenever a part of a 2xx response's body comes */
    bool is_stream;  /* what on_body was called with is used: no attempt follows after that */
    const char *ca_file; /* of a request with a url, instead of the client's; may be NULL */
    promptic_log_fn log; /* of this request, instead of the client's; may be NULL */
    void *log_userdata;
} promptic_request;

/* A header of a response; its name in lower case. */
typedef promptic_pair promptic_header;

/* How a call ended. Everything is borrowed from the call. */
typedef struct promptic_result {
    promptic_kind kind;
    int status; /* HTTP status, 0 if there was no whole response but one that cannot be used */
    const char *message; /* for people; NULL if kind is PROMPTIC_OK */
    const char *method;
    const char *path; /* below /api/v1, encoded, without the query */
    const char *body; /* the last response's, as far as it arrived; NUL-terminated, never NULL */
    size_t body_length;
    const char *request_id; /* the response's x-request-id; NULL if there is none */
    double retry_after;     /* seconds the platform asked to wait; negative: it did not */
    int attempts;
    bool maybe_sent; /* a failed call that may have taken effect on the platform */
    bool connection_reused;
    double elapsed; /* seconds from submit to the end, waits included */
    const promptic_header *headers;
    size_t header_count;
    const char *code; /* the reason in a word, for programs: the platform's, "invalid_request", else
                       * the library's, as in promptic_error; NULL if neither has one */
    const char *certificate_issuer; /* with the option certificate, of a call on a new TLS
                                     * connection; else NULL */
    long long certificate_expires;  /* seconds since 1970; 0 if it is not known */
} promptic_result;

/* Called once, when the call has ended. It may submit, cancel and free calls, this one too, and
 * close and free clients and the loop. */
typedef void (*promptic_done_fn)(promptic_call *call, void *userdata);

/* Starts a call; nothing blocks. done may be NULL. Freed with promptic_call_free.
 * NULL and *error (argument, auth, cancelled, memory) if it cannot start; nothing was sent
 * then, and done is not called. */
PROMPTIC_API promptic_call *promptic_submit(promptic_client *client,
                                            const promptic_request *request, promptic_done_fn done,
                                            void *userdata, promptic_error *error);

/* Whether the call has ended. */
PROMPTIC_API bool promptic_call_done(const promptic_call *call);

/* How it ended, valid until promptic_call_free; NULL while it has not. */
PROMPTIC_API const promptic_result *promptic_call_result(const promptic_call *call);

/* Milliseconds until the call's deadline, 0 once it has passed, -1 if there is none: for what a
 * caller does with the response, which is a part of the call to whoever waits for it. */
PROMPTIC_API long promptic_call_left_ms(const promptic_call *call);

/* Cuts the body of an ended call to `keep` bytes and frees up to `most` bytes behind them;
 * false if more is left. To free 100 MB at once takes some 10 ms. result->body may move. */
PROMPTIC_API bool promptic_call_shrink(promptic_call *call, size_t keep, size_t most);

/* Blocks until the call has ended or timeout_ms have passed (-1: as long as it takes); steps the
 * loop meanwhile. No callback may free this call until it returns. Returns promptic_call_done. */
PROMPTIC_API bool promptic_call_wait(promptic_call *call, long timeout_ms);

/* Aborts the transfer and ends the call with kind cancelled; its callback runs in the next step.
 * Never blocks. Does nothing if it has ended already. */
PROMPTIC_API void promptic_call_cancel(promptic_call *call);

/* Holds the response's body back, which arrives no further once libcurl's buffers and the network's
 * are full, or lets it go on. Nothing counts as quiet time meanwhile; the deadline stays. on_body
 * may call it, and may be called with what was decoded already. */
PROMPTIC_API void promptic_call_hold(promptic_call *call, bool held);

/* Ends the call as a success with what has come of its response; as cancelled if its head is
 * not complete. Not to be called by on_body. Its callback runs in the next step. */
PROMPTIC_API void promptic_call_cut(promptic_call *call);

/* Frees the call, aborting it without a callback if it has not ended, or if its callback
 * has not run yet. NULL is allowed. */
PROMPTIC_API void promptic_call_free(promptic_call *call);

/* Header lookup, any case. NULL if there is none; borrowed from the call. */
PROMPTIC_API const char *promptic_result_header(const promptic_result *result, const char *name);

#ifdef __cplusplus
}
#endif
#endif
