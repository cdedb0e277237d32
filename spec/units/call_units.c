/* call_units.c - core/call.c: what a call that is given up says of its request, and of what had
 * come. */
#include "peer.h"
#include "units.h"

#include <string.h>

static promptic_call *submit(peer *p, const char *method) {
    promptic_error error;
    const promptic_request request = {
        .size = sizeof(promptic_request), .method = method, .path = "/x"};
    promptic_call *call = promptic_submit(p->client, &request, NULL, NULL, &error);
    CHECK(call != NULL);
    return call;
}

static void expect(promptic_call *call, promptic_kind kind, bool maybe_sent) {
    const promptic_result *result = promptic_call_result(call);
    if (!CHECK(result != NULL))
        return;
    CHECK(result->kind == kind && result->maybe_sent == maybe_sent);
    CHECK(result->status == 0 && result->body_length == 0 && result->header_count == 0);
    SAME("", result->body);
}

/* Cancelled before there was a connection: nothing was sent. */
static void cancel_early(peer *p) {
    promptic_call *call = submit(p, "POST");
    promptic_call_cancel(call);
    expect(call, PROMPTIC_CANCELLED, false);
    promptic_call_free(call);
}

/* Cancelled after the request has arrived; with a part of a response, which counts for nothing. */
static void cancel_late(peer *p, const char *response) {
    promptic_call *call = submit(p, "POST");
    peer_accept(p);
    CHECK(peer_send(p, response));
    for (int i = 0; i < 20; i++)
        promptic_wait(p->loop, 2);
    CHECK(!promptic_call_done(call));
    promptic_call_cancel(call);
    expect(call, PROMPTIC_CANCELLED, true);
    promptic_call_free(call);
    peer_drop(p);
}

/* Half a head is no response, whatever its status. */
static void break_in_head(peer *p) {
    promptic_call *call = submit(p, "POST");
    peer_accept(p);
    CHECK(peer_send(p, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"));
    peer_drop(p);
    CHECK(promptic_call_wait(call, 10000));
    CHECK(promptic_call_result(call)->kind == PROMPTIC_CONNECTION &&
          promptic_call_result(call)->maybe_sent);
    promptic_call_free(call);
}

/* The same where the deadline ends it. */
static void run_out_of_time(peer *p) {
    promptic_call *call = submit(p, "POST");
    peer_accept(p);
    CHECK(promptic_call_wait(call, 10000));
    expect(call, PROMPTIC_TIMEOUT, true);
    promptic_call_free(call);
    peer_drop(p);
}

/* What a response that ends a call says of the request: did the platform perhaps act on it? A wait
 * of 61 s is more than any attempt waits for. */
static const struct {
    const char *head;
    int status;
    bool maybe_sent;
} failures[] = {
    {"400 x\r\n", 400, false},
    {"404 x\r\n", 404, false},
    {"408 x\r\nRetry-After: 61\r\n", 408, false},
    {"429 x\r\nRetry-After: 61\r\n", 429, false},
    {"500 x\r\n", 500, true},
    {"500 x\r\nRetry-After: 61\r\n", 500, true},
    {"501 x\r\n", 501, true},
    {"502 x\r\n", 502, true},
    {"503 x\r\n", 503, true},
    {"503 x\r\nRetry-After: 61\r\n", 503, false},
    {"503 x\r\nRetry-After: soon\r\n", 503, true},
    {"504 x\r\n", 504, true},
};

static void fail(peer *p) {
    for (size_t i = 0; i < COUNT_OF(failures); i++) {
        char response[256];
        promptic_call *call = submit(p, "POST");
        peer_accept(p);
        snprintf(response, sizeof response,
                 "HTTP/1.1 %sConnection: close\r\nContent-Length: 0\r\n\r\n", failures[i].head);
        units_row(failures[i].head);
        CHECK(peer_send(p, response) && promptic_call_wait(call, 10000));
        const promptic_result *result = promptic_call_result(call);
        CHECK(result->kind == PROMPTIC_API_ERROR && result->status == failures[i].status);
        CHECK(result->attempts == 1 && result->maybe_sent == failures[i].maybe_sent);
        promptic_call_free(call);
        peer_drop(p);
    }
    units_row(NULL);
}

static const char fine[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

enum { KEPT = 3 };

/* Connections that are idle and kept. */
static void keep_some(peer *p, struct pollfd fds[KEPT]) {
    promptic_call *calls[KEPT];
    for (int i = 0; i < KEPT; i++)
        calls[i] = submit(p, "GET");
    for (int i = 0; i < KEPT; i++) {
        peer_accept(p);
        fds[i] = (struct pollfd){.fd = p->connection, .events = POLLIN};
    }
    for (int i = 0; i < KEPT; i++) {
        p->connection = fds[i].fd;
        CHECK(peer_send(p, fine));
    }
    for (int i = 0; i < KEPT; i++) {
        CHECK(promptic_call_wait(calls[i], 10000) &&
              promptic_call_result(calls[i])->kind == PROMPTIC_OK);
        promptic_call_free(calls[i]);
    }
}

/* Where a kept connection has broken under a request, the next attempt trusts no other kept one.
 * What libcurl does by itself, which is to send it again on the second one, is refused, and ends
 * that one. */
static void distrust(peer *p) {
    struct pollfd fds[KEPT];
    char byte;
    keep_some(p, fds);
    promptic_call *call = submit(p, "GET");
    for (int i = 0; i < 1000 && poll(fds, KEPT, 0) == 0; i++)
        promptic_wait(p->loop, 5);
    for (int i = 0; i < KEPT; i++)
        if (fds[i].revents != 0) {
            close(fds[i].fd);
            fds[i].fd = -1;
        }
    peer_accept(p);
    for (int i = 0; i < KEPT; i++)
        CHECK(fds[i].fd < 0 || recv(fds[i].fd, &byte, 1, MSG_DONTWAIT) <= 0);
    CHECK(peer_send(p, fine) && promptic_call_wait(call, 10000));
    CHECK(promptic_call_result(call)->kind == PROMPTIC_OK &&
          promptic_call_result(call)->attempts == 2 && !promptic_call_result(call)->maybe_sent);
    promptic_call_free(call);
    for (int i = 0; i < KEPT; i++)
        if (fds[i].fd >= 0)
            close(fds[i].fd);
    peer_drop(p);
}

/* A server that says the credential again: in the body, in a header that is shown, where it
 * redirects. */
static void hide_secret(peer *p, const char *response, const char *message, const char *body,
                        const char *request_id) {
    promptic_call *call = submit(p, "POST");
    peer_accept(p);
    CHECK(peer_send(p, response) && promptic_call_wait(call, 10000));
    const promptic_result *result = promptic_call_result(call);
    HAS(message, result->message);
    SAME(body, result->body);
    SAME(request_id, result->request_id);
    promptic_call_free(call);
    peer_drop(p);
}

static void hide(peer *p) {
    hide_secret(p,
                "HTTP/1.1 400 x\r\nConnection: close\r\nContent-Length: 24\r\n\r\n{\"error\":\"bad "
                "a%2Dkey!\"}",
                "bad *******!", "{\"error\":\"bad *******!\"}", NULL);
    hide_secret(p,
                "HTTP/1.1 400 x\r\nConnection: close\r\nX-Request-Id: \"a-key\"\r\nContent-Length: "
                "0\r\n\r\n",
                "Bad Request", "", "\"*****\"");
    hide_secret(p,
                "HTTP/1.1 302 x\r\nConnection: close\r\nLocation: "
                "http://x/a-key\r\nContent-Length: 0\r\n\r\n",
                "a redirect to http://x/***** was not followed", "", NULL);
}

/* promptic.h, "Versions": a request of an older header is read as far as it goes; one without a size
 * is refused. */
static void size(peer *p) {
    promptic_error error;
    promptic_limits limits = {.size = 0};
    promptic_request request = {.size = offsetof(promptic_request, row),
                                .method = "GET",
                                .path = "/x",
                                .row = (const promptic_endpoint *)&error,
                                .limits = &limits,
                                .max_bytes = 1};
    limits.size = sizeof limits;
    promptic_call *call = promptic_submit(p->client, &request, NULL, NULL, &error);
    CHECK(call != NULL);
    promptic_call_free(call);
    request.size = 0;
    CHECK(promptic_submit(p->client, &request, NULL, NULL, &error) == NULL);
    CHECK(error.kind == PROMPTIC_ARGUMENT);
    SAME("request has no size: set it to its sizeof", error.message);
    request = (promptic_request){
        .size = sizeof request, .method = "GET", .path = "/x", .limits = &limits};
    limits.size = 0;
    CHECK(promptic_submit(p->client, &request, NULL, NULL, &error) == NULL);
    SAME("limits has no size: set it to its sizeof", error.message);
    limits.size = offsetof(promptic_limits, deadline);
    limits.timeout = 5;
    limits.deadline = 1e-9;
    call = promptic_submit(p->client, &request, NULL, NULL, &error);
    CHECK(call != NULL && promptic_call_left_ms(call) > 0);
    promptic_call_free(call);
}

void units_call(void) {
    peer p;
    peer_open(&p, 30);
    hide(&p);
    distrust(&p);
    fail(&p);
    size(&p);
    break_in_head(&p);
    cancel_early(&p);
    cancel_late(&p, "");
    cancel_late(&p, "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 9\r\n\r\nabc");
    peer_close(&p);
    peer_open(&p, 0.2);
    run_out_of_time(&p);
    peer_close(&p);
}
