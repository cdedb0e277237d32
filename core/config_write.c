/*
 * config_write.c - changes the configuration file: what people and other programs have written
 * there stays byte for byte, and the file is replaced as a whole.
 */
#include "ascii.h"
#include "config.h"
#include "config_file.h"
#include "config_replace.h"
#include "failure.h"
#include "utf8.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char byte_order_mark[] = "\xEF\xBB\xBF";

/* ------------------------------------------------------------ existing file */

/* Where a key stands in the file. */
struct key_place {
    size_t line;       /* 0: it is not there */
    size_t start, end; /* of its value */
};

/* The file before a change. */
typedef struct original {
    struct text path;
    char *data; /* NULL if there is no file; freed with config_free_file */
    size_t length;
    struct key_place places[CONFIG_KEYS];
    size_t last_end;    /* of the last top-level value; 0: there is none */
    size_t first_table; /* offset of its header; the length if there is none */
    promptic_error *error;
    promptic_kind kind;
} original;

static void refuse(original *o, size_t line, const char *key, const char *fault) {
    o->kind = failure_set(o->error, PROMPTIC_CONFIG, CONFIG_NAME_IN_MESSAGE ":%lu: %s%s%s",
                          o->path.data, (unsigned long)line, key, key[0] != '\0' ? " " : "", fault);
}

/* Whether a table has the name of a key, [api_key] or api_key.x = 1, which then cannot be set. */
static bool is_table(const toml_entry *entry, config_key key) {
    const char *name = config_key_name(key);
    size_t length = strlen(name);
    if (entry->in_table && !entry->is_header)
        return false;
    return strncmp(entry->key, name, length) == 0 &&
           (entry->key[length] == '.' || (entry->is_header && entry->key[length] == '\0'));
}

/* A toml_entry_fn. */
static bool on_entry(const toml_entry *entry, void *userdata) {
    original *o = userdata;
    config_key key = entry->is_toplevel ? config_find_key(entry->key) : CONFIG_KEYS;
    for (int i = 0; i < CONFIG_KEYS && !entry->is_toplevel; i++)
        if (is_table(entry, (config_key)i))
            refuse(o, entry->line, config_key_name((config_key)i), "must be a string in quotes");
    if (key != CONFIG_KEYS && o->places[key].line != 0)
        refuse(o, entry->line, entry->key, "is given twice");
    else if (key != CONFIG_KEYS)
        o->places[key] = (struct key_place){entry->line, entry->start, entry->end};
    if (entry->is_header && entry->start < o->first_table)
        o->first_table = entry->start;
    if (!entry->in_table)
        o->last_end = entry->end;
    return o->kind == PROMPTIC_OK;
}

static void parse(original *o) {
    toml_error fault;
    o->first_table = o->length;
    if (toml_read(NULL, o->data, o->length, on_entry, o, &fault))
        return;
    if (fault.line == 0)
        o->kind = failure_memory(o->error);
    else
        refuse(o, fault.line, "", fault.message);
}

static promptic_kind fail(original *o, const char *what, int code) {
    o->kind = code == ENOMEM ? failure_memory(o->error)
                             : failure_set(o->error, PROMPTIC_CONFIG,
                                           CONFIG_NAME_IN_MESSAGE " cannot be %s: %s", o->path.data,
                                           what, config_reason(code));
    return o->kind;
}

static void load(original *o, struct stat *status, bool *exists) {
    *exists = stat(o->path.data, status) == 0;
    if (!*exists) {
        if (errno != ENOENT)
            fail(o, "read", errno);
        return;
    }
    /* Opening a pipe would block, and only a file can be replaced. */
    if (!S_ISREG(status->st_mode)) {
        o->kind = failure_set(o->error, PROMPTIC_CONFIG,
                              CONFIG_NAME_IN_MESSAGE " is not a regular file", o->path.data);
        return;
    }
    int code = config_read_file(NULL, o->path.data, &o->data, &o->length);
    if (code != 0)
        fail(o, "read", code);
    else
        parse(o);
}

static void open_original(original *o, const char *file, promptic_error *error) {
    *o = (original){.error = error, .kind = PROMPTIC_OK};
    text_init(&o->path, NULL);
    config_add_path(&o->path, file);
    if (o->path.failed)
        o->kind = failure_memory(error);
    else if (o->path.length == 0)
        o->kind = failure_set(error, PROMPTIC_CONFIG,
                              "no configuration file: set HOME, or give config_file a name");
}

static void close_original(original *o) {
    config_free_file(NULL, o->data);
    text_free(&o->path);
}

promptic_kind promptic_config_inspect(const char *file, promptic_config_info *info,
                                      promptic_error *error) {
    original o;
    struct stat status;
    promptic_config_info found = {.size = info->size};
    open_original(&o, file, error);
    if (o.path.length > 0) {
        snprintf(found.path, sizeof found.path, "%s", o.path.data);
        if (o.kind == PROMPTIC_OK)
            load(&o, &status, &found.exists);
        found.is_shared = found.exists && (status.st_mode & 077) != 0;
    } else if (o.kind == PROMPTIC_CONFIG) {
        o.kind = PROMPTIC_OK; /* then there is none */
    }
    const config_key shown[] = {CONFIG_API_KEY, CONFIG_ACCESS_TOKEN, CONFIG_WORKSPACE_ID,
                                CONFIG_ENDPOINT};
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        found.has[i] = o.places[shown[i]].line != 0;
    found.has_ai_application_id = o.places[CONFIG_AI_APPLICATION_ID].line != 0;
    memcpy(info, &found, found.size < sizeof found ? found.size : sizeof found);
    close_original(&o);
    return o.kind;
}

/* ------------------------------------------------------------------- checks */

/* What to make of each key: the value, NULL to remove it, or nothing. */
struct plan {
    bool changes[CONFIG_KEYS];
    const char *values[CONFIG_KEYS];
};

static bool is_utf8(const char *value) {
    uint32_t code;
    for (size_t left = strlen(value), width; left > 0; left -= width, value += width)
        if ((width = utf8_read(value, left, &code)) == 0)
            return false;
    return true;
}

/* Values that a reader would drop or refuse must not be written. */
static const char *fault_of(const char *value) {
    if (value[strspn(value, " ")] == '\0')
        return "is empty";
    if (value[0] == ' ' || value[strlen(value) - 1] == ' ')
        return "begins or ends with a space";
    if (ascii_has_control(value))
        return "holds a control character, such as a line break";
    return is_utf8(value) ? NULL : "holds bytes that are not UTF-8";
}

static promptic_kind check_endpoint(const char *value, promptic_error *error) {
    char *normal;
    bool is_local;
    promptic_kind kind = config_endpoint(NULL, value, config_key_name(CONFIG_ENDPOINT), true,
                                         &normal, &is_local, error);
    memory_free(NULL, normal);
    return kind;
}

/* Of the two names of an AI Application the one that is set takes the place of the other. */
static promptic_kind replace_name(struct plan *plan, promptic_error *error) {
    const char *newer = plan->values[CONFIG_AI_APPLICATION_ID];
    const char *older = plan->values[CONFIG_WORKSPACE_ID];
    if (newer != NULL && older != NULL)
        return failure_set(
            error, PROMPTIC_ARGUMENT, "%s and %s are two names of one id, set one of them",
            config_key_name(CONFIG_AI_APPLICATION_ID), config_key_name(CONFIG_WORKSPACE_ID));
    if (newer != NULL)
        plan->changes[CONFIG_WORKSPACE_ID] = true;
    else if (older != NULL)
        plan->changes[CONFIG_AI_APPLICATION_ID] = true;
    return PROMPTIC_OK;
}

static promptic_kind make_plan(struct plan *plan, const promptic_pair *changes, size_t count,
                               promptic_error *error) {
    memset(plan, 0, sizeof *plan);
    for (size_t i = 0; i < count; i++) {
        const char *name = changes[i].name != NULL ? changes[i].name : "";
        const char *value = changes[i].value;
        config_key key = config_find_key(name);
        const char *fault = value != NULL ? fault_of(value) : NULL;
        if (key == CONFIG_KEYS)
            fault = "is not a key of the configuration file";
        else if (plan->changes[key])
            fault = "is given twice";
        if (fault != NULL)
            return failure_set(error, PROMPTIC_ARGUMENT, "%.100s %s", name, fault);
        if (key == CONFIG_ENDPOINT && value != NULL && check_endpoint(value, error) != PROMPTIC_OK)
            return PROMPTIC_CONFIG;
        plan->changes[key] = true;
        plan->values[key] = value;
    }
    return replace_name(plan, error);
}

/* ------------------------------------------------------------------ new text */

/* The new text, made of the original up to `position`. */
typedef struct edit {
    const original *from;
    size_t position;
    struct text out;
} edit;

static void copy_until(edit *e, size_t end) {
    if (end > e->position) /* data may be NULL otherwise */
        text_add_n(&e->out, e->from->data + e->position, end - e->position);
    e->position = end;
}

static size_t line_start(const original *o, size_t at) {
    while (at > 0 && o->data[at - 1] != '\n')
        at--;
    bool is_marked = at == 0 && o->length >= 3 && memcmp(o->data, byte_order_mark, 3) == 0;
    return is_marked ? 3 : at;
}

/* Behind the line break, or the end of the text. */
static size_t line_end(const original *o, size_t at) {
    const char *found = at < o->length ? memchr(o->data + at, '\n', o->length - at) : NULL;
    return found != NULL ? (size_t)(found - o->data) + 1 : o->length;
}

static const char *newline(const original *o) {
    const char *first = o->length > 0 ? memchr(o->data, '\n', o->length) : NULL;
    return first != NULL && first > o->data && first[-1] == '\r' ? "\r\n" : "\n";
}

/* As a basic string; there are no control characters in it. */
static void add_value(struct text *out, const char *value) {
    text_add_char(out, '"');
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            text_add_char(out, '\\');
        text_add_char(out, *c);
    }
    text_add_char(out, '"');
}

/* Takes the key's line out; a comment behind the value stays, on a line of its own. */
static void remove_line(edit *e, const struct key_place *at) {
    const original *o = e->from;
    size_t next = at->end;
    copy_until(e, line_start(o, at->start));
    while (next < o->length && (o->data[next] == ' ' || o->data[next] == '\t'))
        next++;
    bool has_comment = next < o->length && o->data[next] == '#';
    e->position = has_comment ? next : line_end(o, next);
}

/* The key of the plan whose place comes next, CONFIG_KEYS if none is left. */
static config_key next_key(const edit *e, const struct plan *plan) {
    int next = CONFIG_KEYS;
    const struct key_place *places = e->from->places;
    for (int key = 0; key < CONFIG_KEYS; key++) {
        bool is_due =
            plan->changes[key] && places[key].line != 0 && places[key].start >= e->position;
        if (is_due && (next == CONFIG_KEYS || places[key].start < places[next].start))
            next = key;
    }
    return (config_key)next;
}

/* Where a line of new keys goes: behind the last key at the top level, else before the first table
 * and the comment right above it, else at the end. */
static size_t place_of_new(const original *o) {
    if (o->last_end > 0)
        return line_end(o, o->last_end);
    size_t at = o->first_table;
    while (at < o->length && at > 0) {
        size_t above = line_start(o, at - 1);
        if (above >= at || o->data[above] != '#')
            break;
        at = above;
    }
    return at;
}

static void add_new_keys(edit *e, const struct plan *plan) {
    const original *o = e->from;
    bool adds = false;
    copy_until(e, place_of_new(o));
    for (int key = 0; key < CONFIG_KEYS; key++) {
        if (!plan->changes[key] || plan->values[key] == NULL || o->places[key].line != 0)
            continue;
        /* the last line may have no end */
        bool is_open = e->out.length > 0 && e->out.data[e->out.length - 1] != '\n' &&
                       !(e->out.length == 3 && memcmp(e->out.data, byte_order_mark, 3) == 0);
        if (is_open)
            text_add(&e->out, newline(o));
        text_addf(&e->out, "%s = ", config_key_name((config_key)key));
        add_value(&e->out, plan->values[key]);
        text_add(&e->out, newline(o));
        adds = true;
    }
    bool is_before_table = o->last_end == 0 && o->first_table < o->length;
    if (adds && is_before_table)
        text_add(&e->out, newline(o));
}

static void make_text(edit *e, const original *o, const struct plan *plan) {
    *e = (edit){.from = o};
    text_init(&e->out, NULL);
    size_t most = o->length;
    for (int key = 0; key < CONFIG_KEYS; key++)
        most += 64 + (plan->values[key] != NULL ? 2 * strlen(plan->values[key]) : 0);
    text_reserve(&e->out, most);
    for (config_key key; (key = next_key(e, plan)) != CONFIG_KEYS;) {
        const struct key_place *at = &o->places[key];
        if (plan->values[key] == NULL) {
            remove_line(e, at);
            continue;
        }
        copy_until(e, at->start);
        add_value(&e->out, plan->values[key]);
        e->position = at->end;
    }
    add_new_keys(e, plan);
    copy_until(e, o->length);
}

static bool is_same(const original *o, const struct text *out) {
    return out->length == o->length &&
           (out->length == 0 || memcmp(out->data, o->data, o->length) == 0);
}

/* -------------------------------------------------------------------- saving */

/* Whether the plan would only remove keys, of which a file that is not there has none. */
static bool only_removes(const struct plan *plan) {
    for (int key = 0; key < CONFIG_KEYS; key++)
        if (plan->changes[key] && plan->values[key] != NULL)
            return false;
    return true;
}

/* Applies the plan to the file, which is locked if its file system has locks. */
static void change(original *o, const struct plan *plan, bool is_locked) {
    struct stat before;
    bool exists = false;
    edit e;
    int code = 0;
    if (is_locked)
        config_clean_up(o->path.data);
    load(o, &before, &exists);
    if (o->kind != PROMPTIC_OK)
        return;
    make_text(&e, o, plan);
    bool is_closed = !exists || (before.st_mode & 077) == 0;
    if (e.out.failed)
        code = ENOMEM;
    else if (!is_same(o, &e.out) || !is_closed)
        code = config_replace(o->path.data, &e.out, exists ? &before : NULL);
    if (code != 0)
        fail(o, "written", code);
    if (e.out.data != NULL)
        text_wipe(e.out.data, e.out.capacity);
    text_free(&e.out);
}

/* Makes the folder if it is missing. */
static int make_folder(const char *folder) {
    return mkdir(folder, 0700) == 0 || errno == EEXIST ? 0 : errno;
}

/* Finds the file, makes its folder and locks it: 0, or why not. *folder (freed with memory_free) is
 * NULL if there is nothing to do. */
static int prepare(original *o, const struct plan *plan, char **folder, int *lock) {
    struct stat status;
    if (stat(o->path.data, &status) != 0 && errno == EACCES)
        return EACCES; /* such as behind a link that the kernel does not follow */
    int code = config_follow(&o->path);
    if (code != 0)
        return code;
    if (only_removes(plan) && access(o->path.data, F_OK) != 0 && errno == ENOENT)
        return 0;
    *folder = config_folder(o->path.data);
    if (*folder == NULL)
        return ENOMEM;
    code = make_folder(*folder);
    if (code == 0)
        code = config_check_folder(o->path.data);
    return code == 0 ? config_lock(o->path.data, *folder, lock) : code;
}

promptic_kind promptic_config_write(const char *file, const promptic_pair *changes, size_t count,
                                    promptic_error *error) {
    struct plan plan;
    original o;
    char *folder = NULL;
    int lock = -1;
    promptic_kind kind = make_plan(&plan, changes, count, error);
    if (kind != PROMPTIC_OK)
        return kind;
    open_original(&o, file, error);
    int code = o.kind == PROMPTIC_OK ? prepare(&o, &plan, &folder, &lock) : 0;
    if (code != 0)
        fail(&o, "written", code);
    else if (folder != NULL)
        change(&o, &plan, lock >= 0);
    config_unlock(lock);
    memory_free(NULL, folder);
    close_original(&o);
    return o.kind;
}
