/*
 * rows_server.c - a server for spec/bench/upload.lua: creates and lists observations, keeps nothing
 * but their text, and fails as often as it is told to.
 *
 *     rows_server [FAULTS_PER_THOUSAND [SEED [LATENCY]]]
 *
 * LATENCY is in milliseconds: so long after a request its answer begins, whatever else is under
 * way. It prints its port and ends with its standard input. A fault takes the place of the answer
 * to a POST: 429, 503 with and without Retry-After, a reset before the rows are taken, one after
 * it.
 *
 *     POST /api/v1/experiments/ID/observations    GET of the same
 *     GET /rows     the text of each row as it was sent, one a line
 *     GET /faults   how often each fault came, by name
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 64, LIST_CHUNK = 256 * 1024 };

typedef struct buffer {
    char *data;
    size_t length, capacity;
} buffer;

typedef enum fault { REFUSED, BUSY, OVERLOADED, RESET_BEFORE, RESET_AFTER, FAULT_COUNT } fault;

static const char *const fault_names[] = {"429", "503 with Retry-After", "503", "reset before",
                                          "reset after"};

typedef struct connection {
    int socket; /* -1: the place is free */
    buffer in, out;
    size_t sent;
    size_t next_row; /* of a list that is being sent; SIZE_MAX elsewhere */
    bool plain;      /* that list is /rows */
    int64_t due_ms;  /* when what is in `out` may be sent */
} connection;

static connection connections[MAX_CONNECTIONS];
static buffer rows;      /* their texts */
static size_t *row_ends; /* where each of them ends in `rows` */
static size_t row_count, row_capacity;
static long fault_rate;
static int64_t latency_ms;
static uint64_t random_state;
static size_t fault_counts[FAULT_COUNT];

/* ------------------------------------------------------------------ buffers */

static void *checked(void *block) {
    if (block == NULL) {
        fputs("rows_server: not enough memory\n", stderr);
        exit(1);
    }
    return block;
}

static void reserve(buffer *b, size_t more) {
    if (b->length + more <= b->capacity)
        return;
    b->capacity = 2 * (b->length + more);
    b->data = checked(realloc(b->data, b->capacity));
}

static void add(buffer *b, const char *text, size_t length) {
    reserve(b, length);
    memcpy(b->data + b->length, text, length);
    b->length += length;
}

__attribute__((format(printf, 2, 3))) static void addf(buffer *b, const char *format, ...) {
    char line[512];
    va_list values;
    va_start(values, format);
    int length = vsnprintf(line, sizeof line, format, values);
    va_end(values);
    add(b, line, (size_t)length);
}

/* --------------------------------------------------------------------- rows */

static const char *row_text(size_t index, size_t *length) {
    size_t begin = index > 0 ? row_ends[index - 1] : 0;
    *length = row_ends[index] - begin;
    return rows.data + begin;
}

static void keep_row(const char *text, size_t length) {
    if (row_count == row_capacity) {
        row_capacity = row_capacity > 0 ? 2 * row_capacity : 1024;
        row_ends = checked(realloc(row_ends, row_capacity * sizeof *row_ends));
    }
    add(&rows, text, length);
    row_ends[row_count++] = rows.length;
}

/* The end of the object at `at`, by its braces. */
static const char *object_end(const char *at, const char *end) {
    int depth = 0;
    bool in_string = false;
    for (; at < end; at++) {
        if (in_string) {
            if (*at == '\\')
                at++;
            else if (*at == '"')
                in_string = false;
        } else if (*at == '"') {
            in_string = true;
        } else if (*at == '{') {
            depth++;
        } else if (*at == '}' && --depth == 0) {
            return at + 1;
        }
    }
    return NULL;
}

static void keep_rows(const char *at, const char *end) {
    while ((at = memchr(at, '{', (size_t)(end - at))) != NULL) {
        const char *after = object_end(at, end);
        if (after == NULL)
            return;
        keep_row(at, (size_t)(after - at));
        at = after;
    }
}

/* A row as the platform gives it: what was sent, and what it adds. */
static void add_observation(buffer *b, size_t index) {
    size_t length;
    const char *text = row_text(index, &length);
    addf(b,
         "{\"id\":%zu,\"experimentId\":\"5e1f2b5a-0001-4000-8000-000000000001\",\"idx\":%zu,"
         "\"createdAt\":\"2026-01-01T00:00:00.000Z\",\"updatedAt\":\"2026-01-01T00:00:00.000Z\",",
         index + 1001, index);
    add(b, text + 1, length - 2);
    if (memmem(text, length, "\"split\":", 8) == NULL)
        add(b, ",\"split\":\"eval\"", 15);
    add(b, "}", 1);
}

/* ------------------------------------------------------------------ answers */

static void answer(connection *c, const char *status, const char *headers, const buffer *body) {
    addf(&c->out, "HTTP/1.1 %s\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n",
         status, headers, body->length);
    add(&c->out, body->data, body->length);
}

static void answer_text(connection *c, const char *status, const char *headers, const char *text) {
    buffer body = {.data = (char *)(uintptr_t)text, .length = strlen(text)};
    answer(c, status, headers, &body);
}

static void drop(connection *c, bool with_reset) {
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (with_reset)
        setsockopt(c->socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(c->socket);
    c->socket = -1;
    c->in.length = c->out.length = c->sent = 0;
}

/* A part of a list, so that no more than that is ever in memory; the last one ends it. */
static void add_list_chunk(connection *c) {
    buffer chunk = {.data = NULL};
    if (c->next_row == 0 && !c->plain)
        add(&chunk, "{\"data\":[", 9);
    while (c->next_row < row_count && chunk.length < LIST_CHUNK) {
        size_t length;
        const char *text = row_text(c->next_row, &length);
        if (c->plain) {
            add(&chunk, text, length);
            add(&chunk, "\n", 1);
        } else {
            if (c->next_row > 0)
                add(&chunk, ",", 1);
            add_observation(&chunk, c->next_row);
        }
        c->next_row++;
    }
    bool is_last = c->next_row == row_count;
    if (is_last && !c->plain)
        add(&chunk, "]}", 2);
    if (chunk.length > 0) {
        addf(&c->out, "%zx\r\n", chunk.length);
        add(&c->out, chunk.data, chunk.length);
        add(&c->out, "\r\n", 2);
    }
    if (is_last) {
        add(&c->out, "0\r\n\r\n", 5);
        c->next_row = SIZE_MAX;
    }
    free(chunk.data);
}

static void begin_list(connection *c, bool plain) {
    addf(&c->out, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n");
    c->plain = plain;
    c->next_row = 0;
    add_list_chunk(c);
}

static void answer_faults(connection *c) {
    buffer body = {.data = NULL};
    for (int i = 0; i < FAULT_COUNT; i++)
        addf(&body, "%s\"%s\":%zu", i > 0 ? "," : "{", fault_names[i], fault_counts[i]);
    add(&body, "}", 1);
    answer(c, "200 OK", "", &body);
    free(body.data);
}

static void create(connection *c, const char *body, size_t length) {
    static buffer created; /* its memory is used again */
    size_t first = row_count;
    keep_rows(body, body + length);
    created.length = 0;
    add(&created, "{\"data\":[", 9);
    for (size_t i = first; i < row_count; i++) {
        if (i > first)
            add(&created, ",", 1);
        add_observation(&created, i);
    }
    add(&created, "]}", 2);
    answer(c, "201 Created", "", &created);
}

/* ------------------------------------------------------------------- faults */

/* splitmix64, by Sebastiano Vigna. */
static uint64_t next_random(void) {
    uint64_t z = random_state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* Does a fault's work instead of an answer's; false if there is to be none. */
static bool fail(connection *c, const char *body, size_t length) {
    static size_t turn;
    if ((long)(next_random() % 1000) >= fault_rate)
        return false;
    fault which = (fault)(turn++ % FAULT_COUNT);
    fault_counts[which]++;
    if (which == RESET_AFTER)
        keep_rows(body, body + length);
    if (which == RESET_AFTER || which == RESET_BEFORE)
        drop(c, true);
    else if (which == REFUSED)
        answer_text(c, "429 Too Many Requests", "", "{\"error\":\"slow down\"}");
    else
        answer_text(c, "503 Service Unavailable", which == BUSY ? "Retry-After: 0\r\n" : "",
                    "{\"error\":\"busy\"}");
    return true;
}

/* ----------------------------------------------------------------- requests */

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void serve(connection *c, const char *head, const char *body, size_t length) {
    if (strncmp(head, "GET /rows ", 10) == 0)
        begin_list(c, true);
    else if (strncmp(head, "GET /faults ", 12) == 0)
        answer_faults(c);
    else if (strncmp(head, "GET ", 4) == 0)
        begin_list(c, false);
    else if (!fail(c, body, length))
        create(c, body, length);
}

/* Serves the request at the beginning of what came in; false where it is not whole yet. */
static bool serve_next(connection *c) {
    const char *end = c->in.length > 0 ? memmem(c->in.data, c->in.length, "\r\n\r\n", 4) : NULL;
    if (end == NULL || c->next_row != SIZE_MAX)
        return false;
    size_t head = (size_t)(end - c->in.data) + 4, length = 0;
    for (const char *line = c->in.data; line != NULL && line < end;) {
        if (strncasecmp(line, "Content-Length:", 15) == 0)
            length = (size_t)strtoull(line + 15, NULL, 10);
        line = memchr(line, '\n', (size_t)(end - line));
        line = line != NULL ? line + 1 : NULL;
    }
    if (c->in.length < head + length) {
        reserve(&c->in, head + length - c->in.length);
        return false;
    }
    c->due_ms = latency_ms > 0 ? now_ms() + latency_ms : 0;
    serve(c, c->in.data, c->in.data + head, length);
    if (c->socket >= 0) {
        c->in.length -= head + length;
        memmove(c->in.data, c->in.data + head + length, c->in.length);
    }
    return c->socket >= 0;
}

static void receive(connection *c) {
    reserve(&c->in, 64 * 1024);
    ssize_t got = recv(c->socket, c->in.data + c->in.length, c->in.capacity - c->in.length, 0);
    if (got <= 0) {
        drop(c, false);
        return;
    }
    c->in.length += (size_t)got;
    while (serve_next(c))
        ;
}

static void transmit(connection *c) {
    ssize_t gone = send(c->socket, c->out.data + c->sent, c->out.length - c->sent,
                        MSG_NOSIGNAL | MSG_DONTWAIT);
    if (gone < 0 && errno != EAGAIN) {
        c->next_row = SIZE_MAX;
        drop(c, false);
        return;
    }
    c->sent += gone > 0 ? (size_t)gone : 0;
    if (c->sent < c->out.length)
        return;
    c->sent = c->out.length = 0;
    if (c->next_row != SIZE_MAX)
        add_list_chunk(c);
    else
        while (serve_next(c))
            ;
}

/* --------------------------------------------------------------------- loop */

static int listen_on_loopback(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 ||
        listen(listener, 64) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
        perror("rows_server");
        exit(1);
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

static void accept_one(int listener) {
    int peer = accept(listener, NULL, NULL), on = 1;
    for (int i = 0; peer >= 0 && i < MAX_CONNECTIONS; i++) {
        if (connections[i].socket >= 0)
            continue;
        connections[i].socket = peer;
        connections[i].next_row = SIZE_MAX;
        setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        return;
    }
    if (peer >= 0)
        close(peer);
}

/* What to poll for, and at most how long: answers wait until they are due. */
static int prepare(struct pollfd *polled) {
    int64_t now = latency_ms > 0 ? now_ms() : 0, timeout = -1;
    for (int i = 0; i < MAX_CONNECTIONS; i++) {
        const connection *c = &connections[i];
        polled[i] =
            (struct pollfd){.fd = c->socket, .events = c->out.length > 0 ? POLLOUT : POLLIN};
        if (c->socket < 0 || c->out.length == 0 || c->due_ms <= now)
            continue;
        polled[i].fd = -1;
        if (timeout < 0 || c->due_ms - now < timeout)
            timeout = c->due_ms - now;
    }
    return (int)timeout;
}

static void step(int listener, bool *ended) {
    struct pollfd polled[MAX_CONNECTIONS + 2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                                 {.fd = listener, .events = POLLIN}};
    int timeout = prepare(polled + 2);
    poll(polled, MAX_CONNECTIONS + 2, timeout);
    for (int i = 0; i < MAX_CONNECTIONS; i++) {
        if (polled[i + 2].fd < 0 || polled[i + 2].revents == 0)
            continue;
        if (polled[i + 2].events == POLLIN)
            receive(&connections[i]);
        if (connections[i].socket >= 0 && connections[i].out.length > 0 &&
            connections[i].due_ms <= now_ms())
            transmit(&connections[i]);
    }
    if (polled[1].revents != 0)
        accept_one(listener);
    *ended = polled[0].revents != 0;
}

int main(int argc, char **argv) {
    bool ended = false;
    fault_rate = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    random_state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    latency_ms = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
    for (int i = 0; i < MAX_CONNECTIONS; i++)
        connections[i].socket = -1;
    int listener = listen_on_loopback();
    while (!ended)
        step(listener, &ended);
    return 0;
}
