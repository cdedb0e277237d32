/*
 * allocation.c - every allocation may fail. A life of a loop, its clients and their calls is run
 * again and again, with the first allocation failing, then the second, and so on until none does:
 * once with memory that is there again afterwards, so that whatever failed must work when it is
 * tried again, and once with memory that stays out. Each time the library must say so, with kind
 * PROMPTIC_MEMORY, and give every block back to the allocator it came from.
 *
 *   allocation URL    (linked with -Wl,--wrap=realloc, for what takes no allocator)
 */
#include "check.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct world {
    const char *url;
    char file[32]; /* a configuration file */
    promptic_allocator allocator;
    long left;        /* allocations until one fails */
    bool stays_out;   /* all further ones fail then too */
    size_t refused;   /* allocations that failed */
    size_t blocks;    /* that have not been given back */
    size_t reports;   /* how often the library has said that memory ended */
    size_t moot;      /* how often it had something worse to say */
    size_t callbacks; /* how many calls have ended with one */
    size_t bodies;    /* bodies that the library was to free, and has not yet */
    promptic_loop *loop;
    promptic_client *client;
} world;

/* --------------------------------------------------------------- allocator */

/* Before each block, so that free() of it, or one that is of another allocator, does not pass. */
typedef union header {
    struct {
        world *owner;
        size_t size;
    } of;
    max_align_t aligned;
} header;

static void give_back(world *w, header *block) {
    CHECK(block->of.owner == w);
    memset(block, 0xA5, sizeof *block + block->of.size);
    free(block);
    w->blocks--;
}

static bool is_refused(world *w) {
    if (w->left != 0) {
        w->left -= w->left > 0;
        return false;
    }
    w->refused++;
    w->left = w->stays_out ? 0 : -1;
    return true;
}

/* Always moves, so that a pointer to where a block was shows. */
static void *reallocate(void *userdata, void *block, size_t size) {
    world *w = userdata;
    header *old = block != NULL ? (header *)block - 1 : NULL;
    if (size == 0) {
        if (CHECK(old != NULL))
            give_back(w, old);
        return NULL;
    }
    if (is_refused(w))
        return NULL;
    header *moved = malloc(sizeof *moved + size);
    if (moved == NULL)
        abort();
    moved->of.owner = w;
    moved->of.size = size;
    memset(moved + 1, 0x5A, size);
    w->blocks++;
    if (old != NULL) {
        memcpy(moved + 1, block, old->of.size < size ? old->of.size : size);
        give_back(w, old);
    }
    return moved + 1;
}

static world *living; /* the one whose allocations are counted */

void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size) {
    return is_refused(living) ? NULL : __real_realloc(block, size);
}

/* ----------------------------------------------------------------- helpers */

/* Whether nothing was wrong; memory may have been, and then the library must say so. */
static bool is_fine(world *w, promptic_kind kind, promptic_kind expected) {
    if (kind != PROMPTIC_MEMORY) {
        CHECK(kind == expected);
        return true;
    }
    CHECK(w->refused > 0);
    w->reports++;
    return false;
}

static void count_callback(promptic_call *call, void *userdata) {
    world *w = userdata;
    CHECK(promptic_call_done(call));
    w->callbacks++;
}

/* Submits; where that fails, *fine says whether it was for another reason than memory. */
static promptic_call *start(world *w, const promptic_request *request, promptic_kind expected,
                            bool *fine) {
    promptic_error error = {.kind = PROMPTIC_OK};
    promptic_call *call = promptic_submit(w->client, request, count_callback, w, &error);
    *fine = call != NULL || is_fine(w, error.kind, expected);
    CHECK(call != NULL || error.message[0] != '\0');
    return call;
}

/* A whole call; false where memory ended. */
static bool ask(world *w, const promptic_request *request, promptic_kind kind, int status,
                int attempts) {
    bool fine;
    size_t callbacks = w->callbacks;
    promptic_call *call = start(w, request, kind, &fine);
    if (call == NULL)
        return fine;
    CHECK(promptic_call_wait(call, 10000));
    const promptic_result *result = promptic_call_result(call);
    fine = is_fine(w, result->kind, kind);
    CHECK(!fine || (result->status == status && result->attempts == attempts));
    CHECK(!fine || strcmp(promptic_result_header(result, "x-request-id"), "r-1") == 0);
    CHECK(result->body != NULL && strlen(result->body) == result->body_length);
    CHECK((result->kind == PROMPTIC_OK) == (result->message == NULL));
    /* An answer that there is no memory for was one: what it answers has been done. */
    CHECK(fine || result->status / 100 != 2 || result->maybe_sent);
    CHECK(w->callbacks == callbacks + 1);
    promptic_call_free(call);
    return fine;
}

static bool get(world *w, const char *path, promptic_kind kind, int status) {
    const promptic_request request = {
        .size = sizeof(promptic_request), .method = "GET", .path = path};
    return ask(w, &request, kind, status, 1);
}

/* ------------------------------------------------- steps: loops and clients */

static bool open_loop(world *w) {
    promptic_loop_options options;
    promptic_error error;
    promptic_loop_options_init(&options, sizeof options);
    options.allocator = w->allocator;
    w->loop = promptic_loop_new_with(&options, &error);
    return w->loop != NULL || is_fine(w, error.kind, PROMPTIC_MEMORY);
}

static bool open_client(world *w, const promptic_options *options, promptic_kind kind) {
    promptic_error error = {.kind = PROMPTIC_OK};
    w->client = promptic_client_new(w->loop, options, &error);
    CHECK(w->client == NULL || kind == PROMPTIC_OK);
    return is_fine(w, error.kind, kind);
}

/* Clients that find what they need elsewhere, or do not find it. */
static bool resolve(world *w) {
    promptic_options options = options_for(NULL);
    options.allocator = w->allocator;
    options.api_key = NULL;
    options.ca_file = "/nowhere/ca.pem";
    options.config_file = w->file;
    if (!open_client(w, &options, PROMPTIC_OK))
        return false;
    CHECK(strcmp(promptic_client_source(w->client), "file") == 0);
    CHECK(strcmp(promptic_client_endpoint(w->client), "https://file.example") == 0);
    promptic_client_free(w->client);
    options.access_token = "a-token";
    options.workspace_id = "w";
    if (!open_client(w, &options, PROMPTIC_OK))
        return false;
    promptic_client_free(w->client);
    options.access_token = NULL;
    options.config_file = "";
    if (!open_client(w, &options, PROMPTIC_AUTH))
        return false;
    options.api_key = "a\nb";
    if (!open_client(w, &options, PROMPTIC_CONFIG))
        return false;
    options.api_key = "a";
    options.endpoint = "http://far.example";
    return open_client(w, &options, PROMPTIC_CONFIG);
}

static bool open_main_client(world *w) {
    promptic_options options = options_for(w->url);
    options.allocator = w->allocator;
    options.user_agent = "spec/1";
    return open_client(w, &options, PROMPTIC_OK);
}

/* --------------------------------------------- steps: the configuration file */

static bool inspect(world *w) {
    promptic_error error;
    promptic_config_info info = {.size = sizeof info};
    bool fine = is_fine(w, promptic_config_inspect(w->file, &info, &error), PROMPTIC_OK);
    CHECK(!fine || (info.exists && info.has[0] && !info.has[1] && info.has[3]));
    return fine;
}

/* Two changes, of which the second takes the first back. */
static bool rewrite(world *w) {
    promptic_error error;
    const promptic_pair changes[] = {{"workspace_id", "w"}, {"access_token", NULL}};
    const promptic_pair back[] = {{"workspace_id", NULL}};
    const promptic_pair wrong[] = {{"no_key", "x"}};
    if (!is_fine(w, promptic_config_write(w->file, changes, 2, &error), PROMPTIC_OK) ||
        !is_fine(w, promptic_config_write(w->file, back, 1, &error), PROMPTIC_OK))
        return false;
    return is_fine(w, promptic_config_write(w->file, wrong, 1, &error), PROMPTIC_ARGUMENT);
}

/* ------------------------------------------------------------ steps: calls */

static bool ask_by_name(world *w) {
    const char *const ids[] = {"an id/with \xC3\xA4"};
    const promptic_pair pairs[] = {{"limit", "7"}};
    const promptic_request row = {.size = sizeof(promptic_request),
                                  .endpoint = "get_component",
                                  .path_args = ids,
                                  .path_count = 1};
    const promptic_request list = {.size = sizeof(promptic_request),
                                   .endpoint = "list_traces",
                                   .query = pairs,
                                   .query_count = 1};
    return ask(w, &row, PROMPTIC_OK, 200, 1) && ask(w, &list, PROMPTIC_OK, 200, 1);
}

static bool ask_wrongly(world *w) {
    const char *const ids[] = {".."};
    const promptic_request row = {.size = sizeof(promptic_request),
                                  .endpoint = "get_component",
                                  .path_args = ids,
                                  .path_count = 1};
    const promptic_request unknown = {.size = sizeof(promptic_request), .endpoint = "get_nothing"};
    bool fine = ask(w, &row, PROMPTIC_ARGUMENT, 0, 0) && ask(w, &unknown, PROMPTIC_ARGUMENT, 0, 0);
    w->moot = w->refused - w->reports;
    return fine;
}

static void free_body(void *body) {
    free(body);
    living->bodies--;
}

static bool send_bodies(world *w) {
    char text[] = "{\"name\":\"n\"}";
    promptic_request request = {.size = sizeof(promptic_request),
                                .endpoint = "create_component",
                                .body = text,
                                .body_length = sizeof text - 1};
    if (!ask(w, &request, PROMPTIC_OK, 200, 1))
        return false;
    w->bodies++;
    request.body = strdup(text);
    request.body_free = free_body;
    bool fine = ask(w, &request, PROMPTIC_OK, 200, 1);
    CHECK(w->bodies == 0);
    return fine;
}

static bool fail(world *w) {
    return get(w, "/wrong", PROMPTIC_API_ERROR, 404) && get(w, "/page", PROMPTIC_API_ERROR, 501) &&
           get(w, "/moved", PROMPTIC_API_ERROR, 302) && get(w, "/large", PROMPTIC_OK, 200);
}

/* The server refuses the first request of each id. */
static bool retry(world *w) {
    static unsigned count;
    char id[32];
    const promptic_pair pairs[] = {{"id", id}};
    const promptic_request request = {.size = sizeof(promptic_request),
                                      .method = "GET",
                                      .path = "/flaky",
                                      .query = pairs,
                                      .query_count = 1};
    snprintf(id, sizeof id, "%u", ++count);
    return ask(w, &request, PROMPTIC_OK, 200, 2);
}

/* Places that the platform has named: one that is relative, with headers; one that may not be used;
 * and an error with a code. */
static bool go_elsewhere(world *w) {
    static const promptic_pair headers[] = {{"Accept", "*/*"}, {"X-Empty", ""}};
    promptic_request request = {.size = sizeof(promptic_request),
                                .method = "PUT",
                                .url = "/api/v1/elsewhere?signature=x",
                                .path = "/artifacts",
                                .headers = headers,
                                .header_count = 2};
    const promptic_request refused = {
        .size = sizeof(promptic_request), .method = "GET", .url = "http://other.example/"};
    return ask(w, &request, PROMPTIC_OK, 200, 1) && ask(w, &refused, PROMPTIC_DECODE, 0, 0) &&
           get(w, "/coded", PROMPTIC_API_ERROR, 400);
}

/* More than the loop has room for at first, none of which is waited for. */
static bool give_up_many(world *w) {
    enum { MANY = 20 };
    promptic_call *calls[MANY];
    const promptic_request request = {.size = sizeof(promptic_request),
                                      .endpoint = "list_components"};
    bool fine = true;
    size_t count = 0, callbacks = w->callbacks;
    while (count < MANY && (calls[count] = start(w, &request, PROMPTIC_OK, &fine)) != NULL)
        count++;
    while (count > 0) { /* one that had no memory for its attempt has ended */
        const promptic_result *result = promptic_call_result(calls[--count]);
        fine = (result == NULL || is_fine(w, result->kind, PROMPTIC_OK)) && fine;
        promptic_call_free(calls[count]);
    }
    CHECK(w->callbacks == callbacks);
    return fine;
}

/* One that the server has, and does not answer, is cancelled, another left to the client's end. */
static bool give_up(world *w) {
    const promptic_request request = {
        .size = sizeof(promptic_request), .method = "GET", .path = "/silent"};
    size_t callbacks = w->callbacks;
    bool fine;
    promptic_call *call = start(w, &request, PROMPTIC_OK, &fine);
    if (call == NULL)
        return false;
    promptic_wait(w->loop, 5);
    promptic_call_cancel(call);
    promptic_step(w->loop);
    CHECK(w->callbacks == callbacks + 1);
    fine = is_fine(w, promptic_call_result(call)->kind, PROMPTIC_CANCELLED);
    promptic_call_free(call);
    return fine;
}

static bool close_client(world *w) {
    const promptic_request request = {
        .size = sizeof(promptic_request), .method = "GET", .path = "/silent"};
    size_t callbacks = w->callbacks;
    bool fine;
    promptic_call *call = start(w, &request, PROMPTIC_OK, &fine);
    if (call == NULL)
        return false;
    promptic_client_close(w->client);
    CHECK(w->callbacks == callbacks + 1);
    fine = is_fine(w, promptic_call_result(call)->kind, PROMPTIC_CANCELLED);
    CHECK(start(w, &request, PROMPTIC_CANCELLED, &fine) == NULL);
    promptic_call_free(call);
    return fine;
}

/* ------------------------------------------------------- steps: watched loop */

static void on_socket(promptic_loop *loop, int socket, int directions, void *userdata) {
    (void)loop, (void)socket, (void)directions, (void)userdata;
}

static void on_timer(promptic_loop *loop, long timeout_ms, void *userdata) {
    (void)loop, (void)timeout_ms, (void)userdata;
}

/* On a loop of its own, which is given back before its client. */
static bool ask_watched(world *w) {
    promptic_loop *loop = w->loop;
    promptic_client *client = w->client;
    bool fine = open_loop(w);
    if (fine) {
        promptic_watch(w->loop, on_socket, on_timer, NULL);
        fine = open_main_client(w) && get(w, "/", PROMPTIC_OK, 200);
        promptic_loop_free(w->loop);
        promptic_client_free(w->client);
    }
    w->loop = loop;
    w->client = client;
    return fine;
}

/* ------------------------------------------------------------------- sweep */

static bool (*const steps[])(world *) = {
    inspect,      rewrite,      open_loop,   resolve, open_main_client,
    ask_by_name,  ask_wrongly,  send_bodies, fail,    retry,
    go_elsewhere, give_up_many, ask_watched, give_up, close_client};

/* A whole life. In memory that is back after it has ended, each step must work the second time. */
static void live(world *w) {
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        size_t reports = w->reports;
        bool fine = steps[i](w);
        CHECK(fine == (w->reports == reports));
        if (!fine && w->stays_out)
            break;
        if (!fine)
            CHECK(steps[i](w));
    }
    promptic_client_free(w->client);
    promptic_loop_free(w->loop);
    CHECK(w->blocks == 0 && w->bodies == 0);
    CHECK(w->reports + w->moot == w->refused || (w->stays_out && w->reports > 0));
}

/* Returns how many allocations a life takes. */
static long sweep(const char *url, const char *file, bool stays_out) {
    for (long allowed = 0;; allowed++) {
        world w = {.url = url, .left = allowed, .stays_out = stays_out};
        w.allocator = (promptic_allocator){reallocate, &w};
        living = &w;
        snprintf(w.file, sizeof w.file, "%s", file);
        int failed = failed_checks;
        live(&w);
        if (failed_checks > failed)
            fprintf(stderr, "... in the life whose allocation %ld fails\n", allowed + 1);
        if (w.refused == 0 || failed_checks > 20)
            return allowed;
    }
}

int main(int count, char **arguments) {
    static const char config[] = "# a comment\napi_key = \"from-the-file\"\n"
                                 "endpoint = 'https://file.example/'\nother = [1, \"x\"]\n";
    char file[] = "/tmp/promptic-allocation-XXXXXX";
    int descriptor = count == 2 ? mkstemp(file) : -1;
    if (descriptor < 0 || write(descriptor, config, sizeof config - 1) < 0)
        return 2;
    close(descriptor);
    long once = sweep(arguments[1], file, false);
    long for_good = sweep(arguments[1], file, true);
    CHECK(once > 150 && for_good > 150);
    printf("allocation: swept %ld allocations that fail once, %ld for good\n", once, for_good);
    unlink(file);
    return report("allocation");
}
