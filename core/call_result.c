/* call_result.c - what a caller asks of a call besides its result. */
#include "call.h"
#include "clock.h"

#include <strings.h>

long promptic_call_left_ms(const promptic_call *call) {
    if (call->deadline_ms == CLOCK_NEVER)
        return -1;
    int64_t left_ms = call->deadline_ms - clock_now_ms();
    return left_ms < 0 ? 0 : left_ms > INT32_MAX ? INT32_MAX : (long)left_ms;
}

bool promptic_call_shrink(promptic_call *call, size_t keep, size_t most) {
    struct text *body = &call->transfer.inflow.body;
    promptic_result *result = &call->result;
    if (call->state != CALL_DONE)
        return true;
    text_cut(body, keep);
    bool done = text_shrink(body, most);
    result->body = body->data != NULL ? body->data : "";
    result->body_length = body->length;
    return done;
}

const char *promptic_result_header(const promptic_result *result, const char *name) {
    for (size_t i = 0; i < result->header_count; i++)
        if (strcasecmp(result->headers[i].name, name) == 0)
            return result->headers[i].value;
    return NULL;
}
