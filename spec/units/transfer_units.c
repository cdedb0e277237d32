/*
 * transfer_units.c - core/transfer.c: a handle without one of its settings is none. Linked with
 * -Wl,--wrap=curl_easy_setopt, so that libcurl refuses what it never does.
 */
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

void units_transfer(void) {
    static const CURLoption needed[] = {CURLOPT_PROTOCOLS_STR, CURLOPT_SHARE,  CURLOPT_PROXY,
                                        CURLOPT_NOPROXY,       CURLOPT_CAINFO, CURLOPT_CAPATH};
    pool *pool = pool_new(NULL, 1, ignore, NULL);
    CHECK(pool != NULL && pool_reserve(pool));
    const transfer_settings settings = {
        .pool = pool, .ca_file = "/nowhere", .ca_path = "/nowhere", .connect_timeout = 1};
    CURL *easy = transfer_handle(&settings);
    CHECK(easy != NULL);
    curl_easy_cleanup(easy);
    for (size_t i = 0; i < COUNT_OF(needed); i++) {
        refused = needed[i];
        CHECK(transfer_handle(&settings) == NULL);
    }
    refused = 0;
    pool_release(pool);
}
