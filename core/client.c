#include "client.h"

#include "call.h"
#include "failure.h"
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
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

/* --------------------------------------------------------------- headers */

/* Appends "name: value" to *list; false if out of memory. The intermediate copy is wiped, for the
 * value may be a secret. */
static bool add_header(const config *config, struct curl_slist **list, const char *name,
                       const char *value) {
    text line;
    text_init(&line, &config->allocator);
    text_addf(&line, "%s: %s", name, value);
    char *copy = text_take(&line, NULL);
    struct curl_slist *longer = copy != NULL ? curl_slist_append(*list, copy) : NULL;
    text_free_secret(&config->allocator, copy);
    if (longer != NULL)
        *list = longer;
    return longer != NULL;
}

/* "Name:" removes a header that libcurl would add by itself (CURLOPT_HTTPHEADER(3)). */
static bool remove_header(struct curl_slist **list, const char *line) {
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer != NULL)
        *list = longer;
    return longer != NULL;
}

static bool add_credential(const config *config, struct curl_slist **list) {
    text bearer;
    if (config->credential == NULL)
        return true;
    text_init(&bearer, &config->allocator);
    text_addf(&bearer, "Bearer %s", config->credential);
    char *value = text_take(&bearer, NULL);
    bool ok = value != NULL && add_header(config, list, "Authorization", value);
    text_free_secret(&config->allocator, value);
    /* One value under both names: older platforms know only the second. */
    if (ok && config->is_session && config->application_id != NULL)
        ok = add_header(config, list, "X-AI-Application-Id", config->application_id) &&
             add_header(config, list, "X-Workspace-Id", config->application_id);
    return ok;
}

/* CURLOPT_USERAGENT would have libcurl format the same line anew in every request. */
static bool add_common_headers(const config *config, const char *user_agent, bool wants_bytes,
                               struct curl_slist **list) {
    return add_header(config, list, "User-Agent", user_agent) && add_credential(config, list) &&
           add_header(config, list, "Accept", wants_bytes ? "*/*" : "application/json") &&
           add_header(config, list, "Accept-Encoding", wants_bytes ? "identity" : "gzip");
}

/* Each line costs libcurl some work in every request, so each kind of request has a list of its
 * own. Before a large body libcurl would ask with Expect whether it is welcome, and wait a second
 * for servers that do not know the header. */
static bool build_headers(promptic_client *client, const char *user_agent) {
    const config *config = &client->config;
    return add_common_headers(config, user_agent, false, &client->json_headers) &&
           add_header(config, &client->json_headers, "Content-Type", "application/json") &&
           remove_header(&client->json_headers, "Expect:") &&
           add_common_headers(config, user_agent, false, &client->empty_headers) &&
           remove_header(&client->empty_headers, "Content-Type:") &&
           add_common_headers(config, user_agent, false, &client->plain_headers) &&
           add_common_headers(config, user_agent, true, &client->bytes_headers);
}

static void free_headers(struct curl_slist *list) {
    for (struct curl_slist *line = list; line != NULL; line = line->next)
        text_wipe(line->data, strlen(line->data));
    curl_slist_free_all(list);
}

static bool build_base(promptic_client *client) {
    text base;
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
    text agent;
    text_init(&agent, &client->allocator);
    if (prefix != NULL && prefix[0] != '\0')
        text_addf(&agent, "%s ", prefix);
    text_addf(&agent, "promptic-lua/%s libcurl/%s", PROMPTIC_VERSION,
              curl_version_info(CURLVERSION_NOW)->version);
    bool built = !agent.failed && build_headers(client, agent.data) && build_base(client) &&
                 build_origin(client);
    text_free(&agent);
    return built;
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
    for (const char *c = options->user_agent; c != NULL && *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return failure_set(error, PROMPTIC_CONFIG, "user_agent holds a control character");
    return PROMPTIC_OK;
}

static void list_secrets(promptic_client *client) {
    const config *config = &client->config;
    client->secrets = (clean_secrets){
        .values = {config->credential, config->proxy.password, config->proxy.basic}};
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
    client->timeout = options->timeout;
    client->deadline = options->deadline;
    client->backoff = options->backoff;
    client->max_retries = options->max_retries;
    client->max_response_bytes = options->max_response_bytes;
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
        memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
    if (check_options(&options, error) != PROMPTIC_OK)
        return NULL;
    promptic_client *client = new_client(loop, &options);
    promptic_kind kind = client == NULL ? PROMPTIC_MEMORY : PROMPTIC_OK;
    if (kind == PROMPTIC_OK)
        kind = config_resolve(&options, &client->config, error);
    if (kind == PROMPTIC_OK && (!build_request_parts(client, options.user_agent) ||
                                (client->pool = loop_new_pool(loop)) == NULL))
        kind = PROMPTIC_MEMORY;
    if (kind == PROMPTIC_OK)
        list_secrets(client);
    if (kind == PROMPTIC_OK && !(client->config.is_loopback && is_plain_http(client)))
        loop->uses_tls = true; /* plain http may go through a proxy over TLS */
    if (kind == PROMPTIC_MEMORY)
        failure_memory(error);
    if (kind != PROMPTIC_OK) {
        promptic_client_free(client);
        return NULL;
    }
    return client;
}

void client_retain(promptic_client *client) {
    client->references++;
}

void client_release(promptic_client *client) {
    const promptic_allocator allocator = client->allocator;
    if (--client->references > 0)
        return;
    free_headers(client->json_headers);
    free_headers(client->empty_headers);
    free_headers(client->plain_headers);
    free_headers(client->bytes_headers);
    memory_free(&allocator, client->base);
    curl_url_cleanup(client->origin);
    config_free(&client->config);
    loop_release(client->loop);
    memory_free(&allocator, client);
}

static void drop_idle(promptic_client *client) {
    while (client->idle_count > 0)
        curl_easy_cleanup(client->idle[--client->idle_count]);
}

void promptic_client_close(promptic_client *client) {
    loop_check_process(client->loop);
    if (client->closed)
        return;
    client->closed = true;
    client_retain(client); /* a callback may free it */
    while (!list_is_empty(&client->calls))
        call_fail(LIST_ENTRY(client->calls.next, promptic_call, client_link), PROMPTIC_CANCELLED,
                  "the client was closed");
    drop_idle(client);
    if (client->pool != NULL)
        loop_release_pool(client->loop, client->pool);
    client->pool = NULL;
    loop_dispatch(client->loop);
    loop_notify_timer(
        client->loop); /* other clients' calls may have been waiting for ours to end */
    client_release(client);
}

void promptic_client_free(promptic_client *client) {
    if (client == NULL)
        return;
    promptic_client_close(client);
    client_release(client);
}

/* ------------------------------------------------------------ easy handles */

const char *client_target(const promptic_client *client, const char *url) {
    return client->origin != NULL ? url + client->origin_length : NULL;
}

struct curl_slist *client_headers(const promptic_client *client, const char *method, bool has_body,
                                  bool wants_bytes) {
    if (has_body)
        return client->json_headers;
    if (wants_bytes)
        return client->bytes_headers;
    return strcmp(method, "POST") == 0 ? client->empty_headers : client->plain_headers;
}

transfer_settings client_settings(const promptic_client *client) {
    return (transfer_settings){
        .pool = client->pool,
        .origin = client->origin,
        .ca_file = client->config.ca_file,
        .ca_path = client->config.ca_path,
        .proxy = client->config.proxy.url,
        .no_proxy = client->config.proxy.exceptions,
        .connect_timeout = client->timeout,
    };
}

CURL *client_take_handle(promptic_client *client) {
    if (client->generation != client->loop->generation)
        drop_idle(client); /* they share the TLS sessions of the parent process */
    client->generation = client->loop->generation;
    if (client->idle_count > 0)
        return client->idle[--client->idle_count];
    const transfer_settings settings = client_settings(client);
    return transfer_handle(&settings);
}

void client_give_handle(promptic_client *client, CURL *easy) {
    if (client->closed || client->idle_count == CLIENT_IDLE_HANDLES)
        curl_easy_cleanup(easy);
    else
        client->idle[client->idle_count++] = easy;
}

/* ------------------------------------------------------------- public rest */

const char *promptic_client_endpoint(const promptic_client *client) {
    return client->config.endpoint;
}

const char *promptic_client_endpoint_source(const promptic_client *client) {
    return client->config.endpoint_source;
}

const char *promptic_client_ai_application(const promptic_client *client) {
    return client->config.application_id;
}

const char *promptic_client_workspace(const promptic_client *client) {
    return promptic_client_ai_application(client);
}

const char *promptic_client_source(const promptic_client *client) {
    return client->config.credential != NULL ? client->config.source : "none";
}

const char *promptic_client_credential(const promptic_client *client) {
    if (client->config.credential == NULL)
        return "none";
    return client->config.is_session ? "access_token" : "api_key";
}

void client_log(const promptic_client *client, promptic_log_level level, const char *format, ...) {
    char words[1024], line[512];
    va_list arguments;
    if (client->log == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    clean_hide(words, strlen(words), &client->secrets);
    clean_line(line, sizeof line, words, strlen(words));
    client->log(level, line, client->log_userdata);
}
