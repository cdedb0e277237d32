/* proxy_units.c - core/proxy.c: which variable counts, and what is no URL of a proxy. */
#include "proxy.h"

#include "units.h"

#include <stdlib.h>
#include <string.h>

static void set(const char *name, const char *value) {
    if (value != NULL)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

/* ------------------------------------------------------------- which counts */

static const struct {
    const char *scheme, *names[3], *values[3];
    const char *url, *exceptions;
} rows[] = {
    {"https", {NULL}, {NULL}, NULL, NULL},
    {"https", {"https_proxy"}, {"http://a:1"}, "http://a:1", NULL},
    {"https", {"HTTPS_PROXY"}, {"http://a:1"}, "http://a:1", NULL},
    {"https", {"HTTPS_PROXY", "https_proxy"}, {"http://a:1", "http://b:2"}, "http://b:2", NULL},
    {"https", {"http_proxy", "HTTP_PROXY"}, {"http://a:1", "http://b:2"}, NULL, NULL},
    {"https", {"all_proxy"}, {"http://a:1"}, "http://a:1", NULL},
    {"https", {"ALL_PROXY"}, {"http://a:1"}, "http://a:1", NULL},
    {"https", {"ALL_PROXY", "HTTPS_PROXY"}, {"http://a:1", "http://b:2"}, "http://b:2", NULL},
    {"https", {"ALL_PROXY", "https_proxy"}, {"http://a:1", ""}, NULL, NULL},
    {"https",
     {"https_proxy", "no_proxy"},
     {"http://a:1", "x.example,y"},
     "http://a:1",
     "x.example,y"},
    {"https", {"https_proxy", "NO_PROXY"}, {"http://a:1", "x"}, "http://a:1", "x"},
    {"https", {"https_proxy", "NO_PROXY", "no_proxy"}, {"http://a:1", "x", "y"}, "http://a:1", "y"},
    {"https", {"https_proxy", "no_proxy"}, {"http://a:1", "*"}, NULL, NULL},
    {"http", {"http_proxy"}, {"http://a:1"}, "http://a:1", NULL},
    {"http", {"HTTP_PROXY"}, {"http://a:1"}, NULL, NULL}, /* what a CGI program has of its client */
    {"http", {"https_proxy"}, {"http://a:1"}, NULL, NULL},
    {"http", {"ALL_PROXY"}, {"http://a:1"}, "http://a:1", NULL},
    {"http", {"http_proxy"}, {"a.example:1"}, "http://a.example:1", NULL},
    {"http", {"http_proxy"}, {"a"}, "http://a", NULL},
    {"http", {"http_proxy"}, {"socks5h://a"}, "socks5h://a", NULL},
    {"http", {"http_proxy"}, {"socks4a://a:1/"}, "socks4a://a:1/", NULL},
    {"http", {"http_proxy"}, {"https://[::1]:8"}, "https://[::1]:8", NULL},
};

static void choose(void) {
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct proxy found;
        promptic_error error;
        units_clear_proxies();
        for (size_t j = 0; j < 3 && rows[i].names[j] != NULL; j++)
            set(rows[i].names[j], rows[i].values[j]);
        units_row(rows[i].names[0]);
        CHECK(proxy_find(NULL, rows[i].scheme, &found, &error) == PROMPTIC_OK);
        SAME(rows[i].url, found.url);
        SAME(rows[i].exceptions, found.exceptions);
        SAME(NULL, found.password);
        SAME(NULL, found.basic);
        proxy_free(NULL, &found);
        CHECK(found.url == NULL && found.exceptions == NULL);
    }
    units_row(NULL);
    units_clear_proxies();
}

/* ------------------------------------------------------------------ secrets */

static const struct {
    const char *value, *password, *basic;
} secrets[] = {
    {"http://u:secret@a:1", "secret", "dTpzZWNyZXQ="},
    {"http://us:secret@a:1", "secret", "dXM6c2VjcmV0"},
    {"http://user:secret@a:1", "secret", "dXNlcjpzZWNyZXQ="},
    {"u:s@a", "s", "dTpz"},
    {"http://:s@a:1", "s", "OnM="},
    {"http://u:@a:1", "", "dTo="},
    {"http://u:a%40%2f%3f%23b@a:1", "a@/?#b", "dTphQC8/I2I="},
    {"http://u:%c3%bf%fe~@a:1", "\xC3\xBF\xFE~", "dTrDv/5+"},
    {"http://u@a:1", NULL, NULL},
};

static void keep_secrets(void) {
    for (size_t i = 0; i < COUNT_OF(secrets); i++) {
        struct proxy found;
        promptic_error error;
        set("https_proxy", secrets[i].value);
        units_row(secrets[i].value);
        CHECK(proxy_find(NULL, "https", &found, &error) == PROMPTIC_OK);
        SAME(secrets[i].password, found.password);
        SAME(secrets[i].basic, found.basic);
        proxy_free(NULL, &found);
    }
    units_row(NULL);
}

/* ----------------------------------------------------------------- refusals */

static const char *const wrong[] = {
    "http://",
    "ftp://a.example:1",
    "socks6://a:1",
    "http://user:hunter2#34@a:1",
    "http://user:hunter2/34@a:1",
    "http://user:hunter2?34@a:1",
    "http://a:1/path",
    "http://a:1?query",
    "http://a:1#fragment",
    "http://a:hunter2",
    "http://a:99999999",
    "http://a b:1",
    "http://a:1\n",
    "http://a\\b:1",
    "http://a\x7F",
    " http://a:1",
    "http://u:hunter2 @a:1",
    "http://u:hunter2\x01@a:1",
    "http://u:hunter2\x7F@a:1",
    "http://u:hunter2\\@a:1",
};

static void refuse(void) {
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct proxy found;
        promptic_error error;
        set("https_proxy", wrong[i]);
        units_row(wrong[i]);
        CHECK(proxy_find(NULL, "https", &found, &error) == PROMPTIC_CONFIG);
        CHECK(found.url == NULL && found.password == NULL && found.basic == NULL);
        HAS("https_proxy is not the URL of a proxy", error.message);
        CHECK(strstr(error.message, "hunter2") == NULL);
    }
    units_row(NULL);
}

/* True where none was left to fail. */
static bool run_out_after(long left, bool recovers) {
    units_memory memory;
    struct proxy found;
    promptic_error error;
    units_memory_init(&memory, left);
    memory.recovers = recovers;
    promptic_kind kind = proxy_find(&memory.allocator, "https", &found, &error);
    bool fine = memory.refused == 0;
    CHECK(kind == (fine ? PROMPTIC_OK : PROMPTIC_MEMORY));
    CHECK(fine || (found.url == NULL && found.exceptions == NULL && found.password == NULL));
    proxy_free(&memory.allocator, &found);
    CHECK(memory.blocks == 0);
    return fine;
}

static void run_out(void) {
    set("https_proxy", "http://user:secret@a:1");
    set("no_proxy", "b");
    for (int recovers = 0; recovers < 2; recovers++) {
        long left = 0;
        while (left < 50 && !run_out_after(left, recovers))
            left++;
        CHECK(left >= 5 && left < 50);
    }
}

void units_proxy(void) {
    choose();
    keep_secrets();
    refuse();
    run_out();
    units_clear_proxies();
}
