#include "call.h"

#include "clean.h"
#include "client.h"
#include "clock.h"
#include "failure.h"
#include "loop.h"
#include "number.h"
#include "retry.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Longest request id that is kept, in bytes; ids are some 36. */
#define MAX_REQUEST_ID 200

static void settle(promptic_call *call, const transfer_outcome *outcome);
static void settle_success(promptic_call *call, const transfer_outcome *outcome);

/* --------------------------------------------------------------------- end */

static const promptic_allocator *allocator_of(const promptic_call *call) {
    return &call->client->allocator;
}

static void free_request(promptic_call *call) {
    if (call->body_free != NULL)
        call->body_free(call->body);
    else
        memory_free(allocator_of(call), call->body);
    call->body = NULL;
    call->body_free = NULL;
    memory_free(allocator_of(call), call->url);
    call->url = NULL;
    foreign_close(allocator_of(call), &call->foreign);
}

/* Where the call's easy handles are kept; NULL if they serve no other. */
static client_handles *kind_of(const promptic_call *call) {
    if (!call->foreign.active)
        return &call->client->own;
    return call->foreign.is_plain ? &call->client->foreign : NULL;
}

/* An easy handle for an attempt; NULL with libcurl's reason. */
static CURL *take_handle(const promptic_call *call, CURLcode *problem) {
    promptic_client *client = call->client;
    client_handles *kind = kind_of(call);
    CURL *easy = kind != NULL ? client_take_handle(client, kind) : NULL;
    *problem = CURLE_OK;
    if (easy != NULL)
        return easy;
    const transfer_settings settings = client_settings(client);
    return call->foreign.active ? foreign_handle(&settings, &call->foreign, problem)
                                : transfer_handle(&settings, problem);
}

/* The attempt cannot begin. What libcurl refuses, such as TLS where it was built without, is the
 * same each time. */
static void fail_to_begin(promptic_call *call, CURLcode problem) {
    bool is_memory = problem == CURLE_OK || problem == CURLE_OUT_OF_MEMORY;
    if (is_memory)
        call_fail(call, PROMPTIC_MEMORY, NULL, "not enough memory to start the request");
    else
        call_fail(call, PROMPTIC_CONFIG, "libcurl_lacks", curl_easy_strerror(problem));
}

static void give_handle(promptic_call *call, CURL *easy) {
    client_handles *kind = kind_of(call);
    if (kind != NULL)
        client_give_handle(call->client, kind, easy);
    else
        curl_easy_cleanup(easy);
}

/* Takes the easy handle of the attempt under way back from libcurl, aborting what it does. */
static void drop_attempt(promptic_call *call, CURL *easy) {
    loop_remove(call->client->loop, call->client->pool, easy);
    give_handle(call, easy);
}

/* Overwrites the secrets of the client, and of the proxy that a foreign request has of its own. */
static void hide(const promptic_call *call, char *words, size_t length) {
    const proxy *proxy = &call->foreign.proxy;
    const clean_secrets own = {.values = {proxy->password, proxy->basic}};
    clean_hide(words, length, &call->client->secrets);
    clean_hide(words, length, &own);
}

/* Writes a line to the log, if there is one. */
static void __attribute__((format(printf, 3, 4)))
log_line(const promptic_call *call, promptic_log_level level, const char *format, ...) {
    char words[1024], line[512];
    va_list arguments;
    if (call->log == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    hide(call, words, strlen(words));
    clean_line(line, sizeof line, words, strlen(words));
    call->log(level, line, call->log_userdata);
}

/* A copy that may be shown to people (clean.h), of at most `limit` bytes. NULL if out of memory. */
static char *clean_copy(const promptic_call *call, const char *words, size_t limit) {
    const promptic_allocator *allocator = allocator_of(call);
    size_t length = strlen(words);
    char *hidden = text_copy(allocator, words, length);
    char *line = memory_new(allocator, limit + 1);
    if (hidden != NULL && line != NULL) {
        hide(call, hidden, length);
        clean_line(line, limit + 1, hidden, length);
    } else {
        memory_free(allocator, line);
        line = NULL;
    }
    memory_free(allocator, hidden);
    return line;
}

/* A response that cannot be returned whole becomes a failure; the request took effect. */
static void lose_response(promptic_call *call) {
    call->maybe_sent = call->maybe_sent || call->result.kind == PROMPTIC_OK;
    call->result.kind = PROMPTIC_MEMORY;
    call->result.message = "not enough memory for the response";
}

/* False if out of memory. */
static bool fill_headers(promptic_call *call) {
    const char *at = call->transfer.headers.data;
    size_t count = call->transfer.header_count;
    if (count == 0)
        return true;
    call->headers = memory_new(allocator_of(call), count * sizeof *call->headers);
    if (call->headers == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        call->headers[i].name = at;
        call->headers[i].value = at + strlen(at) + 1;
        at = call->headers[i].value + strlen(call->headers[i].value) + 1;
    }
    call->result.headers = call->headers;
    call->result.header_count = count;
    return true;
}

/* False if out of memory. */
static bool fill_request_id(promptic_call *call) {
    const char *id = promptic_result_header(&call->result, "x-request-id");
    if (id == NULL)
        return true;
    call->result.request_id = call->request_id = clean_copy(call, id, MAX_REQUEST_ID);
    return call->request_id != NULL;
}

/* The call is over: kind, status, message and retry_after of its result are set already. */
static void end(promptic_call *call) {
    promptic_loop *loop = call->client->loop;
    promptic_result *result = &call->result;
    if (!fill_headers(call) || !fill_request_id(call))
        lose_response(call);
    result->method = call->method;
    result->path = call->path;
    result->body = call->transfer.inflow.body.data != NULL ? call->transfer.inflow.body.data : "";
    result->body_length = call->transfer.inflow.body.length;
    result->attempts = call->attempts;
    result->certificate_issuer =
        call->transfer.issuer.length > 0 ? call->transfer.issuer.data : NULL;
    result->certificate_expires = call->transfer.expires;
    result->maybe_sent = result->kind != PROMPTIC_OK && call->maybe_sent;
    result->elapsed = (double)(clock_now_ms() - call->submitted_ms) / 1000.0;
    free_request(call);
    loop_unschedule(loop, call);
    list_remove(&call->client_link);
    loop->unfinished--;
    call->state = CALL_DONE;
    if (call->done != NULL)
        loop_announce(loop, call);
}

void call_fail(promptic_call *call, promptic_kind kind, const char *code, const char *message) {
    if (call->state == CALL_ACTIVE) {
        CURL *easy = call->transfer.easy;
        transfer_drop(&call->transfer);
        drop_attempt(call, easy);
        call->maybe_sent = call->maybe_sent || call->transfer.sent;
    }
    transfer_forget(&call->transfer); /* what may have come was no response to this */
    call->result.kind = kind;
    call->result.code = code;
    call->result.message = message;
    end(call);
}

void call_abandon(promptic_call *call) {
    if (call->state == CALL_ACTIVE) {
        transfer_drop(&call->transfer);
        call->client->loop->running--;
        call->maybe_sent = call->maybe_sent || call->transfer.sent;
        call->state = CALL_WAITING;
    }
    call_fail(call, PROMPTIC_CANCELLED, "forked",
              "the process has forked: the call goes on in the parent process only");
}

static void succeed(promptic_call *call, int status) {
    call->result.kind = PROMPTIC_OK;
    call->result.status = status;
    end(call);
}

/* ---------------------------------------------------------------- attempts */

static int64_t stall_ms(promptic_call *call) {
    if (call->transfer.inflow.is_held)
        return call->deadline_ms;
    int64_t anew = clock_after(call->transfer.moved_ms, call->limits.deadline);
    if (call->is_patient && call->transfer.inflow.decoded > 0 && anew > call->deadline_ms)
        call->deadline_ms = anew;
    int64_t stalled = clock_after(call->transfer.moved_ms, call->limits.timeout);
    return stalled < call->deadline_ms ? stalled : call->deadline_ms;
}

bool call_attempt(promptic_call *call) {
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
    CURL *easy = pool_reserve(client->pool) ? take_handle(call, &problem) : NULL;
    if (easy != NULL)
        problem = transfer_begin(&call->transfer, easy, &plan, call);
    bool ready = easy != NULL && problem == CURLE_OK;
    if (!ready || pool_add(client->pool, easy) != CURLM_OK) {
        if (ready)
            transfer_drop(&call->transfer);
        if (easy != NULL)
            give_handle(call, easy);
        fail_to_begin(call, problem);
        return false;
    }
    client->loop->running++;
    call->attempts++;
    call->state = CALL_ACTIVE;
    call->timer.due_ms = stall_ms(call);
    return true;
}

/* The message of a timeout, the same for libcurl's connect timeout and the loop's timers. */
static const char *timeout_message(promptic_call *call) {
    char seconds[NUMBER_SIZE];
    snprintf(call->timeout_message, sizeof call->timeout_message, "%s for %s s",
             call->transfer.connected ? "no byte has moved" : "no connection could be made",
             number_text(seconds, call->limits.timeout, 6));
    return call->timeout_message;
}

/* The connection that was to be reused had ended. That is no attempt: nothing was sent. */
static void attempt_again(promptic_call *call) {
    log_line(call, PROMPTIC_LOG_DEBUG, "%s %s: an idle connection had ended", call->method,
             call->path);
    call->attempts--;
    if (call_attempt(call))
        loop_schedule(call->client->loop, call);
}

void call_attempt_ended(promptic_call *call, CURLcode code) {
    CURL *easy = call->transfer.easy;
    transfer_outcome outcome;
    transfer_end(&call->transfer, code, &outcome);
    call->state = CALL_WAITING;
    call->result.connection_reused = outcome.reused;
    drop_attempt(call, easy);
    if (outcome.kind == PROMPTIC_TIMEOUT)
        outcome.message = timeout_message(call);
    if (outcome.stale)
        attempt_again(call);
    else
        settle(call, &outcome);
}

/* Ends the attempt under way because of time, not because of libcurl. */
static void time_out(promptic_call *call, int64_t now_ms) {
    const transfer_outcome outcome = {.kind = PROMPTIC_TIMEOUT, .message = timeout_message(call)};
    const size_t size = sizeof call->timeout_message;
    CURL *easy = call->transfer.easy;
    if (now_ms >= call->deadline_ms) {
        char seconds[NUMBER_SIZE];
        snprintf(call->timeout_message, size, "the deadline of %s s has passed in attempt %d",
                 number_text(seconds, call->limits.deadline, 6), call->attempts);
        call_fail(call, PROMPTIC_TIMEOUT, "deadline", call->timeout_message);
        return;
    }
    transfer_drop(&call->transfer);
    call->state = CALL_WAITING;
    drop_attempt(call, easy);
    settle(call, &outcome);
}

void call_due(promptic_call *call, int64_t now_ms) {
    if (call->state == CALL_QUEUED) {
        call_fail(call, PROMPTIC_TIMEOUT, "deadline",
                  "the deadline has passed before the request was sent");
    } else if (call->state == CALL_WAITING) {
        loop_launch(call->client->loop, call);
    } else {
        call->timer.due_ms = stall_ms(call);
        if (call->timer.due_ms > now_ms) /* bytes have moved since the timer was set */
            loop_schedule(call->client->loop, call);
        else
            time_out(call, now_ms);
    }
}

/* ---------------------------------------------- what an ended attempt means */

static bool is_success(const promptic_call *call, const transfer_outcome *outcome) {
    if (outcome->kind != PROMPTIC_OK)
        return false;
    if (outcome->status >= 200 && outcome->status < 300)
        return true;
    if (outcome->status >= 300 && outcome->status < 400 && call->row != NULL &&
        call->row->redirects)
        return transfer_header(&call->transfer, "location") != NULL;
    /* The first attempt's DELETE took effect, only its response was lost. */
    return outcome->status == 404 && call->attempts > 1 && strcmp(call->method, "DELETE") == 0;
}

/* Whether a status says what became of the request, if the body can be used or not. */
static bool has_verdict(const transfer_outcome *outcome) {
    return outcome->kind == PROMPTIC_OK ||
           (outcome->kind != PROMPTIC_MEMORY && outcome->status >= 300);
}

/* Whether the request is in doubt after this failure. */
static bool is_unsure(const transfer_outcome *outcome, bool sent, double retry_after) {
    if (!has_verdict(outcome))
        return sent;
    return !retry_declares_unprocessed(outcome->status, retry_after);
}

/* Takes the message of a 401 and returns it with what was refused. */
static char *name_credential(const promptic_call *call, char *message) {
    const config *config = &call->client->config;
    text whole;
    if (message == NULL || config->credential == NULL)
        return message;
    text_init(&whole, allocator_of(call));
    text_addf(&whole, "%s (refused: the %s %s)", message,
              config->is_session ? "session token" : "API key", config_origin(config));
    memory_free(allocator_of(call), message);
    return text_take(&whole, NULL);
}

static char *api_message(const promptic_call *call, int status) {
    const char *location = transfer_header(&call->transfer, "location");
    if (status >= 300 && status < 400 && location != NULL) {
        text message;
        text_init(&message, allocator_of(call));
        if (call->foreign.active) /* the URL may hold a secret */
            text_add(&message, "a further redirect was not followed");
        else
            text_addf(&message, "a redirect to %s was not followed; is the endpoint right?",
                      location);
        return text_take(&message, NULL);
    }
    const text *body = &call->transfer.inflow.body;
    if (call->row != NULL && failure_is_no_route(status, body->data, body->length))
        return failure_no_route(allocator_of(call), call->row);
    if (call->row != NULL && status == 404)
        return failure_not_found(allocator_of(call), call->row, body->data, body->length);
    char *message =
        failure_message(allocator_of(call), status,
                        transfer_header(&call->transfer, "content-type"), body->data, body->length);
    return status == 401 && !call->foreign.active ? name_credential(call, message) : message;
}

/* Takes the message from the response, or from libcurl. False if out of memory. */
static bool fill_message(promptic_call *call, const transfer_outcome *outcome) {
    bool is_api = outcome->kind == PROMPTIC_OK;
    char *from_response = is_api ? api_message(call, outcome->status) : NULL;
    const char *words = is_api ? from_response : outcome->message;
    if (words != NULL)
        call->message = clean_copy(call, words, FAILURE_MAX_MESSAGE);
    memory_free(allocator_of(call), from_response);
    call->result.message = call->message;
    return call->message != NULL;
}

/* For a response that has no code of its own: the library's, where it knows one. */
static void set_own_code(promptic_call *call, int status) {
    const text *body = &call->transfer.inflow.body;
    if (status >= 300 && status < 400)
        call->result.code = "redirect";
    else if (call->row != NULL && failure_is_no_route(status, body->data, body->length))
        call->result.code = "no_route";
    else if (call->row != NULL && failure_is_wrong_id(status, body->data, body->length))
        call->result.code = "wrong_id";
}

/* Takes the code from the response, else says what the library knows. False if out of memory. */
static bool fill_code(promptic_call *call, const transfer_outcome *outcome) {
    const text *body = &call->transfer.inflow.body;
    call->result.code = outcome->code;
    if (outcome->kind != PROMPTIC_OK)
        return true;
    bool filled = failure_code(allocator_of(call), body->data, body->length, &call->code);
    call->result.code = call->code;
    if (call->code == NULL)
        set_own_code(call, outcome->status);
    return filled;
}

static void fail_with(promptic_call *call, const transfer_outcome *outcome, double retry_after) {
    promptic_result *result = &call->result;
    text *body = &call->transfer.inflow.body;
    text_cut(body, (size_t)INFLOW_FAILURE_BYTES);
    hide(call, body->data, body->length);
    result->kind = outcome->kind == PROMPTIC_OK ? PROMPTIC_API_ERROR : outcome->kind;
    result->status = outcome->status;
    result->retry_after = retry_after;
    if (!fill_message(call, outcome) || !fill_code(call, outcome))
        lose_response(call);
    end(call);
}

/* How long until the next attempt, in seconds; negative where there is none. */
static double next_delay(promptic_call *call, const retry_attempt *attempt) {
    promptic_client *client = call->client;
    bool is_used = call->is_stream && call->transfer.inflow.decoded > 0;
    if (call->attempts > call->limits.max_retries || is_used || !retry_allowed(attempt))
        return -1;
    double delay = retry_delay(call->attempts, client->backoff, attempt->retry_after,
                               &client->loop->random_state);
    /* A retry that would begin after the deadline would only hide the failure. */
    return clock_after(clock_now_ms(), delay) < call->deadline_ms ? delay : -1;
}

static void settle_failure(promptic_call *call, const transfer_outcome *outcome) {
    /* of a whole response only: what a proxy answers to CONNECT, or half a head, declares nothing
     */
    const char *retry_after =
        outcome->kind == PROMPTIC_OK ? transfer_header(&call->transfer, "retry-after") : NULL;
    const retry_attempt attempt = {
        .repeatable = call->repeatable,
        .status = outcome->status,
        .kind = has_verdict(outcome) ? PROMPTIC_API_ERROR : outcome->kind,
        .never_sent = !call->transfer.sent,
        .retry_after = retry_after_seconds(retry_after, transfer_header(&call->transfer, "date")),
    };
    if (is_unsure(outcome, call->transfer.sent, attempt.retry_after))
        call->maybe_sent = true;
    double delay = next_delay(call, &attempt);
    char status[sizeof "HTTP status " + 12];
    snprintf(status, sizeof status, "HTTP status %d", outcome->status);
    const char *reason = outcome->kind == PROMPTIC_OK ? status : outcome->message;
    if (delay < 0 && outcome->kind == PROMPTIC_OK && call->takes_any_status) {
        settle_success(call, outcome);
        return;
    }
    if (delay < 0) {
        log_line(call, PROMPTIC_LOG_DEBUG, "%s %s: %s (attempt %d)", call->method, call->path,
                 reason, call->attempts);
        fail_with(call, outcome, attempt.retry_after);
        return;
    }
    char seconds[NUMBER_SIZE];
    log_line(call, PROMPTIC_LOG_WARNING, "%s %s: %s; attempt %d follows in %s s", call->method,
             call->path, reason, call->attempts + 1, number_text(seconds, delay, 3));
    call->state = CALL_WAITING;
    call->distrusts = attempt.kind != PROMPTIC_API_ERROR || attempt.status == 408;
    call->timer.due_ms = clock_after(clock_now_ms(), delay);
    loop_schedule(call->client->loop, call);
}

static void settle_success(promptic_call *call, const transfer_outcome *outcome) {
    log_line(call, PROMPTIC_LOG_DEBUG, "%s %s: %d (attempt %d, %s connection)", call->method,
             call->path, outcome->status, call->attempts, outcome->reused ? "reused" : "new");
    if (outcome->status == 404 && !call->takes_any_status)
        text_clear(&call->transfer.inflow.body);
    succeed(call, outcome->status);
}

static void settle(promptic_call *call, const transfer_outcome *outcome) {
    if (is_success(call, outcome))
        settle_success(call, outcome);
    else
        settle_failure(call, outcome);
}

/* ------------------------------------------------------------ public rest */

static bool is_done(const void *call) {
    return ((const promptic_call *)call)->state == CALL_DONE;
}

/* A call that has ended stays so in a forked child: without it each would cost several getpid(2).
 */
bool promptic_call_done(const promptic_call *call) {
    if (!is_done(call))
        loop_check_process(call->client->loop);
    return is_done(call);
}

const promptic_result *promptic_call_result(const promptic_call *call) {
    return promptic_call_done(call) ? &call->result : NULL;
}

bool promptic_call_wait(promptic_call *call, long timeout_ms) {
    promptic_loop *loop = call->client->loop;
    if (!promptic_call_done(call))
        loop_wait_until(loop, is_done, call, timeout_ms);
    else if (!loop->stepping)
        loop_dispatch(loop); /* it failed at once, and its callback has yet to run */
    return is_done(call);
}

void promptic_call_cancel(promptic_call *call) {
    if (promptic_call_done(call))
        return;
    call_fail(call, PROMPTIC_CANCELLED, NULL, "the call was cancelled");
    loop_notify_timer(call->client->loop);
}

void promptic_call_hold(promptic_call *call, bool held) {
    if (promptic_call_done(call) || call->state != CALL_ACTIVE ||
        call->transfer.inflow.is_held == held)
        return;
    transfer_hold(&call->transfer, held);
    if (held) /* the timer finds out when it is due */
        return;
    call->timer.due_ms = stall_ms(call);
    loop_schedule(call->client->loop, call);
    loop_notify_timer(call->client->loop);
}

void promptic_call_cut(promptic_call *call) {
    long status = 0;
    if (promptic_call_done(call))
        return;
    if (call->state != CALL_ACTIVE || !call->transfer.has_head) {
        promptic_call_cancel(call);
        return;
    }
    CURL *easy = call->transfer.easy;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    transfer_drop(&call->transfer);
    call->state = CALL_WAITING;
    drop_attempt(call, easy);
    succeed(call, (int)status);
    loop_notify_timer(call->client->loop);
}

void promptic_call_free(promptic_call *call) {
    if (call == NULL)
        return;
    call->done = NULL;
    promptic_call_cancel(call);
    list_remove(&call->loop_link);
    free_request(call);
    transfer_free(&call->transfer);
    memory_free(allocator_of(call), call->headers);
    memory_free(allocator_of(call), call->message);
    memory_free(allocator_of(call), call->request_id);
    memory_free(allocator_of(call), call->code);
    memory_free(allocator_of(call), call->path);
    promptic_client *client = call->client;
    memory_free(&client->allocator, call);
    client_release(client);
}
