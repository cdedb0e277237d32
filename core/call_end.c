#include "call_end.h"

#include "call_words.h"
#include "client.h"
#include "clock.h"
#include "loop.h"

#include <string.h>

/* Longest request id that is kept, in bytes; ids are some 36. */
#define MAX_REQUEST_ID 200

void call_free_request(promptic_call *call) {
    if (call->body_free != NULL)
        call->body_free(call->body);
    else
        memory_free(&call->client->allocator, call->body);
    call->body = NULL;
    call->body_free = NULL;
    memory_free(&call->client->allocator, call->url);
    call->url = NULL;
    foreign_close(&call->client->allocator, &call->foreign);
}

void call_give_handle(promptic_call *call, CURL *easy) {
    client_give_handle(call->client, &call->foreign, easy);
}

void call_take_back(promptic_call *call, CURL *easy) {
    loop_remove(call->client->loop, call->client->pool, easy);
    call_give_handle(call, easy);
}

void call_drop_attempt(promptic_call *call) {
    CURL *easy = call->transfer.easy;
    transfer_drop(&call->transfer);
    call->state = CALL_WAITING;
    call_take_back(call, easy);
}

void call_lose_response(promptic_call *call) {
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
    call->headers = memory_new(&call->client->allocator, count * sizeof *call->headers);
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
    call->result.request_id = call->request_id = call_clean_copy(call, id, MAX_REQUEST_ID);
    return call->request_id != NULL;
}

void call_end(promptic_call *call) {
    promptic_loop *loop = call->client->loop;
    promptic_result *result = &call->result;
    if (!fill_headers(call) || !fill_request_id(call))
        call_lose_response(call);
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
    call_free_request(call);
    loop_unschedule(loop, &call->job);
    list_remove(&call->client_link);
    loop->unfinished--;
    call->state = CALL_DONE;
    if (call->done != NULL)
        loop_announce(loop, &call->job);
}

void call_fail(promptic_call *call, promptic_kind kind, const char *code, const char *message) {
    if (call->state == CALL_ACTIVE) {
        call_drop_attempt(call);
        call->maybe_sent = call->maybe_sent || call->transfer.sent;
    }
    transfer_forget(&call->transfer); /* what may have come was no response to this */
    call->result.kind = kind;
    call->result.code = code;
    call->result.message = message;
    call_end(call);
}

void call_succeed(promptic_call *call, int status) {
    call->result.kind = PROMPTIC_OK;
    call->result.status = status;
    call_end(call);
}
