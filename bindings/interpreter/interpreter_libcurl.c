/*
 * interpreter_libcurl.c - libcurl at its first use.
 *
 * libcurl brings some thirty shared libraries, which take most of the time in which promptic-lua
 * starts, and many scripts and commands make no call. So the program is not linked with it: the
 * functions that core/ uses are defined here, and forward their arguments to the library, which the
 * first call loads. promptic.so and libpromptic link libcurl as usual.
 *
 * <curl/curl.h> declares each of them as well, so that a wrong prototype does not compile;
 * spec/interpreter/interpreter_spec.lua compares the list with what core/ needs.
 */
#define CURL_DISABLE_TYPECHECK /* the variadic functions are macros otherwise */
#include "libcurl_soname.h" /* made by the Makefile; without LIBCURL_SONAME the program is linked */

#ifdef LIBCURL_SONAME

/* Its first parameter has become const in libcurl 8, so it is not compared with the header's. */
#define curl_url_get curl_url_get_of_header
#include <curl/curl.h>
#undef curl_url_get

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* clang-format off */
#define RETURNING(X) \
    X(CURL *, curl_easy_init, (void), ()) \
    X(CURLcode, curl_easy_pause, (CURL *easy, int bitmask), (easy, bitmask)) \
    X(const char *, curl_easy_strerror, (CURLcode code), (code)) \
    X(time_t, curl_getdate, (const char *date, const time_t *unused), (date, unused)) \
    X(CURLcode, curl_global_init, (long flags), (flags)) \
    X(CURLMcode, curl_multi_add_handle, (CURLM *multi, CURL *easy), (multi, easy)) \
    X(CURLMcode, curl_multi_cleanup, (CURLM *multi), (multi)) \
    X(CURLMsg *, curl_multi_info_read, (CURLM *multi, int *left), (multi, left)) \
    X(CURLM *, curl_multi_init, (void), ()) \
    X(CURLMcode, curl_multi_remove_handle, (CURLM *multi, CURL *easy), (multi, easy)) \
    X(CURLMcode, curl_multi_socket_action, (CURLM *multi, curl_socket_t socket, int events, int *running), \
        (multi, socket, events, running)) \
    X(CURLMcode, curl_multi_socket_all, (CURLM *multi, int *running), (multi, running)) \
    X(CURLSHcode, curl_share_cleanup, (CURLSH *share), (share)) \
    X(CURLSH *, curl_share_init, (void), ()) \
    X(struct curl_slist *, curl_slist_append, (struct curl_slist *list, const char *line), (list, line)) \
    X(CURLU *, curl_url, (void), ()) \
    X(CURLUcode, curl_url_get, (const CURLU *url, CURLUPart part, char **value, unsigned int flags), \
        (url, part, value, flags)) \
    X(CURLUcode, curl_url_set, (CURLU *url, CURLUPart part, const char *value, unsigned int flags), \
        (url, part, value, flags)) \
    X(const char *, curl_url_strerror, (CURLUcode code), (code)) \
    X(curl_version_info_data *, curl_version_info, (CURLversion age), (age))

#define SILENT(X) \
    X(void, curl_easy_cleanup, (CURL *easy), (easy)) \
    X(void, curl_free, (void *memory), (memory)) \
    X(void, curl_slist_free_all, (struct curl_slist *list), (list)) \
    X(void, curl_url_cleanup, (CURLU *url), (url))

#define VARIADIC(X) \
    X(CURLcode, curl_easy_getinfo, (CURL *easy, CURLINFO info, ...), ) \
    X(CURLcode, curl_easy_setopt, (CURL *easy, CURLoption option, ...), ) \
    X(CURLMcode, curl_multi_setopt, (CURLM *multi, CURLMoption option, ...), ) \
    X(CURLSHcode, curl_share_setopt, (CURLSH *share, CURLSHoption option, ...), )
/* clang-format on */

/* ------------------------------------------------------------------ loading */

#define MEMBER(TYPE, NAME, PARAMETERS, ARGUMENTS) TYPE(*NAME) PARAMETERS;
static struct {
    RETURNING(MEMBER)
    SILENT(MEMBER)
    VARIADIC(MEMBER)
} library;

static void find(void *handle, const char *name, void *function) {
    void *found = handle != NULL ? dlsym(handle, name) : NULL;
    if (found == NULL) {
        fprintf(stderr,
                "promptic-lua: " LIBCURL_SONAME " cannot be used: %s\n"
                "  install libcurl (Debian and Ubuntu: libcurl4), which makes the requests\n",
                dlerror());
        exit(EXIT_FAILURE);
    }
    *(void **)function = found;
}

/* Lazily, as programs are linked: what libcurl depends on has ten times as many functions as a call
 * needs. What this program needs of libcurl is looked up at once all the same. */
static void load(void) {
    void *handle = dlopen(LIBCURL_SONAME, RTLD_LAZY | RTLD_LOCAL);
#define FIND(TYPE, NAME, PARAMETERS, ARGUMENTS) find(handle, #NAME, &library.NAME);
    RETURNING(FIND)
    SILENT(FIND)
    VARIADIC(FIND)
}

static void load_once(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
}

/* ----------------------------------------------------------------- functions */

#define FORWARD(TYPE, NAME, PARAMETERS, ARGUMENTS) \
    TYPE NAME PARAMETERS {                         \
        load_once();                               \
        return library.NAME ARGUMENTS;             \
    }
RETURNING(FORWARD)

#define FORWARD_SILENT(TYPE, NAME, PARAMETERS, ARGUMENTS) \
    TYPE NAME PARAMETERS {                                \
        load_once();                                      \
        library.NAME ARGUMENTS;                           \
    }
SILENT(FORWARD_SILENT)

/* The type of the third argument follows from the option's number (CURLOPTTYPE_ in curl.h). */
#define FORWARD_OPTION(CALL, LIST, OPTION)                          \
    ((OPTION) < CURLOPTTYPE_OBJECTPOINT ? CALL(va_arg(LIST, long))  \
     : (OPTION) >= CURLOPTTYPE_OFF_T && (OPTION) < CURLOPTTYPE_BLOB \
         ? CALL(va_arg(LIST, curl_off_t))                           \
         : CALL(va_arg(LIST, void *)))

CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...) {
    va_list list;
    load_once();
    va_start(list, option);
#define CALL(VALUE) library.curl_easy_setopt(easy, option, VALUE)
    CURLcode code = FORWARD_OPTION(CALL, list, (int)option);
#undef CALL
    va_end(list);
    return code;
}

CURLMcode curl_multi_setopt(CURLM *multi, CURLMoption option, ...) {
    va_list list;
    load_once();
    va_start(list, option);
#define CALL(VALUE) library.curl_multi_setopt(multi, option, VALUE)
    CURLMcode code = FORWARD_OPTION(CALL, list, (int)option);
#undef CALL
    va_end(list);
    return code;
}

CURLSHcode curl_share_setopt(CURLSH *share, CURLSHoption option, ...) {
    bool is_number = option == CURLSHOPT_SHARE || option == CURLSHOPT_UNSHARE;
    va_list list;
    load_once();
    va_start(list, option);
    CURLSHcode code = is_number ? library.curl_share_setopt(share, option, va_arg(list, int))
                                : library.curl_share_setopt(share, option, va_arg(list, void *));
    va_end(list);
    return code;
}

CURLcode curl_easy_getinfo(CURL *easy, CURLINFO info, ...) {
    va_list list;
    load_once();
    va_start(list, info);
    CURLcode code = library.curl_easy_getinfo(easy, info, va_arg(list, void *));
    va_end(list);
    return code;
}

#endif
