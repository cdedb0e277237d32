#include "transfer.h"

#include "clean.h"
#include "clock.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* libcurl refuses single headers past 100 KiB; this bounds their sum. */
#define MAX_HEADER_BYTES ((size_t)1024 * 1024)

/* Most response heads fit into this. */
#define USUAL_HEADER_BYTES ((size_t)1023)

/* Most bytes that are allocated for a response ahead of its arrival: a server may claim anything.
 */
#define MOST_AHEAD ((size_t)1024 * 1024)

/* What is read from a connection at once. libcurl's own 16 KiB take two turns for a response of
 * 25 KB. It is freed at the end of each transfer. */
#define RECEIVE_BUFFER (32L * 1024L)

/* Bodies from here on get libcurl's larger upload buffer: it saves a quarter of the CPU of large
 * posts, and would be a waste of memory for small ones. */
#define LARGE_BODY ((size_t)64 * 1024)
#define LARGE_UPLOAD_BUFFER (1024L * 1024L)
#define SMALL_UPLOAD_BUFFER (64L * 1024L)

/* --------------------------------------------------------- libcurl's callbacks */

static bool is_success(const transfer *transfer) {
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200 && status < 300;
}

/* Starts with the response's announced length, which may be that of compressed bytes: the text is
 * not moved again and again while it grows. */
static void make_room(transfer *transfer) {
    curl_off_t length = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length > 0)
        text_reserve(&transfer->body, (size_t)length < MOST_AHEAD ? (size_t)length : MOST_AHEAD);
}

static size_t on_body(char *data, size_t size, size_t count, void *userdata) {
    transfer *transfer = userdata;
    size_t length = size * count;
    transfer->moved_ms = clock_coarse_ms();
    if (transfer->on_body != NULL && is_success(transfer)) {
        transfer->on_body(data, length, transfer->body_userdata);
        return length;
    }
    if (length > transfer->max_response_bytes - transfer->body.length) {
        transfer->too_big = true;
        return CURL_WRITEFUNC_ERROR;
    }
    if (transfer->body.length == 0)
        make_room(transfer);
    text_add_n(&transfer->body, data, length);
    return transfer->body.failed ? CURL_WRITEFUNC_ERROR : length;
}

/* Keeps a line "Name: value" as two strings, the name in lower case. */
static void add_header(transfer *transfer, const char *line, size_t length) {
    const char *colon = memchr(line, ':', length);
    if (colon == NULL)
        return;
    const char *value = colon + 1, *end = line + length;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ' || end[-1] == '\t'))
        end--;
    text *headers = &transfer->headers;
    if (!text_reserve(headers, length + 2))
        return;
    for (const char *c = line; c < colon; c++)
        text_put(headers, *c >= 'A' && *c <= 'Z' ? (char)(*c + ('a' - 'A')) : *c);
    text_put(headers, '\0');
    text_add_n(headers, value, (size_t)(end - value));
    text_put(headers, '\0');
    transfer->header_count++;
}

static size_t on_header(char *line, size_t size, size_t count, void *userdata) {
    transfer *transfer = userdata;
    size_t length = size * count;
    transfer->moved_ms = clock_coarse_ms();
    if (length >= 5 && (line[0] | 0x20) == 'h' &&
        strncasecmp(line, "HTTP/", 5) == 0) { /* a new head: 100, then 200 */
        text_clear(&transfer->headers);
        text_reserve(&transfer->headers, USUAL_HEADER_BYTES);
        transfer->header_count = 0;
        transfer->has_head = false;
    } else if (line[0] == '\r' || line[0] == '\n') {
        transfer->has_head = true;
    } else if (memchr(line, '\0', length) == NULL) {
        add_header(transfer, line, length);
    }
    if (transfer->headers.length > MAX_HEADER_BYTES)
        transfer->too_big = true;
    return transfer->too_big || transfer->headers.failed ? CURL_WRITEFUNC_ERROR : length;
}

/* Called about once a second and whenever something moved; only uploads need it, since what comes
 * in passes through on_header and on_body. */
static int on_progress(void *userdata, curl_off_t download_total, curl_off_t downloaded,
                       curl_off_t upload_total, curl_off_t uploaded) {
    transfer *transfer = userdata;
    (void)download_total, (void)downloaded, (void)upload_total;
    if (uploaded != transfer->uploaded) {
        transfer->uploaded = uploaded;
        transfer->moved_ms = clock_now_ms();
    }
    return 0;
}

static long request_size(CURL *easy) {
    long bytes = 0;
    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &bytes);
    return bytes;
}

bool transfer_was_sent(const transfer *transfer) {
    if (transfer->easy == NULL)
        return transfer->sent;
    return transfer->connected && request_size(transfer->easy) > transfer->sent_before;
}

static pool_end end_of(const char *ip, int port) {
    pool_end end = {.port = port};
    if (strlen(ip) < sizeof end.ip)
        strcpy(end.ip, ip);
    return end;
}

/* A curl_prereq_callback: there is a connection, and the request is about to be sent on it. */
static int on_request(void *userdata, char *peer_ip, char *local_ip, int peer_port,
                      int local_port) {
    transfer *transfer = userdata;
    const pool_end peer = end_of(peer_ip, peer_port), local = end_of(local_ip, local_port);
    long connections = 0;
    transfer->moved_ms = clock_now_ms();
    if (transfer->connected) { /* libcurl repeats requests by itself; retry.c decides that here */
        transfer->resent = true;
        return CURL_PREREQFUNC_ABORT;
    }
    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connections);
    if (connections > 0) {
        pool_note_connected(transfer->pool, &peer, &local);
    } else if (!pool_is_usable(transfer->pool, &peer, &local)) {
        transfer->stale = true; /* an abort closes this connection */
        return CURL_PREREQFUNC_ABORT;
    }
    transfer->connected = true;
    transfer->sent_before = request_size(transfer->easy);
    return CURL_PREREQFUNC_OK;
}

/* ------------------------------------------------------------------ set-up */

static CURLcode limit_protocols(CURL *easy) {
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
}

/* Cancelling an attempt during its name lookup would wait for the resolver thread, for seconds and
 * more; with this option the thread is detached, and cleans up when it ends. */
static void leave_lookups(CURL *easy) {
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
}

/* With two addresses libcurl gives the first one half of it (core/README.md, "Connections"). */
static long connect_timeout_ms(const transfer_plan *plan) {
    int64_t timeout_ms = clock_after(0, plan->connect_timeout);
    return timeout_ms > INT32_MAX ? INT32_MAX : (long)timeout_ms;
}

/* Both options are set, so that libcurl ignores the environment. */
static CURLcode set_proxy(CURL *easy, const transfer_settings *settings) {
    const char *exceptions = settings->no_proxy != NULL ? settings->no_proxy : "";
    CURLcode code = curl_easy_setopt(easy, CURLOPT_NOPROXY, exceptions);
    if (code != CURLE_OK)
        return code;
    return curl_easy_setopt(easy, CURLOPT_PROXY, settings->proxy != NULL ? settings->proxy : "");
}

/* The same authorities for the platform and for a proxy over TLS. */
static CURLcode set_authorities(CURL *easy, const transfer_settings *settings) {
    bool tls_proxy = settings->proxy != NULL && strncasecmp(settings->proxy, "https:", 6) == 0;
    const struct {
        CURLoption option;
        const char *value;
    } rows[] = {
        {CURLOPT_CAINFO, settings->ca_file},
        {CURLOPT_CAPATH, settings->ca_path},
        {CURLOPT_PROXY_CAINFO, tls_proxy ? settings->ca_file : NULL},
        {CURLOPT_PROXY_CAPATH, tls_proxy ? settings->ca_path : NULL},
    };
    CURLcode code = CURLE_OK;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && code == CURLE_OK; i++)
        if (rows[i].value != NULL)
            code = curl_easy_setopt(easy, rows[i].option, rows[i].value);
    return code;
}

CURL *transfer_handle(const transfer_settings *settings, CURLcode *problem) {
    CURL *easy = curl_easy_init();
    *problem = easy != NULL ? CURLE_OK : CURLE_OUT_OF_MEMORY;
    if (easy == NULL)
        return NULL;
    leave_lookups(easy);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
    /* HTTP/2 does not say which requests a dying connection has refused: core/README.md. */
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_CERTINFO, settings->certificate ? 1L : 0L);
    CURLcode code = limit_protocols(easy);
    if (code == CURLE_OK)
        code = pool_attach(settings->pool, easy);
    if (code == CURLE_OK)
        code = set_proxy(easy, settings);
    if (code == CURLE_OK)
        code = set_authorities(easy, settings);
    if (code == CURLE_OK && settings->origin != NULL)
        code = curl_easy_setopt(easy, CURLOPT_CURLU, settings->origin);
    *problem = code;
    if (code != CURLE_OK) {
        curl_easy_cleanup(easy);
        return NULL;
    }
    return easy;
}

void transfer_init(transfer *transfer, const promptic_allocator *allocator) {
    memset(transfer, 0, sizeof *transfer);
    text_init(&transfer->body, allocator);
    text_init(&transfer->headers, allocator);
    text_init(&transfer->issuer, allocator);
}

void transfer_free(transfer *transfer) {
    text_free(&transfer->body);
    text_free(&transfer->headers);
    text_free(&transfer->issuer);
}

void transfer_forget(transfer *transfer) {
    text_clear(&transfer->body);
    text_clear(&transfer->headers);
    transfer->header_count = 0;
    text_clear(&transfer->issuer);
    transfer->expires = 0;
}

static void start_over(transfer *transfer) {
    transfer_forget(transfer);
    transfer->uploaded = 0;
    transfer->sent = transfer->connected = transfer->has_head = false;
    transfer->stale = transfer->resent = transfer->too_big = false;
    transfer->error[0] = '\0';
}

/* The verb and the body. libcurl would give a POST without body a Content-Type of its own; the
 * plan's headers take care of that. */
static CURLcode set_method(CURL *easy, const transfer_plan *plan) {
    bool is_post = strcmp(plan->method, "POST") == 0;
    CURLcode code;
    if (plan->body == NULL && !is_post) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL);
        code = curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    } else {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)plan->body_length);
        code = curl_easy_setopt(easy, CURLOPT_POSTFIELDS, plan->body != NULL ? plan->body : "");
    }
    if (code != CURLE_OK)
        return code;
    bool is_plain = is_post || strcmp(plan->method, "GET") == 0;
    return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, is_plain ? NULL : plan->method);
}

CURLcode transfer_begin(transfer *transfer, CURL *easy, const transfer_plan *plan, void *owner) {
    bool is_large = plan->body_length >= LARGE_BODY;
    start_over(transfer);
    transfer->max_response_bytes = plan->max_response_bytes;
    transfer->pool = plan->pool;
    transfer->has_origin = plan->target != NULL;
    transfer->on_body = plan->on_body;
    transfer->body_userdata = plan->body_userdata;
    if (plan->on_body != NULL)
        plan->on_body(NULL, 0, plan->body_userdata);
    transfer->moved_ms = clock_now_ms();
    curl_easy_setopt(easy, CURLOPT_PRIVATE, owner);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, plan->body_length > 0 ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE,
                     is_large ? LARGE_UPLOAD_BUFFER : SMALL_UPLOAD_BUFFER);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, plan->headers);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms(plan));
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, plan->fresh ? 1L : 0L);
    CURLcode code = plan->target != NULL
                        ? curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, plan->target)
                        : curl_easy_setopt(easy, CURLOPT_URL, plan->url);
    if (code == CURLE_OK)
        code = set_method(easy, plan);
    transfer->easy = code == CURLE_OK ? easy : NULL;
    return code;
}

/* ----------------------------------------------------------------- outcome */

#ifndef CURLE_TOO_LARGE /* since libcurl 8.6 */
#define CURLE_TOO_LARGE 100
#endif

/* A handshake that was refused, or a connection that broke during it: for the latter libcurl has no
 * code of its own, only an errno, or OpenSSL's words where there was none. */
static promptic_kind handshake_kind(const transfer *transfer) {
    long system_error = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &system_error);
    bool broke = system_error != 0 || strstr(transfer->error, "SSL_ERROR_SYSCALL") != NULL ||
                 strstr(transfer->error, "unexpected eof") != NULL;
    return broke ? PROMPTIC_CONNECTION : PROMPTIC_TLS;
}

/* A SOCKS proxy that wants another user or password. */
static promptic_kind socks_kind(CURL *easy) {
    long code = CURLPX_OK;
    curl_easy_getinfo(easy, CURLINFO_PROXY_ERROR, &code);
    return code == CURLPX_NO_AUTH || code == CURLPX_USER_REJECTED ? PROMPTIC_CONFIG
                                                                  : PROMPTIC_CONNECTION;
}

/* The kind of a libcurl code, from libcurl-errors(3). */
static promptic_kind kind_of(CURLcode code, const transfer *transfer) {
    switch (code) {
    case CURLE_OK:
        return PROMPTIC_OK;
    case CURLE_OPERATION_TIMEDOUT:
        return PROMPTIC_TIMEOUT;
    case CURLE_OUT_OF_MEMORY:
        return PROMPTIC_MEMORY;
    case CURLE_BAD_CONTENT_ENCODING:
        return PROMPTIC_DECODE;
    case CURLE_UNSUPPORTED_PROTOCOL: /* https, with a libcurl without TLS; or a response that is
                                        none */
        return transfer->connected ? PROMPTIC_CONNECTION : PROMPTIC_CONFIG;
    case CURLE_URL_MALFORMAT:
    case CURLE_NOT_BUILT_IN:
    case CURLE_UNKNOWN_OPTION:
        return PROMPTIC_CONFIG;
    case CURLE_PROXY:
        return socks_kind(transfer->easy);
    case CURLE_SSL_CONNECT_ERROR:
        return handshake_kind(transfer);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return PROMPTIC_TLS;
    default:
        return PROMPTIC_CONNECTION;
    }
}

/* The status with which the proxy has refused a tunnel; 0: it did not. */
static long refused_tunnel(const transfer *transfer) {
    long status = 0;
    if (!transfer->connected)
        curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    return status / 100 == 2 ? 0 : status;
}

/* Another attempt would meet these again: user and password, or the proxy itself, are wrong. */
static void describe_tunnel(transfer *transfer, long status, transfer_outcome *outcome) {
    bool is_final = status == 401 || status == 403 || status == 405 || status == 407;
    outcome->kind = is_final ? PROMPTIC_CONFIG : PROMPTIC_CONNECTION;
    outcome->code = "proxy_refused";
    snprintf(transfer->error, sizeof transfer->error,
             "the proxy refused the connection with status %ld%s", status,
             status == 407 ? ": it wants a user and a password, as in "
                             "https_proxy=http://user:password@host:port"
                           : "");
    outcome->message = transfer->error;
}

static bool has_long_header(const transfer *transfer, CURLcode code) {
    return transfer->connected && !transfer->has_head &&
           (code == CURLE_OUT_OF_MEMORY || (int)code == CURLE_TOO_LARGE);
}

static void describe(transfer *transfer, CURLcode code, transfer_outcome *outcome) {
    long tunnel = refused_tunnel(transfer);
    if (code == CURLE_URL_MALFORMAT && transfer->has_origin) { /* out of memory */
        outcome->kind = PROMPTIC_MEMORY;
        outcome->message = "not enough memory to start the request";
    } else if (transfer->body.failed || transfer->headers.failed) {
        outcome->kind = PROMPTIC_MEMORY;
        outcome->message = "not enough memory for the response";
    } else if (transfer->too_big) {
        outcome->kind = PROMPTIC_DECODE;
        outcome->code = "too_large";
        outcome->message = "the response is larger than max_response_bytes allows";
    } else if (transfer->resent) {
        outcome->kind = PROMPTIC_CONNECTION;
        outcome->message = "the connection broke before a response came";
    } else if (has_long_header(transfer, code)) {
        outcome->kind = PROMPTIC_CONNECTION;
        outcome->message = "a header of the response is too long";
    } else if (tunnel != 0) {
        describe_tunnel(transfer, tunnel, outcome);
    } else {
        outcome->kind = kind_of(code, transfer);
        outcome->message = transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(code);
    }
}

void transfer_drop(transfer *transfer) {
    transfer->sent = transfer_was_sent(transfer);
    curl_easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, NULL);
    transfer->easy = NULL;
}

/* Keeps issuer and end of the server's certificate, where libcurl was asked for it and the
 * connection is new. */
static void keep_certificate(transfer *transfer) {
    static const char issuer[] = "Issuer:", expires[] = "Expire date:";
    struct curl_certinfo *chain = NULL;
    curl_easy_getinfo(transfer->easy, CURLINFO_CERTINFO, &chain);
    if (chain == NULL || chain->num_of_certs == 0)
        return;
    for (const struct curl_slist *line = chain->certinfo[0]; line != NULL; line = line->next) {
        const char *value = line->data + sizeof issuer - 1;
        size_t length = strlen(line->data), room = 3 * length; /* a byte may become U+FFFD */
        if (strncmp(line->data, expires, sizeof expires - 1) == 0)
            transfer->expires = (long long)curl_getdate(line->data + sizeof expires - 1, NULL);
        else if (strncmp(line->data, issuer, sizeof issuer - 1) == 0 &&
                 text_reserve(&transfer->issuer, room))
            transfer->issuer.length =
                clean_line(transfer->issuer.data, room + 1, value, strlen(value));
    }
    if (transfer->expires < 0)
        transfer->expires = 0;
}

void transfer_end(transfer *transfer, CURLcode code, transfer_outcome *outcome) {
    long status = 0, connections = 1;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connections);
    *outcome = (transfer_outcome){
        .kind = PROMPTIC_OK, .reused = connections == 0, .stale = transfer->stale};
    if (code != CURLE_OK) {
        describe(transfer, code, outcome);
    } else if (!transfer->has_head) { /* libcurl accepts half a head */
        outcome->kind = PROMPTIC_CONNECTION;
        outcome->message = "the connection broke in the head of the response";
    } else {
        outcome->status = (int)status;
        keep_certificate(transfer);
    }
    transfer_drop(transfer);
}

const char *transfer_header(const transfer *transfer, const char *name) {
    const char *at = transfer->headers.data, *found = NULL;
    for (size_t i = 0; i < transfer->header_count; i++) {
        const char *value = at + strlen(at) + 1;
        if (strcmp(at, name) == 0)
            found = value;
        at = value + strlen(value) + 1;
    }
    return found;
}
