/* transfer_end.c - how an exchange ended, in the core's terms. */
#include "transfer.h"

#include "clean.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#ifndef CURLE_TOO_LARGE /* since libcurl 8.6 */
#define CURLE_TOO_LARGE 100
#endif

/* A handshake that was refused, or a connection that broke during it: for the latter libcurl has no
 * code of its own, only an errno, or OpenSSL's words if there was none. */
static promptic_kind handshake_kind(const struct transfer *transfer) {
    long system_error = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &system_error);
    bool broke = system_error != 0 || strstr(transfer->error, "SSL_ERROR_SYSCALL") != NULL ||
                 strstr(transfer->error, "unexpected eof") != NULL;
    return broke ? PROMPTIC_CONNECTION : PROMPTIC_TLS;
}

/* A SOCKS proxy that wants another user or password. */
static promptic_kind socks_kind(CURL *easy) {
    long code = CURLPX_OK;
    curl_easy_getinfo(easy, CURLINFO_PROXY_ERROR, &code);
    return code == CURLPX_NO_AUTH || code == CURLPX_USER_REJECTED ? PROMPTIC_CONFIG
                                                                  : PROMPTIC_CONNECTION;
}

/* The kind of a libcurl code, from libcurl-errors(3). */
static promptic_kind kind_of(CURLcode code, const struct transfer *transfer) {
    switch (code) {
    case CURLE_OK:
        return PROMPTIC_OK;
    case CURLE_OPERATION_TIMEDOUT:
        return PROMPTIC_TIMEOUT;
    case CURLE_OUT_OF_MEMORY:
        return PROMPTIC_MEMORY;
    case CURLE_UNSUPPORTED_PROTOCOL: /* https, with a libcurl without TLS; or a response that is
                                        none */
        return transfer->connected ? PROMPTIC_CONNECTION : PROMPTIC_CONFIG;
    case CURLE_URL_MALFORMAT:
    case CURLE_NOT_BUILT_IN:
    case CURLE_UNKNOWN_OPTION:
        return PROMPTIC_CONFIG;
    case CURLE_PROXY:
        return socks_kind(transfer->easy);
    case CURLE_SSL_CONNECT_ERROR:
        return handshake_kind(transfer);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return PROMPTIC_TLS;
    default:
        return PROMPTIC_CONNECTION;
    }
}

/* The status with which the proxy has refused a tunnel; 0: it did not. */
static long refused_tunnel(const struct transfer *transfer) {
    long status = 0;
    if (!transfer->connected)
        curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    return status / 100 == 2 ? 0 : status;
}

/* Another attempt would meet these again: user and password, or the proxy itself, are wrong. */
static void describe_tunnel(struct transfer *transfer, long status, transfer_outcome *outcome) {
    bool is_final = status == 401 || status == 403 || status == 405 || status == 407;
    outcome->kind = is_final ? PROMPTIC_CONFIG : PROMPTIC_CONNECTION;
    outcome->code = "proxy_refused";
    snprintf(transfer->error, sizeof transfer->error,
             "the proxy refused the connection with status %ld%s", status,
             status == 407 ? ": give it user and password, as in "
                             "https_proxy=http://user:password@host:port"
                           : "");
    outcome->message = transfer->error;
}

static bool has_long_header(const struct transfer *transfer, CURLcode code) {
    return transfer->connected && !transfer->has_head &&
           (code == CURLE_OUT_OF_MEMORY || (int)code == CURLE_TOO_LARGE);
}

/* What is wrong with the body; the status counts all the same. */
static void describe_body(struct transfer *transfer, int status, transfer_outcome *outcome) {
    const struct inflow *inflow = &transfer->inflow;
    outcome->kind = PROMPTIC_DECODE;
    outcome->status = status;
    outcome->message = transfer->error;
    switch (inflow->problem) {
    case INFLOW_ENOUGH:
        outcome->kind = PROMPTIC_OK;
        break;
    case INFLOW_TOO_BIG:
        outcome->code = "too_large";
        snprintf(transfer->error, sizeof transfer->error,
                 "the response exceeds %s: %" PRIu64 " bytes", transfer->bound, inflow->most);
        break;
    case INFLOW_CODING:
        outcome->code = "unknown_coding";
        outcome->message =
            "the response has a Content-Encoding or Transfer-Encoding that was not requested";
        break;
    case INFLOW_FRAMING:
        outcome->code = "too_large";
        outcome->message = transfer->long_head
                               ? "the trailers of the response are too long"
                               : "the extensions of the response's chunks are too long";
        break;
    case INFLOW_NO_MEMORY:
        outcome->kind = PROMPTIC_MEMORY;
        outcome->message = "not enough memory for the response";
        break;
    default:
        outcome->code = "not_gzip";
        outcome->message = "the response claims to be gzip, but is corrupt or cut off";
    }
}

static void describe(struct transfer *transfer, CURLcode code, transfer_outcome *outcome) {
    long tunnel = refused_tunnel(transfer);
    if (code == CURLE_URL_MALFORMAT && transfer->has_origin) { /* out of memory */
        outcome->kind = PROMPTIC_MEMORY;
        outcome->message = "not enough memory to start the request";
    } else if (transfer->headers.failed) {
        outcome->kind = PROMPTIC_MEMORY;
        outcome->message = "not enough memory for the response";
    } else if (transfer->long_head) {
        outcome->kind = PROMPTIC_CONNECTION;
        outcome->message = transfer->connected ? "the head of the response is too long"
                                               : "the proxy's response is too long";
    } else if (transfer->resent) {
        outcome->kind = PROMPTIC_CONNECTION;
        outcome->message = "the connection broke before a response came";
    } else if (has_long_header(transfer, code)) {
        outcome->kind = PROMPTIC_CONNECTION;
        outcome->message = "a header of the response is too long";
    } else if (tunnel != 0) {
        describe_tunnel(transfer, tunnel, outcome);
    } else if (transfer->unheard > TRANSFER_MAX_UNHEARD) {
        outcome->kind = PROMPTIC_CONNECTION;
        outcome->message = "what came before the response is too long";
    } else {
        outcome->kind = kind_of(code, transfer);
        outcome->message = transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(code);
    }
}

/* Keeps issuer and end of the server's certificate, if libcurl was asked for it and the
 * connection is new. */
static void keep_certificate(struct transfer *transfer) {
    static const char issuer[] = "Issuer:", expires[] = "Expire date:";
    struct curl_certinfo *chain = NULL;
    curl_easy_getinfo(transfer->easy, CURLINFO_CERTINFO, &chain);
    if (chain == NULL || chain->num_of_certs == 0)
        return;
    for (const struct curl_slist *line = chain->certinfo[0]; line != NULL; line = line->next) {
        const char *value = line->data + sizeof issuer - 1;
        size_t length = strlen(line->data), room = 3 * length; /* a byte may become U+FFFD */
        if (strncmp(line->data, expires, sizeof expires - 1) == 0)
            transfer->expires = (long long)curl_getdate(line->data + sizeof expires - 1, NULL);
        else if (strncmp(line->data, issuer, sizeof issuer - 1) == 0 &&
                 text_reserve(&transfer->issuer, room))
            transfer->issuer.length =
                clean_line(transfer->issuer.data, room + 1, value, strlen(value));
    }
    if (transfer->expires < 0)
        transfer->expires = 0;
}

void transfer_end(struct transfer *transfer, CURLcode code, transfer_outcome *outcome) {
    long status = 0, connections = 1;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connections);
    *outcome = (transfer_outcome){
        .kind = PROMPTIC_OK, .reused = connections == 0, .stale = transfer->stale};
    if (code == CURLE_OK && !inflow_is_whole(&transfer->inflow))
        transfer->inflow.problem = INFLOW_NO_GZIP;
    bool is_framed = transfer->long_head || transfer->unheard > TRANSFER_MAX_UNHEARD;
    if (is_framed && transfer->has_head && transfer->inflow.problem == INFLOW_FINE)
        transfer->inflow.problem = transfer->inflow.is_failure ? INFLOW_ENOUGH : INFLOW_FRAMING;
    /* libcurl 8 refuses a transfer coding itself, before the header callback reports it */
    if (code == CURLE_BAD_CONTENT_ENCODING)
        transfer->inflow.problem = INFLOW_CODING;
    if (transfer->inflow.problem != INFLOW_FINE) {
        describe_body(transfer, (int)status, outcome);
    } else if (code != CURLE_OK) {
        describe(transfer, code, outcome);
    } else if (!transfer->has_head) { /* libcurl accepts half a head */
        outcome->kind = PROMPTIC_CONNECTION;
        outcome->message = "the connection broke in the head of the response";
    } else {
        outcome->status = (int)status;
        keep_certificate(transfer);
    }
    transfer_drop(transfer);
}
