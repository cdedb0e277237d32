/*
 * threads.c - eight threads, each with loops, clients and calls of its own, share nothing but the
 * library; another thread, and a signal handler, wake each of the loops all the time. To be built
 * with ThreadSanitizer, which ends it with another status where they do.
 *
 *   threads URL
 */
#include "driver.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#define THREADS 8
#define ROUNDS 6
#define CALLS 12

static const char *url;
static pthread_barrier_t start;
static atomic_size_t ended_calls;

typedef struct round {
    driver driver;
    promptic_client *clients[2];
    size_t ended;
} round_state;

static void note(promptic_call *call, void *userdata) {
    round_state *r = userdata;
    const promptic_result *result = promptic_call_result(call);
    CHECK(result->kind == PROMPTIC_OK || result->kind == PROMPTIC_CANCELLED ||
          (result->kind == PROMPTIC_API_ERROR && result->status == 404));
    r->ended++;
    promptic_call_free(call);
}

static void on_log(promptic_log_level level, const char *text, void *userdata) {
    size_t *lines = userdata;
    CHECK(text[0] != '\0' && level <= PROMPTIC_LOG_WARNING);
    ++*lines;
}

/* An allocator that no other thread may touch the count of. */
static void *reallocate(void *userdata, void *block, size_t size) {
    long *blocks = userdata;
    *blocks += (block == NULL) - (size == 0);
    if (size > 0)
        return realloc(block, size);
    free(block);
    return NULL;
}

static void submit_all(round_state *r) {
    static atomic_uint id;
    const char *const paths[] = {"/quick", "/flaky", "/wrong", "/large", "/silent", "/close"};
    for (size_t i = 0; i < CALLS; i++) {
        char number[16];
        promptic_error error;
        const promptic_pair query = {"id", number};
        const promptic_request request = {.size = sizeof(promptic_request),
                                          .method = "GET",
                                          .path = paths[i % 6],
                                          .query = &query,
                                          .query_count = 1};
        snprintf(number, sizeof number, "t%u", atomic_fetch_add(&id, 1));
        promptic_call *call = promptic_submit(r->clients[i % 2], &request, note, r, &error);
        if (CHECK(call != NULL) && i % 6 == 4)
            promptic_call_cancel(call);
    }
}

/* ------------------------------------------------------------------- waking */

/* What wakes a loop: a thread, by itself and by a signal to the loop's own. */
typedef struct waker {
    promptic_loop *loop;
    pthread_t thread, target;
    atomic_bool stops;
    size_t wakes;
} waker;

static _Thread_local promptic_loop
    *_Atomic own_loop; /* that a signal handler of this thread wakes */

static void on_signal(int number) {
    promptic_loop *loop = own_loop;
    (void)number;
    if (loop != NULL)
        promptic_wake(loop);
}

static void *keep_waking(void *userdata) {
    const struct timespec moment = {0, 200000};
    waker *w = userdata;
    for (; !w->stops; w->wakes++) {
        promptic_wake(w->loop);
        pthread_kill(w->target, SIGUSR1);
        nanosleep(&moment, NULL);
    }
    return NULL;
}

static void start_waking(waker *w, promptic_loop *loop) {
    *w = (waker){.loop = loop, .target = pthread_self()};
    own_loop = loop;
    CHECK(pthread_create(&w->thread, NULL, keep_waking, w) == 0);
}

static void stop_waking(waker *w) {
    w->stops = true;
    pthread_join(w->thread, NULL);
    own_loop = NULL;
    CHECK(w->wakes > 0);
}

/* A loop from its beginning to its end. */
static void play(driver_kind kind) {
    round_state r = {.ended = 0};
    waker waker;
    promptic_error error;
    size_t count, lines = 0;
    long blocks = 0;
    promptic_options options = options_for(url);
    options.log = on_log;
    options.log_userdata = &lines;
    options.allocator = (promptic_allocator){reallocate, &blocks};
    driver_open(&r.driver, kind);
    start_waking(&waker, r.driver.loop);
    for (size_t i = 0; i < 2; i++)
        CHECK((r.clients[i] = promptic_client_new(r.driver.loop, &options, &error)) != NULL);
    CHECK(promptic_endpoints(&count) == promptic_endpoint_find("get_workspace") && count > 40);
    submit_all(&r);
    CHECK(driver_until(&r.driver, &r.ended, CALLS));
    for (size_t i = 0; i < 2; i++)
        promptic_client_free(r.clients[i]);
    stop_waking(&waker);
    driver_close(&r.driver);
    CHECK(blocks == 0 && lines > 0);
    atomic_fetch_add(&ended_calls, r.ended);
}

static void *run(void *unused) {
    pthread_barrier_wait(&start); /* so that all are the first to use libcurl */
    for (int i = 0; i < ROUNDS; i++)
        play((driver_kind)(i % DRIVER_KINDS));
    return unused;
}

int main(int count, char **arguments) {
    pthread_t threads[THREADS];
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    if (count != 2 || sigaction(SIGUSR1, &action, NULL) != 0)
        return 2;
    url = arguments[1];
    pthread_barrier_init(&start, NULL, THREADS);
    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, run, NULL) != 0)
            return 2;
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&start);
    CHECK(ended_calls == (size_t)THREADS * ROUNDS * CALLS);
    return report("threads");
}
