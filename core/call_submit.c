/* call_submit.c - how a call begins: its request is checked, copied and launched. */
#include "call.h"
#include "call_attempt.h"
#include "client.h"
#include "clock.h"
#include "failure.h"
#include "loop.h"
#include "request.h"

#include <stdio.h>
#include <string.h>

static promptic_kind check(const promptic_client *client, const promptic_request *request,
                           const promptic_endpoint *row, promptic_error *error) {
    loop_check_process(client->loop);
    if (client->closed)
        return failure_set_code(error, PROMPTIC_CANCELLED, "client_closed", "the client is closed");
    if (request->endpoint != NULL && row == NULL)
        return failure_set(error, PROMPTIC_ARGUMENT, "there is no endpoint '%s'",
                           request->endpoint);
    if (client->config.credential == NULL && row != NULL)
        return failure_set_code(error, PROMPTIC_AUTH, "no_credential",
                                "%s needs a credential, and the client has none", row->name);
    if (request->url != NULL)
        return PROMPTIC_OK;
    if (client->config.is_session && client->config.application_id == NULL &&
        !(row != NULL && row->without_workspace))
        return failure_set_code(error, PROMPTIC_AUTH, "no_application",
                                "a session token needs an AI Application: set ai_application_id, "
                                "PROMPTIC_AI_APPLICATION_ID or ai_application_id in "
                                "~/.promptic/config.toml (its older name is workspace_id)");
    return PROMPTIC_OK;
}

static void set_method(promptic_call *call, const promptic_request *request,
                       const promptic_endpoint *row) {
    call->row = row;
    if (row != NULL) {
        call->method = row->verb;
        call->repeatable = row->repeatable;
        return;
    }
    snprintf(call->raw_method, sizeof call->raw_method, "%s", request->method);
    call->method = call->raw_method;
    static const char *const repeatable[] = {"GET", "DELETE", "HEAD", "OPTIONS"};
    for (size_t i = 0; i < sizeof repeatable / sizeof *repeatable; i++)
        call->repeatable = call->repeatable || strcmp(call->method, repeatable[i]) == 0;
}

/* Copies the body, or takes it over. False if out of memory. */
static bool set_body(promptic_call *call, const promptic_request *request) {
    if (request->body == NULL)
        return true;
    call->body_length = request->body_length;
    call->body_free = request->body_free;
    call->body = request->body;
    if (request->body_free != NULL)
        return true;
    call->body = text_copy(&call->client->allocator, request->body, request->body_length);
    return call->body != NULL;
}

static promptic_call *new_call(promptic_client *client) {
    promptic_call *call =
        loop_reserve(client->loop) ? memory_new(&client->allocator, sizeof *call) : NULL;
    if (call == NULL)
        return NULL;
    call->client = client;
    client_retain(client);
    list_init(&call->client_link);
    call->state = CALL_DONE; /* until it has begun */
    call->result.retry_after = -1;
    transfer_init(&call->transfer, &client->allocator);
    job_init(&call->job, &call_events, &call->transfer);
    return call;
}

static void set_limits(promptic_call *call, const promptic_limits *limits) {
    promptic_limits given = {.size = sizeof(promptic_limits), .max_retries = -1};
    call->limits = call->client->limits;
    if (limits == NULL)
        return;
    memory_take_struct(&given, sizeof given, limits);
    if (given.timeout > 0)
        call->limits.timeout = given.timeout;
    if (given.deadline > 0)
        call->limits.deadline = given.deadline;
    if (given.max_retries >= 0)
        call->limits.max_retries = given.max_retries;
    if (given.max_response_bytes > 0)
        call->limits.max_response_bytes = given.max_response_bytes;
}

static void begin(promptic_call *call) {
    promptic_client *client = call->client;
    if (call->foreign.active)
        client->loop->uses_tls = true;
    call->submitted_ms = clock_now_ms();
    call->deadline_ms = clock_after(call->submitted_ms, call->limits.deadline);
    list_append(&client->calls, &call->client_link);
    client->loop->unfinished++;
    call_launch(call);
    loop_notify_timer(client->loop);
}

static promptic_kind open_foreign(promptic_call *call, const promptic_request *request,
                                  promptic_error *error) {
    const foreign_origin origin = {.allocator = &call->client->allocator,
                                   .endpoint = call->client->config.endpoint,
                                   .base = call->client->base,
                                   .is_anonymous = call->client->config.credential == NULL};
    call->takes_any_status = origin.is_anonymous;
    return foreign_open(&origin, request, &call->foreign, &call->url, &call->path, error);
}

static promptic_call *submit(promptic_client *client, const promptic_request *request,
                             promptic_done_fn done, void *userdata, promptic_error *error) {
    const promptic_endpoint *row = request->row;
    if (row == NULL && request->endpoint != NULL)
        row = promptic_endpoint_find(request->endpoint);
    promptic_call *call = NULL;
    promptic_kind kind = check(client, request, row, error);
    if (kind == PROMPTIC_OK && (call = new_call(client)) == NULL)
        kind = failure_memory(error);
    if (kind == PROMPTIC_OK && request->url != NULL)
        kind = open_foreign(call, request, error);
    else if (kind == PROMPTIC_OK)
        kind = request_url(&client->allocator, client->base, request, row, &call->url, &call->path,
                           error);
    if (kind != PROMPTIC_OK || !set_body(call, request)) {
        if (request->body != NULL && request->body_free != NULL &&
            (call == NULL || call->body == NULL))
            request->body_free(request->body);
        if (kind == PROMPTIC_OK)
            failure_memory(error);
        promptic_call_free(call);
        return NULL;
    }
    set_method(call, request, row);
    set_limits(call, request->limits);
    call->on_body = request->on_body;
    call->body_userdata = request->body_userdata;
    call->max_bytes = request->max_bytes;
    call->is_patient = request->is_patient;
    call->is_stream = request->is_stream;
    call->log = request->log != NULL ? request->log : client->log;
    call->log_userdata = request->log != NULL ? request->log_userdata : client->log_userdata;
    call->done = done;
    call->userdata = userdata;
    begin(call);
    return call;
}

promptic_call *promptic_submit(promptic_client *client, const promptic_request *given,
                               promptic_done_fn done, void *userdata, promptic_error *error) {
    promptic_request request = {.size = 0};
    if (given->size == 0 || (given->limits != NULL && given->limits->size == 0)) {
        failure_set(error, PROMPTIC_ARGUMENT, "%s has no size: set it to its sizeof",
                    given->size == 0 ? "request" : "limits");
        return NULL;
    }
    memory_take_struct(&request, sizeof request, given);
    return submit(client, &request, done, userdata, error);
}
