#include "loop.h"

#include "clock.h"
#include "failure.h"
#include "retry.h"
#include "sigpipe.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* ---------------------------------------------------------------- lifetime */

static CURLcode global_code;

/* A call that is given up during a name lookup leaves that to its thread, which goes on in libcurl
 * for a while: a plugin that is unloaded must not take libcurl, or itself with a libcurl inside,
 * away from it. */
static void pin_libcurl(void) {
    Dl_info info;
    CURLcode (*function)(long) = curl_global_init;
    void *address;
    memcpy(&address, &function, sizeof address); /* no cast between the two is ISO C */
    if (dladdr(address, &info) != 0 && info.dli_fname != NULL)
        dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

static void global_init(void) {
    global_code = curl_global_init(CURL_GLOBAL_DEFAULT);
    pin_libcurl();
}

/* Once a process, and never cleaned up: other code in it may use libcurl as well. */
static CURLcode init_libcurl(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, global_init);
    return global_code;
}

void promptic_loop_options_init(promptic_loop_options *options, size_t size) {
    const promptic_loop_options defaults = {.size = size};
    memcpy(options, &defaults, size < sizeof defaults ? size : sizeof defaults);
}

static promptic_loop *new_loop(const promptic_loop_options *options) {
    promptic_loop *loop = memory_new(&options->allocator, sizeof *loop);
    if (loop == NULL)
        return NULL;
    loop->allocator = options->allocator;
    loop->watch.loop = loop;
    if (!wake_open(&loop->wake)) {
        memory_free(&options->allocator, loop);
        return NULL;
    }
    loop->process = getpid();
    loop->references = 1;
    list_init(&loop->pools);
    list_init(&loop->queued);
    list_init(&loop->ended);
    heap_init(&loop->timers, &loop->allocator);
    loop->random_state = retry_seed();
    return loop;
}

promptic_loop *promptic_loop_new_with(const promptic_loop_options *given, promptic_error *error) {
    promptic_loop_options options;
    promptic_loop_options_init(&options, sizeof options);
    if (given != NULL)
        memory_take_struct(&options, sizeof options, given);
    CURLcode code = options.host_owns_curl ? CURLE_OK : init_libcurl();
    if (code != CURLE_OK) {
        failure_set(error, code == CURLE_OUT_OF_MEMORY ? PROMPTIC_MEMORY : PROMPTIC_CONFIG,
                    "libcurl cannot be initialised: %s", curl_easy_strerror(code));
        return NULL;
    }
    promptic_loop *loop = new_loop(&options);
    if (loop == NULL)
        failure_memory(error);
    return loop;
}

promptic_loop *promptic_loop_new(promptic_error *error) {
    return promptic_loop_new_with(NULL, error);
}

void loop_retain(promptic_loop *loop) {
    loop->references++;
}

void loop_release(promptic_loop *loop) {
    const promptic_allocator allocator = loop->allocator;
    if (--loop->references > 0)
        return;
    wake_close(&loop->wake);
    heap_free(&loop->timers);
    memory_free(&allocator, loop);
}

void promptic_loop_free(promptic_loop *loop) {
    if (loop == NULL)
        return;
    loop_check_process(loop);
    loop_release(loop);
}

/* ------------------------------------------------------------------- fork */

/* The unfinished job that is due first, or NULL. */
static struct job *first_due(const promptic_loop *loop) {
    heap_timer *timer = heap_first(&loop->timers);
    return timer != NULL ? LIST_ENTRY(timer, struct job, timer) : NULL;
}

static void start_afresh(promptic_loop *loop) {
    loop->process = getpid();
    loop->generation++;
    wake_close(&loop->wake); /* else a wake here would be one of the parent */
    wake_open(&loop->wake);  /* -1 if that fails, which poll(2) skips */
    loop->random_state = retry_seed();
    for (list_link *link = loop->pools.next; link != &loop->pools; link = link->next)
        pool_abandon(LIST_ENTRY(link, struct pool, link));
    loop->running = 0;
    for (struct job *job; (job = first_due(loop)) != NULL;)
        job->events->abandoned(job);
}

void loop_check_process(promptic_loop *loop) {
    if (loop->process != getpid())
        start_afresh(loop);
}

/* ------------------------------------------------------------------- pools */

/* The job whose attempt this is; NULL of a handle without one. */
static struct job *job_of(CURL *easy) {
    struct job *job = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &job);
    return job;
}

/* A pool_moved_fn. */
static void note_moved(void *owner, CURL *easy, int socket) {
    struct job *job = job_of(easy);
    (void)owner;
    if (job != NULL)
        transfer_note_moved(job->transfer, socket);
}

struct pool *loop_new_pool(promptic_loop *loop) {
    struct pool *pool =
        pool_new(&loop->allocator, LOOP_MAX_RUNNING, watch_report, note_moved, &loop->watch);
    if (pool != NULL)
        list_append(&loop->pools, &pool->link);
    return pool;
}

void loop_free_pool(promptic_loop *loop, struct pool *pool) {
    sigpipe_guard guard;
    sigpipe_block(&guard, loop->uses_tls); /* as in loop_remove */
    pool_free(pool);
    sigpipe_restore(&guard);
}

/* ------------------------------------------------------------------ timers */

bool loop_reserve(promptic_loop *loop) {
    return heap_reserve(&loop->timers, loop->unfinished + 1);
}

void loop_schedule(promptic_loop *loop, struct job *job) {
    heap_set(&loop->timers, &job->timer);
}

void loop_unschedule(promptic_loop *loop, struct job *job) {
    heap_remove(&loop->timers, &job->timer);
    list_remove(&job->link);
}

/* ---------------------------------------------------------------- stepping */

static bool may_launch(const promptic_loop *loop) {
    return loop->running < LOOP_MAX_RUNNING && loop->launched < LOOP_MAX_LAUNCHES;
}

static void begin_attempt(promptic_loop *loop, struct job *job) {
    loop->launched++;
    if (job->events->begin(job))
        loop_schedule(loop, job);
}

void loop_launch(promptic_loop *loop, struct job *job) {
    if (!may_launch(loop) || !list_is_empty(&loop->queued)) {
        loop_schedule(loop, job);
        list_append(&loop->queued, &job->link);
    } else {
        begin_attempt(loop, job);
    }
}

void loop_remove(promptic_loop *loop, struct pool *pool, CURL *easy) {
    sigpipe_guard guard;
    loop->running--;
    if (loop->stepping) {
        pool_remove(pool, easy);
        return;
    }
    sigpipe_block(&guard, loop->uses_tls); /* closing a TLS connection writes close_notify */
    watch_begin(&loop->watch, &loop->pools);
    pool_remove(pool, easy);
    watch_end(&loop->watch, &loop->pools);
    sigpipe_restore(&guard);
}

void loop_announce(promptic_loop *loop, struct job *job) {
    list_append(&loop->ended, &job->link);
}

/* Takes the first job out of a list that is not empty. */
static struct job *take_first(list_link *list) {
    struct job *first = LIST_ENTRY(list->next, struct job, link);
    list_remove(&first->link);
    return first;
}

void loop_dispatch(promptic_loop *loop) {
    while (!list_is_empty(&loop->ended)) {
        struct job *job = take_first(&loop->ended);
        job->events->report(job);
    }
}

static void collect_ended_attempts(struct pool *pool) {
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(pool->handles->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        struct job *job = job_of(message->easy_handle);
        if (transfer_note_end(job->transfer, message->data.result))
            job->events->ended(job, message->data.result);
    }
}

/* A job with an attempt under way in the pool, or NULL. */
static struct job *find_running(const promptic_loop *loop, const struct pool *pool) {
    for (size_t i = 0; i < loop->timers.length; i++) {
        struct job *running = LIST_ENTRY(loop->timers.timers[i], struct job, timer);
        if (running->transfer->easy != NULL && running->transfer->pool == pool)
            return running;
    }
    return NULL;
}

static void repair(promptic_loop *loop, struct pool *pool) {
    for (struct job *job; (job = find_running(loop, pool)) != NULL;)
        job->events->broken(job);
    pool_repair(pool);
}

/* Whether the next step has something to do that nothing is waited for. */
static bool has_work(const struct pool *pool) {
    return pool->is_behind || !list_is_empty(&pool->working);
}

/* Goes on with responses that took longer than a step, each in its turn. */
static void go_on(struct pool *pool, int64_t until_us) {
    while (!list_is_empty(&pool->working)) {
        struct transfer *transfer = LIST_ENTRY(pool->working.next, struct transfer, work_link);
        struct job *job = job_of(transfer->easy);
        if (transfer_go_on(transfer, until_us))
            job->events->ended(job, transfer->end_code);
        if (clock_now_us() >= until_us)
            return;
    }
}

static void drive_pools(promptic_loop *loop) {
    int64_t now_us = clock_now_us(), now_ms = now_us / 1000;
    list_link *first = loop->pools.next;
    bool is_behind = false;
    for (list_link *link = first; link != &loop->pools; link = link->next) {
        struct pool *pool = LIST_ENTRY(link, struct pool, link);
        pool->until_us = now_us + LOOP_STEP_US;
        if (link == first || clock_now_us() < now_us + LOOP_STEP_US / 2)
            go_on(pool, now_us + LOOP_STEP_US / 2);
        pool_progress progress = pool_drive(pool, now_ms, link == first);
        if (progress != POOL_IDLE)
            collect_ended_attempts(pool);
        if (progress == POOL_BROKEN)
            repair(loop, pool);
        is_behind = is_behind || has_work(pool);
    }
    if (is_behind) { /* another one is first in the next step */
        list_remove(first);
        list_append(&loop->pools, first);
    }
}

static void run_timers(promptic_loop *loop) {
    int64_t now_ms = clock_now_ms();
    for (struct job *job; (job = first_due(loop)) != NULL && job->timer.due_ms <= now_ms;)
        job->events->due(job, now_ms);
}

static void launch_queued(promptic_loop *loop) {
    while (may_launch(loop) && !list_is_empty(&loop->queued))
        begin_attempt(loop, take_first(&loop->queued));
}

/* Not to be interrupted by user code: nothing in here runs a callback but the log's and those of
 * a host's own event loop. */
static void advance(promptic_loop *loop) {
    sigpipe_guard guard;
    loop->stepping = true;
    loop->launched = 0;
    sigpipe_block(&guard, loop->uses_tls);
    watch_begin(&loop->watch, &loop->pools);
    drive_pools(loop);
    run_timers(loop);
    launch_queued(loop);
    watch_end(&loop->watch, &loop->pools);
    sigpipe_restore(&guard);
    loop->stepping = false;
}

size_t loop_step(promptic_loop *loop) {
    if (loop->stepping)
        return loop->unfinished;
    loop_retain(loop); /* a callback may free the last client */
    if (loop->unfinished > 0 || watch_is_on(&loop->watch))
        advance(loop);
    loop_dispatch(loop);
    if (loop->references > 1) /* else the host has freed everything meanwhile */
        loop_notify_timer(loop);
    size_t unfinished = loop->unfinished;
    loop_release(loop);
    return unfinished;
}

/* -------------------------------------------------------------- next step */

/* The earlier of two numbers of milliseconds, of which -1 means never. */
static long earlier(long left_ms, int64_t due_ms, int64_t now_ms) {
    if (due_ms == CLOCK_NEVER)
        return left_ms;
    int64_t due_in_ms = due_ms > now_ms ? due_ms - now_ms : 0;
    if (due_in_ms > INT32_MAX)
        due_in_ms = INT32_MAX;
    return left_ms < 0 || due_in_ms < left_ms ? (long)due_in_ms : left_ms;
}

long loop_time_left_ms(const promptic_loop *loop) {
    long left_ms = -1;
    bool has_room = loop->running < LOOP_MAX_RUNNING;
    const heap_timer *timer = heap_first(&loop->timers);
    if (!list_is_empty(&loop->ended) || (has_room && !list_is_empty(&loop->queued)))
        return 0;
    int64_t now_ms = clock_now_ms();
    if (loop->running > 0 || watch_is_on(&loop->watch)) {
        for (const list_link *link = loop->pools.next; link != &loop->pools; link = link->next) {
            const struct pool *pool = LIST_ENTRY(link, const struct pool, link);
            left_ms = earlier(left_ms, has_work(pool) ? now_ms : pool->due_ms, now_ms);
        }
    }
    return timer != NULL ? earlier(left_ms, timer->due_ms, now_ms) : left_ms;
}

void loop_notify_timer(promptic_loop *loop) {
    if (watch_is_on(&loop->watch) && !loop->stepping)
        loop->watch.on_timer(loop, loop_time_left_ms(loop), loop->watch.userdata);
}
