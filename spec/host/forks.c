/*
 * forks.c - a host that forks. Whatever a call was doing, and whatever the child then does with it:
 * there it has ended as cancelled, its callback runs once, a new call works, and all is given back;
 * in the parent it goes on as though nothing had happened. To be built with AddressSanitizer, which
 * also looks for leaks in each child, or run under valgrind.
 *
 *   forks URL
 */
#include "driver.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/wait.h>

typedef struct scene {
    const char *url;
    driver driver;
    promptic_client *client;
    promptic_call *call, *fillers[2];
    promptic_kind kind; /* how the call has ended */
    size_t ended;       /* how often its callback has run */
    size_t retries;     /* lines of the log that announce one */
} scene;

/* ------------------------------------------------------------------- states */

static void note(promptic_call *call, void *userdata) {
    scene *s = userdata;
    CHECK(s->call == NULL || call == s->call);
    s->kind = promptic_call_result(call)->kind;
    s->ended++;
}

static void on_log(promptic_log_level level, const char *text, void *userdata) {
    scene *s = userdata;
    s->retries += level == PROMPTIC_LOG_WARNING && strstr(text, "follows in") != NULL;
}

static promptic_call *submit(scene *s, const char *path, promptic_done_fn done) {
    promptic_error error;
    const promptic_request request = {
        .size = sizeof(promptic_request), .method = "GET", .path = path};
    promptic_call *call = promptic_submit(s->client, &request, done, s, &error);
    CHECK(call != NULL);
    return call;
}

/* Behind two others, which are all that may begin at once. */
static void make_queued(scene *s) {
    for (size_t i = 0; i < 2; i++)
        s->fillers[i] = submit(s, "/silent", NULL);
    s->call = submit(s, "/quick", note);
}

static void make_connecting(scene *s) {
    s->call = submit(s, "/quick", note);
}

static void make_sent(scene *s) {
    s->call = submit(s, "/slow", note);
    driver_for(&s->driver, 0.02);
}

/* The wait for the second attempt, of up to 8 s. */
static void make_waiting(scene *s) {
    s->call = submit(s, "/wait", note);
    CHECK(driver_until(&s->driver, &s->retries, 1));
}

static void make_cancelled(scene *s) {
    s->call = submit(s, "/silent", note);
    driver_for(&s->driver, 0.01);
    promptic_call_cancel(s->call);
}

static void make_done(scene *s) {
    s->call = submit(s, "/quick", note);
    CHECK(driver_until(&s->driver, &s->ended, 1));
}

static const struct {
    const char *name;
    void (*make)(scene *s);
    bool has_ended, has_run; /* the call, and its callback */
} states[] = {
    {"queued", make_queued, false, false},      {"connecting", make_connecting, false, false},
    {"sent", make_sent, false, false},          {"waiting", make_waiting, false, false},
    {"cancelled", make_cancelled, true, false}, {"done", make_done, true, true},
};

/* ------------------------------------------------------------------ actions */

static void act_step(scene *s) {
    promptic_step(s->driver.loop);
}

static void act_wait(scene *s) {
    promptic_wait(s->driver.loop, 100);
}

static void act_call_wait(scene *s) {
    CHECK(promptic_call_wait(s->call, 5000));
}

static void act_flush(scene *s) {
    CHECK(promptic_flush(s->driver.loop, 5000) == 0);
}

static void act_socket(scene *s) {
    promptic_socket_ready(s->driver.loop, 5, PROMPTIC_READ | PROMPTIC_WRITE);
}

static void act_timeout(scene *s) {
    CHECK(promptic_timeout_ms(s->driver.loop) >= -1);
}

static void act_wake(scene *s) {
    promptic_wake(s->driver.loop);
    promptic_wait(s->driver.loop, 100);
}

static void act_result(scene *s) {
    CHECK(promptic_call_done(s->call) && promptic_call_result(s->call) != NULL);
}

static void act_cancel(scene *s) {
    promptic_call_cancel(s->call);
    CHECK(promptic_call_done(s->call));
}

static void act_submit(scene *s) {
    promptic_call *other = submit(s, "/quick", NULL);
    CHECK(promptic_call_done(s->call) && !promptic_call_done(other));
    promptic_call_free(other);
}

static void act_close(scene *s) {
    promptic_client_close(s->client);
    CHECK(promptic_call_done(s->call));
}

static void act_free_call(scene *s) {
    promptic_call_free(s->call);
    s->call = NULL;
}

static void act_free_client(scene *s) {
    promptic_client_free(s->client);
    s->client = NULL;
    CHECK(promptic_call_done(s->call));
}

static void act_free_loop(scene *s) {
    promptic_loop_free(s->driver.loop);
    s->driver.loop = NULL;
    CHECK(promptic_call_done(s->call));
}

static void act_nothing(scene *s) {
    (void)s;
}

static void (*const actions[])(scene *s) = {
    act_step,    act_wait,      act_call_wait,   act_flush,     act_socket,
    act_timeout, act_wake,      act_result,      act_cancel,    act_submit,
    act_close,   act_free_call, act_free_client, act_free_loop, act_nothing};

/* ----------------------------------------------------------------- playing */

static void open_scene(scene *s, const char *url, driver_kind kind) {
    promptic_error error;
    promptic_options options = options_for(url);
    *s = (scene){.url = url};
    driver_open(&s->driver, kind);
    options.backoff = 8;
    options.log = on_log;
    options.log_userdata = s;
    s->client = promptic_client_new(s->driver.loop, &options, &error);
    CHECK(s->client != NULL);
}

static void free_scene(scene *s) {
    for (size_t i = 0; i < 2; i++)
        promptic_call_free(s->fillers[i]);
    promptic_call_free(s->call);
    promptic_client_free(s->client);
    promptic_loop_free(s->driver.loop);
    close(s->driver.epoll);
}

/* A call of the child's own, on a connection of its own. */
static void ask_again(const scene *s) {
    promptic_error error;
    const promptic_request request = {
        .size = sizeof(promptic_request), .method = "GET", .path = "/quick"};
    promptic_call *call = promptic_submit(s->client, &request, NULL, NULL, &error);
    if (!CHECK(call != NULL) || !CHECK(promptic_call_wait(call, DRIVER_SECONDS * 1000)))
        return;
    CHECK(promptic_call_result(call)->kind == PROMPTIC_OK);
    CHECK(!promptic_call_result(call)->connection_reused);
    promptic_call_free(call);
}

static int descriptors; /* of the process before its first loop */

static int count_descriptors(void) {
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder != NULL && readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

/* The sockets that the parent's host watches are no longer the loop's to speak of. */
static void live_in_child(scene *s, size_t state, void (*act)(scene *s)) {
    size_t before = s->ended;
    memset(s->driver.directions, 0, sizeof s->driver.directions);
    s->driver.kind = DRIVER_WAITS;
    close(s->driver.epoll);
    s->driver.epoll = epoll_create1(EPOLL_CLOEXEC); /* the parent's is shared with it */
    s->driver.sockets = 0;
    act(s);
    if (s->client != NULL && act != act_close)
        ask_again(s);
    if (s->driver.loop != NULL)
        promptic_step(s->driver.loop);
    if (s->call != NULL && s->driver.loop != NULL) {
        CHECK(s->ended == 1 && (states[state].has_run || s->ended == before + 1));
        CHECK(s->kind == (states[state].has_run ? PROMPTIC_OK : PROMPTIC_CANCELLED));
    }
    CHECK(s->ended <= 1);
    free_scene(s);
    CHECK(count_descriptors() <= descriptors + 2); /* two are of the parent's multi handle */
    exit(failed_checks > 0);
}

/* What the child did is nothing to the parent's call. */
static void live_in_parent(scene *s, size_t state) {
    for (size_t i = 0; i < 2 && states[state].make == make_queued; i++) {
        CHECK(!promptic_call_done(s->fillers[i]));
        promptic_call_cancel(s->fillers[i]);
    }
    if (states[state].make == make_waiting) {
        CHECK(!promptic_call_done(s->call));
        promptic_call_cancel(s->call);
    }
    CHECK(driver_until(&s->driver, &s->ended, 1) && s->ended == 1);
    bool is_cancelled = states[state].make == make_waiting || states[state].make == make_cancelled;
    CHECK(s->kind == (is_cancelled ? PROMPTIC_CANCELLED : PROMPTIC_OK));
}

static void play(const char *url, driver_kind kind, size_t state, size_t action) {
    scene s;
    int status = 0, failed = failed_checks;
    open_scene(&s, url, kind);
    states[state].make(&s);
    CHECK(promptic_call_done(s.call) == states[state].has_ended);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        live_in_child(&s, state, actions[action]);
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
    live_in_parent(&s, state);
    free_scene(&s);
    if (failed_checks > failed)
        fprintf(stderr, "... in state %s, action %zu, host %d\n", states[state].name, action,
                (int)kind);
}

int main(int count, char **arguments) {
    size_t turn = 0;
    if (count != 2)
        return 2;
    descriptors = count_descriptors();
    for (size_t state = 0; state < sizeof states / sizeof *states; state++)
        for (size_t action = 0; action < sizeof actions / sizeof *actions; action++)
            play(arguments[1], (driver_kind)(turn++ % DRIVER_KINDS), state, action);
    CHECK(count_descriptors() == descriptors);
    return report("forks");
}
