/* call_attempt.h - starts the attempts of a call, and ends those that have stalled. */
#ifndef PROMPTIC_CALL_ATTEMPT_H
#define PROMPTIC_CALL_ATTEMPT_H

#include "call.h"

/* What the loop reports of a call's job. */
extern const job_events call_events;

/* Has the call's next attempt begin as soon as the loop has room for it. */
void call_launch(promptic_call *call);

/* When the attempt under way has stalled, unless a byte moves before; its deadline at the latest.
 */
int64_t call_stall_ms(promptic_call *call);

#endif
