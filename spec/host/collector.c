/*
 * collector.c - a lua_State whose memory is never left in peace. The same script, with tasks, calls
 * that end, fail, are cancelled and are given up, and uploads, is run
 *   - with a full collection at each instruction and each object that is made;
 *   - to a point where its state is closed, with all that is under way: one that is further on each
 *     time;
 *   - with an allocation failing, then the one after it, and so on until none does.
 * Other scripts, all of whose tasks end by themselves or are cancelled, are run with an allocation
 * failing once or four times: in the same state, promptic.step then comes to the end of all
 * tasks.
 * To be built with AddressSanitizer, which sees what is used after it was given back and what never
 * was.
 *
 *   collector URL [STEP]    with 1, each point where it can be stopped or memory can end: minutes
 */
#include "check.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdint.h>
#include <stdlib.h>

int luaopen_promptic(lua_State *L);

static const char script[] =
    "local promptic, url = ...\n"
    "local function open()\n"
    "   return promptic.client{ endpoint = url, api_key = 'a-key', config_file = '' }\n"
    "end\n"
    "promptic.on_task_error = function() end\n"
    "local client = open()\n"
    "local function get(path) return client:request('GET', path).data end\n"
    "local function fails(path)\n"
    "   local fine, problem = pcall(get, path)\n"
    "   return not fine and promptic.is_error(problem, 'api') and tostring(problem)\n"
    "end\n"
    "local function rows(count)\n"
    "   local number = 0\n"
    "   return function()\n"
    "      number = number + 1\n"
    "      return number <= count and { variables = { n = number }, expected = 'x' } or nil\n"
    "   end\n"
    "end\n"
    "local function lose(open_one)\n" /* a client, a task and its call, which nobody holds */
    "   local lost = open_one()\n"
    "   promptic.spawn(lost.request, lost, 'GET', '/silent'):cancel()\n"
    "   local task = promptic.spawn(lost.request, lost, 'GET', '/silent')\n"
    "   promptic.step(0)\n"
    "   task:cancel()\n"
    "end\n"
    "local text = promptic.run(function()\n"
    "   local silent = promptic.spawn(get, '/silent')\n"
    "   local sleeper = promptic.spawn(promptic.sleep, 3600)\n"
    "   local quick = promptic.map({ '/quick', '/flaky', '/close' }, function(path)\n"
    "      return client:request('GET', path, { query = { id = tostring(silent) } })\n"
    "   end, { concurrency = 2 })\n"
    "   assert(#quick == 3 and promptic.response(quick[1]).headers['x-request-id'] == 'r-1')\n"
    "   local upload = promptic.spawn(client.upload_observations, client, 'e', rows(7),\n"
    "      { batch_size = 2, concurrency = 2 })\n"
    "   for _ in client:each_experiment() do error('there is none') end\n"
    "   assert(upload:await().sent == 7)\n"
    "   local list = { { variables = { n = {} }, expected = 'x' }, { input = 'y', expected = 'z' } "
    "}\n"
    "   assert(client:upload_observations('e', list).sent == 2)\n"
    "   silent:cancel()\n"
    "   sleeper:cancel()\n"
    "   return fails('/wrong')\n"
    "end)\n"
    "assert(text:find('no such', 1, true), text)\n"
    "lose(open)\n"
    "promptic.spawn(open().request, open(), 'GET', '/silent')\n" /* given up with the state */
    "assert(promptic.step(0) > 0)\n"
    "client:request('POST', '/quick', { body = { list = promptic.array{}, text = url:rep(99) } "
    "})\n";

static const char ending_script[] =
    "local promptic, url = ...\n"
    "promptic.on_task_error = function() end\n"
    "local client = promptic.client{ endpoint = url, api_key = 'a-key', config_file = '' }\n"
    "local function get(path) return client:request('GET', path).data end\n"
    "local number = 0\n"
    "local function next_row()\n"
    "   number = number + 1\n"
    "   return number <= 5 and { variables = { n = number }, expected = 'x' } or nil\n"
    "end\n"
    "promptic.run(function()\n"
    "   local task = promptic.spawn(get, '/quick')\n"
    "   local waiter = promptic.spawn(task.await, task)\n"
    "   local other = promptic.spawn(task.await, task)\n"
    "   promptic.map({ '/quick', '/quick', '/quick' }, get, { concurrency = 2 })\n"
    "   local upload = promptic.spawn(client.upload_observations, client, 'e', next_row,\n"
    "      { batch_size = 2, concurrency = 2 })\n"
    "   promptic.sleep(0)\n"
    "   other:cancel()\n"
    "   assert(promptic.run(function() return 5 end) == 5)\n"
    "   waiter:await()\n"
    "   upload:await()\n"
    "end)\n";

static const char cancelling_script[] =
    "local promptic, url = ...\n"
    "promptic.on_task_error = function() end\n"
    "local client = promptic.client{ endpoint = url, api_key = 'a-key', config_file = '' }\n"
    "promptic.run(function()\n"
    "   local sleeper = promptic.spawn(promptic.sleep, 3600)\n"
    "   local nested = promptic.spawn(promptic.run, promptic.sleep, 3600)\n"
    "   local silent = promptic.spawn(client.request, client, 'GET', '/silent')\n"
    "   promptic.sleep(0)\n"
    "   pcall(sleeper.await, sleeper, 0.001)\n"
    "   pcall(nested.await, nested, 0)\n"
    "   silent:cancel()\n"
    "   sleeper:cancel()\n"
    "   nested:cancel()\n"
    "   local waiter = promptic.spawn(sleeper.await, sleeper)\n"
    "   promptic.spawn(function() pcall(waiter.await, waiter, 3600) end):await()\n"
    "   pcall(promptic.map, { 1, 2, 3 }, function(number)\n"
    "      promptic.sleep(number == 2 and 0 or 3600)\n"
    "      error('on purpose')\n"
    "   end)\n"
    "   promptic.spawn(promptic.sleep, 3600)\n"
    "   error('the end')\n"
    "end)\n";

static const char plain_script[] =
    "local promptic, url = ...\n"
    "promptic.on_task_error = function() end\n"
    "local client = promptic.client{ endpoint = url, api_key = 'a-key', config_file = '' }\n"
    "local tasks = { false, false, false, false, false }\n"
    "local fine, problem = pcall(function()\n"
    "   tasks[1] = promptic.spawn(promptic.sleep, 3600)\n"
    "   tasks[2] = promptic.spawn(client.request, client, 'GET', '/silent')\n"
    "   tasks[3] = promptic.spawn(promptic.run, promptic.sleep, 3600)\n"
    "   tasks[4] = promptic.spawn(function() return tasks[1]:await() end)\n"
    "   tasks[5] = promptic.spawn(function() return tasks[2]:await(3600) end)\n"
    "   promptic.step(0)\n"
    "   promptic.step(0)\n"
    "   pcall(tasks[1].await, tasks[1], 0.001)\n"
    "   promptic.run(function() promptic.sleep(0) return client:request('GET', '/quick') end)\n"
    "end)\n"
    "for _, task in ipairs(tasks) do\n"
    "   local tries = 0\n"
    "   repeat tries = tries + 1 until not task or pcall(task.cancel, task) or tries == 20\n"
    "end\n"
    "assert(fine, problem)\n";

static const char background_script[] =
    "local promptic, url = ...\n"
    "promptic.on_task_error = function() end\n"
    "local client = promptic.client{ endpoint = url, api_key = 'a-key', config_file = '' }\n"
    "local tracer = promptic.tracer(client, { component = 'desk', interval = 0.01 })\n"
    "tracer:span('answer', { ticket = 17 }, function() end)\n"
    "promptic.run(function()\n"
    "   promptic.spawn(function()\n"
    "      tracer:span('ask', function() client:request('GET', '/quick') end)\n"
    "   end):await()\n"
    "   tracer:flush(1)\n"
    "end)\n"
    "tracer:span('late', function() end)\n"
    "tracer:close(1)\n";

static const char uploading_script[] =
    "local promptic, url = ...\n"
    "promptic.on_task_error = function() end\n"
    "local client = promptic.client{ endpoint = url, api_key = 'a-key', config_file = '' }\n"
    "local function rows(count)\n"
    "   local number = 0\n"
    "   return function()\n"
    "      number = number + 1\n"
    "      promptic.sleep(0)\n"
    "      return number <= count and { variables = { n = number }, expected = 'x' } or nil\n"
    "   end\n"
    "end\n"
    "local options = { batch_size = 1, concurrency = 3, ordered = false }\n"
    "client:upload_observations('e', rows(4), options)\n"
    "promptic.run(function()\n"
    "   local upload = promptic.spawn(client.upload_observations, client, 'e', rows(50), options)\n"
    "   promptic.sleep(0.002)\n"
    "   upload:cancel()\n"
    "   pcall(upload.await, upload)\n"
    "end)\n";

/* After these all tasks end by themselves, unless what is to cancel them is lost. */
static const char *const recovering[] = {ending_script, cancelling_script, plain_script,
                                         background_script, uploading_script};

static const char step_script[] =
    "local promptic = ...\n"
    "for _ = 1, 1000 do\n"
    "   if promptic.step(0.01) == 0 and promptic.flush(0.01) then return end\n"
    "end\n"
    "error('tasks are left over')\n";

/* ------------------------------------------------------------------ memory */

/* What happens to a state's memory. */
typedef struct memory {
    bool collects; /* each new object is refused at first: Lua collects, and asks again */
    bool refuses, refused;
    long left;     /* allocations until one fails; negative: none does */
    long failures; /* how many fail then, one after the other; 0: all */
    long allocations;
    size_t blocks;
} memory;

/* Lua says what an object is in the place of the old size; the buffers of its library are none, and
 * do not ask again. */
static bool is_object(const void *block, size_t old_size) {
    return block == NULL && old_size > 0;
}

static void *reallocate(void *userdata, void *block, size_t old_size, size_t size) {
    memory *m = userdata;
    if (size == 0) {
        m->blocks -= block != NULL;
        free(block);
        return NULL;
    }
    bool grows = block == NULL || size > old_size;
    if (m->collects && is_object(block, old_size)) {
        m->refuses = !m->refuses;
        if (m->refuses)
            return NULL;
    }
    m->allocations += grows;
    if (grows && m->left >= 0 && m->left-- == 0) {
        m->refused = true;
        m->left = 0; /* Lua asks again after a collection; this is what fails too */
        if (m->failures > 0 && --m->failures == 0)
            m->left = -1;
        return NULL;
    }
    m->blocks += block == NULL;
    return realloc(block, size);
}

/* ------------------------------------------------------------------- hooks */

static long instructions_left; /* until the script is stopped; negative: it is not */

static void stop_or_collect(lua_State *L, lua_Debug *unused) {
    (void)unused;
    if (instructions_left < 0)
        lua_gc(L, LUA_GCCOLLECT);
    else if (instructions_left == 0)
        luaL_error(L, "stopped");
    else
        instructions_left--;
}

/* ------------------------------------------------------------------ states */

static lua_State *open_state(memory *m, const char *source) {
    *m = (memory){.left = -1};
    lua_State *L = lua_newstate(reallocate, m);
    luaL_openlibs(L);
    CHECK(luaL_loadstring(L, source) == LUA_OK);
    return L;
}

static int run_script(lua_State *L) {
    const char *url = lua_touserdata(L, 2);
    luaL_requiref(L, "promptic", luaopen_promptic, 0);
    lua_pushstring(L, url);
    lua_remove(L, 2);
    lua_call(L, 2, 0);
    return 0;
}

/* The script is on top of the stack. */
static bool run(lua_State *L, const char *url) {
    lua_pushcfunction(L, run_script);
    lua_insert(L, 1);
    lua_pushlightuserdata(L, (void *)(uintptr_t)url);
    return lua_pcall(L, 2, 0, 0) == LUA_OK;
}

static void close_state(lua_State *L, const memory *m) {
    lua_close(L);
    CHECK(m->blocks == 0);
}

static void collect_all_the_time(const char *url) {
    memory m;
    lua_State *L = open_state(&m, script);
    instructions_left = -1;
    lua_sethook(L, stop_or_collect, LUA_MASKCOUNT, 1);
    m.collects = true;
    if (!CHECK(run(L, url)))
        fprintf(stderr, "... %s\n", lua_tostring(L, -1));
    close_state(L, &m);
}

/* True where the script came to its end. */
static bool stop_after(const char *url, long instructions) {
    memory m;
    lua_State *L = open_state(&m, script);
    instructions_left = instructions;
    lua_sethook(L, stop_or_collect, LUA_MASKCOUNT, 1);
    bool fine = run(L, url);
    lua_sethook(L, NULL, 0, 0);
    close_state(L, &m);
    return fine;
}

/* True where none failed. */
static bool fail_after(const char *url, long allocations) {
    memory m;
    lua_State *L = open_state(&m, script);
    m.left = allocations;
    bool fine = run(L, url);
    m.left = -1;
    if (!CHECK(m.refused || fine))
        fprintf(stderr, "... %s\n", lua_tostring(L, -1));
    close_state(L, &m);
    return !m.refused;
}

/* Runs `source` with the allocation of this number failing so often, and then drives what is left.
 * True where none failed. Lua asks a second time for most of what it is refused, so that with two
 * failures one allocation fails, and with eight four of them. */
static bool recover(const char *source, const char *url, long number, long failures) {
    memory m;
    lua_State *L = open_state(&m, source);
    luaL_requiref(L, "promptic", luaopen_promptic, 0);
    lua_pop(L, 1);
    if (failures > 2) /* Lua drops a finalizer that it has no memory to call, and with it what that
                         would have freed */
        lua_gc(L, LUA_GCSTOP);
    m.failures = failures;
    m.left = number;
    run(L, url);
    m.left = -1;
    lua_settop(L, 0);
    if (!CHECK(luaL_loadstring(L, step_script) == LUA_OK && run(L, url)))
        fprintf(stderr, "... after allocation %ld of %.60s: %s\n", number, source,
                lua_tostring(L, -1));
    close_state(L, &m);
    return !m.refused;
}

/* Each of the scripts, until it ends as it does without a failure. */
static void recover_all(const char *url, long failures, long step) {
    for (size_t i = 0; i < sizeof recovering / sizeof *recovering; i++) {
        long number = 0;
        while (!recover(recovering[i], url, number, failures))
            number += step;
        CHECK(number > 200);
    }
}

/* Runs with a larger and larger number until the script comes to its end. */
static void sweep(bool (*ends)(const char *url, long number), const char *url, long step) {
    long number = 0;
    while (!ends(url, number))
        number += step;
    CHECK(number > 500);
}

int main(int count, char **arguments) {
    if (count != 2 && count != 3)
        return 2;
    long step = count == 3 ? strtol(arguments[2], NULL, 10) : 47;
    collect_all_the_time(arguments[1]);
    sweep(stop_after, arguments[1], step);
    sweep(fail_after, arguments[1], step);
    recover_all(arguments[1], 2, step / 8 + 1);
    recover_all(arguments[1], 8, step / 4 + 1);
    return report("collector");
}
