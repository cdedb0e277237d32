/*
 * library_fields.c - the fields of the library's own classes, a row each.
 */
#include "library_fields.h"

#include "parameters.h"

/* clang-format off */
#define FIELD(NAME_, TYPE, ...)    PARAMETER(FIELD, NO_REQUEST, NAME_, NAME_, TYPE, __VA_ARGS__)
#define ALWAYS                     REQUIRED

static const char *const comparison_codes[] = {"better", "nothing_deployed", "already_deployed", "not_better", "within_margin", "not_sure", "not_comparable", "no_held_out_rows", NULL};
const char *const library_error_kinds[] = {"api", "timeout", "connection", "tls", "decode", "cancelled", "interrupted", "auth", "config", "argument", NULL};

const promptic_parameter library_error_fields[] = {
    FIELD("kind", STRING, "what failed", ALWAYS, .values = library_error_kinds),
    FIELD("message", STRING, "for people", ALWAYS),
    FIELD("status_code", INTEGER, "the HTTP status, of kind api; of kind decode where the body was not read to its end"),
    FIELD("code", STRING, "the reason in a word: the platform's, or one of the library's own"),
    FIELD("method", STRING, "of the request"),
    FIELD("path", STRING, "of the request, below /api/v1"),
    FIELD("request_id", STRING, "the platform's id of the request"),
    FIELD("retry_after", NUMBER, "seconds that the platform asked to wait"),
    FIELD("body", STRING, "of the response, 64 KiB of it at most"),
    FIELD("attempts", INTEGER, "how many there were"),
    FIELD("maybe_sent", BOOLEAN, "the request may have taken effect though the call failed"),
    FIELD("traceback", STRING, "where the task was that raised it"),
    {.name = NULL}};

const promptic_parameter library_upload_error_fields[] = {
    FIELD("rows", OBJECT, "`sent`, `unsent` and `unknown`: lists of { first, last }, counted from 1 in the source; the last range of `unsent` has no `last` where the end of the source is unknown", ALWAYS),
    FIELD("resume", OBJECT, "the option `resume` of the next call; it holds strings only, so promptic.json.encode stores it for another process", ALWAYS),
    FIELD("skipped", ARRAY, "rows that were skipped: { row, file, line, reason, message }", ALWAYS),
    FIELD("row", INTEGER, "the row that cannot be used; kind is `argument`"),
    FIELD("file", STRING, "the file that it is in"),
    FIELD("line", INTEGER, "the line that it begins in"),
    FIELD("reason", STRING, "what is wrong with it"),
    FIELD("twice", ARRAY, "id ranges created twice because a failed request took effect late"),
    {.name = NULL}};

const promptic_parameter library_upload_fields[] = {
    FIELD("sent", INTEGER, "rows that this call added", ALWAYS),
    FIELD("present", INTEGER, "rows that were there already, with only_new and dry_run", ALWAYS),
    FIELD("absent", INTEGER, "rows that only_new would add, with dry_run; not counted if there was none before"),
    FIELD("held", INTEGER, "rows that were there before, with only_new and dry_run"),
    FIELD("skipped", ARRAY, "rows that were skipped: { row, file, line, reason, message }", ALWAYS),
    FIELD("bytes", INTEGER, "of their requests", ALWAYS),
    FIELD("elapsed", NUMBER, "seconds", ALWAYS),
    FIELD("batches", INTEGER, "requests that added rows", ALWAYS),
    {.name = NULL}};

const promptic_parameter library_row_fields[] = {
    FIELD("variables", OBJECT, "the inputs by name", ALWAYS),
    FIELD("expected", ANY, "the right answer; a text but in files of JSON", ALWAYS),
    FIELD("split", STRING, "which part it belongs to", ONE_OF(VALUES("train", "eval"))),
    {.name = NULL}};

const promptic_parameter library_response_fields[] = {
    FIELD("method", STRING, "the HTTP method", ALWAYS),
    FIELD("path", STRING, "below /api/v1, percent-encoded, without the query", ALWAYS),
    FIELD("status", INTEGER, "the HTTP status", ALWAYS),
    FIELD("headers", OBJECT, "by name in lower case", ALWAYS),
    FIELD("request_id", STRING, "the platform's id of the request"),
    FIELD("attempts", INTEGER, "how many there were", ALWAYS),
    FIELD("elapsed", NUMBER, "seconds from the call to its end, waits included", ALWAYS),
    FIELD("connection_reused", BOOLEAN, "no new connection was made for it", ALWAYS),
    FIELD("certificate", OBJECT, "with the client's option `certificate`, of a new TLS connection: who issued the server's certificate (`issuer`) and when it ends (`expires`, seconds since 1970)"),
    {.name = NULL}};

const promptic_parameter library_comparison_fields[] = {
    FIELD("deployed", BOOLEAN, "whether the experiment's prompt was deployed by this call", ALWAYS),
    FIELD("code", STRING, "the reason in a word", ALWAYS, .values = comparison_codes),
    FIELD("reason", STRING, "the reason, and what to do", ALWAYS),
    FIELD("before", NUMBER, "score of the deployed prompt on the held-out rows"),
    FIELD("after", NUMBER, "score of the experiment's best prompt"),
    FIELD("rows", INTEGER, "held-out rows"),
    FIELD("smallest", NUMBER, "the smallest gain that would have counted; absent if none can"),
    {.name = NULL}};

const promptic_parameter library_http_fields[] = {
    FIELD("status", INTEGER, "the HTTP status, whatever it is", ALWAYS),
    FIELD("headers", OBJECT, "by name in lower case", ALWAYS),
    FIELD("body", STRING, "of the response; empty where save or on_data got it", ALWAYS),
    FIELD("json", ANY, "the body's value, if its Content-Type is application/json or ends in +json"),
    FIELD("elapsed", NUMBER, "seconds from the call to its end, redirects and waits included", ALWAYS),
    FIELD("url", STRING, "what the response is of, after redirects", ALWAYS),
    {.name = NULL}};

const promptic_parameter library_tracer_fields[] = {
    FIELD("stats", OBJECT, "made, sent, and dropped by reason: queue_full, too_large, refused, expired, before_send, sampled", ALWAYS),
    {.name = NULL}};

const promptic_parameter library_span_fields[] = {
    FIELD("name", STRING, "what it is called", ALWAYS),
    FIELD("attributes", OBJECT, "its attributes by name", ALWAYS),
    {.name = NULL}};

const promptic_parameter library_prompt_fields[] = {
    FIELD("component", STRING, "id or name of the component", ALWAYS),
    {.name = NULL}};

const promptic_parameter library_session_fields[] = {
    FIELD("access_token", STRING, "the session token", ALWAYS),
    FIELD("ai_application_id", STRING, "absent where none of several was chosen; workspace_id is the same"),
    FIELD("ai_application", OBJECT, "the AI Application of that id; workspace is the same"),
    FIELD("ai_applications", ARRAY, "those that the session can reach; workspaces is the same", ALWAYS),
    FIELD("workspace_id", STRING, "older name of ai_application_id"),
    FIELD("workspace", OBJECT, "older name of ai_application"),
    FIELD("workspaces", ARRAY, "older name of ai_applications", ALWAYS),
    FIELD("endpoint", STRING, "where the platform is", ALWAYS),
    FIELD("config_file", STRING, "the file that the session is stored in", ALWAYS),
    FIELD("has_api_key", BOOLEAN, "the file has an API key too, which is used after the session", ALWAYS),
    FIELD("was_shared", BOOLEAN, "others could read the file before", ALWAYS),
    {.name = NULL}};

const promptic_parameter library_logout_fields[] = {
    FIELD("config_file", STRING, "the file", ALWAYS),
    FIELD("was_logged_in", BOOLEAN, "it had a session", ALWAYS),
    FIELD("has_api_key", BOOLEAN, "it has an API key", ALWAYS),
    FIELD("had_endpoint", BOOLEAN, "its endpoint was removed with the session", ALWAYS),
    {.name = NULL}};

const promptic_parameter library_contract_fields[] = {
    FIELD("date", STRING, "the day of the contract, such as 2026-12-01", ALWAYS),
    FIELD("newest_client", STRING, "version of the newest Python client that was read for it", ALWAYS),
    FIELD("newest_client_date", STRING, "the day of that version", ALWAYS),
    {.name = NULL}};

const promptic_parameter library_status_fields[] = {
    FIELD("source", STRING, "where the credential comes from", ALWAYS, ONE_OF(VALUES("environment", "file", "none"))),
    FIELD("credential", STRING, "what it is", ALWAYS, ONE_OF(VALUES("access_token", "api_key", "none"))),
    FIELD("ai_application_id", STRING, "what a session token works in"),
    FIELD("workspace_id", STRING, "older name of ai_application_id"),
    FIELD("endpoint", STRING, "where the platform is"),
    FIELD("endpoint_source", STRING, "where that comes from"),
    FIELD("proxy", STRING, "host[:port] of the proxy for it, which no_proxy may still exempt it from"),
    FIELD("config_file", STRING, "the file", ALWAYS),
    FIELD("exists", BOOLEAN, "there is such a file", ALWAYS),
    FIELD("is_shared", BOOLEAN, "others can read it", ALWAYS),
    FIELD("problem", STRING, "what keeps a client from being made"),
    {.name = NULL}};

const promptic_parameter library_task_fields[] = {
    FIELD("status", STRING, "what it does", ALWAYS, ONE_OF(VALUES("ready", "running", "waiting", "done", "failed", "cancelled"))),
    {.name = NULL}};
/* clang-format on */
