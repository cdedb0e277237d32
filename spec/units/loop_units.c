/* loop_units.c - core/loop.c, wake.c, clock.h: how many attempts begin in a step, and what ends a
 * wait. */
#include "loop.h"

#include "client.h"
#include "clock.h"
#include "peer.h"
#include "pool_kept.h"
#include "units.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct scene {
    peer peer; /* which accepts no connection */
    promptic_loop *loop;
    int begun[128], count; /* the numbers of calls, in the order in which their attempts began */
} scene;

static void open_scene(scene *s) {
    *s = (scene){.count = 0};
    peer_open(&s->peer, 30);
    s->loop = s->peer.loop;
}

static void close_scene(scene *s) {
    peer_close(&s->peer);
}

/* ---------------------------------------------------------------- launches */

/* A piece of a body; with NULL an attempt begins. */
typedef struct numbered {
    scene *scene;
    int number;
} numbered;

static void on_body(const char *piece, size_t length, void *userdata) {
    const numbered *call = userdata;
    (void)length;
    if (piece == NULL && CHECK(call->scene->count < (int)COUNT_OF(call->scene->begun)))
        call->scene->begun[call->scene->count++] = call->number;
}

static promptic_call *submit(numbered *call) {
    promptic_error error;
    const promptic_request request = {.size = sizeof(promptic_request),
                                      .method = "GET",
                                      .path = "/x",
                                      .on_body = on_body,
                                      .body_userdata = call};
    promptic_call *submitted =
        promptic_submit(call->scene->peer.client, &request, NULL, NULL, &error);
    CHECK(submitted != NULL);
    return submitted;
}

/* Two attempts begin between two steps, in the order of the calls; a cancelled one gives its turn
 * to the next, and one that is submitted later waits behind the others. */
static void launch(void) {
    enum { CALLS = 8 };
    static const int order[] = {0, 1, 2, 4, 5, 6, 7};
    numbered numbers[CALLS];
    promptic_call *calls[CALLS];
    scene s;
    open_scene(&s);
    for (int i = 0; i < CALLS - 1; i++) {
        numbers[i] = (numbered){&s, i};
        calls[i] = submit(&numbers[i]);
        CHECK(s.count == (i < 2 ? i + 1 : 2));
    }
    CHECK(promptic_timeout_ms(s.loop) == 0);
    promptic_call_cancel(calls[3]);
    CHECK(promptic_step(s.loop) == CALLS - 2 && s.count == 4);
    numbers[CALLS - 1] = (numbered){&s, CALLS - 1};
    calls[CALLS - 1] = submit(&numbers[CALLS - 1]);
    CHECK(s.count == 4);
    CHECK(promptic_step(s.loop) == CALLS - 1 && s.count == 6);
    CHECK(promptic_timeout_ms(s.loop) == 0);
    promptic_step(s.loop);
    CHECK(s.count == (int)COUNT_OF(order) && memcmp(s.begun, order, sizeof order) == 0);
    CHECK(promptic_timeout_ms(s.loop) != 0 || s.loop->pools.next != &s.loop->pools);
    for (int i = 0; i < CALLS; i++)
        promptic_call_free(calls[i]);
    CHECK(s.loop->running == 0 && s.loop->unfinished == 0 && s.loop->timers.length == 0);
    CHECK(s.peer.client->pool->running == 0);
    close_scene(&s);
}

/* No more than LOOP_MAX_RUNNING attempts at a time. Where one makes room, the call that waits
 * longest begins, not one that is submitted at that moment. */
static void fill_up(void) {
    enum { CALLS = LOOP_MAX_RUNNING + 3 };
    static numbered numbers[CALLS];
    static promptic_call *calls[CALLS];
    scene s;
    open_scene(&s);
    for (int i = 0; i < CALLS - 1; i++) {
        numbers[i] = (numbered){&s, i};
        calls[i] = submit(&numbers[i]);
    }
    for (int i = 0; i < CALLS; i++)
        promptic_step(s.loop);
    CHECK(s.count == LOOP_MAX_RUNNING && s.loop->running == LOOP_MAX_RUNNING);
    CHECK(promptic_timeout_ms(s.loop) != 0); /* nothing can be done about the two that wait */
    promptic_call_cancel(calls[0]);
    CHECK(promptic_timeout_ms(s.loop) == 0);
    numbers[CALLS - 1] = (numbered){&s, CALLS - 1};
    calls[CALLS - 1] = submit(&numbers[CALLS - 1]);
    CHECK(s.count == LOOP_MAX_RUNNING);
    promptic_step(s.loop);
    CHECK(s.count == LOOP_MAX_RUNNING + 1 && s.begun[LOOP_MAX_RUNNING] == LOOP_MAX_RUNNING);
    for (int i = 0; i < CALLS; i++)
        promptic_call_free(calls[i]);
    CHECK(s.loop->running == 0 && s.loop->unfinished == 0);
    close_scene(&s);
}

/* -------------------------------------------------------------------- fork */

/* A child has random numbers of its own, and easy handles of its own: those of the parent are for
 * another generation. */
static void start_afresh(void) {
    int status = -1;
    scene s;
    open_scene(&s);
    uint64_t random_state = s.loop->random_state;
    unsigned generation = s.loop->generation;
    pid_t pid = fork();
    if (pid == 0) {
        promptic_timeout_ms(s.loop);
        _exit(s.loop->random_state == random_state || s.loop->generation == generation);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    promptic_timeout_ms(s.loop);
    CHECK(s.loop->random_state == random_state && s.loop->generation == generation);
    close_scene(&s);
}

/* -------------------------------------------------------------------- wake */

static promptic_loop *woken_loop;

static void on_signal(int number) {
    (void)number;
    errno = ENOENT;
    promptic_wake(woken_loop);
}

static void *wake_soon(void *loop) {
    promptic_wake(loop);
    return NULL;
}

/* Waits with a call that nobody answers; whether that ended early. */
static bool waits(scene *s) {
    const int64_t start = clock_now_ms();
    promptic_flush(s->loop, 300);
    return clock_now_ms() - start >= 300;
}

static void wake_up(void) {
    pthread_t thread;
    scene s;
    struct sigaction action = {.sa_handler = on_signal}, before;
    open_scene(&s);
    numbered number = {&s, 0};
    promptic_call *call = submit(&number);
    for (int i = 0; i < 3; i++)
        promptic_wake(s.loop); /* before the wait; several are one */
    CHECK(!waits(&s));
    CHECK(waits(&s));
    for (int i = 0; i < 70000; i++)
        promptic_wake(s.loop); /* more than a pipe holds */
    CHECK(!waits(&s) && waits(&s));
    woken_loop = s.loop;
    sigemptyset(&action.sa_mask);
    CHECK(sigaction(SIGUSR1, &action, &before) == 0);
    CHECK(raise(SIGUSR1) == 0 && !waits(&s));
    sigaction(SIGUSR1, &before, NULL);
    CHECK(pthread_create(&thread, NULL, wake_soon, s.loop) == 0);
    CHECK(!waits(&s)); /* -1 would hang where it was lost */
    pthread_join(thread, NULL);
    promptic_wake(s.loop);
    CHECK(!promptic_call_wait(call, 5000) && promptic_step(s.loop) == 1);
    promptic_call_free(call);
    close_scene(&s);
}

static void wake_pipe(void) {
    struct wake pipe;
    CHECK(wake_open(&pipe));
    CHECK(fcntl(pipe.readable, F_GETFD) & FD_CLOEXEC && fcntl(pipe.writable, F_GETFD) & FD_CLOEXEC);
    struct pollfd fd = {.fd = pipe.readable, .events = POLLIN};
    CHECK(poll(&fd, 1, 0) == 0);
    errno = ENOENT;
    for (int i = 0; i < 70000; i++)
        wake_send(&pipe);
    CHECK(errno == ENOENT);
    CHECK(poll(&fd, 1, 0) == 1);
    wake_clear(&pipe);
    CHECK(poll(&fd, 1, 0) == 0);
    wake_close(&pipe);
    CHECK(pipe.readable == -1 && pipe.writable == -1);
    wake_close(&pipe);
}

/* ------------------------------------------------------------------- clock */

static void tell_time(void) {
    CHECK(clock_after(10, 0) == 10 && clock_after(10, 1) == 1010 && clock_after(10, 1e-5) == 11);
    CHECK(clock_after(10, 0.0011) == 12 && clock_after(10, 0.001) == 11);
    CHECK(clock_after(0, 1e12) == CLOCK_NEVER && clock_after(0, 1e300) == CLOCK_NEVER);
    CHECK(clock_after(0, (double)NAN) == CLOCK_NEVER && clock_after(0, 9e11) >= 900000000000000);
    CHECK(clock_after_ms(5, -1) == CLOCK_NEVER && clock_after_ms(5, 0) == 5);
    CHECK(clock_after_ms(5, 7) == 12 && clock_after_ms(CLOCK_NEVER - 1, 2) == CLOCK_NEVER);
    int64_t coarse = clock_coarse_ms(), now = clock_now_ms();
    CHECK(coarse <= now + 1 && now - coarse < 1000);
}

/* A descriptor that libcurl closed without a word, and that the host has had since, is the host's:
 * neither the pool of a forked child nor the end of a run takes it. */
static void spare_reused(void) {
    const promptic_allocator allocator = {.reallocate = NULL};
    int ends[2];
    struct stat status;
    if (!CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 && fstat(ends[0], &status) == 0))
        return;
    for (int own = 0; own < 2; own++) {
        struct pool *pool = pool_new(&allocator, 1, NULL, NULL, NULL);
        CHECK(pool_reserve(pool));
        pool->sockets[pool->count++] = (pool_socket){.number = ends[0],
                                                     .is_ours = true,
                                                     .is_open = true,
                                                     .is_connecting = true,
                                                     .inode = status.st_ino + (own ? 0 : 1)};
        pool_settle(pool, false);
        CHECK(pool->count == (own ? 1u : 0u)); /* another's is no longer listed */
        pool_free(pool);
    }
    struct pool *pool = pool_new(&allocator, 1, NULL, NULL, NULL);
    CHECK(pool_reserve(pool));
    pool->sockets[pool->count++] = (pool_socket){
        .number = ends[0], .is_ours = true, .is_open = true, .inode = status.st_ino + 1};
    pool_abandon(pool);
    CHECK(fcntl(ends[0], F_GETFD) >= 0);
    CHECK(pool_reserve(pool));
    pool->sockets[pool->count++] =
        (pool_socket){.number = ends[0], .is_ours = true, .is_open = true, .inode = status.st_ino};
    pool_abandon(pool);
    CHECK(fcntl(ends[0], F_GETFD) < 0); /* its own is closed */
    pool_free(pool);
    close(ends[1]);
}

/* The number that the next descriptor gets. */
static int next_descriptor(void) {
    int number = dup(0);
    close(number);
    return number;
}

/* A connection that was idle for long is usable while this machine has its address; to find that
 * out leaves no descriptor behind. */
static void keep_address(void) {
    const promptic_allocator allocator = {.reallocate = NULL};
    struct sockaddr_in to, from;
    socklen_t size = sizeof to;
    peer p;
    peer_listen(&p);
    int number = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(getsockname(p.listener, (void *)&to, &size) == 0 &&
          connect(number, (void *)&to, size) == 0 &&
          getsockname(number, (void *)&from, &size) == 0);
    pool_end peer = {"127.0.0.1", ntohs(to.sin_port)}, local = {"127.0.0.1", ntohs(from.sin_port)};
    pool *pool = pool_new(&allocator, 1, NULL, NULL, NULL);
    CHECK(pool_reserve(pool));
    pool->sockets[pool->count++] = (pool_socket){
        .number = number, .is_ours = true, .is_open = true, .used_ms = clock_now_ms() - 5000};
    int next = next_descriptor();
    CHECK(pool_is_usable(pool, &peer, &local) && next_descriptor() == next);
    pool->count = 0;
    pool_free(pool);
    close(number);
    close(p.listener);
}

void units_loop(void) {
    spare_reused();
    keep_address();
    launch();
    fill_up();
    start_afresh();
    wake_up();
    wake_pipe();
    tell_time();
}
