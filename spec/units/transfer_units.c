/*
 * transfer_units.c - core/transfer.c and foreign.c: a handle without one of its settings is none;
 * what many headers cost. Linked with -Wl,--wrap, so that libcurl refuses what it never does, and
 * its walks along a list are counted.
 */
#include "foreign.h"
#include "transfer.h"

#include "units.h"

#include <stdarg.h>

static CURLoption refused; /* 0: none */

CURLcode __real_curl_easy_setopt(CURL *easy, CURLoption option, ...);
CURLcode __wrap_curl_easy_setopt(CURL *easy, CURLoption option, ...);

/* What kind of argument an option has, its number says (curl.h). */
CURLcode __wrap_curl_easy_setopt(CURL *easy, CURLoption option, ...) {
    CURLcode code;
    va_list arguments;
    if (option == refused)
        return CURLE_UNSUPPORTED_PROTOCOL;
    va_start(arguments, option);
    if (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB)
        code = __real_curl_easy_setopt(easy, option, va_arg(arguments, curl_off_t));
    else if (option < CURLOPTTYPE_OBJECTPOINT)
        code = __real_curl_easy_setopt(easy, option, va_arg(arguments, long));
    else
        code = __real_curl_easy_setopt(easy, option, va_arg(arguments, void *));
    va_end(arguments);
    return code;
}

static void ignore(void *owner, int socket, int directions) {
    (void)owner, (void)socket, (void)directions;
}

static void ignore_movement(void *owner, CURL *easy, int socket) {
    (void)owner, (void)easy, (void)socket;
}

static void refuse_settings(void) {
    static const CURLoption needed[] = {CURLOPT_PROTOCOLS_STR, CURLOPT_SHARE,  CURLOPT_PROXY,
                                        CURLOPT_NOPROXY,       CURLOPT_CAINFO, CURLOPT_CAPATH};
    struct pool *pool = pool_new(NULL, 1, ignore, ignore_movement, NULL);
    CHECK(pool != NULL && pool_reserve(pool));
    const transfer_settings settings = {.pool = pool, .ca_file = "/nowhere", .ca_path = "/nowhere"};
    CURLcode problem;
    CURL *easy = transfer_handle(&settings, &problem);
    CHECK(easy != NULL);
    curl_easy_cleanup(easy);
    for (size_t i = 0; i < COUNT_OF(needed); i++) {
        refused = needed[i];
        CHECK(transfer_handle(&settings, &problem) == NULL &&
              problem == CURLE_UNSUPPORTED_PROTOCOL);
    }
    refused = 0;
    pool_free(pool);
}

/* ----------------------------------------------------------------- headers */

static size_t walked; /* entries of lists that curl_slist_append has passed */

struct curl_slist *__real_curl_slist_append(struct curl_slist *list, const char *line);
struct curl_slist *__wrap_curl_slist_append(struct curl_slist *list, const char *line);
struct curl_slist *__wrap_curl_slist_append(struct curl_slist *list, const char *line) {
    for (const struct curl_slist *entry = list; entry != NULL; entry = entry->next)
        walked++;
    return __real_curl_slist_append(list, line);
}

/* The headers of an upload are the platform's, and as many as it likes. */
static void send_headers(void) {
    enum { COUNT = 2000 };
    static promptic_pair headers[COUNT];
    promptic_options options;
    promptic_error error;
    promptic_request request = {.size = sizeof(promptic_request),
                                .method = "PUT",
                                .url = "http://127.0.0.1:1/x",
                                .headers = headers};
    promptic_options_init(&options, sizeof options);
    options.endpoint = "http://127.0.0.1:1";
    options.api_key = "a-key";
    options.config_file = "";
    promptic_loop *loop = promptic_loop_new(&error);
    promptic_client *client = promptic_client_new(loop, &options, &error);
    for (request.header_count = 0; request.header_count < COUNT; request.header_count++)
        headers[request.header_count] = (promptic_pair){"X-Many", "x"};
    walked = 0;
    promptic_call *call = promptic_submit(client, &request, NULL, NULL, &error);
    CHECK(call != NULL && walked > 0 && walked < 2 * COUNT);
    promptic_call_free(call);
    promptic_client_free(client);
    promptic_loop_free(loop);
}

/* Where a redirect or an upload of the platform may lead. */
static void choose_places(void) {
    static const struct {
        const char *endpoint, *url;
        promptic_kind kind;
    } places[] = {
        {"https://a.example", "https://a.example/x", PROMPTIC_OK},
        {"https://a.example", "https://b.example/x", PROMPTIC_OK},
        {"https://a.example", "http://a.example/x", PROMPTIC_DECODE}, /* a step down */
        {"https://a.example", "http://b.example/x", PROMPTIC_DECODE},
        {"https://127.0.0.1", "http://127.0.0.1/x", PROMPTIC_DECODE},
        {"https://a.example", "/x", PROMPTIC_OK},
        {"http://127.0.0.1", "http://127.0.0.1:81/x", PROMPTIC_OK},
        {"http://127.0.0.1", "http://127.0.0.2/x", PROMPTIC_DECODE},
        {"http://127.0.0.1", "https://b.example/x", PROMPTIC_OK},
    };
    const promptic_allocator allocator = {.reallocate = NULL};
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        const foreign_origin origin = {&allocator, places[i].endpoint, places[i].endpoint, false};
        const promptic_request request = {
            .size = sizeof(promptic_request), .method = "GET", .url = places[i].url};
        promptic_error error = {.kind = PROMPTIC_OK};
        struct foreign foreign;
        char *url, *path;
        units_row(places[i].url);
        CHECK(foreign_open(&origin, &request, &foreign, &url, &path, &error) == places[i].kind);
        memory_free(&allocator, url);
        memory_free(&allocator, path);
        foreign_close(&allocator, &foreign);
    }
    units_row(NULL);
}

/* A libcurl that was built without a setting is no lack of memory. */
static void lack_a_setting(void) {
    promptic_options options;
    promptic_error error;
    const promptic_request request = {
        .size = sizeof(promptic_request), .method = "GET", .path = "/x"};
    promptic_options_init(&options, sizeof options);
    options.endpoint = "https://127.0.0.1:1";
    options.api_key = "a-key";
    options.config_file = "";
    options.ca_file = "/some/file";
    promptic_loop *loop = promptic_loop_new(&error);
    promptic_client *client = promptic_client_new(loop, &options, &error);
    refused = CURLOPT_CAINFO;
    promptic_call *call = promptic_submit(client, &request, NULL, NULL, &error);
    refused = 0;
    const promptic_result *result = promptic_call_result(call);
    if (CHECK(result != NULL)) {
        CHECK(result->kind == PROMPTIC_CONFIG);
        SAME("libcurl_lacks", result->code);
        SAME(curl_easy_strerror(CURLE_UNSUPPORTED_PROTOCOL), result->message);
    }
    promptic_call_free(call);
    promptic_client_free(client);
    promptic_loop_free(loop);
}

void units_transfer(void) {
    lack_a_setting();
    choose_places();
    refuse_settings();
    send_headers();
}
