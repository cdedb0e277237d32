#include "call_settle.h"

#include "call_end.h"
#include "call_words.h"
#include "client.h"
#include "clock.h"
#include "failure_body.h"
#include "loop.h"
#include "number.h"
#include "retry.h"

#include <stdio.h>
#include <string.h>

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
    const struct config *config = &call->client->config;
    struct text whole;
    if (message == NULL || config->credential == NULL)
        return message;
    text_init(&whole, &call->client->allocator);
    text_addf(&whole, "%s (refused: the %s %s)", message,
              config->is_session ? "session token" : "API key", config_origin(config));
    memory_free(&call->client->allocator, message);
    return text_take(&whole, NULL);
}

static char *api_message(const promptic_call *call, int status, const failure_body *body) {
    const char *location = transfer_header(&call->transfer, "location");
    if (status >= 300 && status < 400 && location != NULL) {
        struct text message;
        text_init(&message, &call->client->allocator);
        if (call->foreign.active) /* the URL may hold a secret */
            text_add(&message, "a further redirect was not followed");
        else
            text_addf(&message, "a redirect to %s was not followed; is the endpoint right?",
                      location);
        return text_take(&message, NULL);
    }
    if (call->row != NULL && failure_is_no_route(body, status))
        return failure_no_route(&call->client->allocator, call->row);
    if (call->row != NULL && status == 404)
        return failure_not_found(body, call->row);
    char *message = failure_message(body, status, transfer_header(&call->transfer, "content-type"));
    return status == 401 && !call->foreign.active ? name_credential(call, message) : message;
}

/* Keeps the message for people. False if out of memory. */
static bool keep_message(promptic_call *call, const char *words) {
    if (words != NULL)
        call->message = call_clean_copy(call, words, FAILURE_MAX_MESSAGE);
    call->result.message = call->message;
    return call->message != NULL;
}

/* For a response that has no code of its own: the library's, if it knows one. */
static void set_own_code(promptic_call *call, int status, const failure_body *body) {
    if (status >= 300 && status < 400)
        call->result.code = "redirect";
    else if (call->row != NULL && failure_is_no_route(body, status))
        call->result.code = "no_route";
    else if (call->row != NULL && failure_is_wrong_id(body, status))
        call->result.code = "wrong_id";
}

/* Takes message and code from the response. False if out of memory. */
static bool read_failure(promptic_call *call, int status) {
    const struct text *bytes = &call->transfer.inflow.body;
    failure_body body;
    bool fine = failure_body_read(&body, &call->client->allocator, bytes->data, bytes->length);
    char *message = fine ? api_message(call, status, &body) : NULL;
    fine = keep_message(call, message) && failure_code(&body, &call->code);
    call->result.code = call->code;
    if (call->code == NULL)
        set_own_code(call, status, &body);
    memory_free(&call->client->allocator, message);
    failure_body_free(&body);
    return fine;
}

static void fail_with(promptic_call *call, const transfer_outcome *outcome, double retry_after) {
    promptic_result *result = &call->result;
    struct text *body = &call->transfer.inflow.body;
    bool is_api = outcome->kind == PROMPTIC_OK;
    text_cut(body, (size_t)INFLOW_FAILURE_BYTES);
    call_hide(call, body->data, body->length);
    result->kind = is_api ? PROMPTIC_API_ERROR : outcome->kind;
    result->code = outcome->code;
    result->status = outcome->status;
    result->retry_after = retry_after;
    if (!(is_api ? read_failure(call, outcome->status) : keep_message(call, outcome->message)))
        call_lose_response(call);
    call_end(call);
}

/* How long until the next attempt, in seconds; negative if there is none. */
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

static void settle_success(promptic_call *call, const transfer_outcome *outcome) {
    call_log(call, PROMPTIC_LOG_DEBUG, "%s %s: %d (attempt %d, %s connection)", call->method,
             call->path, outcome->status, call->attempts, outcome->reused ? "reused" : "new");
    if (outcome->status == 404 && !call->takes_any_status)
        text_clear(&call->transfer.inflow.body);
    call_succeed(call, outcome->status);
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
        call_log(call, PROMPTIC_LOG_DEBUG, "%s %s: %s (attempt %d)", call->method, call->path,
                 reason, call->attempts);
        fail_with(call, outcome, attempt.retry_after);
        return;
    }
    char seconds[NUMBER_SIZE];
    call_log(call, PROMPTIC_LOG_WARNING, "%s %s: %s; attempt %d follows in %s s", call->method,
             call->path, reason, call->attempts + 1, number_text(seconds, delay, 3));
    call->state = CALL_WAITING;
    call->distrusts = attempt.kind != PROMPTIC_API_ERROR || attempt.status == 408;
    call->job.timer.due_ms = clock_after(clock_now_ms(), delay);
    loop_schedule(call->client->loop, &call->job);
}

void call_settle(promptic_call *call, const transfer_outcome *outcome) {
    if (is_success(call, outcome))
        settle_success(call, outcome);
    else
        settle_failure(call, outcome);
}
