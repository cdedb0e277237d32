/* retry_units.c - core/retry.c: what is tried again, when, and what Retry-After says. */
#include "retry.h"

#include "units.h"

#include <stdio.h>
#include <time.h>

/* ---------------------------------------------------------------- decision */

/* Bits of `allowed`, one for each way that a request can be. */
enum { UNSAFE = 1, UNSAFE_UNSENT = 2, SAFE = 4, SAFE_UNSENT = 8 };
#define ALL (UNSAFE | UNSAFE_UNSENT | SAFE | SAFE_UNSENT)
#define EACH_SAFE (SAFE | SAFE_UNSENT)

static const struct {
    promptic_kind kind;
    int status;
    double retry_after;
    int allowed;
} decisions[] = {
    {PROMPTIC_CONNECTION, 0, -1, EACH_SAFE | UNSAFE_UNSENT},
    {PROMPTIC_TIMEOUT, 0, -1, EACH_SAFE | UNSAFE_UNSENT},
    {PROMPTIC_TLS, 0, -1, 0},
    {PROMPTIC_DECODE, 0, -1, 0},
    {PROMPTIC_CANCELLED, 0, -1, 0},
    {PROMPTIC_AUTH, 0, -1, 0},
    {PROMPTIC_CONFIG, 0, -1, 0},
    {PROMPTIC_ARGUMENT, 0, -1, 0},
    {PROMPTIC_MEMORY, 0, -1, 0},
    {PROMPTIC_OK, 503, 1, 0},
    {PROMPTIC_API_ERROR, 408, -1, ALL},
    {PROMPTIC_API_ERROR, 429, -1, ALL},
    {PROMPTIC_API_ERROR, 429, 0, ALL},
    {PROMPTIC_API_ERROR, 429, 59.999, ALL},
    {PROMPTIC_API_ERROR, 429, 60, ALL}, /* the longest that is waited for */
    {PROMPTIC_API_ERROR, 429, 60.001, 0},
    {PROMPTIC_API_ERROR, 429, 4e7, 0},
    {PROMPTIC_API_ERROR, 503, -1, EACH_SAFE},
    {PROMPTIC_API_ERROR, 503, 0, ALL},
    {PROMPTIC_API_ERROR, 503, 60, ALL},
    {PROMPTIC_API_ERROR, 503, 61, 0},
    {PROMPTIC_API_ERROR, 500, -1, EACH_SAFE},
    {PROMPTIC_API_ERROR, 500, 1, EACH_SAFE},
    {PROMPTIC_API_ERROR, 500, 61, 0},
    {PROMPTIC_API_ERROR, 502, -1, EACH_SAFE},
    {PROMPTIC_API_ERROR, 502, 1, EACH_SAFE},
    {PROMPTIC_API_ERROR, 504, -1, EACH_SAFE},
    {PROMPTIC_API_ERROR, 504, 1, EACH_SAFE},
    {PROMPTIC_API_ERROR, 301, -1, 0},
    {PROMPTIC_API_ERROR, 400, 1, 0},
    {PROMPTIC_API_ERROR, 404, -1, 0},
    {PROMPTIC_API_ERROR, 409, -1, 0},
    {PROMPTIC_API_ERROR, 425, -1, 0},
    {PROMPTIC_API_ERROR, 501, -1, 0},
    {PROMPTIC_API_ERROR, 505, 1, 0},
};

static void decide(void) {
    for (size_t i = 0; i < COUNT_OF(decisions); i++)
        for (int way = 0; way < 4; way++) {
            const retry_attempt attempt = {
                .repeatable = way & 2,
                .never_sent = way & 1,
                .kind = decisions[i].kind,
                .status = decisions[i].status,
                .retry_after = decisions[i].retry_after,
            };
            char name[80];
            snprintf(name, sizeof name, "%s %d, Retry-After %g, way %d",
                     promptic_kind_name(attempt.kind), attempt.status, attempt.retry_after, way);
            units_row(name);
            CHECK(retry_allowed(&attempt) == !!(decisions[i].allowed & 1 << way));
        }
    units_row(NULL);
}

/* ------------------------------------------------------------------- delay */

static const struct {
    int attempt;
    double base, bound;
} backoffs[] = {
    {1, 0.5, 0.5}, {2, 0.5, 1},       {3, 0.5, 2}, {4, 0.5, 4}, {5, 0.5, 8},
    {6, 0.5, 8},   {2000000, 0.5, 8}, {1, 0, 0},   {9, 0, 0},   {1, -1, 0},
    {1, 100, 8},   {1, 3, 3},         {2, 3, 6},   {3, 3, 8},
};

/* Evenly between 0 and the bound: each quarter has about a quarter of the draws. */
static void spread(int attempt, double base, double bound) {
    enum { DRAWS = 2000 };
    uint64_t state = 42;
    int quarters[4] = {0};
    for (int i = 0; i < DRAWS; i++) {
        double delay = retry_delay(attempt, base, -1, &state);
        if (!CHECK(delay >= 0 && (bound > 0 ? delay < bound : delay == 0)))
            return;
        if (bound > 0)
            quarters[(int)(delay / bound * 4)]++;
    }
    for (int i = 0; i < 4 && bound > 0; i++)
        CHECK(quarters[i] > DRAWS / 5 && quarters[i] < DRAWS / 3);
}

static void delay(void) {
    uint64_t state = 1, other = 2;
    for (size_t i = 0; i < COUNT_OF(backoffs); i++)
        spread(backoffs[i].attempt, backoffs[i].base, backoffs[i].bound);
    CHECK(retry_delay(1, 0.5, 0, &state) == 0);
    CHECK(retry_delay(5, 0.5, 7.25, &state) == 7.25);
    CHECK(retry_delay(1, 0.5, 60, &state) == 60);
    CHECK(retry_delay(1, 0.5, 1e9, &state) == RETRY_LONGEST_AFTER);
    CHECK(state == 1); /* nothing was drawn */
    CHECK(retry_delay(1, 0.5, -1, &state) != retry_delay(1, 0.5, -1, &state));
    CHECK(retry_delay(1, 0.5, -1, &state) != retry_delay(1, 0.5, -1, &other));
    CHECK(retry_seed() != retry_seed());
}

/* ------------------------------------------------------------- Retry-After */

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"

static const struct {
    const char *value, *date;
    double seconds; /* -1: not readable */
} headers[] = {
    {NULL, NULL, -1},
    {NULL, DATE, -1},
    {"", NULL, -1},
    {" \t", NULL, -1},
    {"0", NULL, 0},
    {"60", NULL, 60},
    {"60", DATE, 60},
    {"061", NULL, 61},
    {" \t7\t ", NULL, 7},
    {"1.5", NULL, 1.5},
    {"0.25", NULL, 0.25},
    {"1.", NULL, -1},
    {".5", NULL, -1},
    {"1,5", NULL, -1},
    {"1.5.5", NULL, -1},
    {"1e3", NULL, -1},
    {"0x10", NULL, -1},
    {"-1", NULL, -1},
    {"+1", NULL, -1},
    {"1 2", NULL, -1},
    {"1s", NULL, -1},
    {"nan", NULL, -1},
    {"inf", NULL, -1},
    {"40000000", NULL, 4e7},
    {"40000001", NULL, 4e7},
    {"99999999999999999999999999999999999999999999999999", NULL, 4e7},
    {"Sun, 06 Nov 1994 08:49:37 GMT", DATE, 0},
    {"Sun, 06 Nov 1994 08:50:37 GMT", DATE, 60},
    {" Sun, 06 Nov 1994 08:50:37 GMT", DATE, 60},
    {"Sun, 06 Nov 1994 08:50:38 GMT", DATE, 61},
    {"Sun, 06 Nov 1994 08:49:36 GMT", DATE, 0}, /* it has passed */
    {"Sunday, 06-Nov-94 08:49:47 GMT", DATE, 10},
    {"Sun Nov  6 08:49:47 1994", DATE, 10},
    {"Thu, 01 Jan 2037 00:00:00 GMT", DATE, 4e7},
    {"Sun, 06 Nov 1994 08:49:37 GMT", NULL, 0},
    {"Thu, 01 Jan 2037 00:00:00 GMT", NULL, 4e7},
    {"Thu, 01 Jan 2037 00:00:00 GMT", "yesterday", 4e7},
    {"Sun, 06 Nov 2044", DATE, -1}, /* what libcurl reads is more than HTTP knows */
    {"06 Nov 1994 08:50:37 +0000", DATE, -1},
    {"Sun, 06 Nov", DATE, -1},
    {"Nov  6 1994, at 08:49:47 GMT", DATE, -1},
    {"Nov  6 08:49:47 1994 GMT", DATE, -1},
    {"tomorrow at the same time of the day", DATE, -1},
    {"Z", DATE, -1},
    {"Some other day in November, at noon", DATE, -1},
};

static void read_headers(void) {
    for (size_t i = 0; i < COUNT_OF(headers); i++) {
        double seconds = retry_after_seconds(headers[i].value, headers[i].date);
        double difference = seconds - headers[i].seconds;
        units_row(headers[i].value);
        CHECK(headers[i].seconds < 0 ? seconds < 0 : difference < 1e-9 && difference > -1e-9);
    }
    units_row(NULL);
}

/* Without a Date a date is counted from this machine's clock. */
static void read_without_date(void) {
    char value[64];
    time_t then = time(NULL) + 30;
    struct tm parts;
    gmtime_r(&then, &parts);
    strftime(value, sizeof value, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    double seconds = retry_after_seconds(value, NULL);
    CHECK(seconds >= 20 && seconds <= 30);
    seconds = retry_after_seconds(value, "no date");
    CHECK(seconds >= 20 && seconds <= 30);
}

static void pass(void) {
    CHECK(retry_is_passing(PROMPTIC_CONNECTION, 0) && retry_is_passing(PROMPTIC_TIMEOUT, 0));
    CHECK(!retry_is_passing(PROMPTIC_TLS, 0) && !retry_is_passing(PROMPTIC_CANCELLED, 0));
    static const int passing[] = {408, 429, 500, 501, 503, 599},
                     lasting[] = {200, 400, 404, 407, 409, 428, 430, 499};
    for (size_t i = 0; i < COUNT_OF(passing); i++)
        CHECK(retry_is_passing(PROMPTIC_API_ERROR, passing[i]));
    for (size_t i = 0; i < COUNT_OF(lasting); i++)
        CHECK(!retry_is_passing(PROMPTIC_API_ERROR, lasting[i]));
}

void units_retry(void) {
    pass();
    decide();
    delay();
    read_headers();
    read_without_date();
}
