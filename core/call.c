#include "call.h"

#include "call_attempt.h"
#include "call_end.h"
#include "client.h"
#include "loop_wait.h"

static bool is_done(const void *call) {
    return ((const promptic_call *)call)->state == CALL_DONE;
}

/* Skips the fork check for ended calls: getpid costs a system call each. */
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
    call->job.timer.due_ms = call_stall_ms(call);
    loop_schedule(call->client->loop, &call->job);
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
    curl_easy_getinfo(call->transfer.easy, CURLINFO_RESPONSE_CODE, &status);
    call_drop_attempt(call);
    call_succeed(call, (int)status);
    loop_notify_timer(call->client->loop);
}

void promptic_call_free(promptic_call *call) {
    if (call == NULL)
        return;
    call->done = NULL;
    promptic_call_cancel(call);
    list_remove(&call->job.link);
    call_free_request(call);
    transfer_free(&call->transfer);
    memory_free(&call->client->allocator, call->headers);
    memory_free(&call->client->allocator, call->message);
    memory_free(&call->client->allocator, call->request_id);
    memory_free(&call->client->allocator, call->code);
    memory_free(&call->client->allocator, call->path);
    promptic_client *client = call->client;
    memory_free(&client->allocator, call);
    client_release(client);
}
