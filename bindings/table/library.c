/*
 * library.c - the rows of the library's own names, in the form of the platform's
 * (core/endpoints.c).
 *
 * A string holds no NUL unless its format is BYTES. "..." stands for any further arguments.
 */
#include "library.h"

#include "auth.h"
#include "errors.h"
#include "exchange.h"
#include "http.h"
#include "json.h"
#include "library_fields.h"
#include "lua_client.h"
#include "parameters.h"
#include "raw.h"
#include "request.h"
#include "response.h"
#include "rows_arguments.h"
#include "system.h"

#include <limits.h>
#include <string.h>

/* clang-format off */
#define OPTION(NAME_, TYPE, ...)   PARAMETER(NAME, NO_REQUEST, NAME_, NAME_, TYPE, __VA_ARGS__)
#define ARGUMENT(NAME_, TYPE, ...) PARAMETER(POSITION, NO_REQUEST, NAME_, NAME_, TYPE, __VA_ARGS__, REQUIRED)
#define MAYBE(NAME_, TYPE, ...)    PARAMETER(POSITION, NO_REQUEST, NAME_, NAME_, TYPE, __VA_ARGS__)
#define ID(NAME_, ...)             ARGUMENT(NAME_, STRING, __VA_ARGS__, .format = PROMPTIC_FORMAT_ID)
#define SHARE                      RANGE(0, 1)
#define REST                       MAYBE("...", ANY, "what the function is called with", NULLABLE)
#define FUNCTION(SIGNATURE)        .format = PROMPTIC_FORMAT_FUNCTION, .signature = SIGNATURE
#define SECONDS                    .format = PROMPTIC_FORMAT_SECONDS
#define POSITIVE_SECONDS           .format = PROMPTIC_FORMAT_POSITIVE_SECONDS
#define TEXT_OR_FALSE              .format = PROMPTIC_FORMAT_TEXT_OR_FALSE
#define BYTES                      .format = PROMPTIC_FORMAT_BYTES
#define ANY_COUNT                  RANGE(1, 9007199254740992.0) /* 2^53: each is a double of its own */

/* ---------------------------------------------------------------- parameters */

#define ENDPOINT    OPTION("endpoint", STRING, "where the platform is: https://host[:port][/path], below which /api/v1 is added", ASSUMED(PROMPTIC_DEFAULT_ENDPOINT))
#define CONFIG_FILE OPTION("config_file", STRING, "the configuration file; an empty name: none", ASSUMED("~/.promptic/config.toml"))
#define CA_FILE     OPTION("ca_file", STRING, "PEM file of the certificate authorities to trust, instead of libcurl's own")
#define USER_AGENT  OPTION("user_agent", STRING, "put before the library's own name, such as game/1.2")
#define ALLOW_HTTP  OPTION("allow_http", BOOLEAN, "permits plain http to other hosts than this machine", DEFAULT("false"))
#define AI_APPLICATION(SUMMARY) \
    OPTION("ai_application_id", STRING, SUMMARY), \
    OPTION("workspace_id", STRING, "older name of ai_application_id")

static const promptic_parameter client_options[] = {
    OPTION("api_key", STRING, "an API key, which belongs to one AI Application"),
    OPTION("access_token", STRING, "a session token of a device login"),
    AI_APPLICATION("the AI Application that a session token works in"),
    ENDPOINT, CONFIG_FILE,
    OPTION("timeout", NUMBER, "seconds without a byte moving that end an attempt", DEFAULT("30"), POSITIVE_SECONDS),
    OPTION("deadline", NUMBER, "seconds for a whole call with its retries and waits", DEFAULT("300"), POSITIVE_SECONDS),
    OPTION("max_retries", INTEGER, "further attempts after the first", DEFAULT("2"), RANGE(0, INT_MAX)),
    OPTION("backoff", NUMBER, "upper bound of the first delay in seconds, doubling with each attempt up to 8", DEFAULT("0.5"), SECONDS),
    OPTION("max_response_bytes", INTEGER, "bytes of one response at most, before and after decompression", DEFAULT("268435456"), ANY_COUNT),
    OPTION("max_response_values", INTEGER, "values of one response at most: elements and members of all its arrays and objects", DEFAULT("5000000"), ANY_COUNT),
    ALLOW_HTTP, CA_FILE, USER_AGENT,
    OPTION("certificate", BOOLEAN, "keeps who issued the server's certificate, and when it ends, for promptic.response of a call on a new connection", DEFAULT("false")),
    OPTION("strict", BOOLEAN, "in a result, a name that its type does not have is an error that names the nearest one", DEFAULT("false")),
    OPTION("log", ANY, "called with each attempt (level debug) and with the reaction to a failure (warning); it cannot use the client", FUNCTION("level, text")),
    {.name = NULL}};

static const promptic_parameter request_parameters[] = {
    ARGUMENT("method", STRING, "the HTTP method", .values = request_methods),
    ARGUMENT("path", STRING, "below /api/v1, percent-encoded, such as /experiments"),
    OPTION("query", OBJECT, "query parameters by name, not encoded: strings, numbers, booleans, or lists of them"),
    OPTION("body", ANY, "any value with a JSON form"),
    {.name = NULL}};

#define WAIT_OPTIONS \
    OPTION("max_wait", NUMBER, "seconds until it gives up with an error of kind timeout and code max_wait", DEFAULT("300"), SECONDS), \
    OPTION("poll_interval", NUMBER, "seconds between two polls at most: the first is 0.25, each is half as long again as the one before", DEFAULT("2"), POSITIVE_SECONDS), \
    OPTION("on_update", ANY, "called with each response", FUNCTION("value")), \
    OPTION("on_problem", ANY, "called with the error of a poll that is to be repeated, and the seconds until then", FUNCTION("problem, pause"))

#define ON_EMPTY(SUMMARY) OPTION("on_empty", STRING, SUMMARY, DEFAULT("error"), ONE_OF(VALUES("error", "skip", "keep")))
#define READING_OPTIONS \
    OPTION("format", STRING, "format of the file", ASSUMED("by its name's ending"), ONE_OF(VALUES("csv", "tsv", "jsonl", "ndjson", "json"))), \
    OPTION("separator", STRING, "the character between the fields of a .csv file", ASSUMED("a comma")), \
    OPTION("label_column", STRING, "the column of a file that holds the right answers", ASSUMED("expected")), \
    OPTION("expected_column", STRING, "older name of label_column"), \
    OPTION("split_column", STRING, "the column that holds the splits", ASSUMED("split, if there is one")), \
    OPTION("variables", OBJECT, "the variables: a list of columns, or columns by the variable's name", ASSUMED("all other columns"))

static const promptic_parameter rows_parameters[] = {
    ARGUMENT("path", STRING, "the file, or - for standard input"),
    ON_EMPTY("a row with an empty answer: an error, left out, or a row"),
    READING_OPTIONS,
    {.name = NULL}};

#define UPLOAD_OPTIONS \
    OPTION("ordered", BOOLEAN, "rows arrive in the source's order: one request after the other; false: several at one time, and in any order", DEFAULT("true")), \
    OPTION("only_new", BOOLEAN, "adds only rows that are not there yet", DEFAULT("false")), \
    OPTION("dry_run", BOOLEAN, "sends nothing: counts the rows that are there already, and those that only_new would add", DEFAULT("false")), \
    OPTION("batch_size", INTEGER, "rows of one request at most: 500 at first, more while responses come quickly; halved after 413, 429, 503 and a 400 that names a number of elements", DEFAULT("1000"), RANGE(1, 1000)), \
    OPTION("batch_bytes", INTEGER, "bytes of one request at most, unless a single row has more", DEFAULT("4194304"), ANY_COUNT), \
    OPTION("concurrency", INTEGER, "with ordered = false: requests under way at one time at most: 4 at first, more while latency is what limits; halved after 429 and 503", DEFAULT("16"), RANGE(1, 100)), \
    OPTION("on_progress", ANY, "called after each batch with { sent, total, bytes, elapsed }; total is nil for a function and a file, whose rows are not counted before", FUNCTION("progress")), \
    OPTION("on_warning", ANY, "called with notes on labels and columns that look alike and are not the same, before anything is sent; else the client's log has them", FUNCTION("text")), \
    OPTION("on_bad_row", STRING, "a row that cannot be used: ends the upload before anything of its batch is sent, or is collected in `skipped`", DEFAULT("error"), ONE_OF(VALUES("error", "skip"))), \
    ON_EMPTY("a row with an empty answer: a bad row, collected in `skipped`, or a row"), \
    READING_OPTIONS, \
    OPTION("resume", OBJECT, "the field `resume` of the error of an earlier upload, to continue it"), \
    {.name = NULL}

static const promptic_parameter upload_parameters[] = {
    ID("experiment_id", "id of the experiment"),
    ARGUMENT("source", ANY, "a list of observations, a function that returns the next one, or the path of a file: .csv, .tsv, .jsonl, .ndjson or .json; - is standard input", .format = PROMPTIC_FORMAT_ROWS_SOURCE),
    UPLOAD_OPTIONS};

static const promptic_parameter upload_cases_parameters[] = {
    ID("component_id", "id of the AI component"),
    ID("dataset_id", "id of the dataset"),
    ARGUMENT("source", ANY, "the same as upload_observations takes; rows may be { input_payload, expected_payload, split, metadata } too", .format = PROMPTIC_FORMAT_ROWS_SOURCE),
    UPLOAD_OPTIONS};

static const promptic_parameter login_options[] = {
    ENDPOINT, CONFIG_FILE, CA_FILE, USER_AGENT, ALLOW_HTTP,
    AI_APPLICATION("the AI Application to work in"),
    OPTION("open_browser", BOOLEAN, "also opens the page in a browser, if there is one", DEFAULT("false")),
    OPTION("save", BOOLEAN, "stores the session in the file", DEFAULT("true")),
    OPTION("on_code", ANY, "called with page and code: user_code, verification_uri, verification_uri_complete, expires_in; prints them to stderr unless it is given", FUNCTION("code")),
    OPTION("on_wait", ANY, "called before each poll with interval, left (seconds) and the problem of the last one", FUNCTION("wait")),
    OPTION("choose", ANY, "called with a list of AI Applications, returns one of them or its id", FUNCTION("list")),
    {.name = NULL}};

static const promptic_parameter save_options[] = {
    OPTION("api_key", ANY, "an API key; false removes the stored one", TEXT_OR_FALSE),
    OPTION("access_token", ANY, "a session token; false removes it", TEXT_OR_FALSE),
    OPTION("ai_application_id", ANY, "the AI Application that a session token works in; false removes it", TEXT_OR_FALSE),
    OPTION("workspace_id", ANY, "older name of ai_application_id: storing one removes the other", TEXT_OR_FALSE),
    OPTION("endpoint", ANY, "where the platform is; false removes it", TEXT_OR_FALSE),
    CONFIG_FILE,
    {.name = NULL}};

static const promptic_parameter http_parameters[] = {
    ARGUMENT("method", STRING, "the HTTP method", .values = request_web_methods),
    ARGUMENT("url", STRING, "https or http, absolute"),
    OPTION("headers", OBJECT, "by name: strings or numbers"),
    OPTION("query", OBJECT, "added to the URL's: strings, numbers, booleans, or lists of them, by name"),
    OPTION("body", STRING, "the bytes to send", BYTES),
    OPTION("json", ANY, "a value to send as JSON"),
    OPTION("form", OBJECT, "fields to send as application/x-www-form-urlencoded, like query"),
    OPTION("timeout", NUMBER, "seconds without a byte moving that end an attempt", DEFAULT("120"), POSITIVE_SECONDS),
    OPTION("deadline", NUMBER, "seconds for all of it", ASSUMED("no limit"), POSITIVE_SECONDS),
    OPTION("max_response_bytes", INTEGER, "bytes of one response at most, before and after decompression", DEFAULT("268435456"), ANY_COUNT),
    OPTION("max_retries", INTEGER, "further attempts after the first, by the rules of the platform's calls", DEFAULT("0"), RANGE(0, INT_MAX)),
    OPTION("redirects", INTEGER, "redirects that are followed at most", DEFAULT("0"), RANGE(0, 50)),
    OPTION("save", STRING, "file that the body of a 2xx is written to, as a whole or not at all"),
    OPTION("on_data", ANY, "called with the body of a 2xx as it comes; may wait; false ends the exchange", FUNCTION("bytes")),
    CA_FILE,
    OPTION("allow_http", BOOLEAN, "permits secret headers in plain http to other hosts than this machine", DEFAULT("false")),
    OPTION("log", ANY, "called with each attempt (level debug) and with the reaction to a failure (warning); it cannot make calls", FUNCTION("level, text")),
    {.name = NULL}};

/* ---------------------------------------------------------------------- rows */

/* What it returns comes last: the fields of an initializer have commas. */
#define NAMED(KIND, KEY, NAME, MODULE, SUMMARY, PARAMETERS_, ...) \
    .kind = LIBRARY_##KIND, .key = KEY, \
    .call = {.name = NAME, .module = MODULE, .parameters = PARAMETERS_, .returns = __VA_ARGS__, .summary = SUMMARY}
#define OWN(NAME, RETURNS, SUMMARY, PARAMETERS_) NAMED(FUNCTION, NAME, NAME, NULL, SUMMARY, PARAMETERS_, RETURNS)
#define IN(TABLE, NAME, RETURNS, SUMMARY, PARAMETERS_) \
    NAMED(FUNCTION, TABLE "." NAME, NAME, NULL, SUMMARY, PARAMETERS_, RETURNS), .table = TABLE
#define METHOD(NAME, MODULE, RETURNS, SUMMARY, PARAMETERS_) NAMED(METHOD, NAME, NAME, MODULE, SUMMARY, PARAMETERS_, RETURNS)
#define TASK_METHOD(NAME, RETURNS, SUMMARY, PARAMETERS_) NAMED(TASK, "task." NAME, NAME, NULL, SUMMARY, PARAMETERS_, RETURNS)
#define TRACER(NAME, RETURNS, SUMMARY, PARAMETERS_) NAMED(TRACER, "tracer." NAME, NAME, NULL, SUMMARY, PARAMETERS_, RETURNS)
#define SPAN(NAME, RETURNS, SUMMARY, PARAMETERS_) NAMED(SPAN, "span." NAME, NAME, NULL, SUMMARY, PARAMETERS_, RETURNS)
#define PROMPT(NAME, RETURNS, SUMMARY, PARAMETERS_) NAMED(PROMPT, "prompt." NAME, NAME, NULL, SUMMARY, PARAMETERS_, RETURNS)

#define SPAN_NAME       ARGUMENT("name", STRING, "what it is called", BYTES)
#define ATTRIBUTES      MAYBE("attributes", OBJECT, "attributes of the span, by name")
#define SPAN_FUNCTION   MAYBE("f", ANY, "runs as f(span), with the span current; its results are returned and its errors raised", FUNCTION("span"))
#define CLASS(NAME, SUMMARY, FIELDS) NAMED(CLASS, NAME, NAME, NULL, SUMMARY, FIELDS, RETURNS_NOTHING)

#define COMPONENT   ID("component_id", "id of the AI component")
#define WHOLE_NAME  ARGUMENT("name", STRING, "the name, whole")
#define DESCRIPTION OPTION("description", STRING, "of what is created")
#define SUCCESSOR_OPTIONS \
    DESCRIPTION, \
    OPTION("hyperparameters", OBJECT, "of the new experiment, instead of those of the deployed one"), \
    OPTION("model", STRING, "its target_model; needed while nothing is deployed"), \
    OPTION("provider", STRING, "of the model"), \
    OPTION("initial_prompt", STRING, "what the first experiment starts from, while nothing is deployed"), \
    OPTION("task_type", STRING, "of the first experiment, while nothing is deployed", ASSUMED("classification")), \
    OPTION("input_variables", ARRAY, "of the first experiment, while nothing is deployed: { { name, column } }")

static const library_row rows[] = {
    {OWN("client", RETURNS_A("Client"), "A client: credentials and endpoint come from its options, the environment, then the configuration file.", client_options),
     .function = bindings_new_client},

    /* ------------------------------------------------------------ of a client */
    {METHOD("request", "client", RETURNS_VALUE("any"), "A call that has no method yet, by a path below /api/v1; returns the decoded response.", request_parameters),
     .function = bindings_request, .level = BINDINGS_METHOD_LEVEL},
    {METHOD("with", "client", RETURNS_A("Client"), "A view of the client whose calls have other limits; it ends with the client, and closing it does nothing.",
        PARAMETERS(
            OPTION("timeout", NUMBER, "seconds without a byte moving that end an attempt", ASSUMED("the client's"), POSITIVE_SECONDS),
            OPTION("deadline", NUMBER, "seconds for a whole call with its retries and waits", ASSUMED("the client's"), POSITIVE_SECONDS),
            OPTION("max_retries", INTEGER, "further attempts after the first", ASSUMED("the client's"), RANGE(0, INT_MAX)))),
     .function = bindings_client_with},
    {METHOD("close", "client", RETURNS_NOTHING, "Ends the client's calls with kind cancelled; `local client <close>` calls it at the end of the block.", NO_PARAMETERS),
     .function = bindings_close_client},
    {METHOD("wait_for_experiment", "experiments", RETURNS_A("Experiment"), "Waits until the experiment is completed or has failed, and returns it.",
        PARAMETERS(ID("experiment_id", "id of the experiment"), WAIT_OPTIONS))},
    {METHOD("wait_for_evaluation", "evaluations", RETURNS_A("AgentEvaluation"), "Waits until the evaluation is completed or has failed, and returns it.",
        PARAMETERS(ID("component_id", "id of the AI component"), ID("evaluation_id", "id of the evaluation"), WAIT_OPTIONS))},
    {METHOD("find_component", "components", RETURNS_MAYBE("Component"), "The component of this name, or nil; an error that lists the ids if there are several.",
        PARAMETERS(WHOLE_NAME))},
    {METHOD("find_experiment", "experiments", RETURNS_MAYBE("Experiment"), "The experiment of a component with this name, or nil; an error that lists the ids if there are several.",
        PARAMETERS(COMPONENT, WHOLE_NAME))},
    {METHOD("find_dataset", "datasets", RETURNS_MAYBE("Dataset"), "The dataset of a component with this name, or nil; an error that lists the ids if there are several.",
        PARAMETERS(COMPONENT, WHOLE_NAME))},
    {METHOD("ensure_component", "components", RETURNS_A("Component"), "The component of this name, created unless it is there.",
        PARAMETERS(WHOLE_NAME, DESCRIPTION))},
    {METHOD("ensure_dataset", "datasets", RETURNS_A("Dataset"), "The dataset of a component with this name, created unless it is there.",
        PARAMETERS(COMPONENT, WHOLE_NAME, DESCRIPTION))},
    {METHOD("create_experiment_from_deployed", "experiments", RETURNS_A("Experiment"), "Duplicates the deployed experiment with the deployed prompt, so that a better one can be compared with it on the same rows.",
        PARAMETERS(COMPONENT, OPTION("name", STRING, "name of the new experiment"), SUCCESSOR_OPTIONS))},
    {METHOD("ensure_experiment_from_deployed", "experiments", RETURNS_A("Experiment"), "The experiment of this name, created as create_experiment_from_deployed does unless it is there.",
        PARAMETERS(COMPONENT, WHOLE_NAME, SUCCESSOR_OPTIONS))},
    {METHOD("deploy_if_better", "deployments", RETURNS_A("Comparison"), "Deploys the best prompt of an experiment if it scores higher than the deployed one on the same held-out rows.",
        PARAMETERS(COMPONENT, ID("experiment_id", "id of the experiment, which is completed"),
            OPTION("margin", NUMBER, "the gain has to be larger than this", DEFAULT("0"), SHARE),
            OPTION("sure", BOOLEAN, "the gain also has to exceed what chance explains, 95 times of 100", DEFAULT("false"))))},
    {METHOD("each_experiment", "experiments", RETURNS_EACH("Experiment"), "Iterates over all pages of list_experiments.", NULL), .like = "list_experiments"},
    {METHOD("each_trace", "traces", RETURNS_EACH("TraceListItem"), "Iterates over all pages of list_traces.", NULL), .like = "list_traces"},
    {METHOD("upload_observations", "observations", RETURNS_A("Upload"), "Adds training data from a source of any size, where the platform keeps it: as cases of the experiment's dataset, else as observations; nothing is lost, nothing sent twice.", upload_parameters),
     .check = bindings_check_upload},
    {METHOD("upload_cases", "dataset_cases", RETURNS_A("Upload"), "The same for any dataset.", upload_cases_parameters),
     .check = bindings_check_upload},
    {METHOD("upload_artifact", "artifacts", RETURNS_A("TraceArtifact"), "Stores bytes as an artifact, which a span refers to by its uri.",
        PARAMETERS(
            ARGUMENT("source", ANY, "the bytes, a string; or { path = ... }, a file; 50 MiB at most", .format = PROMPTIC_FORMAT_BYTES_SOURCE),
            OPTION("name", STRING, "file name of a download", ASSUMED("the file's")),
            OPTION("mime_type", STRING, "media type, such as image/png", ASSUMED("by the name's ending")),
            OPTION("preview", STRING, "the beginning of a text"))),
     .check = bindings_check_source},
    {METHOD("download_artifact", "artifacts", RETURNS_VALUE("integer"), "Writes the bytes of an artifact to a file, as a whole or not at all, and returns how many there are.",
        PARAMETERS(
            ID("artifact_id", "id of the artifact"),
            ARGUMENT("path", STRING, "the file to write"),
            OPTION("workspace_id", STRING, "whose artifact it is", ASSUMED("the credential's own")),
            OPTION("max_bytes", INTEGER, "bytes of it at most", ASSUMED("the client's max_response_bytes"), ANY_COUNT))),
     .check = bindings_check_download},

    /* ------------------------------------------------------------------ tasks */
    {OWN("run", RETURNS_VALUE("any"), "Runs f(...) as a task until it and all that it spawned are done; returns what f returns.",
        PARAMETERS(ARGUMENT("f", ANY, "the function", FUNCTION("...")), REST))},
    {OWN("spawn", RETURNS_A("Task"), "A task that runs f(...) from the next step on.",
        PARAMETERS(ARGUMENT("f", ANY, "the function", FUNCTION("...")), REST))},
    {OWN("map", RETURNS_VALUE("list"), "Calls f(value, index) for each element of a list, several at one time; returns the results in the list's order.",
        PARAMETERS(
            ARGUMENT("list", ARRAY, "the values"),
            ARGUMENT("f", ANY, "the function", FUNCTION("value, index")),
            OPTION("concurrency", INTEGER, "calls of f under way at one time", DEFAULT("16"), ANY_COUNT),
            OPTION("on_error", STRING, "the first error ends the other calls and is raised, or all errors are collected: map then returns the results and a table of the errors, both by index", DEFAULT("raise"), ONE_OF(VALUES("raise", "collect")))))},
    {OWN("sleep", RETURNS_NOTHING, "Waits: suspends a task, blocks elsewhere.", PARAMETERS(ARGUMENT("seconds", NUMBER, "how long", SECONDS)))},
    {OWN("step", RETURNS_VALUE("integer"), "Runs ready tasks for about a millisecond, once per frame in a game, and returns how many are alive.",
        PARAMETERS(MAYBE("timeout", NUMBER, "seconds to wait until something is ready", SECONDS, ASSUMED("0"))))},
    {OWN("flush", RETURNS_VALUE("boolean"), "Waits until nothing is left to do in the background (senders and refreshers, which hold up nothing else); returns whether that is so.",
        PARAMETERS(MAYBE("seconds", NUMBER, "how long at most", SECONDS, ASSUMED("no limit"))))},
    {OWN("on_task_error", RETURNS_NOTHING, "Called with an error of a task that nothing awaits; prints it to stderr unless a script replaces it.",
        PARAMETERS(ARGUMENT("err", ANY, "the error", NULLABLE)))},
    {TASK_METHOD("await", RETURNS_VALUE("any"), "What the task returned, once it is done; raises what it raised. Suspends a task, blocks elsewhere.",
        PARAMETERS(MAYBE("timeout", NUMBER, "seconds after which it raises an error of kind timeout and code await; the task goes on", SECONDS)))},
    {TASK_METHOD("cancel", RETURNS_NOTHING, "Ends the task: its transfer is aborted, and an error of kind cancelled raised where it waits.", NO_PARAMETERS)},

    /* ----------------------------------------------------------------- traces */
    {OWN("tracer", RETURNS_A("Tracer"), "Sends spans to the platform in the background.",
        PARAMETERS(
            ARGUMENT("client", ANY, "whose platform gets them", .format = PROMPTIC_FORMAT_CLIENT),
            OPTION("component", STRING, "name of the AI component that the spans belong to"),
            OPTION("dataset", STRING, "id of the dataset that they belong to"),
            OPTION("service", STRING, "name of the program: the filter `service`"),
            OPTION("environment", STRING, "such as production: the filter `environment`"),
            OPTION("sample", NUMBER, "share of the traces that are sent", DEFAULT("1"), SHARE),
            OPTION("max_queue", INTEGER, "spans that wait in memory at most; the oldest gives way", DEFAULT("2048"), RANGE(1, 1000000)),
            OPTION("batch", INTEGER, "spans of one request at most", DEFAULT("64"), RANGE(1, 10000)),
            OPTION("interval", NUMBER, "seconds that a span waits for others, until a batch is full", DEFAULT("2"), SECONDS),
            OPTION("spool", STRING, "folder in which spans wait on the disk, so that a process that is killed loses none"),
            OPTION("before_send", ANY, "called with each span that has ended; may change its name and attributes, or return false to drop it", FUNCTION("span"))))},
    {TRACER("span", RETURNS_VALUE("any"), "A span under the current one. Without f it is returned and ends with span:finish.", PARAMETERS(SPAN_NAME, ATTRIBUTES, SPAN_FUNCTION))},
    {TRACER("continue", RETURNS_VALUE("any"), "A span whose parent is in another process, by the header traceparent of its request.",
        PARAMETERS(ARGUMENT("traceparent", STRING, "the header; a malformed one begins a new trace", NULLABLE, BYTES), SPAN_NAME, ATTRIBUTES, SPAN_FUNCTION))},
    {TRACER("current", RETURNS_MAYBE("TracerSpan"), "The span that is current in this task.", NO_PARAMETERS)},
    {TRACER("flush", RETURNS_VALUE("boolean"), "Waits until all spans are sent; whether they are.", PARAMETERS(MAYBE("seconds", NUMBER, "how long at most", SECONDS, ASSUMED("no limit"))))},
    {TRACER("close", RETURNS_VALUE("boolean"), "The same for 2 seconds at most, and takes no further spans; `local tracer <close>` calls it.", PARAMETERS(MAYBE("seconds", NUMBER, "how long at most", SECONDS, ASSUMED("2"))))},
    {SPAN("child", RETURNS_VALUE("any"), "A span below this one.", PARAMETERS(SPAN_NAME, ATTRIBUTES, SPAN_FUNCTION))},
    {SPAN("set", RETURNS_A("TracerSpan"), "Sets an attribute, or all of a table.", PARAMETERS(ARGUMENT("name", ANY, "its name, or a table of attributes"), MAYBE("value", ANY, "text, number, boolean, or a table", NULLABLE)))},
    {SPAN("event", RETURNS_A("TracerSpan"), "Notes that something happened now.", PARAMETERS(SPAN_NAME, ATTRIBUTES))},
    {SPAN("fail", RETURNS_A("TracerSpan"), "Marks it as failed.", PARAMETERS(MAYBE("err", ANY, "the reason", NULLABLE)))},
    {SPAN("model", RETURNS_A("TracerSpan"), "Says that it is a call of a language model (gen_ai.*): provider, model, input_tokens, output_tokens, cost, temperature, max_tokens, finish_reasons, response_id, input, output, tools.",
        PARAMETERS(ARGUMENT("fields", OBJECT, "any of these")))},
    {SPAN("tool", RETURNS_A("TracerSpan"), "Says that it is a call of a tool (gen_ai.tool.*): name, id, arguments, result.", PARAMETERS(ARGUMENT("fields", OBJECT, "any of these")))},
    {SPAN("traceparent", RETURNS_VALUE("string"), "The header traceparent for a request to another service (W3C Trace Context).", NO_PARAMETERS)},
    {SPAN("finish", RETURNS_NOTHING, "Ends it and hands it to the sender. Never waits, never raises.", NO_PARAMETERS)},

    /* ------------------------------------------------------------------- HTTP */
    {OWN("http", RETURNS_A("HttpResponse"), "A request to any server, without any credential of the platform; every status is a result. Suspends a task, blocks elsewhere.", http_parameters),
     .check = bindings_check_http},
    {OWN("sse", RETURNS_VALUE("function"), "An on_data for server-sent events: calls f with each, { event, data, id, retry }; false ends the exchange.",
        PARAMETERS(ARGUMENT("f", ANY, "the function", FUNCTION("event"))))},

    /* ------------------------------------------------- prompts in production */
    {METHOD("prompt", "deployments", RETURNS_A("Prompt"), "The deployed prompt of a component for a program in production: kept fresh in the background, never waited for.",
        PARAMETERS(
            ARGUMENT("component", STRING, "id or name of the AI component", .format = PROMPTIC_FORMAT_NAME),
            OPTION("ttl", NUMBER, "seconds after which it is asked for again", DEFAULT("60"), POSITIVE_SECONDS),
            OPTION("stale", NUMBER, "seconds for which a prompt stays in use after it was undeployed, or its component deleted", DEFAULT("3600"), SECONDS),
            OPTION("file", STRING, "file of prompts that `promptic deployments pull` has written"),
            OPTION("cache_file", STRING, "file that keeps the last prompt for the next start, of this endpoint and component alone"),
            OPTION("fallback", ANY, "a prompt for when there is none: a text or a DeployedPrompt"),
            OPTION("input_variables", STRINGS, "names in braces that are variables", ASSUMED("all names in braces")),
            OPTION("on_change", ANY, "called with the new prompt, nil if it was taken away, and the one before", FUNCTION("prompt, before"))))},
    {PROMPT("get", RETURNS_MAYBE("DeployedPrompt"), "The prompt, the same table until it changes, and its source: fresh, stale, cache_file, file or fallback; nil and why if there is none. Never waits.", NO_PARAMETERS)},
    {PROMPT("fetch", RETURNS_MAYBE("DeployedPrompt"), "The same after asking the platform. Suspends a task, blocks elsewhere.", PARAMETERS(MAYBE("timeout", NUMBER, "seconds at most", SECONDS, ASSUMED("the client's deadline"))))},
    {PROMPT("render", RETURNS_VALUE("any"), "The prompt with values in the places {{name}} and {name}: a text, or a list of { role, content } for multi_message.", PARAMETERS(MAYBE("variables", OBJECT, "values by name")))},
    {PROMPT("attributes", RETURNS_VALUE("table"), "Attributes of a span that uses the prompt: source, component, experiment, iteration.", NO_PARAMETERS)},

    /* ----------------------------------------------------------------- values */
    {OWN("response", RETURNS_MAYBE("Response"), "Status, headers and more of the response that a result came with, or an error of kind api.",
        PARAMETERS(ARGUMENT("result", ANY, "a table that a method returned, or its error", NULLABLE))), .function = bindings_response},
    {OWN("is_error", RETURNS_VALUE("boolean"), "Whether a value is a promptic.Error, and of this kind.",
        PARAMETERS(ARGUMENT("value", ANY, "any value", NULLABLE), MAYBE("kind", STRING, "the kind", .values = library_error_kinds))),
     .function = bindings_is_error},
    {OWN("array", RETURNS_VALUE("table"), "Marks a table as an array, which matters where it is empty.",
        PARAMETERS(MAYBE("list", ARRAY, "the table", ASSUMED("a new one")))), .function = json_function_array},
    {OWN("write_file", RETURNS_VALUE("integer"), "Writes a text to a file, as a whole or not at all, and returns how many bytes it has.",
        PARAMETERS(
            ARGUMENT("path", STRING, "the file to write"),
            ARGUMENT("text", STRING, "what it will hold", BYTES)))},
    {OWN("now", RETURNS_VALUE("number"), "Monotonic time in seconds.", NO_PARAMETERS), .function = bindings_now},
    {OWN("time", RETURNS_VALUE("number"), "Unix time in seconds, with its fraction.", NO_PARAMETERS), .function = bindings_unix_time},
    {OWN("uuid", RETURNS_VALUE("string"), "A random UUID.", NO_PARAMETERS), .function = bindings_uuid},
    {IN("json", "encode", RETURNS_VALUE("string"), "JSON text of a value.",
        PARAMETERS(
            ARGUMENT("value", ANY, "any value with a JSON form", NULLABLE),
            OPTION("sort_keys", BOOLEAN, "writes the members of objects in the order of their names, byte by byte", DEFAULT("false")),
            OPTION("indent", INTEGER, "spaces for each level, with each member on a line of its own; 0: all on one line", DEFAULT("0"), RANGE(0, 16)))),
     .function = json_function_encode},
    {IN("json", "decode", RETURNS_VALUE("any"), "The value of a JSON text.",
        PARAMETERS(
            ARGUMENT("text", STRING, "the text", BYTES),
            OPTION("strict", BOOLEAN, "refuses invalid UTF-8 and lone surrogates instead of replacing them", DEFAULT("false")),
            OPTION("nulls", BOOLEAN, "keeps nulls of objects as promptic.null", DEFAULT("false")))),
     .function = json_function_decode},
    {IN("json", "array", RETURNS_VALUE("table"), "The same as promptic.array.", PARAMETERS(MAYBE("list", ARRAY, "the table", ASSUMED("a new one")))),
     .function = json_function_array},

    {OWN("rows", RETURNS_EACH("Row"), "Iterates over the rows of a file as uploads read them: { variables, expected, split }, and the line that each begins in.", rows_parameters),
     .check = bindings_check_rows},

    /* ------------------------------------------------------------- logging in */
    {IN("auth", "login", RETURNS_A("Session"), "A device login (RFC 8628) with a browser on this or another device. Suspends a task, blocks elsewhere.", login_options)},
    {IN("auth", "logout", RETURNS_A("Logout"), "Removes the session token and its AI Application from the file, and the endpoint unless an API key stays there.", PARAMETERS(CONFIG_FILE))},
    {IN("auth", "status", RETURNS_A("Status"), "What a client would use, without secrets.", PARAMETERS(CONFIG_FILE))},
    {IN("auth", "save", RETURNS_NOTHING, "Writes the given values to the file; false removes one.", save_options), .function = bindings_save_config},

    /* ---------------------------------------------------------------- classes */
    {CLASS("Error", "What a failed call raises; tostring gives `[404] Not found`.", library_error_fields)},
    {CLASS("UploadError", "Further fields of the error that ends an upload.", library_upload_error_fields)},
    {CLASS("Upload", "What an upload has done.", library_upload_fields)},
    {CLASS("Row", "A row of a file, as promptic.rows gives it.", library_row_fields)},
    {CLASS("Comparison", "What deploy_if_better has found and done.", library_comparison_fields)},
    {CLASS("Response", "What a result came with.", library_response_fields)},
    {CLASS("HttpResponse", "What promptic.http returns.", library_http_fields)},
    {CLASS("Session", "A login.", library_session_fields)},
    {CLASS("Logout", "What a logout found.", library_logout_fields)},
    {CLASS("Status", "What a client would use.", library_status_fields)},
    {CLASS("Contract", "What the library knows of the platform: promptic.contract.", library_contract_fields)},
    {CLASS("Tracer", "Sends spans to the platform.", library_tracer_fields)},
    {CLASS("TracerSpan", "A span that a tracer sends.", library_span_fields)},
    {CLASS("Prompt", "The deployed prompt of a component.", library_prompt_fields)},
    {CLASS("Task", "A function that runs beside others.", library_task_fields)},
};
/* clang-format on */

const library_row *library_rows(size_t *count) {
    *count = sizeof rows / sizeof *rows;
    return rows;
}
