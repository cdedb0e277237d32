/*
 * bindings.h - what the C files of the bindings share.
 *
 * Stack effects are written [-pops, +pushes, raises], as in the Lua manual: raises is - (never),
 * m (if out of memory) or e (other errors).
 */
#ifndef PROMPTIC_BINDINGS_H
#define PROMPTIC_BINDINGS_H

#include "compat.h"
#include "json.h"
#include "promptic.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

PROMPTIC_API int luaopen_promptic(lua_State *L);
PROMPTIC_API int luaopen_promptic_json(lua_State *L);
PROMPTIC_API int luaopen_promptic_auth(lua_State *L);

typedef struct bindings_client bindings_client; /* lua_client.c */

/* ---------------------------------------------------------------- module.c */

/* The modules of the resources, "promptic.experiments" and the like, with their open functions;
 * ended by a NULL name. */
extern const luaL_Reg bindings_resource_modules[];

/* -------------------------------------------------------------- registry.c */

/* What the bindings keep in the registry, each under an address of its own, so that two copies of
 * the library in one lua_State never take each other's userdata for their own. */
typedef enum bindings_slot {
    BINDINGS_STATE,            /* bindings_state */
    BINDINGS_INTERRUPTER,      /* bindings_interrupter, where the program has one */
    BINDINGS_MODULE,           /* the table that require "promptic" gives */
    BINDINGS_METHODS,          /* name -> function: what a client can do */
    BINDINGS_RESOURCE_MODULES, /* resource -> its module's table */
    BINDINGS_LIBRARY,          /* key -> library_row, a light userdata */
    BINDINGS_CLIENTS,          /* address -> client; weak values */
    BINDINGS_CLIENT_METATABLE,
    BINDINGS_CALL_METATABLE,
    BINDINGS_ERROR_METATABLE,
    BINDINGS_RESPONSES,    /* result -> what came with it; weak keys */
    BINDINGS_INTERRUPTION, /* the error that is to stop a call from within a log function */
    BINDINGS_SHELL,        /* the coroutine of bindings_guard */
    BINDINGS_IDLE,         /* a function in Lua that does nothing */
    BINDINGS_YIELDS,       /* coroutine.yield -> true, as the host has it */
    BINDINGS_DRIVER,       /* drive_background of the prelude's scheduler */
    BINDINGS_FLUSH,        /* promptic.flush, whatever a script puts there */
    BINDINGS_STRICT_LOAD,  /* load and mark of prelude/strict.lua */
    BINDINGS_STRICT_MARK,
    BINDINGS_SLOT_COUNT
} bindings_slot;

/* [-0, +1, -] Pushes what the slot holds, or nil. */
void bindings_get(lua_State *L, bindings_slot slot);

/* [-1, +0, m] Puts the value on top into the slot. */
void bindings_set(lua_State *L, bindings_slot slot);

/* [-0, +0, m] Names the metatable on top, and closes it to scripts: getmetatable returns the name.
 * Every userdata has such a one, since its __gc called by a script would free what is in use. */
void bindings_name_metatable(lua_State *L, const char *name);

/* ---------------------------------------------------------------- system.c */

/* promptic.time(), promptic.uuid() */
int bindings_unix_time(lua_State *L);
int bindings_uuid(lua_State *L);

/* random_hex(bytes): so many random bytes, 32 at most, as hexadecimal digits. */
int bindings_random_hex(lua_State *L);

/* ---------------------------------------------------------------- base64.c */

/* base64(bytes), unbase64(text) */
int bindings_base64(lua_State *L);
int bindings_unbase64(lua_State *L);

/* ----------------------------------------------------------------- spool.c */

/* [-0, +1, m] Pushes the part "c.spool" of the prelude. */
int bindings_open_spool(lua_State *L);

/* ----------------------------------------------------------------- state.c */

/* A call of Lua's, owned by a userdata (lua_call.c). */
typedef struct bindings_owner bindings_owner;

typedef struct bindings_interrupter bindings_interrupter;

/* An entry into the scheduler from outside of tasks, while it runs (guard.c). */
typedef struct bindings_entry {
    lua_State *caller, *shell;    /* who called, and the coroutine that works for it */
    struct bindings_entry *outer; /* the entry inside which this one was made */
    lua_Hook hook;   /* the caller's, in LuaJIT, where coroutines share one; taken off */
    int mask, count; /* of that */
    int status;      /* of the shell's function */
} bindings_entry;

/* Random bytes of one system call, for several ids (system.c). */
typedef struct bindings_random {
    unsigned char bytes[32];
    size_t left;      /* of them, the first ones, that are not used */
    unsigned process; /* the generation that they are for */
} bindings_random;

/* One per lua_State, made at the first use: the loop that all its clients share. A signal handler
 * reads what is atomic. */
typedef struct bindings_state {
    promptic_loop *loop; /* NULL once the lua_State is closing */
    _Atomic(lua_State *)
        running; /* the coroutine that is inside the core, which runs log functions */
    _Atomic(lua_State *)
        task; /* the coroutine of the running task: its calls suspend it, or NULL */
    bindings_owner *suspending;          /* the call that the running task yields for */
    bindings_entry *entry;               /* the innermost one; NULL: none is under way */
    bool shell_at_work;                  /* the coroutine of bindings_guard is */
    double next_idle;                    /* when a hook that counts 1 has its next turn */
    struct bindings_foreign *foreign;    /* what the running task has yielded for, if refused */
    bool waiting;                        /* the running task yields for a time or another task */
    bool background;                     /* there may be tasks in the background */
    bindings_owner *ended, **ended_tail; /* calls of tasks that have ended, in order */
    bindings_interrupter *interrupter;   /* NULL: signals do not wake the loop */
    atomic_bool task_interrupted;        /* a signal's hook was set on the running task */
    bool logging;                        /* a log function is running, inside the core */
    bool interrupted;                    /* a hook's error stopped it: Ctrl-C was pressed */
    bindings_random random;
} bindings_state;

/* [-0, +0, e] The state of L, with its loop. */
bindings_state *bindings_state_of(lua_State *L);

/* Between these two the core runs log functions on this coroutine. */
lua_State *bindings_enter(bindings_state *state, lua_State *L);
void bindings_leave(bindings_state *state, lua_State *outer);

/* [-0, +0, e] Refuses to drive calls from within a log function, where the core is busy. */
void bindings_check_idle(lua_State *L, const bindings_state *state);

/* Monotonic time in seconds. */
double bindings_time(void);

/* promptic.now() */
int bindings_now(lua_State *L);

/* What the signal handler of a program needs to stop a script. Belongs to the program, and outlives
 * the lua_State. */
struct bindings_interrupter {
    lua_Hook hook;                   /* raises, and removes itself */
    int mask, count;                 /* of the hook: see lua_sethook */
    _Atomic(lua_State *) script;     /* the coroutine that runs the script */
    _Atomic(bindings_state *) state; /* set by the bindings; NULL while there is no loop */
};

/* [-0, +0, m] To be called before the first client is made. From then on nothing polls for signals:
 * bindings_interrupt ends a wait. */
void bindings_use_interrupter(lua_State *L, bindings_interrupter *interrupter);

/* What the error of a signal says: of the hook here, and of that of a stock interpreter. */
#define bindings_interrupted "interrupted!"

/* [-0, +0, e] Raises the error of a signal, of kind "interrupted". For hooks. */
int bindings_raise_interrupt(lua_State *L);

/* [-0, +0, m] Whether the value at index is the error of a signal: a promptic.Error of that kind,
 * or the text that a stock interpreter raises. */
bool bindings_is_interrupt(lua_State *L, int index);

/* Sets the hook on the running coroutine, as far as it is known, and wakes the loop. May be
 * called by a signal handler, in any thread. */
void bindings_interrupt(bindings_interrupter *interrupter);

/* [-0, +0, -] A hook of the interrupter that a coroutine has not run, as it was over or suspended
 * when the signal came, is run by the one that resumed it. */
void bindings_pass_hook(const bindings_state *state, lua_State *from, lua_State *to);

/* ------------------------------------------------------------- arguments.c */

/* Where a method is on the call stack while its C function runs: without continuations it is a
 * function in Lua that calls that one (prelude/methods.lua). */
#define BINDINGS_METHOD_LEVEL (COMPAT_CONTINUATIONS ? 0 : 1)

/* Whose argument is checked, for the message. */
typedef struct bindings_site {
    const char *function;
    int level;        /* of that function on the call stack, 0 for the running C function */
    int argument;     /* its index, the client included */
    const char *list; /* the name of the list or of the changes the value is in, else NULL */
    size_t item;      /* in the list, counted from 1; 0 elsewhere */
    bool *refused;    /* not NULL: the message alone is raised, and that is noted here */
} bindings_site;

/* [-?, +?, e] Raises "bad argument #n to 'function' (message)", n counted as Lua counts it. The
 * format is that of lua_pushfstring. */
int bindings_argument_error(lua_State *L, const bindings_site *site, const char *format, ...);

/* [-0, +1, m] Pushes how messages call this parameter: observations[3].expected */
const char *bindings_push_label(lua_State *L, const bindings_site *site,
                                const promptic_parameter *parameter);

/* Whether a parameter is given by position or in the table of options, not inside a body. */
bool bindings_is_positional(const promptic_parameter *parameter);
bool bindings_is_option(const promptic_parameter *parameter);

/* [-0, +0, e] Raises unless the value at index is one of the parameter's. */
void bindings_check_value(lua_State *L, const bindings_site *site,
                          const promptic_parameter *parameter, int index);

/* [-0, +0, e] Raises unless the running function was called as the row says: a client (a row
 * without a module is no method and takes none), the arguments given by position, at most one table
 * of options. Makes the stack exactly that long, absent arguments being nil, and returns the
 * options' index, or 0 where the row has none. With "..." any further arguments stay. */
int bindings_check_arguments(lua_State *L, const promptic_endpoint *row, int level);

/* [-0, +0, e] Raises unless the table at index has known options with right values only. */
void bindings_check_options(lua_State *L, const bindings_site *site,
                            const promptic_parameter *parameters, int index);

/* [-0, +1, m] Pushes an option's value, nil where there is none. index is what
 * bindings_check_arguments returned; the value there may be nil. */
void bindings_push_option(lua_State *L, int index, const char *name);

/* [-0, +0, -] The client at index, NULL where that is something else. */
bindings_client *bindings_to_client(lua_State *L, int index);

/* [-0, +0, e] The client at the site's argument, which may be closed; raises for anything else. */
bindings_client *bindings_check_client(lua_State *L, const bindings_site *site);

/* --------------------------------------------------------------- nearest.c */

/* The name nearest to what was given, or NULL where none is near. */
const char *bindings_nearest_value(const char *const *values, const char *given);
const char *bindings_nearest_parameter(const promptic_parameter *parameters,
                                       bool (*wanted)(const promptic_parameter *),
                                       const char *given);

/* [-0, +1, m] Pushes the function nearest(word, words), the program's module promptic.nearest. */
int bindings_open_nearest(lua_State *L);

/* ------------------------------------------------------------------ otlp.c */

/* [-0, +0, e] Raises unless the table or JSON text at index is nested as OTLP's request is. */
void bindings_check_otlp(lua_State *L, const bindings_site *site, int index);

/* ------------------------------------------------------------------ body.c */

/* [-0, +0, e] Writes the body that the row and the arguments make (bindings_check_arguments has
 * seen them) into the buffer. */
void bindings_write_body(lua_State *L, const promptic_endpoint *row, int options, json_buffer *b);

/* [-0, +0, e] Writes the value at index as an item of the row's list. A refusal is raised as a
 * message alone, with *refused set: observations[3].expected is missing */
void bindings_write_item(lua_State *L, const promptic_endpoint *row, int index, size_t item,
                         json_buffer *b, bool *refused);

/* Whether the row's requests have a body at all. */
bool bindings_has_body(const promptic_endpoint *row);

/* --------------------------------------------------------------- methods.c */

/* [-0, +1, m] Pushes the function that calls the endpoint, with the row as its upvalue. */
void bindings_push_endpoint(lua_State *L, const promptic_endpoint *row);

/* [-0, +n, e] Collects what the options at this index give of the row's query; the core adds the
 * defaults. Needs two stack slots a pair; returns how many there are. */
enum { BINDINGS_MAX_QUERY = 16 };
size_t bindings_take_query(lua_State *L, const promptic_endpoint *row, int options,
                           promptic_pair query[BINDINGS_MAX_QUERY]);

/* [-0, +1, m] Pushes the integer at index, or the text of one, as decimal digits. */
const char *bindings_push_digits(lua_State *L, int index);

/* [-0, +1, m] Pushes the number at index as its shortest text, which no locale changes. */
const char *bindings_push_number(lua_State *L, int index);

/* ------------------------------------------------------------------- raw.c */

/* client:request(method, path [, options]), with checked arguments */
int bindings_request(lua_State *L);

/* [-0, +2, e] Makes sorted pairs of the table at index, whose values are texts, numbers, booleans
 * or lists of these; what it pushes keeps them. Messages call it `label`. */
promptic_pair *bindings_take_pairs(lua_State *L, const bindings_site *site, const char *label,
                                   int index, size_t *count);

/* ------------------------------------------------------------------ http.c */

/* [-0, +0, e] What the types of the arguments of promptic.http do not say: completes the settings
 * on top. */
void bindings_check_http(lua_State *L, const bindings_site *site);

/* [-0, +1, m] locate(url, base): the URL taken apart, or nil if it is none of http or https. */
int bindings_locate(lua_State *L);

/* [-0, +1, m] utf8(bytes): with U+FFFD in the place of what is not UTF-8. */
int bindings_repair_utf8(lua_State *L);

/* ------------------------------------------------------------- reference.c */

/* [-0, +1, m] Pushes a new table of all endpoints, promptic.endpoints, or of the library's own
 * names, promptic.library. */
void bindings_push_endpoints(lua_State *L);
void bindings_push_library(lua_State *L);

/* ------------------------------------------------------------ lua_client.c */

struct bindings_client {
    promptic_client *handle;       /* NULL before it is made, once it is freed, and of a view */
    const bindings_client *parent; /* of a view (client:with): the client; kept alive like state */
    promptic_limits limits;        /* of a view's calls */
    bindings_state *state;         /* kept alive by the userdata's user value */
    size_t most_values;            /* of one response */
    bool closed;
    bool strict; /* in its results a name that their type does not have is an error */
};

/* The client of the core, also of a view; NULL if there is none (any more). */
promptic_client *bindings_client_handle(const bindings_client *client);

/* client:with(options) */
int bindings_client_with(lua_State *L);

/* promptic.client([options]), with checked options at index 1 */
int bindings_new_client(lua_State *L);

/* The same without a credential, for logging in: see `anonymous` in promptic.h. It checks them. */
int bindings_new_anonymous_client(lua_State *L);

/* client:close() */
int bindings_close_client(lua_State *L);

/* [-0, +1, e] renew(client): whether the configuration file has another credential, which the
 * client uses from now on. */
int bindings_renew_client(lua_State *L);

/* [-0, +0, e] warn(client, text): a line of level warning in the client's log. */
int bindings_warn(lua_State *L);

/* [-0, +0, m] Makes the metatable of clients; the methods are in their slot already. */
void bindings_open_clients(lua_State *L);

/* [-0, +0, m] Whether the client at index has a log function. */
bool bindings_has_log(lua_State *L, int index);

/* The promptic_log_fn of clients with a log function; userdata is the bindings_client. */
void bindings_log(promptic_log_level level, const char *text, void *userdata);

/* [-0, +0, -] The same for the function that the reference in the registry is to. */
void bindings_log_to(bindings_state *state, int reference, promptic_log_level level,
                     const char *text);

/* -------------------------------------------------------------- lua_call.c */

/* [-0, +1, e] Makes the request for the client at stack index 1, and pushes the result or raises.
 * body may be NULL. */
int bindings_call(lua_State *L, promptic_request *request, json_buffer *body);

/* [-0, +1, e] The same in two steps, for a request that owns a body, which only the second step,
 * the submission, may read. Both need the client at stack index 1. */
bindings_owner *bindings_prepare(lua_State *L, const promptic_request *request);
int bindings_start(lua_State *L, bindings_owner *owner, const promptic_request *request);

/* ---------------------------------------------------------------- stream.c */

/* How a response is returned that is taken as it came. */
typedef struct bindings_exchange_kind {
    bool json;      /* the value of its body too, where Content-Type says that it is JSON */
    bool is_stream; /* bytes of a 2xx as they come */
    int log;        /* stack index of the request's own log function; 0: the client's */
} bindings_exchange_kind;

/* [-0, +1, e] As bindings_call, but what it pushes is a table of the response as it came: status,
 * path, headers by their names in lower case, body, json. Of a stream it is that, submitted, for
 * the functions of bindings_open_stream. */
int bindings_exchange(lua_State *L, promptic_request *request, json_buffer *body,
                      const bindings_exchange_kind *kind);

/* [-0, +0, m] Adds next, cut and drop to the table on top: see stream.c. */
void bindings_open_stream(lua_State *L);

/* -------------------------------------------------------------- response.c */

/* [-0, +1, m] Pushes the headers by their names in lower case, those of one name joined. */
void bindings_push_headers(lua_State *L, const promptic_result *result);

/* [-0, +0, m] Keeps the response's data of the table on top, for as long as that lives. */
void bindings_keep_response(lua_State *L, const promptic_result *result);

/* promptic.response(result) */
int bindings_response(lua_State *L);

/* ---------------------------------------------------------------- errors.c */

/* [-?, +?, e] Raises the result's failure as a promptic.Error, out of memory as Lua does. */
int bindings_raise(lua_State *L, const promptic_result *result);

/* [-?, +?, e] The same for a function of the core that fails before there is a call. */
int bindings_raise_failure(lua_State *L, const promptic_error *error);

/* [-0, +1, m] Pushes that error, so that the call that lends the result can be freed before it is
 * raised. */
void bindings_push_error(lua_State *L, const promptic_result *result);

/* [-0, +1, e] new_error(fields): the table as a promptic.Error, its texts cleaned. clean(text): the
 * text as a line without secrets and without what a terminal would obey. */
int bindings_new_error(lua_State *L);
int bindings_clean(lua_State *L);

/* promptic.is_error(value [, kind]) */
int bindings_is_error(lua_State *L);

/* [-0, +1, m] Pushes the metatable of errors, promptic.Error. */
void bindings_push_error_metatable(lua_State *L);

/* --------------------------------------------------------------- prelude.c */

/* [-0, +0, -] Whether a hook was called by the library's own Lua code, or by a C function that this
 * has called: a hook that raised there would stop it half-way. */
bool bindings_in_prelude(lua_State *L, lua_Debug *activation);

/* [-0, +0, e] Adds what is written in Lua, in bindings/prelude, to the module on top, to the
 * methods and to the modules of their resources, which are in their slots already. */
void bindings_open_prelude(lua_State *L);

/* ------------------------------------------------------------------ auth.c */

/* promptic.auth.save{ ... }, with checked options at index 1 */
int bindings_save_config(lua_State *L);

/* [-0, +1, m] Pushes what logging in needs of C: the prelude's "c.auth". */
int bindings_open_auth(lua_State *L);

/* -------------------------------------------------- rows/rows_arguments.c */

/* [-0, +0, e] What the types of an upload's arguments do not say. Puts a reader into the
 * place of a source that is a path, and the path into the settings on top. */
void bindings_check_upload(lua_State *L, const bindings_site *site);

/* [-0, +0, e] The same of promptic.rows. */
void bindings_check_rows(lua_State *L, const bindings_site *site);

/* [-0, +1, m] Pushes what the upload needs of C: the prelude's "c.rows". */
int bindings_open_upload(lua_State *L);

/* -------------------------------------------------------------- exchange.c */

/* [-0, +0, e] What the types of the arguments of upload_artifact and download_artifact do not say.
 * The first makes a table { bytes =, path = } of the source, the second opens the file, the field
 * `file` of the settings on top. */
void bindings_check_source(lua_State *L, const bindings_site *site);
void bindings_check_download(lua_State *L, const bindings_site *site);

/* [-0, +1, m] Pushes what artifacts need of C: the prelude's "c.files". */
int bindings_open_exchange(lua_State *L);

/* ----------------------------------------------------------------- forks.c */

/* A number that changes in a forked child, and in the children of that. What a process owns keeps
 * the number it had when it was made, and belongs to another process where that differs. */
unsigned bindings_generation(void);

/* generation(): the same for the prelude, of "c.tasks". */
int bindings_push_generation(lua_State *L);

/* ----------------------------------------------------------------- hooks.c */

/* [-0, +0, -] Lets the core work: once, and for `seconds` at most before there is any work. Run the
 * hooks afterwards. */
void bindings_work(lua_State *L, bindings_state *state, double seconds);

/* [-0, +0 or 1, -] Runs the debug hook, which is how Ctrl-C reaches a script. False with the error
 * pushed where it raised. Needs two free stack slots. */
bool bindings_run_hooks(lua_State *L, bindings_state *state);

/* ----------------------------------------------------------------- guard.c */

/* [-0, +0, -] Where tasks are to run as their script expects though the hook that all coroutines of
 * LuaJIT share was taken off: bindings_lend_hook puts it on, bindings_return_hook takes it off. */
void bindings_lend_hook(lua_State *L, const bindings_state *state);
void bindings_return_hook(lua_State *L, const bindings_state *state);

/* [-0, +0, -] The coroutine whose hook one that is made on L inherits. */
lua_State *bindings_hook_giver(lua_State *L, const bindings_state *state);

/* [-?, +n, e] guard(f, ...): calls f below this C call, in a coroutine that has no hook, so that
 * nothing can suspend it half-way. */
int bindings_guard(lua_State *L);

/* ---------------------------------------------------------------- yields.c */

/* Why a task's coroutine has yielded by itself: coroutine.yield without values, which goes on in
 * the next step; a host's hook, which goes on at once; or a function of the host's, which is an
 * error. */
typedef enum bindings_yield {
    BINDINGS_YIELD_OWN,
    BINDINGS_YIELD_HOOK,
    BINDINGS_YIELD_FOREIGN
} bindings_yield;

/* A function of the host's that has yielded inside a task. */
typedef struct bindings_foreign {
    lua_State *coroutine; /* the task's; NULL: there is none */
    char name[96];        /* empty: unknown */
    bool is_yield;        /* it is coroutine.yield, with values */
    bool raised;          /* the error was raised in the task */
    lua_Hook hook;        /* that the coroutine had */
    int mask, count;      /* of that */
} bindings_foreign;

/* [-0, +0, m] Learns what coroutine.yield is. */
void bindings_open_yields(lua_State *L);

/* [-0, +0, -] Of a coroutine that has yielded count values. */
bindings_yield bindings_yield_of(lua_State *coroutine, int count);

/* [-count, +0, -] Makes the coroutine raise an error once the function that has yielded returns. */
void bindings_refuse_yield(lua_State *coroutine, bindings_foreign *foreign, int count);

/* [-?, +?, -] To be called once the coroutine has been resumed: where it was over, or has yielded,
 * before it could raise, a nil stands for the error, and the status is one of an error.
 * bindings_put_refusal [-1, +1, m] makes that the error. */
int bindings_end_refusal(lua_State *coroutine, const bindings_foreign *foreign, int status,
                         int *count);
void bindings_put_refusal(lua_State *L, const bindings_foreign *foreign);

/* ------------------------------------------------------------- unwinding.c */

/* [-0, +BINDINGS_TASK_BODY, m] Pushes what runs a task's function and, if that fails, closes its
 * variables inside the coroutine; nothing where Lua has no such variables. */
#define BINDINGS_TASK_BODY (LUA_VERSION_NUM >= 504 ? 1 : 0)
void bindings_push_task_body(lua_State *coroutine);

/* [-?, +?, -] Whether a coroutine that has returned *count values tells by them that its function
 * has failed: then they become the error and its traceback. */
bool bindings_take_failure(lua_State *coroutine, int *count, bool *interrupted);

/* ----------------------------------------------------------------- tasks.c */

/* [-0, +1, m] Pushes what tasks need of C: the prelude's "c.tasks". */
int bindings_open_tasks(lua_State *L);

/* Of lua_call.c, for the scheduler. next_ended(): the address of the next call of a task that has
 * ended, or nil. cancel_call(owner). decode_ahead(owner, stop). resume_values(owner): what resumes
 * a coroutine whose call has ended. bindings_resumed_elsewhere is raised in a waiting task that
 * something other than the scheduler resumes. */
extern const char bindings_resumed_elsewhere[];
int bindings_next_ended(lua_State *L);
int bindings_cancel_call(lua_State *L);
int bindings_decode_ahead(lua_State *L);
int bindings_resume_values(lua_State *L);

/* [-0, +0, -] Whether there may be tasks in the background. Needs a stack slot. */
bool bindings_has_background(lua_State *L);

/* [-0, +0 or 1, -] Lets tasks in the background go on, and the core work, for `seconds` at most.
 * False with the error pushed where one was raised. Needs LUA_MINSTACK slots. */
bool bindings_drive_background(lua_State *L, bindings_state *state, double seconds);

/* Whether a call made here is a task's that can wait for it, with other tasks running meanwhile. */
bool bindings_can_suspend(lua_State *L, const bindings_state *state);

/* Where Lua has no continuations, a function that may suspend returns one of these addresses as a
 * light userdata and its result, or the error that it could not raise. Nothing else can resume it
 * with them. */
extern const char bindings_success_mark, bindings_failure_mark;

#endif
