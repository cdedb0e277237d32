/*
 * libcurl_memory.c - a host that owns curl's global init, and hands libcurl memory of which any
 * allocation may fail, as allocation.c does with the library's own. A call ends whatever happens,
 * nothing is lost, and what memory was there for works.
 *
 *   libcurl_memory URL
 */
#include "check.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

static long left = -1; /* allocations until one fails; negative: none does */
static bool stays_out;
static size_t refused, blocks;

/* The library is not to call it: the host has called curl_global_init_mem. */
CURLcode curl_global_init(long flags) {
    (void)flags;
    CHECK(!"curl_global_init was called");
    return CURLE_FAILED_INIT;
}

/* --------------------------------------------------------------- allocator */

static bool is_refused(void) {
    if (left != 0) {
        left -= left > 0;
        return false;
    }
    refused++;
    left = stays_out ? 0 : -1;
    return true;
}

static void *counted(void *block) {
    if (block == NULL)
        abort();
    blocks++;
    return block;
}

static void *get(size_t size) {
    return is_refused() ? NULL : counted(malloc(size));
}

static void *get_zeroed(size_t count, size_t size) {
    return is_refused() ? NULL : counted(calloc(count, size));
}

static char *copy(const char *string) {
    return is_refused() ? NULL : counted(strdup(string));
}

static void *resize(void *block, size_t size) {
    if (is_refused())
        return NULL;
    blocks -= block != NULL;
    return counted(realloc(block, size));
}

static void give_back(void *block) {
    blocks -= block != NULL;
    free(block);
}

/* -------------------------------------------------------------------- life */

/* Where memory ends libcurl says so, or, for a line of an answer's head, that it is too long. */
static bool is_lack(promptic_kind kind, const char *message) {
    return kind == PROMPTIC_MEMORY ||
           (kind == PROMPTIC_CONNECTION && strstr(message, "too long") != NULL);
}

static void ask(promptic_client *client, const char *method, const char *path, int status) {
    promptic_error error;
    char body[] = "{}";
    promptic_request request = {.size = sizeof(promptic_request), .method = method, .path = path};
    if (strcmp(method, "POST") == 0) {
        request.body = body;
        request.body_length = sizeof body - 1;
    }
    size_t refused_before = refused;
    promptic_call *call = promptic_submit(client, &request, NULL, NULL, &error);
    if (!CHECK(call != NULL) || !CHECK(promptic_call_wait(call, 10000)))
        return;
    const promptic_result *result = promptic_call_result(call);
    if (result->status == 0)
        CHECK(refused > refused_before && is_lack(result->kind, result->message));
    else
        CHECK(result->status == status);
    promptic_call_free(call);
}

static void live(const char *url) {
    promptic_error error;
    promptic_loop_options loop_options;
    promptic_loop_options_init(&loop_options, sizeof loop_options);
    loop_options.host_owns_curl = true;
    promptic_loop *loop = promptic_loop_new_with(&loop_options, &error);
    if (loop == NULL) {
        CHECK(error.kind == PROMPTIC_MEMORY);
        return;
    }
    promptic_options options = options_for(url);
    promptic_client *client = promptic_client_new(loop, &options, &error);
    CHECK(client != NULL || error.kind == PROMPTIC_MEMORY);
    if (client != NULL) {
        ask(client, "GET", "/", 200);
        ask(client, "GET", "/", 200);
        ask(client, "POST", "/", 200);
        ask(client, "GET", "/large", 200);
        ask(client, "GET", "/wrong", 404);
    }
    promptic_client_free(client);
    promptic_loop_free(loop);
}

static long sweep(const char *url) {
    for (long allowed = 0;; allowed++) {
        refused = 0;
        left = -1;
        if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, get, give_back, resize, copy, get_zeroed))
            exit(2);
        size_t blocks_before = blocks;
        left = allowed;
        live(url);
        left = -1;
        if (!CHECK(blocks == blocks_before))
            fprintf(stderr, "... where allocation %ld fails\n", allowed + 1);
        curl_global_cleanup();
        CHECK(blocks == 0);
        if (refused == 0 || failed_checks > 20)
            return allowed;
    }
}

int main(int count, char **arguments) {
    if (count != 2)
        return 2;
    long once = sweep(arguments[1]);
    stays_out = true;
    long for_good = sweep(arguments[1]);
    CHECK(once > 50 && for_good > 50);
    printf("libcurl_memory: swept %ld allocations that fail once, %ld for good\n", once, for_good);
    return report("libcurl_memory");
}
