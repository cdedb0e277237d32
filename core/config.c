#include "config.h"

#include "ascii.h"
#include "config_file.h"
#include "failure.h"
#include "text.h"
#include "toml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Levels of precedence; a source of each may give any config_key. */
enum { ARGUMENTS, ENVIRONMENT, FILE_LEVEL, LEVELS };

static const char *const variables[CONFIG_KEYS] = {
    [CONFIG_API_KEY] = "PROMPTIC_API_KEY",
    [CONFIG_ACCESS_TOKEN] = "PROMPTIC_ACCESS_TOKEN",
    [CONFIG_AI_APPLICATION_ID] = "PROMPTIC_AI_APPLICATION_ID",
    [CONFIG_WORKSPACE_ID] = "PROMPTIC_WORKSPACE_ID",
    [CONFIG_ENDPOINT] = "PROMPTIC_ENDPOINT",
};

static const char *const level_names[LEVELS] = {"arguments", "environment", "file"};

/* A resolution under way. Levels that have not been loaded give nothing. */
typedef struct resolver {
    const promptic_options *options;
    const promptic_allocator *allocator; /* the options' */
    promptic_error *error;
    struct text path; /* of the configuration file; empty: there is none */
    char *values[LEVELS][CONFIG_KEYS];
    size_t lines[CONFIG_KEYS]; /* lines of the file; 0: not in it */
    promptic_kind kind;        /* of the first failure */
} resolver;

/* ------------------------------------------------------------------- levels */

/* The value's name in messages, "api_key in /home/...": freed with memory_free, NULL if out of
 * memory. */
static char *describe(const resolver *r, int level, int key) {
    struct text name;
    text_init(&name, r->allocator);
    text_add(&name, level == ENVIRONMENT ? variables[key] : config_key_name((config_key)key));
    if (level == FILE_LEVEL)
        text_addf(&name, " in " CONFIG_NAME_IN_MESSAGE ":%lu", r->path.data,
                  (unsigned long)r->lines[key]);
    return text_take(&name, NULL);
}

static bool check_value(resolver *r, int level, int key) {
    if (!ascii_has_control(r->values[level][key]))
        return true;
    char *name = describe(r, level, key);
    r->kind = name == NULL
                  ? failure_memory(r->error)
                  : failure_set(r->error, PROMPTIC_CONFIG,
                                "%s holds a control character, such as a line break", name);
    memory_free(r->allocator, name);
    return false;
}

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Keeps a value without the white space around it; an empty one is none. */
static void keep_trimmed(resolver *r, int level, int key, const char *value, size_t length) {
    while (length > 0 && is_space(value[length - 1]))
        length--;
    while (length > 0 && is_space(*value))
        value++, length--;
    if (length == 0)
        return;
    r->values[level][key] = text_copy(r->allocator, value, length);
    if (r->values[level][key] == NULL)
        r->kind = failure_memory(r->error);
}

static void load_arguments(resolver *r) {
    const char *const given[CONFIG_KEYS] = {
        [CONFIG_API_KEY] = r->options->api_key,
        [CONFIG_ACCESS_TOKEN] = r->options->access_token,
        [CONFIG_AI_APPLICATION_ID] = r->options->ai_application_id,
        [CONFIG_WORKSPACE_ID] = r->options->workspace_id,
        [CONFIG_ENDPOINT] = r->options->endpoint,
    };
    for (int key = 0; key < CONFIG_KEYS && r->kind == PROMPTIC_OK; key++) {
        const char *value = given[key];
        if (value == NULL)
            continue;
        if (value[strspn(value, " \t\r\n")] == '\0')
            r->kind =
                failure_set(r->error, PROMPTIC_CONFIG, "%s is empty: give a value, or leave it out",
                            config_key_name((config_key)key));
        else if ((r->values[ARGUMENTS][key] = text_copy(r->allocator, value, strlen(value))) ==
                 NULL)
            r->kind = failure_memory(r->error);
        else
            check_value(r, ARGUMENTS, key);
    }
}

static void load_environment(resolver *r) {
    for (int key = 0; key < CONFIG_KEYS && r->kind == PROMPTIC_OK; key++) {
        const char *value = getenv(variables[key]);
        if (value != NULL)
            keep_trimmed(r, ENVIRONMENT, key, value, strlen(value));
    }
}

/* A toml_entry_fn. */
static bool on_entry(const toml_entry *entry, void *userdata) {
    resolver *r = userdata;
    const char *fault = NULL;
    config_key key = config_find_key(entry->key);
    if (!entry->is_toplevel || key == CONFIG_KEYS)
        return true;
    if (entry->value == NULL)
        fault = "must be a string in quotes";
    else if (memchr(entry->value, '\0', entry->value_length) != NULL)
        fault = "holds a control character";
    else if (r->lines[key] != 0)
        fault = "is given twice";
    if (fault != NULL)
        r->kind = failure_set(r->error, PROMPTIC_CONFIG, CONFIG_NAME_IN_MESSAGE ":%lu: %s %s",
                              r->path.data, (unsigned long)entry->line,
                              config_key_name((config_key)key), fault);
    else
        keep_trimmed(r, FILE_LEVEL, key, entry->value, entry->value_length);
    r->lines[key] = entry->line;
    return r->kind == PROMPTIC_OK;
}

static void parse_file(resolver *r, const char *data, size_t length) {
    toml_error fault;
    if (toml_read(r->allocator, data, length, on_entry, r, &fault))
        return;
    if (fault.line == 0)
        r->kind = failure_memory(r->error);
    else
        r->kind = failure_set(r->error, PROMPTIC_CONFIG, CONFIG_NAME_IN_MESSAGE ":%lu: %s",
                              r->path.data, (unsigned long)fault.line, fault.message);
}

static void load_file(resolver *r) {
    char *data = NULL;
    size_t length = 0;
    if (r->path.length == 0)
        return;
    int code = config_read_file(r->allocator, r->path.data, &data, &length);
    bool is_absent = code == ENOENT || code == ENOTDIR;
    if (code == 0)
        parse_file(r, data, length);
    else if (code == ENOMEM)
        r->kind = failure_memory(r->error);
    else if (!is_absent || r->options->config_file != NULL)
        r->kind = failure_set(
            r->error, PROMPTIC_CONFIG,
            CONFIG_NAME_IN_MESSAGE
            " cannot be read: %s (set config_file to another file, or to \"\" for none)",
            r->path.data, config_reason(code));
    config_free_file(r->allocator, data);
}

/* --------------------------------------------------------------- precedence */

/* The highest level that gives this key; LEVELS if none does. */
static int level_of(const resolver *r, int key) {
    int level = 0;
    while (level < LEVELS && r->values[level][key] == NULL)
        level++;
    return level;
}

/* The credential's key: within a level the session token goes before the API key. */
static int credential_key(const resolver *r) {
    return level_of(r, CONFIG_ACCESS_TOKEN) <= level_of(r, CONFIG_API_KEY) ? CONFIG_ACCESS_TOKEN
                                                                           : CONFIG_API_KEY;
}

/* The highest level that names the AI Application, under either name. */
static int application_level(const resolver *r) {
    int newer = level_of(r, CONFIG_AI_APPLICATION_ID), older = level_of(r, CONFIG_WORKSPACE_ID);
    return newer < older ? newer : older;
}

/* Whether a lower level could still add something. */
static bool is_open(const resolver *r) {
    int key = credential_key(r);
    if (r->options->anonymous)
        return level_of(r, CONFIG_ENDPOINT) == LEVELS;
    return level_of(r, key) == LEVELS || level_of(r, CONFIG_ENDPOINT) == LEVELS ||
           (key == CONFIG_ACCESS_TOKEN && application_level(r) == LEVELS);
}

/* A copy of the level's value, freed with text_free_secret. NULL on failure. */
static char *take_value(resolver *r, int level, int key) {
    if (!check_value(r, level, key))
        return NULL;
    char *value = r->values[level][key];
    r->values[level][key] = NULL;
    return value;
}

/* The level names the AI Application twice: that is one value, or an error. */
static bool check_application(resolver *r, int level) {
    const char *newer = r->values[level][CONFIG_AI_APPLICATION_ID];
    const char *older = r->values[level][CONFIG_WORKSPACE_ID];
    if (newer == NULL || older == NULL || strcmp(newer, older) == 0)
        return true;
    char *newer_name = describe(r, level, CONFIG_AI_APPLICATION_ID);
    char *older_name = describe(r, level, CONFIG_WORKSPACE_ID);
    if (newer_name == NULL || older_name == NULL)
        r->kind = failure_memory(r->error);
    else
        r->kind = failure_set_code(
            r->error, PROMPTIC_CONFIG, "two_applications",
            "%.150s and %.150s differ: they are two names of one id, give one%s", newer_name,
            older_name, level == FILE_LEVEL ? ", or run `promptic ai-application select ID`" : "");
    memory_free(r->allocator, newer_name);
    memory_free(r->allocator, older_name);
    return false;
}

static void settle_application(resolver *r, struct config *out) {
    int level = application_level(r);
    if (level == LEVELS || !check_application(r, level))
        return;
    bool is_newer = r->values[level][CONFIG_AI_APPLICATION_ID] != NULL;
    out->application_id =
        take_value(r, level, is_newer ? CONFIG_AI_APPLICATION_ID : CONFIG_WORKSPACE_ID);
}

static void settle_credential(resolver *r, struct config *out) {
    int key = credential_key(r), level = level_of(r, key);
    if (r->options->anonymous)
        return;
    if (level == LEVELS) {
        r->kind = failure_set_code(
            r->error, PROMPTIC_AUTH, "no_credential",
            "no credential: pass api_key (or access_token with ai_application_id) as an option, "
            "set PROMPTIC_API_KEY (or PROMPTIC_ACCESS_TOKEN with PROMPTIC_AI_APPLICATION_ID) in "
            "the environment, or write api_key = \"...\" into %.200s",
            r->path.length > 0 ? r->path.data : "~/.promptic/config.toml");
        return;
    }
    out->credential = take_value(r, level, key);
    out->is_session = key == CONFIG_ACCESS_TOKEN;
    out->source = level_names[level];
    if (out->credential != NULL && out->is_session)
        settle_application(r, out);
}

/* A sandbox's endpoint that was left in the file must not receive a credential that was given for
 * the platform. */
static void check_pairing(resolver *r, const struct config *out, const char *endpoint) {
    bool is_given = out->source != NULL && out->source != level_names[FILE_LEVEL];
    if (out->is_loopback && is_given)
        r->kind = failure_set_code(
            r->error, PROMPTIC_CONFIG, "local_endpoint",
            "%s is this machine, but the credential comes from the %s: set PROMPTIC_ENDPOINT, or "
            "the option endpoint, to where it belongs, or remove the endpoint from the file",
            endpoint, out->source);
}

static void settle_endpoint(resolver *r, struct config *out) {
    int level = level_of(r, CONFIG_ENDPOINT);
    const char *value =
        level < LEVELS ? r->values[level][CONFIG_ENDPOINT] : PROMPTIC_DEFAULT_ENDPOINT;
    char *name = describe(r, level, CONFIG_ENDPOINT);
    out->endpoint_source = level < LEVELS ? level_names[level] : "default";
    r->kind = name == NULL ? failure_memory(r->error)
                           : config_endpoint(r->allocator, value, name, r->options->allow_http,
                                             &out->endpoint, &out->is_loopback, r->error);
    if (r->kind == PROMPTIC_OK && level == FILE_LEVEL)
        check_pairing(r, out, name);
    memory_free(r->allocator, name);
}

/* ------------------------------------------------------------- certificates */

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static void settle_certificates(resolver *r, struct config *out) {
    const char *file = r->options->ca_file, *directory = NULL;
    if (file != NULL && file[0] == '\0') {
        r->kind = failure_set(r->error, PROMPTIC_CONFIG,
                              "ca_file is empty: give a value, or leave it out");
        return;
    }
    if (file == NULL)
        file = variable("CURL_CA_BUNDLE");
    if (file == NULL) {
        file = variable("SSL_CERT_FILE");
        directory = variable("SSL_CERT_DIR");
    }
    if (file != NULL)
        out->ca_file = text_copy(r->allocator, file, strlen(file));
    if (directory != NULL)
        out->ca_path = text_copy(r->allocator, directory, strlen(directory));
    if ((file != NULL && out->ca_file == NULL) || (directory != NULL && out->ca_path == NULL))
        r->kind = failure_memory(r->error);
}

static void settle_proxy(resolver *r, struct config *out) {
    const char *scheme = strncmp(out->endpoint, "https:", 6) == 0 ? "https" : "http";
    if (!out->is_loopback)
        r->kind = proxy_find(r->allocator, scheme, &out->proxy, r->error);
}

/* ---------------------------------------------------------------- resolution */

promptic_kind config_resolve(const promptic_options *options, struct config *out,
                             promptic_error *error) {
    static void (*const load[LEVELS])(resolver *) = {load_arguments, load_environment, load_file};
    static void (*const settle[])(resolver *, struct config *) = {
        settle_credential, settle_endpoint, settle_certificates, settle_proxy};
    resolver r = {
        .options = options, .allocator = &options->allocator, .error = error, .kind = PROMPTIC_OK};
    *out = (struct config){.allocator = options->allocator};
    text_init(&r.path, r.allocator);
    config_add_path(&r.path, options->config_file);
    if (r.path.failed)
        r.kind = failure_memory(error);
    for (int level = 0; level < LEVELS && r.kind == PROMPTIC_OK && is_open(&r); level++)
        load[level](&r);
    for (size_t i = 0; i < sizeof settle / sizeof *settle && r.kind == PROMPTIC_OK; i++)
        settle[i](&r, out);
    for (int level = 0; level < LEVELS; level++)
        for (int key = 0; key < CONFIG_KEYS; key++)
            text_free_secret(r.allocator, r.values[level][key]);
    text_free(&r.path);
    if (r.kind != PROMPTIC_OK)
        config_free(out);
    return r.kind;
}

const char *config_origin(const struct config *config) {
    if (config->source == level_names[ENVIRONMENT])
        return config->is_session ? "from PROMPTIC_ACCESS_TOKEN" : "from PROMPTIC_API_KEY";
    return config->source == level_names[FILE_LEVEL] ? "from the configuration file"
                                                     : "given to the client";
}

void config_free(struct config *config) {
    text_free_secret(&config->allocator, config->credential);
    memory_free(&config->allocator, config->application_id);
    memory_free(&config->allocator, config->endpoint);
    memory_free(&config->allocator, config->ca_file);
    memory_free(&config->allocator, config->ca_path);
    proxy_free(&config->allocator, &config->proxy);
    memset(config, 0, sizeof *config);
}
