/*
 * post_bodies.c - the baseline of spec/bench/upload.lua: posts bodies that are ready in memory,
 * over libcurl alone, and throws the answers away.
 *
 *     post_bodies URL FILE.jsonl ROWS_PER_BODY CONCURRENCY
 *
 * Prints the CPU seconds that posting took, and the seconds.
 */
#include <curl/curl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

typedef struct body {
    char *text;
    size_t length, capacity;
} body;

static body *bodies;
static size_t body_count, next_body;
static struct curl_slist *headers;

static void *checked(void *block) {
    if (block == NULL) {
        fputs("post_bodies: not enough memory\n", stderr);
        exit(1);
    }
    return block;
}

/* ------------------------------------------------------------------- bodies */

static void add(body *b, const char *text, size_t length) {
    if (b->length + length > b->capacity) {
        b->capacity = 2 * (b->length + length);
        b->text = checked(realloc(b->text, b->capacity));
    }
    memcpy(b->text + b->length, text, length);
    b->length += length;
}

static void build(const char *path, size_t rows) {
    FILE *file = checked(fopen(path, "r"));
    char *line = NULL;
    size_t size = 0, row = 0;
    ssize_t length;
    while ((length = getline(&line, &size, file)) > 0) {
        if (row % rows == 0) {
            bodies = checked(realloc(bodies, (body_count + 1) * sizeof *bodies));
            bodies[body_count++] = (body){.text = NULL};
        }
        add(&bodies[body_count - 1], row++ % rows == 0 ? "[" : ",", 1);
        add(&bodies[body_count - 1], line, (size_t)length - 1);
    }
    for (size_t i = 0; i < body_count; i++)
        add(&bodies[i], "]", 1);
    free(line);
    fclose(file);
}

/* ------------------------------------------------------------------ posting */

static size_t drop(char *data, size_t size, size_t count, void *userdata) {
    (void)data, (void)userdata;
    return size * count;
}

static CURL *new_handle(const char *url) {
    CURL *easy = checked(curl_easy_init());
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 1024L * 1024L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    if (getenv("BENCH_CA_FILE") != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, getenv("BENCH_CA_FILE"));
    return easy;
}

/* Puts the next body on the handle's way, if there is one left. */
static void post_next(CURLM *multi, CURL *easy) {
    if (next_body == body_count)
        return;
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)bodies[next_body].length);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, bodies[next_body].text);
    next_body++;
    curl_multi_add_handle(multi, easy);
}

static void check(const CURLMsg *message) {
    long status = 0;
    curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
    if (message->data.result == CURLE_OK && status / 100 == 2)
        return;
    fprintf(stderr, "post_bodies: %s, status %ld\n", curl_easy_strerror(message->data.result),
            status);
    exit(1);
}

static void post_all(const char *url, int concurrency) {
    CURLM *multi = checked(curl_multi_init());
    int running = 1, left;
    for (int i = 0; i < concurrency; i++)
        post_next(multi, new_handle(url));
    while (running > 0) {
        CURLMsg *message;
        curl_multi_perform(multi, &running);
        while ((message = curl_multi_info_read(multi, &left)) != NULL) {
            CURL *easy = message->easy_handle;
            check(message);
            curl_multi_remove_handle(multi, easy);
            post_next(multi, easy);
        }
        if (running < concurrency && next_body < body_count)
            running = concurrency;
        if (running > 0)
            curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
}

/* --------------------------------------------------------------------- time */

static double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fputs("usage: post_bodies URL FILE.jsonl ROWS_PER_BODY CONCURRENCY\n", stderr);
        return 2;
    }
    build(argv[2], (size_t)strtoul(argv[3], NULL, 10));
    curl_global_init(CURL_GLOBAL_DEFAULT);
    headers = curl_slist_append(headers, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Authorization: Bearer sandbox");
    headers = curl_slist_append(headers, "Expect:");
    double cpu = cpu_seconds(), wall = seconds();
    post_all(argv[1], (int)strtol(argv[4], NULL, 10));
    printf("%.6f %.6f\n", cpu_seconds() - cpu, seconds() - wall);
    return 0;
}
