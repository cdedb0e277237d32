/* clock.h - monotonic time, which no change of the wall clock moves: in milliseconds, unless a name
 * says something else. */
#ifndef PROMPTIC_CLOCK_H
#define PROMPTIC_CLOCK_H

#include <stdint.h>
#include <time.h>

/* A point in time that never comes. */
#define CLOCK_NEVER INT64_MAX

static inline int64_t clock_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* In microseconds. */
static inline int64_t clock_now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Of any of clock_gettime's clocks, in seconds: CLOCK_REALTIME's are Unix time. */
static inline double clock_seconds_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline double clock_seconds(void) {
    return clock_seconds_of(CLOCK_MONOTONIC);
}

/* clock_now_ms, at most some milliseconds behind: cheaper, for frequent readings. */
static inline int64_t clock_coarse_ms(void) {
#ifdef CLOCK_MONOTONIC_COARSE
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
#else
    return clock_now_ms();
#endif
}

/* The point `seconds` after start; CLOCK_NEVER if that is out of range. Rounds up, so that a
 * positive duration never becomes 0. */
static inline int64_t clock_after(int64_t start, double seconds) {
    if (!(seconds < 1e12))
        return CLOCK_NEVER;
    return start + (int64_t)(seconds * 1000.0 + 0.999);
}

/* The point so many milliseconds after start; CLOCK_NEVER if they are negative. */
static inline int64_t clock_after_ms(int64_t start, long milliseconds) {
    return milliseconds < 0 || milliseconds > CLOCK_NEVER - start ? CLOCK_NEVER
                                                                  : start + milliseconds;
}

#endif
