/*
 * epoll.c - a server's own event loop with the library inside: epoll says which socket is ready,
 * and the library says, through two callbacks, which sockets to ask about and when its time has
 * come.
 *
 *    cc -o epoll epoll.c $(pkg-config --cflags --libs promptic)
 *    PROMPTIC_API_KEY=... ./epoll
 */
#include <promptic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

typedef struct server {
    int epoll, timer; /* descriptors */
    size_t answers, failures;
} server;

/* ---------------------------------------------- what the library asks for */

/* It does not say whether the socket is new, so changing it is tried first. */
static void on_socket(promptic_loop *loop, int socket, int directions, void *userdata) {
    server *s = userdata;
    struct epoll_event event = {.data = {.fd = socket}};
    (void)loop;
    event.events = (directions & PROMPTIC_READ ? (unsigned)EPOLLIN : 0U) |
                   (directions & PROMPTIC_WRITE ? (unsigned)EPOLLOUT : 0U);
    if (directions == 0)
        epoll_ctl(s->epoll, EPOLL_CTL_DEL, socket, NULL);
    else if (epoll_ctl(s->epoll, EPOLL_CTL_MOD, socket, &event) != 0 &&
             epoll_ctl(s->epoll, EPOLL_CTL_ADD, socket, &event) != 0)
        perror("epoll_ctl");
}

/* A timer of zero would be none at all, so "at once" is a nanosecond. */
static void on_timer(promptic_loop *loop, long timeout_ms, void *userdata) {
    server *s = userdata;
    struct itimerspec time = {.it_value = {0, 0}}; /* -1: stopped */
    (void)loop;
    if (timeout_ms >= 0)
        time.it_value = (struct timespec){timeout_ms / 1000, timeout_ms % 1000 * 1000000 + 1};
    if (timerfd_settime(s->timer, 0, &time, NULL) != 0)
        perror("timerfd_settime");
}

/* ----------------------------------------------------- what the server does */

static void on_answer(promptic_call *call, void *userdata) {
    server *s = userdata;
    const promptic_result *result = promptic_call_result(call);
    s->answers++;
    s->failures += result->kind != PROMPTIC_OK;
    printf("%s: %d %s\n", result->path, result->status,
           result->message != NULL ? result->message : result->body);
    promptic_call_free(call);
}

/* Returns how many calls have not ended. */
static size_t handle(server *s, promptic_loop *loop, const struct epoll_event *event) {
    unsigned long long times;
    if (event->data.fd == s->timer)
        return read(s->timer, &times, sizeof times) < 0 ? 1 : promptic_step(loop);
    return promptic_socket_ready(loop, event->data.fd,
                                 (event->events & EPOLLIN ? PROMPTIC_READ : 0) |
                                     (event->events & EPOLLOUT ? PROMPTIC_WRITE : 0));
}

static void serve(server *s, promptic_loop *loop) {
    struct epoll_event events[8], timer = {.events = EPOLLIN, .data = {.fd = s->timer}};
    size_t unfinished = epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->timer, &timer) == 0;
    while (unfinished > 0) { /* a real server would go on, with sockets of its own among these */
        int count = epoll_wait(s->epoll, events, 8, -1);
        for (int i = 0; i < count; i++)
            unfinished = handle(s, loop, &events[i]);
    }
}

int main(void) {
    static const char *const names[] = {"list_experiments", "list_components", "list_traces"};
    server s = {.epoll = epoll_create1(0), .timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)};
    promptic_error error = {.kind = PROMPTIC_CONFIG, .message = "no epoll, or no timer"};
    promptic_loop *loop = s.epoll >= 0 && s.timer >= 0 ? promptic_loop_new(&error) : NULL;
    promptic_client *client = NULL;
    if (loop != NULL) {
        promptic_watch(loop, on_socket, on_timer, &s); /* before the first call */
        client = promptic_client_new(loop, NULL, &error);
    }
    bool fine = client != NULL;
    for (size_t i = 0; fine && i < sizeof names / sizeof *names; i++) {
        const promptic_request request = {.size = sizeof request, .endpoint = names[i]};
        fine = promptic_submit(client, &request, on_answer, &s, &error) != NULL;
    }
    if (fine)
        serve(&s, loop);
    else
        fprintf(stderr, "%s: %s\n", promptic_kind_name(error.kind), error.message);
    promptic_client_free(client);
    promptic_loop_free(loop);
    close(s.timer);
    close(s.epoll);
    return fine && s.failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
