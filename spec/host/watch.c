/*
 * watch.c - a loop inside the host's own event loop: what only shows there. That sockets are
 * forgotten before they are closed, and that nothing else is wrong with them, driver.h checks.
 *
 *   watch URL LOCALHOST-URL   (the second by name: http://localhost:port)
 */
#include "driver.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>

typedef struct scene {
    driver driver;
    promptic_client *client;
    size_t ended;
} scene;

static const char *url, *url_by_name;

static const promptic_request quick = {
    .size = sizeof(promptic_request), .method = "GET", .path = "/quick"};
static const promptic_request slow = {
    .size = sizeof(promptic_request), .method = "GET", .path = "/slow"};
static const promptic_request late = {
    .size = sizeof(promptic_request), .method = "GET", .path = "/late"};
static const promptic_request silent = {
    .size = sizeof(promptic_request), .method = "GET", .path = "/silent"};

static void note(promptic_call *call, void *userdata) {
    scene *s = userdata;
    (void)call;
    s->ended++;
}

static promptic_call *submit(scene *s, const promptic_request *request) {
    promptic_error error;
    promptic_call *call = promptic_submit(s->client, request, note, s, &error);
    CHECK(call != NULL);
    return call;
}

static void expect_and_free(promptic_call *call, promptic_kind kind) {
    const promptic_result *result = promptic_call_result(call);
    if (CHECK(result != NULL) && !CHECK(result->kind == kind))
        fprintf(stderr, "... %s: %s\n", promptic_kind_name(result->kind), result->message);
    promptic_call_free(call);
}

static void reopen(scene *s, const promptic_options *options) {
    promptic_error error;
    promptic_client_free(s->client);
    s->client = promptic_client_new(s->driver.loop, options, &error);
    CHECK(s->client != NULL);
}

/* ------------------------------------------------------------------ scenes */

/* Nothing is watched between calls, and nothing is planned; a kept connection is used again. */
static void stay_idle(scene *s) {
    CHECK(s->driver.due < 0);
    promptic_call *call = submit(s, &quick);
    CHECK(s->driver.due >= 0); /* told within submit */
    CHECK(driver_until(&s->driver, &s->ended, 1));
    expect_and_free(call, PROMPTIC_OK);
    CHECK(s->driver.sockets == 0 && s->driver.due < 0);
    call = submit(s, &quick);
    CHECK(driver_until(&s->driver, &s->ended, 2));
    CHECK(promptic_call_result(call)->connection_reused);
    expect_and_free(call, PROMPTIC_OK);
}

/* The server closes a kept connection: nobody is told, and the next call makes another. */
static void survive_closed(scene *s) {
    const promptic_request close = {
        .size = sizeof(promptic_request), .method = "GET", .path = "/close"};
    for (size_t i = 1; i <= 6; i++) {
        promptic_call *call = submit(s, i % 2 == 1 ? &close : &quick);
        CHECK(driver_until(&s->driver, &s->ended, i));
        expect_and_free(call, PROMPTIC_OK);
        CHECK(s->driver.sockets == 0);
    }
}

/* While an answer is awaited the host sleeps, but for the few times that libcurl wants to look. */
static void sleep_meanwhile(scene *s) {
    promptic_call *call = submit(s, &slow);
    CHECK(driver_until(&s->driver, &s->ended, 1));
    expect_and_free(call, PROMPTIC_OK);
    CHECK(s->driver.turns < 40);
}

/* How many sockets are watched for exactly these directions. */
static size_t count_directions(const driver *d, int directions) {
    size_t count = 0;
    for (size_t i = 0; i < DRIVER_SOCKETS; i++)
        count += d->directions[i] == directions;
    return count;
}

/* Waits that the library does itself, and that end too early, leave the host able to go on. */
static void wait_in_between(scene *s) {
    promptic_call *calls[8];
    for (size_t i = 0; i < 8; i++)
        calls[i] = submit(s, &late);
    double end = seconds_now() + 0.15;
    while (seconds_now() < end)
        promptic_wait(s->driver.loop, 10);
    CHECK(promptic_flush(s->driver.loop, 5) > 0);
    CHECK(!promptic_call_wait(calls[0], 5));
    CHECK(count_directions(&s->driver, PROMPTIC_READ) == 8);
    CHECK(driver_until(&s->driver, &s->ended, 8));
    for (size_t i = 0; i < 8; i++)
        expect_and_free(calls[i], PROMPTIC_OK);
    for (size_t i = 0; i < 8; i++)
        calls[i] = submit(s, &slow);
    driver_for(&s->driver, 0.02);
    CHECK(promptic_flush(s->driver.loop, DRIVER_SECONDS * 1000) == 0);
    CHECK(s->ended == 16 && s->driver.sockets == 0);
    for (size_t i = 0; i < 8; i++)
        expect_and_free(calls[i], PROMPTIC_OK);
}

/* Time alone ends an attempt, begins the next one after a backoff, and ends the call. */
static void run_out_of_time(scene *s) {
    promptic_options options = options_for(url);
    options.timeout = 0.05;
    options.backoff = 0.02;
    reopen(s, &options);
    promptic_call *call = submit(s, &silent);
    CHECK(driver_until(&s->driver, &s->ended, 1));
    CHECK(promptic_call_result(call)->attempts == 3);
    expect_and_free(call, PROMPTIC_TIMEOUT);
    CHECK(s->driver.sockets == 0 && s->driver.due < 0);
}

/* A name that is looked up in a thread, and has addresses where nobody listens. */
static void find_by_name(scene *s) {
    promptic_options options = options_for(url_by_name);
    reopen(s, &options);
    promptic_call *call = submit(s, &quick);
    CHECK(driver_until(&s->driver, &s->ended, 1));
    expect_and_free(call, PROMPTIC_OK);
}

/* What was true of a socket when the host looked may not be so any more when it tells. */
static void tell_nonsense(scene *s) {
    promptic_call *call = submit(s, &slow);
    for (int socket = 0; socket < 64; socket++) {
        promptic_socket_ready(s->driver.loop, socket, PROMPTIC_READ | PROMPTIC_WRITE);
        promptic_socket_ready(s->driver.loop, socket, 0);
    }
    CHECK(driver_until(&s->driver, &s->ended, 1));
    expect_and_free(call, PROMPTIC_OK);
    CHECK(promptic_socket_ready(s->driver.loop, 5, PROMPTIC_READ) == 0);
    CHECK(promptic_step(s->driver.loop) == 0);
}

/* The end of the client with calls in all states. */
static void leave_behind(scene *s) {
    promptic_call *calls[120];
    for (size_t i = 0; i < 120; i++)
        calls[i] = submit(s, i % 2 == 0 ? &silent : &slow);
    driver_for(&s->driver, 0.1);
    promptic_client_free(s->client);
    s->client = NULL;
    CHECK(s->ended == 120 && s->driver.sockets == 0 && s->driver.due < 0);
    for (size_t i = 0; i < 120; i++)
        promptic_call_free(calls[i]);
}

/* ------------------------------------------------------------------ lookups */

static atomic_bool is_looking, may_end, has_ended;

typedef int lookup_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);

/* Takes libcurl's lookups. One name takes as long as the scene wants, one has two addresses. */
PROMPTIC_API int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                             struct addrinfo **addresses) {
    const struct timespec moment = {0, 1000000};
    lookup_fn *lookup;
    *(void **)&lookup = dlsym(RTLD_NEXT, "getaddrinfo");
    if (name != NULL && strcmp(name, "two.example") == 0)
        return lookup("127.0.0.2", service, hints, addresses) ||
               lookup("127.0.0.1", service, hints, &(*addresses)->ai_next);
    if (name == NULL || strcmp(name, "hanging.example") != 0)
        return lookup(name, service, hints, addresses);
    is_looking = true;
    for (int i = 0; i < 5000 && !may_end; i++)
        nanosleep(&moment, NULL);
    has_ended = true;
    return EAI_NONAME;
}

/* Neither cancelling a call nor its timeout waits for a lookup. */
static void leave_lookup(scene *s) {
    promptic_options options = options_for("http://hanging.example");
    options.allow_http = true;
    options.timeout = 0.5;
    options.max_retries = 0;
    reopen(s, &options);
    promptic_call *first = submit(s, &quick), *second = submit(s, &quick);
    for (int i = 0; i < 100 && !is_looking; i++)
        driver_turn(&s->driver, 20);
    CHECK(is_looking);
    double start = seconds_now();
    promptic_call_cancel(first);
    CHECK(driver_until(&s->driver, &s->ended, 2));
    promptic_client_free(s->client);
    CHECK(seconds_now() - start < 2);
    CHECK(!has_ended);
    may_end = true;
    s->client = NULL;
    expect_and_free(first, PROMPTIC_CANCELLED);
    expect_and_free(second, PROMPTIC_TIMEOUT);
    for (int i = 0; i < 1000 && !has_ended; i++)
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    nanosleep(&(struct timespec){0, 50000000}, NULL); /* for libcurl to clean up after it */
}

/* --------------------------------------------------- sockets that connect */

/* An address where connections are not made, since nobody accepts those that wait already. */
typedef struct deaf {
    struct sockaddr_in address;
    int listener, waiting[4];
} deaf;

static void open_deaf(deaf *d, const char *address, int port) {
    socklen_t size = sizeof d->address;
    struct sockaddr *generic = (struct sockaddr *)&d->address;
    d->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, address, &d->address.sin_addr);
    d->listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(d->listener, generic, size) == 0 && listen(d->listener, 0) == 0);
    CHECK(getsockname(d->listener, generic, &size) == 0);
    for (size_t i = 0; i < 4; i++) {
        d->waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(d->waiting[i], generic, size);
    }
}

static void close_deaf(deaf *d) {
    for (size_t i = 0; i < 4; i++)
        close(d->waiting[i]);
    close(d->listener);
}

/* Some versions of libcurl close these without a word; the host hears of it in time all the same. */
static void give_up_connecting(scene *s) {
    deaf nobody;
    char address[64];
    promptic_call *calls[6];
    open_deaf(&nobody, "127.0.0.1", 0);
    snprintf(address, sizeof address, "http://127.0.0.1:%d", ntohs(nobody.address.sin_port));
    promptic_options options = options_for(address);
    options.timeout = 0.3;
    options.max_retries = 0;
    reopen(s, &options);
    for (size_t i = 0; i < 6; i++)
        calls[i] = submit(s, &quick);
    driver_for(&s->driver, 0.05);
    CHECK(count_directions(&s->driver, PROMPTIC_WRITE) == 6);
    promptic_call_cancel(calls[0]);
    CHECK(count_directions(&s->driver, PROMPTIC_WRITE) == 5);
    CHECK(driver_until(&s->driver, &s->ended, 6));
    expect_and_free(calls[0], PROMPTIC_CANCELLED);
    for (size_t i = 1; i < 6; i++)
        expect_and_free(calls[i], PROMPTIC_TIMEOUT);
    close_deaf(&nobody);
}

/* A connection that is refused late is followed by one to the next address, on a socket that may
 * have the same number, of which the host has to hear. */
static void take_second_address(scene *s) {
    deaf nobody;
    char address[64];
    int port = atoi(strrchr(url, ':') + 1);
    open_deaf(&nobody, "127.0.0.2", port);
    snprintf(address, sizeof address, "http://two.example:%d", port);
    promptic_options options = options_for(address);
    options.allow_http = true;
    reopen(s, &options);
    promptic_call *call = submit(s, &quick);
    driver_for(&s->driver, 0.3);
    CHECK(count_directions(&s->driver, PROMPTIC_WRITE) == 1);
    dup2(s->driver.epoll, nobody.listener); /* closes it, and keeps its number from being free */
    CHECK(driver_until(&s->driver, &s->ended, 1));
    expect_and_free(call, PROMPTIC_OK);
    close_deaf(&nobody);
}

/* -------------------------------------------------------------------- main */

static void play(void (*act)(scene *)) {
    scene s = {.client = NULL};
    promptic_options options = options_for(url);
    driver_open(&s.driver, DRIVER_WATCHES);
    reopen(&s, &options);
    act(&s);
    promptic_client_free(s.client);
    driver_close(&s.driver);
}

int main(int count, char **arguments) {
    static const struct {
        const char *name;
        void (*act)(scene *);
    } scenes[] = {
        {"stay_idle", stay_idle},
        {"survive_closed", survive_closed},
        {"sleep_meanwhile", sleep_meanwhile},
        {"wait_in_between", wait_in_between},
        {"run_out_of_time", run_out_of_time},
        {"find_by_name", find_by_name},
        {"tell_nonsense", tell_nonsense},
        {"leave_behind", leave_behind},
        {"leave_lookup", leave_lookup},
        {"give_up_connecting", give_up_connecting},
        {"take_second_address", take_second_address},
    };
    if (count != 3)
        return 2;
    url = arguments[1];
    url_by_name = arguments[2];
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        int failed = failed_checks;
        play(scenes[i].act);
        if (failed_checks > failed)
            fprintf(stderr, "... in scene %s\n", scenes[i].name);
    }
    return report("watch");
}
