/*
 * frame_loop.c - a game draws sixty frames a second while twenty calls are under way: one step a
 * frame, which never waits for the network.
 *
 *    cc -o frame_loop frame_loop.c $(pkg-config --cflags --libs promptic)
 *    PROMPTIC_API_KEY=... ./frame_loop
 */
#include <promptic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FRAME_NS 16666667L
#define CALLS 20

typedef struct game {
    promptic_client *client;
    size_t submitted, answered, failed;
    unsigned long frames;
    double longest_step; /* seconds */
} game;

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void on_answer(promptic_call *call, void *userdata) {
    game *g = userdata;
    const promptic_result *result = promptic_call_result(call);
    g->answered++;
    if (result->kind != PROMPTIC_OK) {
        g->failed++;
        fprintf(stderr, "%s: %s\n", promptic_kind_name(result->kind), result->message);
    }
    promptic_call_free(call);
}

static void ask(game *g) {
    promptic_error error;
    const promptic_request request = {.size = sizeof(promptic_request),
                                      .endpoint = "list_components"};
    g->submitted++;
    if (promptic_submit(g->client, &request, on_answer, g, &error) == NULL) {
        g->answered++, g->failed++;
        fprintf(stderr, "%s: %s\n", promptic_kind_name(error.kind), error.message);
    }
}

static void draw(const game *g) {
    printf("\rframe %4lu  %2zu of %d answers", g->frames, g->answered, CALLS);
    fflush(stdout);
}

/* Sleeps until the next frame is due; a late frame is not made up for. */
static void wait_for_frame(struct timespec *due) {
    struct timespec now;
    due->tv_nsec += FRAME_NS;
    if (due->tv_nsec >= 1000000000L) {
        due->tv_nsec -= 1000000000L;
        due->tv_sec++;
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec > due->tv_sec || (now.tv_sec == due->tv_sec && now.tv_nsec > due->tv_nsec))
        *due = now;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, due, NULL);
}

static void play(game *g, promptic_loop *loop) {
    struct timespec due;
    clock_gettime(CLOCK_MONOTONIC, &due);
    while (g->answered < CALLS) {
        if (g->submitted < CALLS) /* one a frame; nothing blocks here either */
            ask(g);
        double before = seconds_now();
        promptic_step(loop);
        double step = seconds_now() - before;
        if (step > g->longest_step)
            g->longest_step = step;
        g->frames++;
        draw(g);
        wait_for_frame(&due);
    }
    printf("\n%lu frames, %zu answers, %zu failed, longest step %.2f ms\n", g->frames, g->answered,
           g->failed, g->longest_step * 1000);
}

int main(void) {
    promptic_error error;
    game g = {.frames = 0};
    promptic_loop *loop = promptic_loop_new(&error);
    if (loop != NULL)
        g.client = promptic_client_new(loop, NULL, &error);
    if (g.client != NULL)
        play(&g, loop);
    else
        fprintf(stderr, "%s: %s\n", promptic_kind_name(error.kind), error.message);
    bool fine = g.client != NULL && g.failed == 0;
    promptic_client_free(g.client);
    promptic_loop_free(loop);
    return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
