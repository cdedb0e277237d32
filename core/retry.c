#include "retry.h"

#include "ascii.h"

#include <curl/curl.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A Retry-After of more seconds than this (a year or so) is read as this many. */
#define LARGEST_AFTER 4e7

/* ---------------------------------------------------------------- decision */

bool retry_declares_unprocessed(int status, double retry_after) {
    static const short declaring[] = {301, 302, 307, 308, 421, 422, 426, 428, 429, 431, 451};
    if (status == 503)
        return retry_after >= 0;
    if (status >= 400 && status <= 417)
        return true;
    for (size_t i = 0; i < sizeof declaring / sizeof *declaring; i++)
        if (declaring[i] == status)
            return true;
    return false;
}

bool retry_is_passing(promptic_kind kind, int status) {
    return kind == PROMPTIC_CONNECTION || kind == PROMPTIC_TIMEOUT || status == 408 ||
           status == 429 || status >= 500;
}

static bool response_allows(const retry_attempt *attempt) {
    switch (attempt->status) {
    case 408: /* not received completely, so not processed (RFC 9110 15.5.9) */
    case 429: /* refused before anything was done (RFC 6585 4) */
        return true;
    case 503:
        return attempt->repeatable || attempt->retry_after >= 0;
    case 500:
    case 502:
    case 504:
        return attempt->repeatable;
    default:
        return false;
    }
}

bool retry_allowed(const retry_attempt *attempt) {
    switch (attempt->kind) {
    case PROMPTIC_API_ERROR:
        return attempt->retry_after <= RETRY_LONGEST_AFTER && response_allows(attempt);
    case PROMPTIC_CONNECTION:
    case PROMPTIC_TIMEOUT:
        return attempt->repeatable || attempt->never_sent;
    default:
        return false;
    }
}

/* ------------------------------------------------------------------- delay */

/* splitmix64, by Sebastiano Vigna: a generator whose state is one word and may start anywhere. */
static uint64_t next_random(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* Evenly from 0 to below 1: the 53 bits that a double holds. */
static double next_fraction(uint64_t *state) {
    return (double)(next_random(state) >> 11) / 9007199254740992.0;
}

double retry_delay(int attempt, double base, double retry_after, uint64_t *random_state) {
    if (retry_after >= 0)
        return retry_after < RETRY_LONGEST_AFTER ? retry_after : RETRY_LONGEST_AFTER;
    double bound = base > 0 ? base : 0;
    for (int i = 1; i < attempt && bound > 0 && bound < RETRY_LONGEST_BACKOFF; i++)
        bound *= 2;
    if (bound > RETRY_LONGEST_BACKOFF)
        bound = RETRY_LONGEST_BACKOFF;
    return bound * next_fraction(random_state);
}

uint64_t retry_seed(void) {
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_REALTIME, &now);
    /* The time differs between loops; the process id and the stack's random address differ between
     * processes that began in the same instant. */
    uint64_t state = (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
    state ^= (uint64_t)getpid() << 40;
    state ^= (uint64_t)(uintptr_t)&now << 16;
    return next_random(&state);
}

/* ------------------------------------------------------------- Retry-After */

/* The seconds that stand at *at, without strtod, whose decimal point depends on the locale. */
static double read_seconds(const char **at) {
    double seconds = 0;
    for (; ascii_is_digit(**at); ++*at)
        if (seconds < LARGEST_AFTER)
            seconds = seconds * 10 + (**at - '0');
    if (**at == '.' && ascii_is_digit((*at)[1])) {
        double unit = 0.1;
        for (++*at; ascii_is_digit(**at); ++*at, unit /= 10)
            seconds += unit * (**at - '0');
    }
    return seconds < LARGEST_AFTER ? seconds : LARGEST_AFTER;
}

/* The HTTP date at `at`, or -1. It begins with the day of the week; libcurl's reader would also
 * take "Z" or "5". */
static time_t read_date(const char *at) {
    if (at == NULL || strlen(at) < sizeof "Sun Nov  6 08:49:37 1994" - 1 ||
        strchr("MTWFS", *at) == NULL)
        return (time_t)-1;
    return curl_getdate(at, NULL);
}

double retry_after_seconds(const char *value, const char *date) {
    static const char space[] = " \t";
    if (value == NULL)
        return -1;
    const char *at = value + strspn(value, space);
    if (ascii_is_digit(*at)) {
        double seconds = read_seconds(&at);
        at += strspn(at, space);
        return *at == '\0' ? seconds : -1;
    }
    time_t then = read_date(at), now = read_date(date);
    if (then == (time_t)-1)
        return -1;
    double seconds = difftime(then, now != (time_t)-1 ? now : time(NULL));
    return seconds < 0 ? 0 : seconds < LARGEST_AFTER ? seconds : LARGEST_AFTER;
}
