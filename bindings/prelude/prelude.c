/*
 * prelude.c - opens what is written in Lua (bindings/prelude): the methods that make many calls.
 *
 * They are in Lua so that they can be suspended like any other script, where a C function could
 * not. Their arguments are checked here, by rows like those of the endpoints.
 */
#include "baked.h"
#include "bindings.h"

#include <stdlib.h>
#include <string.h>

/* -------------------------------------------------------------------- rows */

/* clang-format off */
#define ID(NAME, SUMMARY) \
    {.name = NAME, .place = PROMPTIC_IN_PATH, .required = true, .summary = SUMMARY}
#define OPTION(NAME, TYPE, FALLBACK, SUMMARY) \
    {.name = NAME, .place = PROMPTIC_IN_QUERY, .type = PROMPTIC_##TYPE, .fallback = FALLBACK, .summary = SUMMARY}
#define WAIT_OPTIONS \
    OPTION("max_wait", NUMBER, "300", "seconds until it gives up"), \
    OPTION("poll_interval", NUMBER, "2", "seconds between two looks"), \
    OPTION("on_update", ANY, NULL, "function(value), called after each look")
#define NATURAL(NAME, FALLBACK, HIGH, SUMMARY) \
    {.name = NAME, .place = PROMPTIC_IN_QUERY, .type = PROMPTIC_INTEGER, .fallback = FALLBACK, \
     .minimum = 1, .maximum = HIGH, .summary = SUMMARY}
#define END {.name = NULL}

static const promptic_parameter experiment_wait[] = {
    ID("experiment_id", "id of the experiment"), WAIT_OPTIONS, END};
static const promptic_parameter evaluation_wait[] = {
    ID("component_id", "id of the AI component"), ID("evaluation_id", "id of the evaluation"), WAIT_OPTIONS, END};
static const char *const bad_row_actions[] = {"error", "skip", NULL};
static const char *const empty_actions[] = {"error", "skip", "keep", NULL};
static const promptic_parameter upload[] = {
    ID("experiment_id", "id of the experiment"),
    {.name = "source", .place = PROMPTIC_IN_BODY, .type = PROMPTIC_ANY, .required = true,
     .summary = "a list of observations, a function that returns the next one, or a path ending in .csv, .tsv, .jsonl, .ndjson, .json"},
    NATURAL("batch_size", "500", 1000, "rows of one request at most"),
    NATURAL("batch_bytes", "4194304", 9007199254740992.0, "bytes of one request at most, unless one row has more"),
    NATURAL("concurrency", "4", 100, "requests under way at one time"),
    OPTION("on_progress", ANY, NULL, "function{ sent =, total =, bytes =, elapsed = }, called after each batch"),
    {.name = "on_bad_row", .place = PROMPTIC_IN_QUERY, .type = PROMPTIC_STRING, .fallback = "error",
     .values = bad_row_actions, .summary = "what a row that cannot be used does: error, or skip, which collects it"},
    {.name = "on_empty", .place = PROMPTIC_IN_QUERY, .type = PROMPTIC_STRING, .fallback = "error",
     .values = empty_actions, .summary = "what a row with an empty answer is: error, a bad row; skip, which collects it; keep, a row"},
    OPTION("separator", STRING, NULL, "the character between the fields of a .csv file; a comma"),
    OPTION("expected_column", STRING, NULL, "the column of a .csv file that holds the right answers; expected"),
    OPTION("resume", OBJECT, NULL, "the field resume of the error of an earlier upload, to go on from there"),
    END};
/* clang-format on */

static const promptic_parameter artifact_upload[] = {
    {.name = "source",
     .place = PROMPTIC_IN_BODY,
     .type = PROMPTIC_ANY,
     .required = true,
     .summary = "the bytes, a string; or { path = ... }, a file; 50 MiB at most"},
    OPTION("name", STRING, NULL, "file name of a download; by default the file's"),
    OPTION("mime_type", STRING, NULL,
           "media type, such as image/png; by default what the name's ending says"),
    OPTION("preview", STRING, NULL, "the beginning of a text"),
    END};
static const promptic_parameter artifact_download[] = {
    ID("artifact_id", "id of the artifact"),
    {.name = "path",
     .place = PROMPTIC_IN_QUERY,
     .type = PROMPTIC_STRING,
     .required = true,
     .summary = "the file to write"},
    OPTION("workspace_id", STRING, NULL, "whose artifact it is; a credential's own by default"),
    END};

/* A method of the prelude. Some take the arguments of an endpoint: those that walk over its pages,
 * and those that follow its redirect, whose function in the table they replace. */
typedef struct prelude_row {
    const char *name, *module;
    const promptic_parameter *parameters;
    const char *like;
    void (*check)(lua_State *L, const bindings_site *site); /* further; the settings are on top */
} prelude_row;

static const prelude_row rows[] = {
    {.name = "wait_for_experiment", .module = "experiments", .parameters = experiment_wait},
    {.name = "wait_for_evaluation", .module = "evaluations", .parameters = evaluation_wait},
    {.name = "each_experiment", .module = "experiments", .like = "list_experiments"},
    {.name = "each_trace", .module = "traces", .like = "list_traces"},
    {.name = "upload_observations",
     .module = "observations",
     .parameters = upload,
     .check = bindings_check_upload},
    {.name = "get_artifact_content", .module = "artifacts", .like = "get_artifact_content"},
    {.name = "get_storage_object_content",
     .module = "storage",
     .like = "get_storage_object_content"},
    {.name = "download_artifact",
     .module = "artifacts",
     .parameters = artifact_download,
     .check = bindings_check_download},
    {.name = "upload_artifact",
     .module = "artifacts",
     .parameters = artifact_upload,
     .check = bindings_check_source},
};

#define ROW_COUNT (sizeof rows / sizeof *rows)

static const promptic_parameter *parameters_of(const prelude_row *row) {
    return row->like != NULL ? promptic_endpoint_find(row->like)->parameters : row->parameters;
}

/* ---------------------------------------------------------------- arguments */

/* [-0, +1, m] Pushes a copy of the options with the defaults of those that are absent. */
static void push_settings(lua_State *L, const promptic_parameter *parameters, int options) {
    lua_newtable(L);
    for (const promptic_parameter *p = parameters; p->name != NULL; p++) {
        if (!bindings_is_option(p))
            continue;
        bindings_push_option(L, options, p->name);
        if (lua_isnil(L, -1) && p->fallback != NULL) {
            lua_pop(L, 1);
            if (p->type == PROMPTIC_STRING)
                lua_pushstring(L, p->fallback);
            else if (p->type == PROMPTIC_INTEGER)
                lua_pushinteger(L, (lua_Integer)strtol(p->fallback, NULL, 10));
            else
                lua_pushnumber(L, strtod(p->fallback, NULL));
        }
        lua_setfield(L, -2, p->name);
    }
}

/* [-0, +0, e] */
static void check_function(lua_State *L, const bindings_site *site, const char *name) {
    lua_getfield(L, -1, name);
    if (!lua_isnil(L, -1) && !lua_isfunction(L, -1))
        bindings_argument_error(L, site, "option '%s': function expected, got %s", name,
                                luaL_typename(L, -1));
    lua_pop(L, 1);
}

/* [-0, +0, e] What the types of the settings on top do not say. A NaN is refused as well. */
static void check_settings(lua_State *L, const bindings_site *site) {
    lua_getfield(L, -1, "max_wait");
    if (!lua_isnil(L, -1) && !(lua_tonumber(L, -1) >= 0))
        bindings_argument_error(L, site, "option 'max_wait': %s is not a number of seconds",
                                lua_tostring(L, -1));
    lua_getfield(L, -2, "poll_interval");
    if (!lua_isnil(L, -1) && !(lua_tonumber(L, -1) > 0))
        bindings_argument_error(L, site, "option 'poll_interval': %s is not above zero",
                                lua_tostring(L, -1));
    lua_pop(L, 2);
    check_function(L, site, "on_update");
    check_function(L, site, "on_progress");
}

/* [-0, +0, m] Who walks over all pages asks for full ones: sets the limit of the settings on top to
 * its maximum where the options leave it open. */
static void ask_for_full_pages(lua_State *L, const promptic_parameter *parameters, int options) {
    for (const promptic_parameter *p = parameters; p->name != NULL; p++) {
        if (strcmp(p->name, "limit") != 0)
            continue;
        bindings_push_option(L, options, p->name);
        bool is_open = lua_isnil(L, -1);
        lua_pop(L, 1);
        if (is_open) {
            lua_pushinteger(L, (lua_Integer)p->maximum);
            lua_setfield(L, -2, p->name);
        }
    }
}

/* [-?, +n, e] Checks the arguments of the prelude function that calls it, and returns them with
 * complete options. The row is its upvalue. */
static int check(lua_State *L) {
    const prelude_row *row = lua_touserdata(L, lua_upvalueindex(1));
    const promptic_endpoint called = {
        .name = row->name, .module = row->module, .parameters = parameters_of(row)};
    int options = bindings_check_arguments(L, &called, 1);
    if (options == 0)
        return lua_gettop(L);
    const bindings_site site = {.function = row->name, .level = 1, .argument = options};
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    push_settings(L, called.parameters, options);
    if (row->like != NULL)
        ask_for_full_pages(L, called.parameters, options);
    check_settings(L, &site);
    if (row->check != NULL)
        row->check(L, &site);
    lua_replace(L, options);
    return options;
}

/* --------------------------------------------------------------------- open */

/* [-0, +1, m] Pushes what the prelude's files are given: a check for each method, and the rest. */
static void push_host(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"sleep", bindings_sleep}, {"now", bindings_now}, {NULL, NULL}};
    lua_newtable(L);
    luaL_setfuncs(L, functions, 0);
    bindings_open_tasks(L);
    bindings_open_upload(L);
    bindings_open_exchange(L);
    bindings_open_auth(L);
    bindings_push_error_metatable(L);
    lua_setfield(L, -2, "Error");
    bindings_get(L, BINDINGS_RESOURCE_MODULES);
    lua_setfield(L, -2, "resources");
    lua_newtable(L);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        lua_pushlightuserdata(L, (void *)&rows[i]);
        lua_pushcclosure(L, check, 1);
        lua_setfield(L, -2, rows[i].name);
    }
    lua_setfield(L, -2, "check");
}

/* [-0, +0, e] Puts the method of each row into its module too. */
static void share_methods(lua_State *L) {
    bindings_get(L, BINDINGS_RESOURCE_MODULES);
    bindings_get(L, BINDINGS_METHODS);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        lua_getfield(L, -2, rows[i].module);
        lua_getfield(L, -2, rows[i].name);
        lua_setfield(L, -2, rows[i].name);
        lua_pop(L, 1);
    }
    lua_pop(L, 2);
}

/* [-0, +0, -] Whether it runs a function of a prelude's file. */
static bool is_ours(lua_State *L, lua_Debug *activation) {
    lua_getinfo(L, "S", activation);
    for (const baked_module *file = baked_prelude; file->name != NULL; file++)
        if (strcmp(activation->source, file->chunkname) == 0)
            return true;
    return false;
}

bool bindings_in_prelude(lua_State *L, lua_Debug *activation) {
    lua_Debug caller;
    if (is_ours(L, activation))
        return true;
    return *activation->what == 'C' && lua_getstack(L, 1, &caller) && is_ours(L, &caller);
}

/* [-0, +0, e] Runs a file of the prelude with the methods, the host's part, which is on top, and
 * the module below it. */
static void run_file(lua_State *L, const baked_module *file) {
    if (luaL_loadbuffer(L, file->source, file->length, file->chunkname) != LUA_OK)
        lua_error(L);
    bindings_get(L, BINDINGS_METHODS);
    lua_pushvalue(L, -3);
    lua_pushvalue(L, -5);
    lua_call(L, 3, 0);
}

void bindings_open_prelude(lua_State *L) {
    static const char *const files[] = {
#if !COMPAT_CONTINUATIONS
        "promptic.continuation",
#endif
        "promptic.agenda",
        "promptic.lists",
        "promptic.tasks",
        "promptic.map",
        "promptic.waiting",
        "promptic.pages",
        "promptic.supervise",
        "promptic.sources",
        "promptic.reconcile",
        "promptic.resume",
        "promptic.upload",
        "promptic.artifacts",
        "promptic.auth"
    };
    push_host(L);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        for (const baked_module *file = baked_prelude; file->name != NULL; file++)
            if (strcmp(file->name, files[i]) == 0)
                run_file(L, file);
    lua_pop(L, 1);
    share_methods(L);
}
