#include "config.h"

#include "failure.h"
#include "text.h"
#include "toml.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes. A file that is longer is something else than a configuration. */
#define LONGEST_FILE ((size_t)64 * 1024)

/* Bytes of a file's name in a message, so that it leaves room for the message. */
#define NAME_IN_MESSAGE "%.250s"

/* What a source may give, and from which level of precedence. */
enum { API_KEY, ACCESS_TOKEN, WORKSPACE_ID, ENDPOINT, KEYS };
enum { ARGUMENTS, ENVIRONMENT, FILE_LEVEL, LEVELS };

static const struct {
    const char *name; /* as an option and in the file */
    const char *variable;
} keys[KEYS] = {
    [API_KEY] = {"api_key", "PROMPTIC_API_KEY"},
    [ACCESS_TOKEN] = {"access_token", "PROMPTIC_ACCESS_TOKEN"},
    [WORKSPACE_ID] = {"workspace_id", "PROMPTIC_WORKSPACE_ID"},
    [ENDPOINT] = {"endpoint", "PROMPTIC_ENDPOINT"},
};

static const char *const level_names[LEVELS] = {"arguments", "environment", "file"};

/* A resolution under way. Levels that have not been loaded give nothing. */
typedef struct resolver {
    const promptic_options *options;
    promptic_error *error;
    text path; /* of the configuration file; empty: there is none */
    char *values[LEVELS][KEYS];
    size_t lines[KEYS]; /* where the file has them, 0: nowhere */
    promptic_kind kind; /* of the first failure */
} resolver;

/* -------------------------------------------------------------------- files */

/* The user's home directory: HOME, else what the system's user database says. */
static void add_home(text *path) {
    const char *home = getenv("HOME");
    if (home != NULL && home[0] != '\0') {
        text_add(path, home);
        return;
    }
    char buffer[16 * 1024];
    struct passwd user, *found = NULL;
    if (getpwuid_r(getuid(), &user, buffer, sizeof buffer, &found) == 0 && found != NULL)
        text_add(path, user.pw_dir);
}

static void find_path(resolver *r) {
    if (r->options->config_file != NULL) {
        text_add(&r->path, r->options->config_file);
        return;
    }
    add_home(&r->path);
    if (r->path.length > 0)
        text_add(&r->path, "/.promptic/config.toml");
}

/* In words of our own: strerror may share a buffer between threads, and speaks the locale. */
static const char *reason_of(int system_error) {
    switch (system_error) {
    case EACCES:
    case EPERM:
        return "permission denied";
    case ENOENT:
    case ENOTDIR:
        return "there is no such file";
    case EISDIR:
        return "it is a directory";
    case EFBIG:
        return "it is larger than 64 KiB";
    default:
        return "input or output failed";
    }
}

/* Reads up to `size` bytes; -1 and errno where that fails. */
static ssize_t read_all(int file, char *buffer, size_t size) {
    size_t length = 0;
    while (length < size) {
        ssize_t count = read(file, buffer + length, size - length);
        if (count == 0)
            break;
        if (count > 0)
            length += (size_t)count;
        else if (errno != EINTR)
            return -1;
    }
    return (ssize_t)length;
}

/* Reads the file into *data, LONGEST_FILE + 1 bytes that the caller wipes and frees. Returns 0 or
 * a number of errno. */
static int read_file(const char *path, char **data, size_t *length) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return errno;
    *data = malloc(LONGEST_FILE + 1);
    ssize_t count = *data != NULL ? read_all(file, *data, LONGEST_FILE + 1) : -1;
    int code = *data == NULL ? ENOMEM : count < 0 ? errno : 0;
    close(file);
    *length = count > 0 ? (size_t)count : 0;
    return *length > LONGEST_FILE ? EFBIG : code;
}

/* ------------------------------------------------------------------- levels */

/* How a message calls the value, "api_key in /home/...": freed with free, NULL without memory. */
static char *describe(const resolver *r, int level, int key) {
    text name;
    text_init(&name);
    text_add(&name, level == ENVIRONMENT ? keys[key].variable : keys[key].name);
    if (level == FILE_LEVEL)
        text_addf(&name, " in " NAME_IN_MESSAGE ":%lu", r->path.data, (unsigned long)r->lines[key]);
    return text_take(&name, NULL);
}

static bool has_control_character(const char *value) {
    for (const char *c = value; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            return true;
    return false;
}

static bool check_value(resolver *r, int level, int key) {
    if (!has_control_character(r->values[level][key]))
        return true;
    char *name = describe(r, level, key);
    r->kind = name == NULL
                  ? failure_memory(r->error)
                  : failure_set(r->error, PROMPTIC_CONFIG,
                                "%s holds a control character, such as a line break", name);
    free(name);
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
    r->values[level][key] = text_copy(value, length);
    if (r->values[level][key] == NULL)
        r->kind = failure_memory(r->error);
}

static void load_arguments(resolver *r) {
    const char *const given[KEYS] = {
        [API_KEY] = r->options->api_key,
        [ACCESS_TOKEN] = r->options->access_token,
        [WORKSPACE_ID] = r->options->workspace_id,
        [ENDPOINT] = r->options->endpoint,
    };
    for (int key = 0; key < KEYS && r->kind == PROMPTIC_OK; key++) {
        const char *value = given[key];
        if (value == NULL)
            continue;
        if (value[strspn(value, " \t\r\n")] == '\0')
            r->kind = failure_set(r->error, PROMPTIC_CONFIG,
                                  "%s is empty: give a value, or leave it out", keys[key].name);
        else if ((r->values[ARGUMENTS][key] = text_copy(value, strlen(value))) == NULL)
            r->kind = failure_memory(r->error);
        else
            check_value(r, ARGUMENTS, key);
    }
}

static void load_environment(resolver *r) {
    for (int key = 0; key < KEYS && r->kind == PROMPTIC_OK; key++) {
        const char *value = getenv(keys[key].variable);
        if (value != NULL)
            keep_trimmed(r, ENVIRONMENT, key, value, strlen(value));
    }
}

/* A toml_entry_fn. */
static bool on_entry(const toml_entry *entry, void *userdata) {
    resolver *r = userdata;
    const char *fault = NULL;
    int key = 0;
    while (key < KEYS && strcmp(entry->key, keys[key].name) != 0)
        key++;
    if (!entry->is_toplevel || key == KEYS)
        return true;
    if (entry->value == NULL)
        fault = "must be a string in quotes";
    else if (memchr(entry->value, '\0', entry->value_length) != NULL)
        fault = "holds a control character";
    else if (r->lines[key] != 0)
        fault = "is given twice";
    if (fault != NULL)
        r->kind = failure_set(r->error, PROMPTIC_CONFIG, NAME_IN_MESSAGE ":%lu: %s %s",
                              r->path.data, (unsigned long)entry->line, keys[key].name, fault);
    else
        keep_trimmed(r, FILE_LEVEL, key, entry->value, entry->value_length);
    r->lines[key] = entry->line;
    return r->kind == PROMPTIC_OK;
}

static void parse_file(resolver *r, const char *data, size_t length) {
    toml_error fault;
    if (toml_read(data, length, on_entry, r, &fault))
        return;
    if (fault.line == 0)
        r->kind = failure_memory(r->error);
    else
        r->kind = failure_set(r->error, PROMPTIC_CONFIG, NAME_IN_MESSAGE ":%lu: %s", r->path.data,
                              (unsigned long)fault.line, fault.message);
}

static void load_file(resolver *r) {
    char *data = NULL;
    size_t length = 0;
    if (r->path.length == 0)
        return;
    int code = read_file(r->path.data, &data, &length);
    bool is_absent = code == ENOENT || code == ENOTDIR;
    if (code == 0)
        parse_file(r, data, length);
    else if (code == ENOMEM)
        r->kind = failure_memory(r->error);
    else if (!is_absent || r->options->config_file != NULL)
        r->kind = failure_set(r->error, PROMPTIC_CONFIG,
                              NAME_IN_MESSAGE
                              " cannot be read: %s (config_file names another file, \"\" none)",
                              r->path.data, reason_of(code));
    if (data != NULL)
        text_wipe(data, LONGEST_FILE + 1);
    free(data);
}

/* --------------------------------------------------------------- precedence */

/* The highest level that gives this key; LEVELS where none does. */
static int level_of(const resolver *r, int key) {
    int level = 0;
    while (level < LEVELS && r->values[level][key] == NULL)
        level++;
    return level;
}

/* The credential's key: within a level the session token goes before the API key. */
static int credential_key(const resolver *r) {
    return level_of(r, ACCESS_TOKEN) <= level_of(r, API_KEY) ? ACCESS_TOKEN : API_KEY;
}

/* Whether a lower level could still add something. */
static bool is_open(const resolver *r) {
    int key = credential_key(r);
    return level_of(r, key) == LEVELS || level_of(r, ENDPOINT) == LEVELS ||
           (key == ACCESS_TOKEN && level_of(r, WORKSPACE_ID) == LEVELS);
}

/* Hands the value of the level out, which is freed with text_free_secret. NULL on failure. */
static char *take_value(resolver *r, int level, int key) {
    if (!check_value(r, level, key))
        return NULL;
    char *value = r->values[level][key];
    r->values[level][key] = NULL;
    return value;
}

static void settle_credential(resolver *r, config *out) {
    int key = credential_key(r), level = level_of(r, key), workspace = level_of(r, WORKSPACE_ID);
    if (level == LEVELS) {
        r->kind = failure_set(
            r->error, PROMPTIC_AUTH,
            "no credential: pass api_key (or access_token with workspace_id) as an option, set "
            "PROMPTIC_API_KEY (or PROMPTIC_ACCESS_TOKEN with PROMPTIC_WORKSPACE_ID) in the "
            "environment, or write api_key = \"...\" into %.200s",
            r->path.length > 0 ? r->path.data : "~/.promptic/config.toml");
        return;
    }
    out->credential = take_value(r, level, key);
    out->is_session = key == ACCESS_TOKEN;
    out->source = level_names[level];
    if (out->credential != NULL && out->is_session && workspace < LEVELS)
        out->workspace_id = take_value(r, workspace, WORKSPACE_ID);
}

static void settle_endpoint(resolver *r, config *out) {
    int level = level_of(r, ENDPOINT);
    const char *value = level < LEVELS ? r->values[level][ENDPOINT] : PROMPTIC_DEFAULT_ENDPOINT;
    char *name = describe(r, level, ENDPOINT);
    r->kind = name == NULL ? failure_memory(r->error)
                           : config_endpoint(value, name, r->options->allow_http, &out->endpoint,
                                             &out->is_loopback, r->error);
    free(name);
}

/* ------------------------------------------------------------- certificates */

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static void settle_certificates(resolver *r, config *out) {
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
        out->ca_file = text_copy(file, strlen(file));
    if (directory != NULL)
        out->ca_path = text_copy(directory, strlen(directory));
    if ((file != NULL && out->ca_file == NULL) || (directory != NULL && out->ca_path == NULL))
        r->kind = failure_memory(r->error);
}

/* ---------------------------------------------------------------- resolution */

promptic_kind config_resolve(const promptic_options *options, config *out, promptic_error *error) {
    static void (*const load[LEVELS])(resolver *) = {load_arguments, load_environment, load_file};
    static void (*const settle[])(resolver *, config *) = {settle_credential, settle_endpoint,
                                                           settle_certificates};
    resolver r = {.options = options, .error = error, .kind = PROMPTIC_OK};
    memset(out, 0, sizeof *out);
    find_path(&r);
    if (r.path.failed)
        r.kind = failure_memory(error);
    for (int level = 0; level < LEVELS && r.kind == PROMPTIC_OK && is_open(&r); level++)
        load[level](&r);
    for (size_t i = 0; i < sizeof settle / sizeof *settle && r.kind == PROMPTIC_OK; i++)
        settle[i](&r, out);
    for (int level = 0; level < LEVELS; level++)
        for (int key = 0; key < KEYS; key++)
            text_free_secret(r.values[level][key]);
    text_free(&r.path);
    if (r.kind != PROMPTIC_OK)
        config_free(out);
    return r.kind;
}

void config_free(config *config) {
    text_free_secret(config->credential);
    free(config->workspace_id);
    free(config->endpoint);
    free(config->ca_file);
    free(config->ca_path);
    memset(config, 0, sizeof *config);
}
