/* call_settle.h - decides after an attempt: success, another attempt, or failure. */
#ifndef PROMPTIC_CALL_SETTLE_H
#define PROMPTIC_CALL_SETTLE_H

#include "call.h"

/* Ends the call, or schedules its next attempt. */
void call_settle(promptic_call *call, const transfer_outcome *outcome);

#endif
