/*
 * lifetimes.c - who may be freed when: clients closed and loops freed from within callbacks, in
 * every order; a thousand clients on one loop, and afterwards descriptors and memory as before.
 *
 *   lifetimes URL
 */
#include "driver.h"

#include <curl/curl.h>
#include <dirent.h>
#include <stdlib.h>

/* ------------------------------------------------------------------- memory */

static long blocks; /* of the library's and libcurl's memory that are in use */

static void *take(size_t size) {
    void *block = malloc(size);
    blocks += block != NULL;
    return block;
}

static void give(void *block) {
    blocks -= block != NULL;
    free(block);
}

static void *resize(void *block, size_t size) {
    void *moved = realloc(block, size);
    blocks += block == NULL && moved != NULL;
    return moved;
}

static char *duplicate(const char *string) {
    size_t size = strlen(string) + 1;
    char *copy = take(size);
    return copy != NULL ? memcpy(copy, string, size) : NULL;
}

static void *take_zeroed(size_t count, size_t size) {
    void *block = calloc(count, size);
    blocks += block != NULL;
    return block;
}

static void *reallocate(void *unused, void *block, size_t size) {
    (void)unused;
    if (size > 0)
        return resize(block, size);
    give(block);
    return NULL;
}

static int count_descriptors(void) {
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder != NULL && readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

/* -------------------------------------------------------------------- scenes */

#define CLIENTS 4

typedef struct scene {
    driver driver;
    promptic_client *clients[CLIENTS];
    promptic_call *calls[CLIENTS];
    size_t ended, cancelled;
} scene;

static promptic_loop *open_loop(void) {
    promptic_loop_options options;
    promptic_error error;
    promptic_loop_options_init(&options, sizeof options);
    options.host_owns_curl = true;
    options.allocator.reallocate = reallocate;
    promptic_loop *loop = promptic_loop_new_with(&options, &error);
    CHECK(loop != NULL);
    return loop;
}

static promptic_client *open_client(promptic_loop *loop, const char *url) {
    promptic_error error;
    promptic_options options = options_for(url);
    options.allocator.reallocate = reallocate;
    promptic_client *client = promptic_client_new(loop, &options, &error);
    CHECK(client != NULL);
    return client;
}

static promptic_call *submit(promptic_client *client, const char *path, promptic_done_fn done,
                             void *userdata) {
    promptic_error error;
    const promptic_request request = {
        .size = sizeof(promptic_request), .method = "GET", .path = path};
    promptic_call *call = promptic_submit(client, &request, done, userdata, &error);
    CHECK(call != NULL);
    return call;
}

static void note(promptic_call *call, void *userdata) {
    scene *s = userdata;
    s->ended++;
    s->cancelled += promptic_call_result(call)->kind == PROMPTIC_CANCELLED;
}

/* Each closes the next client, whose call ends within that and closes the next one after it. */
static void close_next(promptic_call *call, void *userdata) {
    scene *s = userdata;
    note(call, s);
    if (s->ended < CLIENTS)
        promptic_client_close(s->clients[s->ended]);
    promptic_client_close(s->clients[0]);
}

static void close_in_turn(scene *s) {
    s->calls[0] = submit(s->clients[0], "/quick", close_next, s);
    for (size_t i = 1; i < CLIENTS; i++)
        s->calls[i] = submit(s->clients[i], "/silent", close_next, s);
    CHECK(driver_until(&s->driver, &s->ended, CLIENTS));
    CHECK(s->cancelled == CLIENTS - 1);
}

/* The loop first, then the clients, then their calls, all from within the callback of one. */
static void free_loop_first(promptic_call *call, void *userdata) {
    scene *s = userdata;
    promptic_loop_free(s->driver.loop);
    for (size_t i = 0; i < CLIENTS; i++) {
        promptic_client_free(s->clients[i]);
        s->clients[i] = NULL;
    }
    note(call, s);
    for (size_t i = 0; i < CLIENTS; i++) { /* the last one ends client and loop */
        promptic_call_free(s->calls[i]);
        s->calls[i] = NULL;
    }
    s->driver.loop = NULL;
}

static void free_loop_within(scene *s) {
    for (size_t i = 1; i < CLIENTS; i++)
        s->calls[i] = submit(s->clients[i], "/silent", note, s);
    s->calls[0] = submit(s->clients[0], "/quick", free_loop_first, s);
    double end = seconds_now() + DRIVER_SECONDS;
    while (s->driver.loop != NULL && seconds_now() < end)
        driver_turn(&s->driver, 100);
    CHECK(s->ended == CLIENTS && s->cancelled == CLIENTS - 1);
}

/* Freed within the callback that its own end runs. */
static void free_own_client(promptic_call *call, void *userdata) {
    scene *s = userdata;
    note(call, s);
    promptic_client *client = s->clients[0];
    s->clients[0] = NULL;
    promptic_client_free(client);
    promptic_call_free(call);
    s->calls[0] = NULL;
}

static void free_while_closing(scene *s) {
    s->calls[0] = submit(s->clients[0], "/silent", free_own_client, s);
    s->calls[1] = submit(s->clients[0], "/silent", note, s);
    driver_for(&s->driver, 0.01);
    promptic_client_close(s->clients[0]);
    CHECK(s->ended == 2 && s->cancelled == 2);
}

/* A client that is closed in a callback of the loop's flush, which goes on for the others. */
static void flush_within(promptic_call *call, void *userdata) {
    scene *s = userdata;
    note(call, s);
    promptic_client_close(s->clients[1]);
    CHECK(promptic_flush(s->driver.loop, DRIVER_SECONDS * 1000) == 0);
}

static void flush_while_closing(scene *s) {
    s->calls[0] = submit(s->clients[0], "/quick", flush_within, s);
    s->calls[1] = submit(s->clients[1], "/silent", note, s);
    s->calls[2] = submit(s->clients[2], "/slow", note, s);
    CHECK(promptic_flush(s->driver.loop, DRIVER_SECONDS * 1000) == 0);
    CHECK(s->ended == 3 && s->cancelled == 1);
}

static void play(const char *url, driver_kind kind, void (*act)(scene *)) {
    scene s;
    driver_open(&s.driver, kind);
    promptic_loop_free(s.driver.loop); /* one that counts its memory in its place */
    s = (scene){.driver = s.driver};
    s.driver.loop = open_loop();
    if (kind == DRIVER_WATCHES)
        promptic_watch(s.driver.loop, driver_on_socket, driver_on_timer, &s.driver);
    for (size_t i = 0; i < CLIENTS; i++)
        s.clients[i] = open_client(s.driver.loop, url);
    act(&s);
    for (size_t i = 0; i < CLIENTS; i++)
        promptic_client_free(s.clients[i]);
    for (size_t i = 0; i < CLIENTS; i++)
        promptic_call_free(s.calls[i]);
    driver_close(&s.driver);
}

/* -------------------------------------------------------------- many clients */

#define MANY 1000

typedef struct tally {
    size_t fine, cancelled;
} tally;

static void count_call(promptic_call *call, void *userdata) {
    tally *t = userdata;
    promptic_kind kind = promptic_call_result(call)->kind;
    CHECK(kind == PROMPTIC_OK || kind == PROMPTIC_CANCELLED);
    t->fine += kind == PROMPTIC_OK;
    t->cancelled += kind == PROMPTIC_CANCELLED;
    promptic_call_free(call);
}

/* The server closes each connection, so that the open ones are those of the calls under way. A
 * tenth of the clients is freed with its call under way, or still queued. */
static void ask_of_many(const char *url) {
    static promptic_client *clients[MANY];
    tally t = {0, 0};
    promptic_loop *loop = open_loop();
    for (size_t i = 0; i < MANY; i++)
        clients[i] = open_client(loop, url);
    for (size_t i = 0; i < MANY; i++)
        submit(clients[i], "/close", count_call, &t);
    for (size_t i = 0; i < MANY; i += 10) {
        promptic_client_free(clients[i]);
        clients[i] = NULL;
    }
    CHECK(t.cancelled == MANY / 10 && t.fine == 0);
    CHECK(promptic_flush(loop, 60000) == 0);
    CHECK(t.cancelled == MANY / 10 && t.fine == MANY - MANY / 10);
    for (size_t i = 0; i < MANY; i++)
        promptic_client_free(clients[i]);
    promptic_loop_free(loop);
}

int main(int count, char **arguments) {
    static void (*const scenes[])(scene *) = {close_in_turn, free_loop_within, free_while_closing,
                                              flush_while_closing};
    if (count != 2 || curl_global_init_mem(CURL_GLOBAL_DEFAULT, take, give, resize, duplicate,
                                           take_zeroed) != CURLE_OK)
        return 2;
    for (driver_kind kind = 0; kind < DRIVER_KINDS; kind++)
        for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
            int failed = failed_checks;
            long before = blocks;
            play(arguments[1], kind, scenes[i]);
            CHECK(blocks == before);
            if (failed_checks > failed)
                fprintf(stderr, "... in scene %zu, host %d\n", i, (int)kind);
        }
    int descriptors = count_descriptors();
    long before = blocks;
    ask_of_many(arguments[1]);
    CHECK(blocks == before && count_descriptors() == descriptors);
    curl_global_cleanup();
    return report("lifetimes");
}
