#include "call_attempt.h"

#include "call_end.h"
#include "call_settle.h"
#include "call_words.h"
#include "client.h"
#include "clock.h"
#include "loop.h"
#include "number.h"

#include <stdio.h>

static promptic_call *call_of(struct job *job) {
    return LIST_ENTRY(job, promptic_call, job);
}

/* The attempt cannot begin. What libcurl refuses is the same each time, such as https in a build
 * without TLS. */
static void fail_to_begin(promptic_call *call, CURLcode problem) {
    bool is_memory = problem == CURLE_OK || problem == CURLE_OUT_OF_MEMORY;
    if (is_memory)
        call_fail(call, PROMPTIC_MEMORY, NULL, "not enough memory to start the request");
    else
        call_fail(call, PROMPTIC_CONFIG, "libcurl_lacks", curl_easy_strerror(problem));
}

int64_t call_stall_ms(promptic_call *call) {
    if (call->transfer.inflow.is_held)
        return call->deadline_ms;
    int64_t anew = clock_after(call->transfer.moved_ms, call->limits.deadline);
    if (call->is_patient && call->transfer.inflow.decoded > 0 && anew > call->deadline_ms)
        call->deadline_ms = anew;
    int64_t stalled = clock_after(call->transfer.moved_ms, call->limits.timeout);
    return stalled < call->deadline_ms ? stalled : call->deadline_ms;
}

/* Begins an attempt on an easy handle of the client. False if it could not; the call has ended
 * then. */
static bool begin_attempt(promptic_call *call) {
    promptic_client *client = call->client;
    bool is_foreign = call->foreign.active;
    const transfer_plan plan = {
        .pool = client->pool,
        .method = call->method,
        .url = call->url,
        .target = is_foreign ? NULL : client_target(client, call->url),
        .body = call->body,
        .body_length = call->body_length,
        .headers = is_foreign ? call->foreign.headers
                              : headers_of(&client->headers, call->method, call->body != NULL,
                                           call->row != NULL && call->row->redirects),
        .fresh = call->distrusts,
        .connect_timeout = call->limits.timeout,
        .most = call->max_bytes > 0 ? call->max_bytes : call->limits.max_response_bytes,
        .bound = call->max_bytes > 0 ? "max_bytes" : "max_response_bytes",
        .on_body = call->on_body,
        .body_userdata = call->body_userdata,
        .keeps_failures = call->takes_any_status,
    };
    CURLcode problem = CURLE_OUT_OF_MEMORY;
    CURL *easy =
        pool_reserve(client->pool) ? client_take_handle(client, &call->foreign, &problem) : NULL;
    if (easy != NULL)
        problem = transfer_begin(&call->transfer, easy, &plan, &call->job);
    bool ready = easy != NULL && problem == CURLE_OK;
    if (!ready || pool_add(client->pool, easy) != CURLM_OK) {
        if (ready)
            transfer_drop(&call->transfer);
        if (easy != NULL)
            call_give_handle(call, easy);
        fail_to_begin(call, problem);
        return false;
    }
    client->loop->running++;
    call->attempts++;
    call->state = CALL_ACTIVE;
    call->job.timer.due_ms = call_stall_ms(call);
    return true;
}

void call_launch(promptic_call *call) {
    call->state = CALL_QUEUED;
    call->job.timer.due_ms = call->deadline_ms;
    loop_launch(call->client->loop, &call->job);
}

static bool on_begin(struct job *job) {
    return begin_attempt(call_of(job));
}

/* The message of a timeout, the same for libcurl's connect timeout and the loop's timers. */
static const char *timeout_message(promptic_call *call) {
    char seconds[NUMBER_SIZE];
    snprintf(call->timeout_message, sizeof call->timeout_message, "%s for %s s",
             call->transfer.connected ? "no data was sent or received"
                                      : "no connection could be made",
             number_text(seconds, call->limits.timeout, 6));
    return call->timeout_message;
}

/* The connection that was to be reused had ended. That is no attempt: nothing was sent. */
static void attempt_again(promptic_call *call) {
    call_log(call, PROMPTIC_LOG_DEBUG, "%s %s: the idle connection had ended", call->method,
             call->path);
    call->attempts--;
    if (begin_attempt(call))
        loop_schedule(call->client->loop, &call->job);
}

/* The call ends, or waits for the next attempt. */
static void on_ended(struct job *job, CURLcode code) {
    promptic_call *call = call_of(job);
    CURL *easy = call->transfer.easy;
    transfer_outcome outcome;
    transfer_end(&call->transfer, code, &outcome);
    call->state = CALL_WAITING;
    call->result.connection_reused = outcome.reused;
    call_take_back(call, easy);
    if (outcome.kind == PROMPTIC_TIMEOUT)
        outcome.message = timeout_message(call);
    if (outcome.stale)
        attempt_again(call);
    else
        call_settle(call, &outcome);
}

/* Ends the attempt under way because of time, not because of libcurl. */
static void time_out(promptic_call *call, int64_t now_ms) {
    const transfer_outcome outcome = {.kind = PROMPTIC_TIMEOUT, .message = timeout_message(call)};
    const size_t size = sizeof call->timeout_message;
    if (now_ms >= call->deadline_ms) {
        char seconds[NUMBER_SIZE];
        snprintf(call->timeout_message, size, "the deadline of %s s has passed in attempt %d",
                 number_text(seconds, call->limits.deadline, 6), call->attempts);
        call_fail(call, PROMPTIC_TIMEOUT, "deadline", call->timeout_message);
        return;
    }
    call_drop_attempt(call);
    call_settle(call, &outcome);
}

/* An attempt has stalled, the deadline has passed, or a backoff is over. */
static void on_due(struct job *job, int64_t now_ms) {
    promptic_call *call = call_of(job);
    if (call->state == CALL_QUEUED) {
        call_fail(call, PROMPTIC_TIMEOUT, "deadline",
                  "the deadline has passed before the request was sent");
    } else if (call->state == CALL_WAITING) {
        call_launch(call);
    } else {
        call->job.timer.due_ms = call_stall_ms(call);
        if (call->job.timer.due_ms > now_ms) /* bytes have moved since the timer was set */
            loop_schedule(call->client->loop, &call->job);
        else
            time_out(call, now_ms);
    }
}

/* libcurl ran out of memory for the connection. */
static void on_broken(struct job *job) {
    call_fail(call_of(job), PROMPTIC_MEMORY, NULL, "not enough memory for the connection");
}

/* In a forked child: ends a call that belongs to the parent, without using libcurl. */
static void on_abandoned(struct job *job) {
    promptic_call *call = call_of(job);
    if (call->state == CALL_ACTIVE) {
        transfer_drop(&call->transfer);
        call->maybe_sent = call->maybe_sent || call->transfer.sent;
        call->state = CALL_WAITING;
    }
    call_fail(call, PROMPTIC_CANCELLED, "forked",
              "the process has forked: the call goes on in the parent process only");
}

/* Runs the callback, which may free the call. */
static void on_report(struct job *job) {
    promptic_call *call = call_of(job);
    call->done(call, call->userdata);
}

const job_events call_events = {
    .begin = on_begin,
    .due = on_due,
    .ended = on_ended,
    .broken = on_broken,
    .abandoned = on_abandoned,
    .report = on_report,
};
