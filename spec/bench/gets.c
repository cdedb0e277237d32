/*
 * gets.c - the yardstick: GETs with libcurl alone, and what they cost.
 *
 *     gets easy URL COUNT        one after the other on one easy handle
 *     gets multi URL COUNT       32 at a time on one multi handle
 *     gets print URL COUNT       as easy, and prints the last answer instead of what it took
 *     gets idle URL COUNT        so many on one multi handle that the server never answers
 *
 * Prints "wall cpu" in seconds, with idle the microseconds of CPU that a look at all of them takes.
 * As in any program that asks for one thing after another and uses what comes, each request has its
 * URL set, and each answer is gathered in memory of its own.
 */
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define CONCURRENCY 32

typedef struct page {
    char *data;
    size_t length, capacity;
} page;

static size_t gather(char *data, size_t size, size_t count, void *userdata) {
    page *page = userdata;
    size_t length = size * count;
    if (page->length + length > page->capacity) {
        page->capacity = 2 * (page->length + length);
        page->data = realloc(page->data, page->capacity);
        if (page->data == NULL)
            return 0;
    }
    memcpy(page->data + page->length, data, length);
    page->length += length;
    return length;
}

static CURL *handle(struct curl_slist *headers, page *page) {
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, gather);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, page);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, page);
    if (getenv("BENCH_CA_FILE") != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, getenv("BENCH_CA_FILE"));
    return easy;
}

/* Gets the handle and its page ready for the next request. */
static void prepare(CURL *easy, const char *url, page *page) {
    free(page->data);
    *page = (struct page){0};
    curl_easy_setopt(easy, CURLOPT_URL, url);
}

static void check(CURLcode code, CURL *easy) {
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK || status != 200) {
        fprintf(stderr, "gets: %s, status %ld\n", curl_easy_strerror(code), status);
        exit(1);
    }
}

static void one_by_one(const char *url, struct curl_slist *headers, int count, FILE *output) {
    page page = {0};
    CURL *easy = handle(headers, &page);
    for (int i = 0; i < count; i++) {
        prepare(easy, url, &page);
        check(curl_easy_perform(easy), easy);
    }
    if (output != NULL)
        fwrite(page.data, 1, page.length, output);
    curl_easy_cleanup(easy);
    free(page.data);
}

static void many(const char *url, struct curl_slist *headers, int count) {
    page pages[CONCURRENCY] = {{0}};
    CURLM *multi = curl_multi_init();
    int started = 0, ended = 0, running, left;
    CURLMsg *message;
    for (; started < CONCURRENCY && started < count; started++) {
        CURL *easy = handle(headers, &pages[started]);
        prepare(easy, url, &pages[started]);
        curl_multi_add_handle(multi, easy);
    }
    while (ended < count) {
        curl_multi_perform(multi, &running);
        while ((message = curl_multi_info_read(multi, &left)) != NULL) {
            CURL *easy = message->easy_handle;
            page *page;
            check(message->data.result, easy);
            curl_easy_getinfo(easy, CURLINFO_PRIVATE, &page);
            curl_multi_remove_handle(multi, easy);
            ended++;
            if (started < count) {
                started++;
                prepare(easy, url, page);
                curl_multi_add_handle(multi, easy);
            } else {
                curl_easy_cleanup(easy);
            }
        }
        if (ended < count)
            curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    curl_multi_cleanup(multi);
    for (int i = 0; i < CONCURRENCY; i++)
        free(pages[i].data);
}

static double cpu(void);

static double look_at_idle(const char *url, struct curl_slist *headers, int count) {
    page *pages = calloc((size_t)count, sizeof *pages);
    CURLM *multi = curl_multi_init();
    int running;
    for (int i = 0; i < count; i++) {
        CURL *easy = handle(headers, &pages[i]);
        prepare(easy, url, &pages[i]);
        curl_multi_add_handle(multi, easy);
    }
    for (int i = 0; i < 100; i++) { /* until all are connected and sent */
        curl_multi_perform(multi, &running);
        curl_multi_poll(multi, NULL, 0, 5, NULL);
    }
    double used = cpu();
    for (int i = 0; i < 2000; i++)
        curl_multi_perform(multi, &running);
    return (cpu() - used) / 2000 * 1e6;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double cpu(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv) {
    if (argc != 4)
        return 2;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct curl_slist *headers = curl_slist_append(NULL, "Authorization: Bearer bench");
    headers = curl_slist_append(headers, "Accept: application/json");
    headers = curl_slist_append(headers, "User-Agent: Lua/5.4 promptic-lua/0.1.0 libcurl/7.88.1");
    int count = atoi(argv[3]);
    double wall = now(), used = cpu();
    if (strcmp(argv[1], "idle") == 0) {
        printf("%.3f\n", look_at_idle(argv[2], headers, count));
        return 0;
    }
    bool prints = strcmp(argv[1], "print") == 0;
    if (prints || strcmp(argv[1], "easy") == 0)
        one_by_one(argv[2], headers, count, prints ? stdout : NULL);
    else
        many(argv[2], headers, count);
    if (!prints)
        printf("%.6f %.6f\n", now() - wall, cpu() - used);
    curl_slist_free_all(headers);
    curl_global_cleanup();
    return 0;
}
