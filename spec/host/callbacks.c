/*
 * callbacks.c - what a callback may do: submit, cancel, wait, free, close; under each kind of host.
 *
 *   callbacks URL
 */
#include "driver.h"

#include <limits.h>
#include <stdlib.h>

typedef struct scene {
    const char *url;
    driver driver;
    promptic_client *client;
    promptic_call *other;
    size_t ended; /* callbacks that have run */
} scene;

static const promptic_request quick = {
    .size = sizeof(promptic_request), .method = "GET", .path = "/quick"};
static const promptic_request slow = {
    .size = sizeof(promptic_request), .method = "GET", .path = "/slow"};
static const promptic_request silent = {
    .size = sizeof(promptic_request), .method = "GET", .path = "/silent"};

static promptic_call *submit(scene *s, const promptic_request *request, promptic_done_fn done) {
    promptic_error error;
    promptic_call *call = promptic_submit(s->client, request, done, s, &error);
    CHECK(call != NULL);
    return call;
}

static void expect(const promptic_call *call, promptic_kind kind) {
    const promptic_result *result = promptic_call_result(call);
    if (CHECK(result != NULL) && !CHECK(result->kind == kind))
        fprintf(stderr, "... %s: %s\n", promptic_kind_name(result->kind), result->message);
}

static void free_ended(promptic_call *call, void *userdata) {
    scene *s = userdata;
    expect(call, PROMPTIC_OK);
    s->ended++;
    promptic_call_free(call);
}

static void note_cancelled(promptic_call *call, void *userdata) {
    scene *s = userdata;
    expect(call, PROMPTIC_CANCELLED);
    s->ended++;
}

static void must_not_run(promptic_call *call, void *userdata) {
    (void)call, (void)userdata;
    CHECK(!"the callback of a freed call ran");
}

/* ------------------------------------------------------------------ scenes */

/* Each call submits the next and frees itself. */
static void submit_next(promptic_call *call, void *userdata) {
    scene *s = userdata;
    free_ended(call, s);
    if (s->ended < 20)
        submit(s, &quick, submit_next);
}

static void chain(scene *s) {
    submit(s, &quick, submit_next);
    CHECK(driver_until(&s->driver, &s->ended, 20));
}

/* More than can be under way at a time, with retries and errors among them. */
static void note_any(promptic_call *call, void *userdata) {
    scene *s = userdata;
    CHECK(promptic_call_result(call)->status != 0);
    s->ended++;
    promptic_call_free(call);
}

static void many(scene *s) {
    static unsigned id;
    char number[16];
    const char *const paths[] = {"/quick", "/slow", "/flaky", "/wrong", "/large", "/close"};
    const promptic_pair query = {"id", number};
    for (size_t i = 0; i < 180; i++) {
        promptic_request request = {
            .size = sizeof(promptic_request), .method = "GET", .path = paths[i % 6]};
        snprintf(number, sizeof number, "c%u", id++);
        request.query = &query;
        request.query_count = 1;
        submit(s, &request, note_any);
    }
    CHECK(driver_until(&s->driver, &s->ended, 180));
}

/* The first to end cancels another, whose callback is told so. */
static void cancel_other(promptic_call *call, void *userdata) {
    scene *s = userdata;
    promptic_call_cancel(s->other);
    promptic_call_cancel(s->other);
    expect(s->other, PROMPTIC_CANCELLED);
    free_ended(call, s);
}

static void cancel_within(scene *s) {
    s->other = submit(s, &silent, note_cancelled);
    submit(s, &quick, cancel_other);
    CHECK(driver_until(&s->driver, &s->ended, 2));
    promptic_call_free(s->other);
}

/* Seconds after which libcurl has no timer left that would wake a host by chance: the one for
 * trying a second address runs for 200 ms. */
#define CALM 0.3

/* Cancelled between two turns: the host must be woken for the callback. */
static void cancel_between(scene *s) {
    size_t ended = s->ended;
    promptic_call *call = submit(s, &silent, note_cancelled);
    driver_for(&s->driver, CALM);
    promptic_call_cancel(call);
    CHECK(s->ended == ended); /* not before the next step */
    double start = seconds_now();
    CHECK(driver_until(&s->driver, &s->ended, ended + 1));
    CHECK(seconds_now() - start < 0.5);
    promptic_call_free(call);
}

/* A hundred calls that nobody answers are in the way of the others, until they are freed. */
static void make_room(scene *s) {
    promptic_call *calls[100];
    for (size_t i = 0; i < 100; i++)
        calls[i] = submit(s, &silent, must_not_run);
    driver_for(&s->driver, CALM);
    submit(s, &quick, free_ended);
    CHECK(s->ended == 0);
    for (size_t i = 0; i < 100; i++)
        promptic_call_free(calls[i]);
    double start = seconds_now();
    CHECK(driver_until(&s->driver, &s->ended, 1));
    CHECK(seconds_now() - start < 2);
}

/* Of two calls that end in one step the first frees the other, which is never heard of. */
static void free_other(promptic_call *call, void *userdata) {
    scene *s = userdata;
    expect(call, PROMPTIC_CANCELLED);
    expect(s->other, PROMPTIC_CANCELLED);
    promptic_call_free(s->other);
    promptic_call_free(call);
    s->ended++;
}

static void free_within(scene *s) {
    promptic_call *first = submit(s, &silent, free_other);
    s->other = submit(s, &silent, must_not_run);
    promptic_call_cancel(first);
    promptic_call_cancel(s->other);
    CHECK(driver_until(&s->driver, &s->ended, 1));
}

/* Blocks inside the callback, for a call of its own and for all others. */
static void wait_within(promptic_call *call, void *userdata) {
    scene *s = userdata;
    promptic_call *mine = submit(s, &slow, NULL);
    CHECK(promptic_call_wait(mine, DRIVER_SECONDS * 1000));
    expect(mine, PROMPTIC_OK);
    promptic_call_free(mine);
    submit(s, &slow, free_ended);
    CHECK(promptic_flush(s->driver.loop, DRIVER_SECONDS * 1000) == 0);
    CHECK(s->ended == 2);
    free_ended(call, s);
}

static void block(scene *s) {
    submit(s, &quick, wait_within);
    submit(s, &quick, free_ended);
    CHECK(driver_until(&s->driver, &s->ended, 3));
}

/* For as long as a number can say. */
static void wait_long(scene *s) {
    promptic_call *mine = submit(s, &slow, NULL);
    CHECK(promptic_call_wait(mine, LONG_MAX));
    promptic_call_free(mine);
    submit(s, &slow, free_ended);
    CHECK(promptic_flush(s->driver.loop, LONG_MAX) == 0);
    CHECK(s->ended == 1);
}

static size_t freed_bodies;

static void free_body(void *body) {
    CHECK(body != NULL);
    free(body);
    freed_bodies++;
}

/* A body is the library's also where the request is refused; none is none. */
static void refuse(scene *s) {
    promptic_error error;
    promptic_request request = {.size = sizeof(promptic_request),
                                .method = "POST",
                                .path = "no slash",
                                .body_free = free_body};
    freed_bodies = 0;
    CHECK(promptic_submit(s->client, &request, must_not_run, s, &error) == NULL);
    CHECK(error.kind == PROMPTIC_ARGUMENT && freed_bodies == 0);
    request.body = malloc(1);
    request.body_length = 1;
    CHECK(promptic_submit(s->client, &request, must_not_run, s, &error) == NULL);
    CHECK(error.kind == PROMPTIC_ARGUMENT && freed_bodies == 1);
}

/* Closes the client, whose other calls end within that, and then frees all there is. */
static void close_all(promptic_call *call, void *userdata) {
    scene *s = userdata;
    promptic_error error;
    promptic_client_close(s->client);
    CHECK(s->ended == 2);
    CHECK(promptic_submit(s->client, &quick, NULL, NULL, &error) == NULL);
    CHECK(error.kind == PROMPTIC_CANCELLED);
    promptic_client_close(s->client);
    promptic_client_free(s->client);
    s->client = NULL;
    expect(s->other, PROMPTIC_CANCELLED); /* outlives its client */
    promptic_call_free(s->other);
    promptic_loop_free(s->driver.loop);
    s->driver.loop = NULL;
    free_ended(call, s);
}

static void note_and_free(promptic_call *call, void *userdata) {
    note_cancelled(call, userdata);
    promptic_call_free(call);
}

static void close_within(scene *s) {
    s->other = submit(s, &silent, note_cancelled);
    submit(s, &slow, note_and_free);
    submit(s, &quick, close_all);
    double end = seconds_now() + DRIVER_SECONDS;
    while (s->driver.loop != NULL && seconds_now() < end)
        driver_turn(&s->driver, 1000);
    CHECK(s->ended == 3);
}

/* -------------------------------------------------------------------- main */

static void play(const char *url, driver_kind kind, void (*act)(scene *)) {
    scene s = {.url = url};
    promptic_error error;
    promptic_options options = options_for(url);
    driver_open(&s.driver, kind);
    s.client = promptic_client_new(s.driver.loop, &options, &error);
    CHECK(s.client != NULL);
    act(&s);
    promptic_client_free(s.client);
    driver_close(&s.driver);
}

int main(int count, char **arguments) {
    static const struct {
        const char *name;
        void (*act)(scene *);
    } scenes[] = {
        {"chain", chain},
        {"many", many},
        {"cancel_within", cancel_within},
        {"cancel_between", cancel_between},
        {"make_room", make_room},
        {"free_within", free_within},
        {"block", block},
        {"wait_long", wait_long},
        {"refuse", refuse},
        {"close_within", close_within},
    };
    if (count != 2)
        return 2;
    for (driver_kind kind = 0; kind < DRIVER_KINDS; kind++)
        for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
            int failed = failed_checks;
            play(arguments[1], kind, scenes[i].act);
            if (failed_checks > failed)
                fprintf(stderr, "... in scene %s, host %d\n", scenes[i].name, (int)kind);
        }
    return report("callbacks");
}
