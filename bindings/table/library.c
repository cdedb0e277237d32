/*
 * library.c - the rows of the library's own names, in the form of the platform's
 * (core/endpoints.c).
 *
 * A string's place says what is checked: PATH is an id, QUERY cannot hold a NUL, BODY is any text.
 * A parameter of place PATH that is not required is given by position too, and may be left out.
 * "..." stands for any further arguments. The formats "function(...)", "seconds", "positive
 * seconds" and "string or false" are checked as well (arguments.c).
 */
#include "library.h"

#include "parameters.h"
#include "request.h"

#include <limits.h>
#include <string.h>

/* clang-format off */
#define OPTION(NAME, TYPE, SUMMARY, ...)   ROW(QUERY, NAME, NAME, TYPE, SUMMARY, __VA_ARGS__)
#define ARGUMENT(NAME, TYPE, SUMMARY, ...) ROW(BODY, NAME, NAME, TYPE, SUMMARY, REQUIRED, __VA_ARGS__)
#define MAYBE(NAME, TYPE, SUMMARY, ...)    ROW(PATH, NAME, NAME, TYPE, SUMMARY, OPTIONAL, __VA_ARGS__)
#define FIELD(NAME, TYPE, SUMMARY, ...)    ROW(FIELD, NAME, NAME, TYPE, SUMMARY, __VA_ARGS__)
#define REST                               MAYBE("...", ANY, "what the function is called with", NULLABLE)
#define FUNCTION(SIGNATURE)                .format = "function(" SIGNATURE ")"
#define SECONDS                            .format = "seconds"
#define POSITIVE_SECONDS                   .format = "positive seconds"
#define STRING_OR_FALSE                    .format = "string or false"
#define ALWAYS                             .required = true
#define SOMETIMES                          .required = false
#define ANY_COUNT                          RANGE(1, 9007199254740992.0) /* 2^53: each is a double of its own */

/* ---------------------------------------------------------------- parameters */

#define ENDPOINT    OPTION("endpoint", STRING, "where the platform is: https://host[:port][/path], below which /api/v1 is added", ASSUMED(PROMPTIC_DEFAULT_ENDPOINT))
#define CONFIG_FILE OPTION("config_file", STRING, "the configuration file; an empty name: none", ASSUMED("~/.promptic/config.toml"))
#define CA_FILE     OPTION("ca_file", STRING, "PEM file of the certificate authorities to trust, instead of libcurl's own", OPTIONAL)
#define USER_AGENT  OPTION("user_agent", STRING, "put before the library's own name, such as game/1.2", OPTIONAL)
#define ALLOW_HTTP  OPTION("allow_http", BOOLEAN, "permits plain http to other hosts than this machine", DEFAULT("false"))
#define AI_APPLICATION(SUMMARY) \
    OPTION("ai_application_id", STRING, SUMMARY, OPTIONAL), \
    OPTION("workspace_id", STRING, "older name of ai_application_id", OPTIONAL)

static const promptic_parameter client_options[] = {
    OPTION("api_key", STRING, "an API key, which belongs to one AI Application", OPTIONAL),
    OPTION("access_token", STRING, "a session token of a device login", OPTIONAL),
    AI_APPLICATION("the AI Application that a session token works in"),
    ENDPOINT, CONFIG_FILE,
    OPTION("timeout", NUMBER, "seconds without a byte moving that end an attempt", DEFAULT("30"), POSITIVE_SECONDS),
    OPTION("deadline", NUMBER, "seconds for a whole call with its retries and waits", DEFAULT("300"), POSITIVE_SECONDS),
    OPTION("max_retries", INTEGER, "further attempts after the first", DEFAULT("2"), RANGE(0, INT_MAX)),
    OPTION("backoff", NUMBER, "upper bound of the first delay in seconds, doubling with each attempt up to 8", DEFAULT("0.5"), SECONDS),
    OPTION("max_response_bytes", INTEGER, "bytes of one response at most, after decompression", DEFAULT("268435456"), ANY_COUNT),
    ALLOW_HTTP, CA_FILE, USER_AGENT,
    OPTION("log", ANY, "called with each attempt (level debug) and with what is done about a failure (warning); it cannot use the client", FUNCTION("level, text")),
    {.name = NULL}};

static const promptic_parameter request_parameters[] = {
    ROW(QUERY, "method", "method", STRING, "the HTTP method", REQUIRED, .values = request_methods),
    ROW(QUERY, "path", "path", STRING, "below /api/v1, percent-encoded, such as /experiments", REQUIRED),
    OPTION("query", OBJECT, "query parameters by name, not encoded: strings, numbers, booleans, or lists of them", OPTIONAL),
    ROW(BODY, "body", "body", ANY, "any value with a JSON form", OPTIONAL),
    {.name = NULL}};

#define WAIT_OPTIONS \
    OPTION("max_wait", NUMBER, "seconds until it gives up with an error of kind timeout", DEFAULT("300"), SECONDS), \
    OPTION("poll_interval", NUMBER, "seconds between two polls at most: the first is 0.25, each is half as long again as the one before", DEFAULT("2"), POSITIVE_SECONDS), \
    OPTION("on_update", ANY, "called with each response", FUNCTION("value"))

static const promptic_parameter upload_parameters[] = {
    PATH("experiment_id", STRING, "id of the experiment", UUID),
    ARGUMENT("source", ANY, "a list of observations, a function that returns the next one, or a path ending in .csv, .tsv, .jsonl, .ndjson or .json", .format = "list, function or path"),
    OPTION("batch_size", INTEGER, "rows of one request at most: 500 at first, more while responses come quickly; halved after 413, 429 and 503", DEFAULT("1000"), RANGE(1, 1000)),
    OPTION("batch_bytes", INTEGER, "bytes of one request at most, unless a single row has more", DEFAULT("4194304"), ANY_COUNT),
    OPTION("concurrency", INTEGER, "requests under way at one time at most: 4 at first, more while latency is what limits; halved after 429 and 503", DEFAULT("8"), RANGE(1, 100)),
    OPTION("on_progress", ANY, "called after each batch with { sent, total, bytes, elapsed }; total is nil for a function and a file, whose rows are not counted before", FUNCTION("progress")),
    OPTION("on_bad_row", STRING, "a row that cannot be used: ends the upload before anything of its batch is sent, or is collected in `skipped`", DEFAULT("error"), ONE_OF(VALUES("error", "skip"))),
    OPTION("on_empty", STRING, "a row with an empty answer: a bad row, collected in `skipped`, or a row", DEFAULT("error"), ONE_OF(VALUES("error", "skip", "keep"))),
    OPTION("separator", STRING, "the character between the fields of a .csv file", ASSUMED("a comma")),
    OPTION("expected_column", STRING, "the column of a .csv file that holds the right answers", ASSUMED("expected")),
    OPTION("resume", OBJECT, "the field `resume` of the error of an earlier upload, to continue it", OPTIONAL),
    {.name = NULL}};

static const promptic_parameter login_options[] = {
    ENDPOINT, CONFIG_FILE, CA_FILE, USER_AGENT, ALLOW_HTTP,
    AI_APPLICATION("the AI Application to work in"),
    OPTION("open_browser", BOOLEAN, "also opens the page in a browser, where there is one", DEFAULT("false")),
    OPTION("save", BOOLEAN, "stores the session in the file", DEFAULT("true")),
    OPTION("on_code", ANY, "called with page and code: user_code, verification_uri, verification_uri_complete, expires_in; prints them to stderr unless it is given", FUNCTION("code")),
    OPTION("on_wait", ANY, "called before each poll with interval, left (seconds) and the problem of the last one", FUNCTION("wait")),
    OPTION("choose", ANY, "called with a list of AI Applications, returns one of them or its id", FUNCTION("list")),
    {.name = NULL}};

static const promptic_parameter save_options[] = {
    OPTION("api_key", ANY, "an API key; false removes the stored one", STRING_OR_FALSE),
    OPTION("access_token", ANY, "a session token; false removes it", STRING_OR_FALSE),
    OPTION("ai_application_id", ANY, "the AI Application that a session token works in; false removes it", STRING_OR_FALSE),
    OPTION("workspace_id", ANY, "older name of ai_application_id: storing one removes the other", STRING_OR_FALSE),
    OPTION("endpoint", ANY, "where the platform is; false removes it", STRING_OR_FALSE),
    CONFIG_FILE,
    {.name = NULL}};

/* ------------------------------------------------------------------- classes */

/* What is_error can be asked for; memory and wrong arguments raise Lua's own errors, but rows that
 * cannot be used do not. */
static const char *const error_kinds[] = {"api", "timeout", "connection", "tls", "decode", "cancelled", "auth", "config", "argument", NULL};

static const promptic_parameter error_fields[] = {
    FIELD("kind", STRING, "what failed", ALWAYS, .values = error_kinds),
    FIELD("message", STRING, "for people", ALWAYS),
    FIELD("status_code", INTEGER, "the HTTP status, of kind api", SOMETIMES),
    FIELD("code", STRING, "what the platform calls it, where it says so", SOMETIMES),
    FIELD("method", STRING, "of the request", SOMETIMES),
    FIELD("path", STRING, "of the request, below /api/v1", SOMETIMES),
    FIELD("request_id", STRING, "the platform's id of the request", SOMETIMES),
    FIELD("retry_after", NUMBER, "seconds that the platform asked to wait", SOMETIMES),
    FIELD("body", STRING, "of the response, 64 KiB of it at most", SOMETIMES),
    FIELD("attempts", INTEGER, "how many there were", SOMETIMES),
    FIELD("maybe_sent", BOOLEAN, "the request may have taken effect though the call failed", SOMETIMES),
    FIELD("traceback", STRING, "where the task was that raised it", SOMETIMES),
    {.name = NULL}};

static const promptic_parameter upload_error_fields[] = {
    FIELD("rows", OBJECT, "`sent`, `unsent` and `unknown`: lists of { first, last }, counted from 1 in the source; the last range of `unsent` has no `last` where the end of the source is unknown", ALWAYS),
    FIELD("resume", OBJECT, "the option `resume` of the next call; it holds strings only, so promptic.json.encode stores it for another process", ALWAYS),
    FIELD("skipped", ARRAY, "rows that were skipped: { row, file, line, reason, message }", ALWAYS),
    FIELD("row", INTEGER, "the row that cannot be used; kind is `argument`", SOMETIMES),
    FIELD("file", STRING, "the file that it is in", SOMETIMES),
    FIELD("line", INTEGER, "the line that it begins in", SOMETIMES),
    FIELD("reason", STRING, "what is wrong with it", SOMETIMES),
    FIELD("twice", ARRAY, "id ranges created twice because a failed request took effect late", SOMETIMES),
    {.name = NULL}};

static const promptic_parameter upload_fields[] = {
    FIELD("sent", INTEGER, "rows that this call added", ALWAYS),
    FIELD("skipped", ARRAY, "rows that were skipped: { row, file, line, reason, message }", ALWAYS),
    FIELD("bytes", INTEGER, "of their requests", ALWAYS),
    FIELD("elapsed", NUMBER, "seconds", ALWAYS),
    FIELD("batches", INTEGER, "requests that added rows", ALWAYS),
    {.name = NULL}};

static const promptic_parameter response_fields[] = {
    FIELD("status", INTEGER, "the HTTP status", ALWAYS),
    FIELD("headers", OBJECT, "by name in lower case", ALWAYS),
    FIELD("request_id", STRING, "the platform's id of the request", SOMETIMES),
    FIELD("attempts", INTEGER, "how many there were", ALWAYS),
    FIELD("elapsed", NUMBER, "seconds from the call to its end, waits included", ALWAYS),
    FIELD("connection_reused", BOOLEAN, "no new connection was made for it", ALWAYS),
    {.name = NULL}};

static const promptic_parameter session_fields[] = {
    FIELD("access_token", STRING, "the session token", ALWAYS),
    FIELD("ai_application_id", STRING, "absent where none of several was chosen; workspace_id is the same", SOMETIMES),
    FIELD("ai_application", OBJECT, "the AI Application of that id; workspace is the same", SOMETIMES),
    FIELD("ai_applications", ARRAY, "those that the session can reach; workspaces is the same", ALWAYS),
    FIELD("workspace_id", STRING, "older name of ai_application_id", SOMETIMES),
    FIELD("workspace", OBJECT, "older name of ai_application", SOMETIMES),
    FIELD("workspaces", ARRAY, "older name of ai_applications", ALWAYS),
    FIELD("endpoint", STRING, "where the platform is", ALWAYS),
    FIELD("config_file", STRING, "the file that the session is stored in", ALWAYS),
    FIELD("has_api_key", BOOLEAN, "the file has an API key too, which is used after the session", ALWAYS),
    FIELD("was_shared", BOOLEAN, "others could read the file before", ALWAYS),
    {.name = NULL}};

static const promptic_parameter logout_fields[] = {
    FIELD("config_file", STRING, "the file", ALWAYS),
    FIELD("was_logged_in", BOOLEAN, "it had a session", ALWAYS),
    FIELD("has_api_key", BOOLEAN, "it has an API key", ALWAYS),
    FIELD("had_endpoint", BOOLEAN, "its endpoint was removed with the session", ALWAYS),
    {.name = NULL}};

static const promptic_parameter status_fields[] = {
    FIELD("source", STRING, "where the credential comes from", ALWAYS, ONE_OF(VALUES("environment", "file", "none"))),
    FIELD("credential", STRING, "what it is", ALWAYS, ONE_OF(VALUES("access_token", "api_key", "none"))),
    FIELD("ai_application_id", STRING, "what a session token works in", SOMETIMES),
    FIELD("workspace_id", STRING, "older name of ai_application_id", SOMETIMES),
    FIELD("endpoint", STRING, "where the platform is", SOMETIMES),
    FIELD("endpoint_source", STRING, "where that comes from", SOMETIMES),
    FIELD("config_file", STRING, "the file", ALWAYS),
    FIELD("exists", BOOLEAN, "there is such a file", ALWAYS),
    FIELD("is_shared", BOOLEAN, "others can read it", ALWAYS),
    FIELD("problem", STRING, "what keeps a client from being made", SOMETIMES),
    {.name = NULL}};

static const promptic_parameter task_fields[] = {
    FIELD("status", STRING, "what it does", ALWAYS, ONE_OF(VALUES("ready", "running", "waiting", "done", "failed", "cancelled"))),
    {.name = NULL}};

/* ---------------------------------------------------------------------- rows */

#define NAMED(KIND, KEY, NAME, MODULE, RETURNS, SUMMARY, PARAMETERS_) \
    .kind = LIBRARY_##KIND, .key = KEY, \
    .call = {.name = NAME, .module = MODULE, .parameters = PARAMETERS_, .returns = RETURNS, .summary = SUMMARY}
#define OWN(NAME, RETURNS, SUMMARY, PARAMETERS_) NAMED(FUNCTION, NAME, NAME, NULL, RETURNS, SUMMARY, PARAMETERS_)
#define IN(TABLE, NAME, RETURNS, SUMMARY, PARAMETERS_) \
    NAMED(FUNCTION, TABLE "." NAME, NAME, NULL, RETURNS, SUMMARY, PARAMETERS_), .table = TABLE
#define METHOD(NAME, MODULE, RETURNS, SUMMARY, PARAMETERS_) NAMED(METHOD, NAME, NAME, MODULE, RETURNS, SUMMARY, PARAMETERS_)
#define TASK_METHOD(NAME, RETURNS, SUMMARY, PARAMETERS_) NAMED(TASK, "task." NAME, NAME, NULL, RETURNS, SUMMARY, PARAMETERS_)
#define CLASS(NAME, SUMMARY, FIELDS) NAMED(CLASS, NAME, NAME, NULL, NULL, SUMMARY, FIELDS)

static const library_row rows[] = {
    {OWN("client", "Client", "A client: credentials and endpoint come from its options, the environment, then the configuration file.", client_options),
     .function = bindings_new_client},

    /* ------------------------------------------------------------ of a client */
    {METHOD("request", "client", "any", "A call that has no method yet, by a path below /api/v1; returns the decoded response.", request_parameters),
     .function = bindings_request, .level = BINDINGS_METHOD_LEVEL},
    {METHOD("close", "client", "nil", "Ends the client's calls with kind cancelled; `local client <close>` calls it at the end of the block.", NO_PARAMETERS),
     .function = bindings_close_client},
    {METHOD("wait_for_experiment", "experiments", "Experiment", "Waits until the experiment is completed or has failed, and returns it.",
        PARAMETERS(PATH("experiment_id", STRING, "id of the experiment", UUID), WAIT_OPTIONS))},
    {METHOD("wait_for_evaluation", "evaluations", "AgentEvaluation", "Waits until the evaluation is completed or has failed, and returns it.",
        PARAMETERS(PATH("component_id", STRING, "id of the AI component", UUID), PATH("evaluation_id", STRING, "id of the evaluation", UUID), WAIT_OPTIONS))},
    {METHOD("each_experiment", "experiments", "iterator of Experiment", "Iterates over all pages of list_experiments.", NULL), .like = "list_experiments"},
    {METHOD("each_trace", "traces", "iterator of TraceListItem", "Iterates over all pages of list_traces.", NULL), .like = "list_traces"},
    {METHOD("upload_observations", "observations", "Upload", "Adds the observations of a source of any size, in batches; nothing is lost, nothing sent twice.", upload_parameters),
     .check = bindings_check_upload},
    {METHOD("upload_artifact", "artifacts", "TraceArtifact", "Stores bytes as an artifact, which a span refers to by its uri.",
        PARAMETERS(
            ARGUMENT("source", ANY, "the bytes, a string; or { path = ... }, a file; 50 MiB at most", .format = "bytes or table"),
            OPTION("name", STRING, "file name of a download", ASSUMED("the file's")),
            OPTION("mime_type", STRING, "media type, such as image/png", ASSUMED("by the name's ending")),
            OPTION("preview", STRING, "the beginning of a text", OPTIONAL))),
     .check = bindings_check_source},
    {METHOD("download_artifact", "artifacts", "integer", "Writes the bytes of an artifact to a file, as a whole or not at all, and returns how many there are.",
        PARAMETERS(
            PATH("artifact_id", STRING, "id of the artifact", UUID),
            ROW(QUERY, "path", "path", STRING, "the file to write", REQUIRED),
            OPTION("workspace_id", STRING, "whose artifact it is", ASSUMED("the credential's own")))),
     .check = bindings_check_download},

    /* ------------------------------------------------------------------ tasks */
    {OWN("run", "any", "Runs f(...) as a task until it and all that it spawned are done; returns what f returns.",
        PARAMETERS(ARGUMENT("f", ANY, "the function", FUNCTION("...")), REST))},
    {OWN("spawn", "Task", "A task that runs f(...) from the next step on.",
        PARAMETERS(ARGUMENT("f", ANY, "the function", FUNCTION("...")), REST))},
    {OWN("map", "list", "Calls f(value, index) for each element of a list, several at one time; returns the results in the list's order.",
        PARAMETERS(
            ARGUMENT("list", ARRAY, "the values", NO_FORMAT),
            ARGUMENT("f", ANY, "the function", FUNCTION("value, index")),
            OPTION("concurrency", INTEGER, "calls of f under way at one time", DEFAULT("16"), ANY_COUNT),
            OPTION("on_error", STRING, "the first error ends the other calls and is raised, or all errors are collected: map then returns the results and a table of the errors, both by index", DEFAULT("raise"), ONE_OF(VALUES("raise", "collect")))))},
    {OWN("sleep", "nil", "Waits: suspends a task, blocks elsewhere.", PARAMETERS(ARGUMENT("seconds", NUMBER, "how long", SECONDS)))},
    {OWN("step", "integer", "Does what is ready for about a millisecond, once per frame in a game, and returns how many tasks are alive.",
        PARAMETERS(MAYBE("timeout", NUMBER, "seconds to wait until something is ready", SECONDS, ASSUMED("0"))))},
    {OWN("flush", "boolean", "Waits until nothing is left to do in the background (senders and refreshers, which hold up nothing else); returns whether that is so.",
        PARAMETERS(MAYBE("seconds", NUMBER, "how long at most", SECONDS, ASSUMED("no limit"))))},
    {OWN("on_task_error", "nil", "Called with an error of a task that nothing awaits; prints it to stderr unless a script replaces it.",
        PARAMETERS(ARGUMENT("err", ANY, "the error", NULLABLE)))},
    {TASK_METHOD("await", "any", "What the task returned, once it is done; raises what it raised. Suspends a task, blocks elsewhere.",
        PARAMETERS(MAYBE("timeout", NUMBER, "seconds after which it raises an error of kind timeout and code await; the task goes on", SECONDS)))},
    {TASK_METHOD("cancel", "nil", "Ends the task: its transfer is aborted, and an error of kind cancelled raised where it waits.", NO_PARAMETERS)},

    /* ----------------------------------------------------------------- values */
    {OWN("response", "Response or nil", "Status, headers and more of the response that a result came with.",
        PARAMETERS(ARGUMENT("result", ANY, "a table that a method returned", NULLABLE))), .function = bindings_response},
    {OWN("is_error", "boolean", "Whether a value is a promptic.Error, and of this kind.",
        PARAMETERS(ARGUMENT("value", ANY, "any value", NULLABLE), MAYBE("kind", STRING, "the kind", .values = error_kinds))),
     .function = bindings_is_error},
    {OWN("array", "table", "Marks a table as an array, which matters where it is empty.",
        PARAMETERS(MAYBE("list", ARRAY, "the table", ASSUMED("a new one")))), .function = json_function_array},
    {OWN("now", "number", "Monotonic time in seconds.", NO_PARAMETERS), .function = bindings_now},
    {IN("json", "encode", "string", "JSON text of a value.", PARAMETERS(ARGUMENT("value", ANY, "any value with a JSON form", NULLABLE))),
     .function = json_function_encode},
    {IN("json", "decode", "any", "The value of a JSON text.",
        PARAMETERS(
            ARGUMENT("text", STRING, "the text", NO_FORMAT),
            OPTION("strict", BOOLEAN, "refuses invalid UTF-8 and lone surrogates instead of replacing them", DEFAULT("false")),
            OPTION("nulls", BOOLEAN, "keeps nulls of objects as promptic.null", DEFAULT("false")))),
     .function = json_function_decode},
    {IN("json", "array", "table", "The same as promptic.array.", PARAMETERS(MAYBE("list", ARRAY, "the table", ASSUMED("a new one")))),
     .function = json_function_array},

    /* ------------------------------------------------------------- logging in */
    {IN("auth", "login", "Session", "A device login (RFC 8628) with a browser on this or another device. Suspends a task, blocks elsewhere.", login_options)},
    {IN("auth", "logout", "Logout", "Removes the session token and its AI Application from the file, and the endpoint unless an API key stays there.", PARAMETERS(CONFIG_FILE))},
    {IN("auth", "status", "Status", "What a client would use, without secrets.", PARAMETERS(CONFIG_FILE))},
    {IN("auth", "save", "nil", "Writes the given values to the file; false removes one.", save_options), .function = bindings_save_config},

    /* ---------------------------------------------------------------- classes */
    {CLASS("Error", "What a failed call raises; tostring gives `[404] Not found`.", error_fields)},
    {CLASS("UploadError", "Further fields of the error that ends upload_observations.", upload_error_fields)},
    {CLASS("Upload", "What upload_observations has done.", upload_fields)},
    {CLASS("Response", "What a result came with.", response_fields)},
    {CLASS("Session", "A login.", session_fields)},
    {CLASS("Logout", "What a logout found.", logout_fields)},
    {CLASS("Status", "What a client would use.", status_fields)},
    {CLASS("Task", "A function that runs beside others.", task_fields)},
};
/* clang-format on */

const library_row *library_rows(size_t *count) {
    *count = sizeof rows / sizeof *rows;
    return rows;
}

const library_row *library_find(const char *key) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].key, key) == 0)
            return &rows[i];
    return NULL;
}

const promptic_parameter *library_parameters(const library_row *row) {
    return row->like != NULL ? promptic_endpoint_find(row->like)->parameters : row->call.parameters;
}
