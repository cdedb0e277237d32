/*
 * retry.h - which failure is tried again, and when. Pure decisions: the caller counts attempts,
 * keeps the deadline and waits. Source of the rules: README.md, "Retry".
 */
#ifndef PROMPTIC_RETRY_H
#define PROMPTIC_RETRY_H

#include "promptic.h"

#include <stdint.h>

/* Seconds. A Retry-After past the first is not waited for: the error is raised instead. The second
 * bounds the backoff however often it has doubled. */
#define RETRY_LONGEST_AFTER 60.0
#define RETRY_LONGEST_BACKOFF 8.0

/* How an attempt has failed. */
typedef struct retry_attempt {
    bool repeatable;    /* of the endpoint, or of the method: GET, DELETE */
    bool never_sent;    /* no byte of the request was sent */
    promptic_kind kind; /* PROMPTIC_API_ERROR if there is a response */
    int status;         /* of the response; used with PROMPTIC_API_ERROR only */
    double retry_after; /* of the response, in seconds; negative if it has none */
} retry_attempt;

/*
 * Whether a status declares that the request had no effect (RFC 9110 15, RFC 6585): 400 to 417,
 * 421, 422, 426, 428, 429, 431, 451, the redirects 301, 302, 307 and 308, 503 with Retry-After. All
 * others leave doubt, also those that only gateways send: 524 means that the origin has the
 * request.
 */
bool retry_declares_unprocessed(int status, double retry_after);

/* Whether the cause of a failure may be gone after a while: no connection, no response in time, or
 * a platform that is away or busy (408, 429, 5xx). status: of the response; 0 if there is none. */
bool retry_is_passing(promptic_kind kind, int status);

/*
 * Whether another attempt may be made.
 *
 *   repeatable      after a connection that failed, a timeout, 408, 429, 500, 502, 503, 504
 *   everything else after a connection that failed or a timeout if nothing was sent; after what
 *                   the server declares unprocessed: 408 (RFC 9110 15.5.9), 429 (RFC 6585 4), 503
 *                   with a Retry-After
 *
 * Never after a Retry-After of more than RETRY_LONGEST_AFTER, nor after the kinds tls, decode,
 * cancelled, memory and the like, which the next attempt would meet again.
 */
bool retry_allowed(const retry_attempt *attempt);

/*
 * Seconds until the next attempt: the Retry-After if there is one (RETRY_LONGEST_AFTER at
 * most), else drawn evenly from 0 to min(RETRY_LONGEST_BACKOFF, base * 2^(attempt - 1)), which is
 * exponential backoff with full jitter.
 *
 *   attempt       the attempt that has failed: 1 is the first
 *   base          seconds: the bound of the first delay
 *   retry_after   seconds, negative if there is none
 *   random_state  of retry_seed, advanced by each call
 */
double retry_delay(int attempt, double base, double retry_after, uint64_t *random_state);

/*
 * The value of a Retry-After header (RFC 9110 10.2.3) in seconds: a number of seconds or an HTTP
 * date. A date is counted from the response's own Date header, so that clocks that differ do no
 * harm; without a readable one from this machine's clock. A date that has passed is 0. Negative
 * if the value is NULL or cannot be read; never NaN or infinite. A fraction of a second, which
 * the RFC does not know but servers send, is understood.
 *
 *   value, date  the two headers of the response, or NULL
 */
double retry_after_seconds(const char *value, const char *date);

/* A start for retry_delay's random numbers that differs between processes and loops. They spread
 * load; nothing secret may be made of them. */
uint64_t retry_seed(void);

#endif
