/* call_end.h - ends a call and its attempts. */
#ifndef PROMPTIC_CALL_END_H
#define PROMPTIC_CALL_END_H

#include "call.h"

/* Gives an easy handle of an attempt back. */
void call_give_handle(promptic_call *call, CURL *easy);

/* Takes the easy handle of an attempt back from libcurl, aborting what it does. */
void call_take_back(promptic_call *call, CURL *easy);

/* Aborts the attempt under way. */
void call_drop_attempt(promptic_call *call);

/* Frees the request of a call that makes no further attempt. */
void call_free_request(promptic_call *call);

/* A response that cannot be returned whole becomes a failure; the request took effect. */
void call_lose_response(promptic_call *call);

/* The call is over: kind, status, message and retry_after of its result are set already. */
void call_end(promptic_call *call);

/* Ends the call as a success with this status. */
void call_succeed(promptic_call *call, int status);

/* Ends the call without a response, aborting the attempt under way. The code is static or NULL; the
 * message is static, or lives as long as the call. */
void call_fail(promptic_call *call, promptic_kind kind, const char *code, const char *message);

#endif
