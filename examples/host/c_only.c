/*
 * c_only.c - a C program without Lua: creates a component, and lists all there are once that is
 * done.
 *
 *    cc -o c_only c_only.c $(pkg-config --cflags --libs promptic)
 *    PROMPTIC_API_KEY=... ./c_only "a name"
 *
 * Nothing blocks but promptic_flush, which runs the callbacks until no call is left.
 */
#include <promptic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct program {
    promptic_client *client;
    int failures;
} program;

/* Prints how a call has ended; false where it failed. The answer is the platform's JSON as it came. */
static bool print_result(program *p, const char *what, const promptic_call *call) {
    const promptic_result *result = promptic_call_result(call);
    if (result->kind == PROMPTIC_OK) {
        printf("%-10s %d after %.3f s: %s\n", what, result->status, result->elapsed, result->body);
        return true;
    }
    fprintf(stderr, "%s failed (%s): %s\n", what, promptic_kind_name(result->kind),
            result->message);
    if (result->maybe_sent)
        fprintf(stderr, "... it may have taken effect all the same\n");
    p->failures++;
    return false;
}

/* The library is done with the call here, so this is where it is freed. */
static void on_listed(promptic_call *call, void *userdata) {
    print_result(userdata, "components", call);
    promptic_call_free(call);
}

static void submit(program *p, const promptic_request *request, promptic_done_fn done) {
    promptic_error error;
    if (promptic_submit(p->client, request, done, p, &error) == NULL) {
        fprintf(stderr, "not sent (%s): %s\n", promptic_kind_name(error.kind), error.message);
        p->failures++;
    }
}

static void on_created(promptic_call *call, void *userdata) {
    const promptic_request list = {.size = sizeof(promptic_request), .endpoint = "list_components"};
    program *p = userdata;
    if (print_result(p, "created", call))
        submit(p, &list, on_listed);
    promptic_call_free(call);
}

static void create(program *p, const char *name) {
    char body[256];
    if (strpbrk(name, "\"\\\n") != NULL || strlen(name) > 200) {
        fprintf(stderr, "this program knows no JSON: no quotes in the name, please\n");
        p->failures++;
        return;
    }
    int length = snprintf(body, sizeof body, "{\"name\":\"%s\"}", name);
    promptic_request request = {.size = sizeof(promptic_request),
                                .endpoint = "create_component",
                                .body = body,
                                .body_length = (size_t)length};
    submit(p, &request, on_created);
}

int main(int count, char **arguments) {
    promptic_error error;
    program p = {.failures = 0};
    promptic_loop *loop = promptic_loop_new(&error);
    /* Without options: credentials and endpoint from the environment or ~/.promptic/config.toml. */
    if (loop != NULL)
        p.client = promptic_client_new(loop, NULL, &error);
    if (p.client == NULL) {
        fprintf(stderr, "%s: %s\n", promptic_kind_name(error.kind), error.message);
        promptic_loop_free(loop);
        return EXIT_FAILURE;
    }
    create(&p, count > 1 ? arguments[1] : "made in C");
    promptic_flush(loop, -1);
    promptic_client_free(p.client);
    promptic_loop_free(loop);
    return p.failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
