#include "loop.h"

#include "call.h"
#include "client.h"
#include "clock.h"
#include "failure.h"
#include "retry.h"
#include "sigpipe.h"

#include <pthread.h>
#include <string.h>

/* ---------------------------------------------------------------- lifetime */

static CURLcode global_code;

static void global_init(void) {
    global_code = curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* Once a process; libcurl is never told to clean up, since nobody knows who else uses it. */
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
    loop->multi = curl_multi_init();
    if (loop->multi == NULL) {
        memory_free(&options->allocator, loop);
        return NULL;
    }
    /* By itself libcurl keeps four connections a transfer under way (CURLMOPT_MAXCONNECTS(3)), so
     * that it would close most of them whenever many have just ended. */
    curl_multi_setopt(loop->multi, CURLMOPT_MAXCONNECTS, (long)LOOP_MAX_RUNNING);
    loop->references = 1;
    list_init(&loop->queued);
    list_init(&loop->ended);
    loop->random_state = retry_seed();
    return loop;
}

promptic_loop *promptic_loop_new_with(const promptic_loop_options *given, promptic_error *error) {
    promptic_loop_options options;
    promptic_loop_options_init(&options, sizeof options);
    if (given != NULL) /* of a host compiled with an older, shorter struct too */
        memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
    CURLcode code = options.host_owns_curl ? CURLE_OK : init_libcurl();
    if (code != CURLE_OK) {
        failure_set(error, PROMPTIC_MEMORY, "libcurl cannot be initialised: %s",
                    curl_easy_strerror(code));
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
    sigpipe_guard guard;
    if (--loop->references > 0)
        return;
    sigpipe_block(&guard, loop->uses_tls); /* as in loop_remove */
    curl_multi_cleanup(loop->multi);
    sigpipe_restore(&guard);
    memory_free(&allocator, loop->watch.sockets);
    memory_free(&allocator, loop->heap);
    memory_free(&allocator, loop);
}

void promptic_loop_free(promptic_loop *loop) {
    if (loop != NULL)
        loop_release(loop);
}

/* -------------------------------------------------- the heap of what is due */

static void heap_put(promptic_loop *loop, size_t index, promptic_call *call) {
    loop->heap[index] = call;
    call->heap_index = index;
}

static void heap_up(promptic_loop *loop, size_t index) {
    promptic_call *call = loop->heap[index];
    while (index > 0 && loop->heap[(index - 1) / 2]->due_ms > call->due_ms) {
        heap_put(loop, index, loop->heap[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    heap_put(loop, index, call);
}

static void heap_down(promptic_loop *loop, size_t index) {
    promptic_call *call = loop->heap[index];
    for (;;) {
        size_t child = 2 * index + 1;
        if (child + 1 < loop->heap_length &&
            loop->heap[child + 1]->due_ms < loop->heap[child]->due_ms)
            child++;
        if (child >= loop->heap_length || loop->heap[child]->due_ms >= call->due_ms)
            break;
        heap_put(loop, index, loop->heap[child]);
        index = child;
    }
    heap_put(loop, index, call);
}

static void heap_remove(promptic_loop *loop, promptic_call *call) {
    size_t index = call->heap_index;
    promptic_call *last = loop->heap[--loop->heap_length];
    call->heap_index = CALL_NOT_IN_HEAP;
    if (last == call)
        return;
    heap_put(loop, index, last);
    heap_up(loop, index);
    heap_down(loop, last->heap_index);
}

bool loop_reserve(promptic_loop *loop) {
    if (!watch_reserve(loop))
        return false;
    if (loop->unfinished < loop->heap_capacity)
        return true;
    size_t capacity = loop->heap_capacity == 0 ? 16 : 2 * loop->heap_capacity;
    promptic_call **heap = memory_resize(&loop->allocator, loop->heap, capacity * sizeof *heap);
    if (heap == NULL)
        return false;
    loop->heap = heap;
    loop->heap_capacity = capacity;
    return true;
}

void loop_schedule(promptic_loop *loop, promptic_call *call) {
    if (call->heap_index == CALL_NOT_IN_HEAP)
        heap_put(loop, loop->heap_length++, call);
    heap_up(loop, call->heap_index);
    heap_down(loop, call->heap_index);
}

void loop_unschedule(promptic_loop *loop, promptic_call *call) {
    if (call->heap_index != CALL_NOT_IN_HEAP)
        heap_remove(loop, call);
    list_remove(&call->loop_link);
}

/* ---------------------------------------------------------------- stepping */

static bool may_launch(const promptic_loop *loop) {
    return loop->running < LOOP_MAX_RUNNING && loop->launched < LOOP_MAX_LAUNCHES;
}

static void begin_attempt(promptic_loop *loop, promptic_call *call) {
    loop->launched++;
    if (call_attempt(call, loop->multi))
        loop_schedule(loop, call);
}

void loop_launch(promptic_loop *loop, promptic_call *call) {
    if (!may_launch(loop) || !list_is_empty(&loop->queued)) {
        call->state = CALL_QUEUED;
        call->due_ms = call->deadline_ms;
        loop_schedule(loop, call);
        list_append(&loop->queued, &call->loop_link);
    } else {
        begin_attempt(loop, call);
    }
}

void loop_remove(promptic_loop *loop, CURL *easy) {
    sigpipe_guard guard;
    loop->running--;
    if (loop->stepping) {
        curl_multi_remove_handle(loop->multi, easy);
        return;
    }
    sigpipe_block(&guard, loop->uses_tls); /* a connection is closed with a last word over TLS */
    watch_begin(loop);
    curl_multi_remove_handle(loop->multi, easy);
    watch_end(loop);
    sigpipe_restore(&guard);
}

void loop_announce(promptic_loop *loop, promptic_call *call) {
    list_append(&loop->ended, &call->loop_link);
}

void loop_dispatch(promptic_loop *loop) {
    while (!list_is_empty(&loop->ended)) {
        promptic_call *call = LIST_ENTRY(loop->ended.next, promptic_call, loop_link);
        list_remove(&call->loop_link);
        call->done(call, call->userdata); /* may free the call */
    }
}

static void collect_ended_attempts(promptic_loop *loop) {
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(loop->multi, &left)) != NULL) {
        promptic_call *call = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        call_attempt_ended(call, message->data.result);
    }
}

static void run_timers(promptic_loop *loop) {
    int64_t now_ms = clock_now_ms();
    while (loop->heap_length > 0 && loop->heap[0]->due_ms <= now_ms)
        call_due(loop->heap[0], now_ms);
}

static void launch_queued(promptic_loop *loop) {
    while (may_launch(loop) && !list_is_empty(&loop->queued)) {
        promptic_call *call = LIST_ENTRY(loop->queued.next, promptic_call, loop_link);
        list_remove(&call->loop_link);
        begin_attempt(loop, call);
    }
}

/* Lets libcurl do what is ready: on all sockets, or on those that a host, or the wait before, has
 * found to be; and what time has made due. */
static void drive(promptic_loop *loop, curl_socket_t socket, int curl_events) {
    int running;
    if (watch_is_on(loop)) {
        watch_drive(loop);
        curl_multi_socket_action(loop->multi, socket, curl_events, &running);
    } else {
        curl_multi_perform(loop->multi, &running);
    }
}

/* Not to be interrupted by user code: nothing in here runs a callback but the log's and those of
 * a host's own event loop. */
static void advance(promptic_loop *loop, curl_socket_t socket, int curl_events) {
    sigpipe_guard guard;
    loop->stepping = true;
    loop->launched = 0;
    sigpipe_block(&guard, loop->uses_tls);
    watch_begin(loop);
    drive(loop, socket, curl_events);
    collect_ended_attempts(loop);
    run_timers(loop);
    launch_queued(loop);
    watch_end(loop);
    sigpipe_restore(&guard);
    loop->stepping = false;
}

size_t loop_step(promptic_loop *loop, curl_socket_t socket, int curl_events) {
    if (loop->stepping)
        return loop->unfinished;
    loop_retain(loop); /* a callback may free the last client */
    if (loop->unfinished > 0 || watch_is_on(loop))
        advance(loop, socket, curl_events);
    loop_dispatch(loop);
    if (loop->references > 1) /* else the host has given everything back meanwhile */
        loop_tell_timer(loop);
    size_t unfinished = loop->unfinished;
    loop_release(loop);
    return unfinished;
}

size_t promptic_step(promptic_loop *loop) {
    return loop_step(loop, CURL_SOCKET_TIMEOUT, 0);
}

long promptic_timeout_ms(promptic_loop *loop) {
    long timeout_ms = -1;
    bool has_room = loop->running < LOOP_MAX_RUNNING;
    if (!list_is_empty(&loop->ended) || (has_room && !list_is_empty(&loop->queued)))
        return 0;
    if (loop->running > 0 || watch_is_on(loop))
        curl_multi_timeout(loop->multi, &timeout_ms);
    if (loop->heap_length > 0 && loop->heap[0]->due_ms != CLOCK_NEVER) {
        int64_t left_ms = loop->heap[0]->due_ms - clock_now_ms();
        if (left_ms < 0)
            left_ms = 0;
        if (timeout_ms < 0 || left_ms < timeout_ms)
            timeout_ms = left_ms > INT32_MAX ? INT32_MAX : (long)left_ms;
    }
    return timeout_ms;
}

static void wait_for_traffic(promptic_loop *loop, long timeout_ms) {
    int limit_ms = timeout_ms < 0 || timeout_ms > INT32_MAX ? INT32_MAX : (int)timeout_ms;
    if (watch_is_on(loop))
        watch_wait(loop, limit_ms);
    else if (limit_ms > 0)
        curl_multi_poll(loop->multi, NULL, 0, limit_ms, NULL);
}

size_t promptic_wait(promptic_loop *loop, long timeout_ms) {
    long due_ms = promptic_timeout_ms(loop);
    if (loop->stepping || (loop->unfinished == 0 && timeout_ms < 0))
        return promptic_step(loop);
    if (due_ms >= 0 && (timeout_ms < 0 || due_ms < timeout_ms))
        timeout_ms = due_ms;
    wait_for_traffic(loop, timeout_ms);
    return promptic_step(loop);
}

void promptic_wake(promptic_loop *loop) {
    curl_multi_wakeup(loop->multi);
}

size_t promptic_flush(promptic_loop *loop, long timeout_ms) {
    int64_t end_ms = clock_after_ms(clock_now_ms(), timeout_ms);
    size_t unfinished = promptic_wait(loop, 0);
    while (unfinished > 0 && !loop->stepping) {
        int64_t left_ms = timeout_ms < 0 ? -1 : end_ms - clock_now_ms();
        if (timeout_ms >= 0 && left_ms <= 0)
            break;
        unfinished = promptic_wait(loop, (long)left_ms);
    }
    return unfinished;
}

void loop_tell_timer(promptic_loop *loop) {
    if (watch_is_on(loop) && !loop->stepping)
        loop->watch.on_timer(loop, promptic_timeout_ms(loop), loop->watch.userdata);
}
