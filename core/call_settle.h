/* call_settle.h - what an attempt that has ended means: success, another attempt, or failure. */
#ifndef PROMPTIC_CALL_SETTLE_H
#define PROMPTIC_CALL_SETTLE_H

#include "call.h"

/* Ends the call, or schedules its next attempt. */
void call_settle(promptic_call *call, const transfer_outcome *outcome);

#endif
