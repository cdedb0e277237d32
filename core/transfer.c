#include "transfer.h"

#include "ascii.h"
#include "clean.h"
#include "clock.h"
#include "pool_kept.h"

#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>

/* The sum of all heads and trailers of an exchange; newer versions of libcurl have the same bound. */
#define MAX_HEAD_BYTES ((size_t)300 * 1024)

/* The lines of them, of which each costs 0.4 us: libcurl reads heads without a pause. */
#define MAX_HEAD_LINES ((size_t)2000)

/* Of a proxy's response to CONNECT, which libcurl reads byte by byte. */
#define MAX_PROXY_BYTES ((size_t)8 * 1024)

/* Most response heads fit into this. */
#define USUAL_HEADER_BYTES ((size_t)1023)

/* What is read from a connection at once. libcurl's own 16 KiB take two turns for a response of
 * 25 KB. It is freed at the end of each transfer. */
#define RECEIVE_BUFFER (32L * 1024L)

/* libcurl reads as much as this of what has come, if nothing is paused: a record of TLS (RFC 8446, 5.1);
 * of plain HTTP more. */
#define LEAST_READ 16384

/* Bodies from here on get libcurl's larger upload buffer: it saves a quarter of the CPU of large
 * posts, and would be a waste of memory for small ones. */
#define LARGE_BODY ((size_t)64 * 1024)
#define LARGE_UPLOAD_BUFFER (1024L * 1024L)
#define SMALL_UPLOAD_BUFFER (64L * 1024L)

/* --------------------------------------------------------- libcurl's callbacks */

/* Has the pool call transfer_go_on, unless the body is held back. */
static void enlist(struct transfer *transfer) {
    list_remove(&transfer->work_link);
    if (!transfer->inflow.is_held)
        list_append(&transfer->pool->working, &transfer->work_link);
}

/* libcurl keeps what it is told to pause for, and reads no more. */
static size_t on_body(char *data, size_t size, size_t count, void *userdata) {
    struct transfer *transfer = userdata;
    struct inflow *inflow = &transfer->inflow;
    size_t length = size * count;
    transfer->moved_ms = clock_coarse_ms();
    transfer->unheard = 0;
    if (inflow->is_held || inflow_has_left(inflow) || clock_now_us() >= transfer->pool->until_us) {
        transfer->is_paused = true;
        enlist(transfer);
        return CURL_WRITEFUNC_PAUSE;
    }
    if (!inflow_take(inflow, data, length, transfer->pool->until_us))
        return CURL_WRITEFUNC_ERROR;
    if (inflow_has_left(inflow))
        enlist(transfer);
    return length;
}

static bool is_name(const char *line, const char *colon, const char *name) {
    size_t length = (size_t)(colon - line);
    return length == strlen(name) && strncasecmp(line, name, length) == 0;
}

/* Keeps a line "Name: value" as two strings, the name in lower case. */
static void add_header(struct transfer *transfer, const char *line, size_t length) {
    const char *colon = memchr(line, ':', length);
    if (colon == NULL)
        return;
    const char *value = colon + 1, *end = line + length;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ' || end[-1] == '\t'))
        end--;
    size_t value_length = (size_t)(end - value);
    if (!transfer->has_head && is_name(line, colon, "Content-Encoding"))
        inflow_note_coding(&transfer->inflow, value, value_length);
    if (!transfer->has_head && is_name(line, colon, "Transfer-Encoding"))
        inflow_note_transfer_coding(&transfer->inflow, value, value_length);
    struct text *headers = &transfer->headers;
    if (!text_reserve(headers, length + 2))
        return;
    for (const char *c = line; c < colon; c++)
        text_put(headers, ascii_lower(*c));
    text_put(headers, '\0');
    text_add_n(headers, value, value_length);
    text_put(headers, '\0');
    transfer->header_count++;
}

static void begin_head(struct transfer *transfer) { /* 100, then 200 */
    text_clear(&transfer->headers);
    text_reserve(&transfer->headers, USUAL_HEADER_BYTES);
    transfer->header_count = 0;
    transfer->has_head = false;
    inflow_forget_codings(&transfer->inflow);
}

/* Whether another head follows; libcurl reads none behind a 101. */
static bool is_interim(long status) {
    return status >= 100 && status < 200 && status != 101;
}

/* False if the body cannot be used. */
static bool end_head(struct transfer *transfer) {
    long status = 0;
    curl_off_t length = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (transfer->has_head || is_interim(status)) /* has_head: trailers */
        return true;
    transfer->has_head = true;
    curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    return inflow_open(&transfer->inflow, (int)status, length, transfer->to_head);
}

/* Counts a line of a head or of trailers; false if there are too many. */
static bool count_line(struct transfer *transfer, size_t length) {
    transfer->head_bytes += length;
    transfer->head_lines++;
    transfer->long_head =
        transfer->head_lines > MAX_HEAD_LINES ||
        transfer->head_bytes > (transfer->connected ? MAX_HEAD_BYTES : MAX_PROXY_BYTES);
    return !transfer->long_head;
}

static bool take_line(struct transfer *transfer, const char *line, size_t length) {
    bool fine = count_line(transfer, length);
    if (!fine || !transfer->connected) /* the proxy's head */
        return fine;
    if (!transfer->has_head && length >= 5 && strncasecmp(line, "HTTP/", 5) == 0)
        begin_head(transfer);
    else if (line[0] == '\r' || line[0] == '\n')
        fine = end_head(transfer);
    else if (memchr(line, '\0', length) == NULL)
        add_header(transfer, line, length);
    return fine && !transfer->headers.failed;
}

/* libcurl hands over a line at a time, but gathers the trailers that it reads during a pause. */
static size_t on_header(char *lines, size_t size, size_t count, void *userdata) {
    struct transfer *transfer = userdata;
    size_t left = size * count;
    transfer->moved_ms = clock_coarse_ms();
    transfer->unheard = 0;
    for (const char *line = lines; left > 0;) {
        const char *stop = memchr(line, '\n', left);
        size_t length = stop != NULL ? (size_t)(stop + 1 - line) : left;
        if (!take_line(transfer, line, length))
            return CURL_WRITEFUNC_ERROR;
        line += length;
        left -= length;
    }
    return size * count;
}

/* Called about once a second and whenever something moved; only uploads need it, since what comes
 * in passes through on_header and on_body. */
static int on_progress(void *userdata, curl_off_t download_total, curl_off_t downloaded,
                       curl_off_t upload_total, curl_off_t uploaded) {
    struct transfer *transfer = userdata;
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

static pool_end end_of(const char *ip, int port) {
    pool_end end = {.port = port};
    if (strlen(ip) < sizeof end.ip)
        strcpy(end.ip, ip);
    return end;
}

/* A curl_prereq_callback: there is a connection, and the request is about to be sent on it. */
static int on_request(void *userdata, char *peer_ip, char *local_ip, int peer_port,
                      int local_port) {
    struct transfer *transfer = userdata;
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
    curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L); /* inflow.c does that, in steps */
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

void transfer_init(struct transfer *transfer, const promptic_allocator *allocator) {
    memset(transfer, 0, sizeof *transfer);
    list_init(&transfer->work_link);
    inflow_init(&transfer->inflow, allocator);
    text_init(&transfer->headers, allocator);
    text_init(&transfer->issuer, allocator);
}

void transfer_free(struct transfer *transfer) {
    list_remove(&transfer->work_link);
    inflow_free(&transfer->inflow);
    text_free(&transfer->headers);
    text_free(&transfer->issuer);
}

void transfer_forget(struct transfer *transfer) {
    text_clear(&transfer->inflow.body);
    text_clear(&transfer->headers);
    transfer->header_count = 0;
    text_clear(&transfer->issuer);
    transfer->expires = 0;
}

static void start_over(struct transfer *transfer) {
    transfer_forget(transfer);
    transfer->uploaded = 0;
    transfer->sent = transfer->connected = transfer->has_head = false;
    transfer->stale = transfer->resent = transfer->long_head = false;
    transfer->is_paused = transfer->has_ended = false;
    transfer->head_bytes = transfer->head_lines = transfer->unheard = 0;
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
    bool is_head = strcmp(plan->method, "HEAD") == 0;
    if (is_head) /* such a request has no body; handles for it are not used again */
        code = curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    if (code != CURLE_OK)
        return code;
    bool is_plain = is_post || is_head || (strcmp(plan->method, "GET") == 0 && plan->body == NULL);
    return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, is_plain ? NULL : plan->method);
}

CURLcode transfer_begin(struct transfer *transfer, CURL *easy, const transfer_plan *plan,
                        void *owner) {
    bool is_large = plan->body_length >= LARGE_BODY;
    start_over(transfer);
    transfer->pool = plan->pool;
    transfer->has_origin = plan->target != NULL;
    transfer->bound = plan->bound;
    transfer->to_head = strcmp(plan->method, "HEAD") == 0;
    inflow_start(&transfer->inflow, plan->most, plan->on_body, plan->body_userdata,
                 plan->keeps_failures);
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

/* ---------------------------------------------------------------- going on */

void transfer_note_moved(struct transfer *transfer, int socket) {
    int pending = 0;
    transfer->moved_ms = clock_coarse_ms();
    if (transfer->is_paused) /* nothing will be read */
        return;
    if (transfer->unheard++ == 0 || ioctl(socket, FIONREAD, &pending) != 0)
        return;
    transfer->unheard += pending < LEAST_READ ? (size_t)pending : LEAST_READ;
    if (transfer->unheard > TRANSFER_MAX_UNHEARD && !transfer->has_ended) {
        transfer->has_ended = true;
        transfer->end_code = CURLE_WRITE_ERROR;
        enlist(transfer);
    }
}

bool transfer_note_end(struct transfer *transfer, CURLcode code) {
    transfer->has_ended = true;
    transfer->end_code = code;
    return code != CURLE_OK ||
           (list_is_empty(&transfer->work_link) && !inflow_has_left(&transfer->inflow));
}

void transfer_hold(struct transfer *transfer, bool held) {
    struct inflow *inflow = &transfer->inflow;
    bool is_released = inflow->is_held && !held;
    inflow->is_held = held;
    if (held)
        list_remove(&transfer->work_link);
    if (is_released)
        transfer->moved_ms = clock_now_ms();
    if (is_released && (transfer->is_paused || inflow_has_left(inflow)))
        enlist(transfer);
}

bool transfer_go_on(struct transfer *transfer, int64_t until_us) {
    struct inflow *inflow = &transfer->inflow;
    list_remove(&transfer->work_link);
    transfer->moved_ms = clock_now_ms();
    bool fine = inflow_go_on(inflow, until_us);
    if (fine && inflow_has_left(inflow)) {
        enlist(transfer);
        return false;
    }
    if (fine && transfer->is_paused) { /* calls on_body, which may pause again */
        transfer->is_paused = false;
        fine = curl_easy_pause(transfer->easy, CURLPAUSE_CONT) == CURLE_OK;
    }
    if (!fine && !transfer->has_ended) {
        transfer->has_ended = true;
        transfer->end_code = CURLE_WRITE_ERROR;
    }
    return transfer->has_ended && list_is_empty(&transfer->work_link) &&
           (!fine || !inflow_has_left(inflow));
}

void transfer_drop(struct transfer *transfer) {
    list_remove(&transfer->work_link);
    inflow_close(&transfer->inflow);
    transfer->sent = transfer->connected && request_size(transfer->easy) > transfer->sent_before;
    curl_easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, NULL);
    transfer->easy = NULL;
}

const char *transfer_header(const struct transfer *transfer, const char *name) {
    const char *at = transfer->headers.data, *found = NULL;
    for (size_t i = 0; i < transfer->header_count; i++) {
        const char *value = at + strlen(at) + 1;
        if (strcmp(at, name) == 0)
            found = value;
        at = value + strlen(value) + 1;
    }
    return found;
}
