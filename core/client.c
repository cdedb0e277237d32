#include "client.h"

#include "ascii.h"
#include "failure.h"
#include "text.h"

#include <string.h>

#define DEFAULT_TIMEOUT 30.0   /* README.md, "Deadlines" */
#define DEFAULT_DEADLINE 300.0 /* README.md, "Deadlines" */
#define DEFAULT_BACKOFF 0.5
#define DEFAULT_MAX_RETRIES 2                                  /* README.md, "Retry" */
#define DEFAULT_MAX_RESPONSE_BYTES ((size_t)256 * 1024 * 1024) /* README.md, "The wire, safely" */

void promptic_options_init(promptic_options *options, size_t size) {
    const promptic_options defaults = {
        .size = size,
        .timeout = DEFAULT_TIMEOUT,
        .deadline = DEFAULT_DEADLINE,
        .backoff = DEFAULT_BACKOFF,
        .max_retries = DEFAULT_MAX_RETRIES,
        .max_response_bytes = DEFAULT_MAX_RESPONSE_BYTES,
    };
    memcpy(options, &defaults, size < sizeof defaults ? size : sizeof defaults);
}

/* ------------------------------------------------------------------- parts */

static bool build_base(promptic_client *client) {
    struct text base;
    text_init(&base, &client->allocator);
    text_add(&base, client->config.endpoint);
    if (client->config.credential != NULL)
        text_add(&base, "/api/v1");
    client->base = text_take(&base, NULL);
    return client->base != NULL;
}

static bool is_plain_http(const promptic_client *client) {
    return strncmp(client->config.endpoint, "http:", 5) == 0;
}

/* libcurl spends an eighth of a small request on parsing its URL. A proxy for plain http is asked
 * for whole URLs; one for https, and none at all, for what follows the host. */
static bool build_origin(promptic_client *client) {
    const char *endpoint = client->config.endpoint, *host = strstr(endpoint, "://") + 3;
    client->origin_length = (size_t)(host - endpoint) + strcspn(host, "/");
    if (is_plain_http(client) && !client->config.is_loopback)
        return true;
    client->origin = curl_url();
    return client->origin != NULL &&
           curl_url_set(client->origin, CURLUPART_URL, endpoint, 0) == CURLUE_OK;
}

/* The headers of every request, with the host's part of the User-Agent before ours. */
static bool build_request_parts(promptic_client *client, const char *prefix) {
    struct text agent;
    text_init(&agent, &client->allocator);
    if (prefix != NULL && prefix[0] != '\0')
        text_addf(&agent, "%s ", prefix);
    text_addf(&agent, "promptic-lua/%s libcurl/%s", PROMPTIC_VERSION,
              curl_version_info(CURLVERSION_NOW)->version);
    client->user_agent = text_take(&agent, NULL);
    return client->user_agent != NULL &&
           headers_build(&client->headers, &client->config, client->user_agent) &&
           build_base(client) && build_origin(client);
}

/* -------------------------------------------------------------- lifetime */

static promptic_kind check_options(const promptic_options *options, promptic_error *error) {
    if (!(options->timeout > 0))
        return failure_set(error, PROMPTIC_CONFIG, "timeout must be a positive number of seconds");
    if (!(options->deadline > 0))
        return failure_set(error, PROMPTIC_CONFIG, "deadline must be a positive number of seconds");
    if (!(options->backoff >= 0))
        return failure_set(error, PROMPTIC_CONFIG, "backoff must not be negative");
    if (options->anonymous && (options->api_key != NULL || options->access_token != NULL))
        return failure_set(error, PROMPTIC_CONFIG, "an anonymous client takes no credential");
    if (options->max_retries < 0)
        return failure_set(error, PROMPTIC_CONFIG, "max_retries must not be negative");
    if (options->user_agent != NULL && ascii_has_control(options->user_agent))
        return failure_set(error, PROMPTIC_CONFIG, "user_agent holds a control character");
    return PROMPTIC_OK;
}

static void list_secrets(promptic_client *client) {
    const struct config *config = &client->config;
    const char *before = client->retired != NULL ? client->retired->credential : NULL;
    client->secrets = (clean_secrets){
        .values = {config->credential, config->proxy.password, config->proxy.basic, before}};
}

/* False if out of memory. */
static bool keep_file_name(promptic_client *client, const char *name) {
    if (name == NULL)
        return true;
    client->config_file = text_copy(&client->allocator, name, strlen(name));
    return client->config_file != NULL;
}

static promptic_client *new_client(promptic_loop *loop, const promptic_options *options) {
    promptic_client *client = memory_new(&options->allocator, sizeof *client);
    if (client == NULL)
        return NULL;
    client->allocator = options->allocator;
    client->loop = loop;
    loop_retain(loop);
    client->references = 1;
    list_init(&client->calls);
    client->generation = loop->generation;
    client->limits = (promptic_limits){.size = sizeof(promptic_limits),
                                       .timeout = options->timeout,
                                       .deadline = options->deadline,
                                       .max_retries = options->max_retries,
                                       .max_response_bytes = options->max_response_bytes};
    client->backoff = options->backoff;
    client->certificate = options->certificate;
    client->log = options->log;
    client->log_userdata = options->log_userdata;
    return client;
}

promptic_client *promptic_client_new(promptic_loop *loop, const promptic_options *given,
                                     promptic_error *error) {
    promptic_options options;
    loop_check_process(loop);
    promptic_options_init(&options, sizeof options);
    if (given != NULL) /* a host compiled with an older, shorter struct keeps the new defaults */
        memory_take_struct(&options, sizeof options, given);
    if (check_options(&options, error) != PROMPTIC_OK)
        return NULL;
    promptic_client *client = new_client(loop, &options);
    promptic_kind kind = client == NULL ? PROMPTIC_MEMORY : PROMPTIC_OK;
    if (kind == PROMPTIC_OK)
        kind = config_resolve(&options, &client->config, error);
    if (kind == PROMPTIC_OK && (!build_request_parts(client, options.user_agent) ||
                                !keep_file_name(client, options.config_file) ||
                                (client->pool = loop_new_pool(loop)) == NULL))
        kind = PROMPTIC_MEMORY;
    if (kind == PROMPTIC_OK)
        list_secrets(client);
    if (kind == PROMPTIC_OK && !(client->config.is_loopback && is_plain_http(client)))
        loop->uses_tls = true; /* plain http may go through a proxy over TLS */
    if (kind == PROMPTIC_MEMORY)
        failure_memory(error);
    if (kind != PROMPTIC_OK) {
        if (client != NULL) {
            client_disconnect(client);
            client_release(client);
        }
        return NULL;
    }
    return client;
}

static void free_retired(const promptic_allocator *allocator, client_retired *retired) {
    while (retired != NULL) {
        client_retired *older = retired->older;
        headers_free(&retired->headers);
        text_free_secret(allocator, retired->credential);
        memory_free(allocator, retired->application_id);
        memory_free(allocator, retired);
        retired = older;
    }
}

void client_retain(promptic_client *client) {
    client->references++;
}

void client_release(promptic_client *client) {
    const promptic_allocator allocator = client->allocator;
    if (--client->references > 0)
        return;
    headers_free(&client->headers);
    free_retired(&allocator, client->retired);
    memory_free(&allocator, client->user_agent);
    memory_free(&allocator, client->config_file);
    memory_free(&allocator, client->base);
    curl_url_cleanup(client->origin);
    config_free(&client->config);
    loop_release(client->loop);
    memory_free(&allocator, client);
}

static void drop_idle(promptic_client *client) {
    while (client->own.count > 0)
        curl_easy_cleanup(client->own.idle[--client->own.count]);
    while (client->foreign.count > 0)
        curl_easy_cleanup(client->foreign.idle[--client->foreign.count]);
}

void client_disconnect(promptic_client *client) {
    client->closed = true;
    drop_idle(client);
    if (client->pool != NULL)
        loop_free_pool(client->loop, client->pool);
    client->pool = NULL;
}

/* --------------------------------------------------------- a new credential */

/* Whether the file has another credential for the client's endpoint; *found is to be freed then. */
static bool find_newer(const promptic_client *client, struct config *found) {
    promptic_options options;
    promptic_options_init(&options, sizeof options);
    options.config_file = client->config_file;
    options.endpoint = client->config.endpoint;
    options.allow_http = true; /* checked when the client was made */
    options.allocator = client->allocator;
    if (config_resolve(&options, found, NULL) != PROMPTIC_OK)
        return false;
    const char *before = client->config.application_id, *now = found->application_id;
    bool same = strcmp(found->credential, client->config.credential) == 0 &&
                (before == NULL ? now == NULL : now != NULL && strcmp(before, now) == 0);
    if (!same && strcmp(found->source, client->config.source) == 0)
        return true;
    config_free(found);
    return false;
}

/* Requests under way go on with the lists that they have begun with. */
static void replace_credential(promptic_client *client, client_retired *retired,
                               struct config *found, const struct headers *headers) {
    *retired = (client_retired){.headers = client->headers,
                                .credential = client->config.credential,
                                .application_id = client->config.application_id,
                                .older = client->retired};
    client->retired = retired;
    client->headers = *headers;
    client->config.credential = found->credential;
    client->config.application_id = found->application_id;
    client->config.is_session = found->is_session;
    found->credential = found->application_id = NULL;
    list_secrets(client);
}

bool promptic_client_renew(promptic_client *client) {
    struct config found;
    struct headers headers;
    if (client->closed || client->config.source == NULL ||
        strcmp(client->config.source, "file") != 0 || !find_newer(client, &found))
        return false;
    client_retired *retired = memory_new(&client->allocator, sizeof *retired);
    bool built = headers_build(&headers, &found, client->user_agent) && retired != NULL;
    if (built) {
        replace_credential(client, retired, &found, &headers);
    } else {
        headers_free(&headers);
        memory_free(&client->allocator, retired);
    }
    config_free(&found);
    return built;
}

/* ------------------------------------------------------------ easy handles */

const char *client_target(const promptic_client *client, const char *url) {
    return client->origin != NULL ? url + client->origin_length : NULL;
}

static transfer_settings settings_of(const promptic_client *client) {
    return (transfer_settings){
        .pool = client->pool,
        .origin = client->origin,
        .ca_file = client->config.ca_file,
        .ca_path = client->config.ca_path,
        .proxy = client->config.proxy.url,
        .no_proxy = client->config.proxy.exceptions,
        .certificate = client->certificate,
    };
}

/* Where such handles are kept; NULL if one serves a single request. */
static client_handles *kept_for(promptic_client *client, const struct foreign *foreign) {
    if (!foreign->active)
        return &client->own;
    return foreign->is_plain ? &client->foreign : NULL;
}

CURL *client_take_handle(promptic_client *client, const struct foreign *foreign,
                         CURLcode *problem) {
    client_handles *kept = kept_for(client, foreign);
    if (client->generation != client->loop->generation)
        drop_idle(client); /* they share the TLS sessions of the parent process */
    client->generation = client->loop->generation;
    if (kept != NULL && kept->count > 0)
        return kept->idle[--kept->count];
    const transfer_settings settings = settings_of(client);
    return foreign->active ? foreign_handle(&settings, foreign, problem)
                           : transfer_handle(&settings, problem);
}

void client_give_handle(promptic_client *client, const struct foreign *foreign, CURL *easy) {
    client_handles *kept = kept_for(client, foreign);
    if (client->closed || kept == NULL || kept->count == CLIENT_IDLE_HANDLES)
        curl_easy_cleanup(easy);
    else
        kept->idle[kept->count++] = easy;
}

/* ------------------------------------------------------------- public rest */

const char *promptic_client_proxy(const promptic_client *client) {
    const char *url = client->config.proxy.url;
    if (url == NULL)
        return NULL;
    const char *at = strrchr(url, '@'); /* one in a password is percent-encoded: proxy.c */
    return at != NULL ? at + 1 : strstr(url, "://") + 3;
}

const char *promptic_client_endpoint(const promptic_client *client) {
    return client->config.endpoint;
}

const char *promptic_client_endpoint_source(const promptic_client *client) {
    return client->config.endpoint_source;
}

const char *promptic_client_ai_application(const promptic_client *client) {
    return client->config.application_id;
}

const char *promptic_client_source(const promptic_client *client) {
    return client->config.credential != NULL ? client->config.source : "none";
}

const char *promptic_client_credential(const promptic_client *client) {
    if (client->config.credential == NULL)
        return "none";
    return client->config.is_session ? "access_token" : "api_key";
}

void promptic_client_hide(const promptic_client *client, char *text, size_t length) {
    clean_hide(text, length, &client->secrets);
}
