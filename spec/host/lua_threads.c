/*
 * lua_threads.c - eight threads, each with a lua_State of its own that opens promptic. To be built
 * with ThreadSanitizer, as threads.c is.
 *
 *   lua_threads URL
 */
#include "check.h"

#include <lauxlib.h>
#include <lualib.h>
#include <pthread.h>

#define THREADS 8

int luaopen_promptic(lua_State *L);

static const char script[] =
    "local promptic = require 'promptic'\n"
    "local url = ...\n"
    "local answered, refused = 0, 0\n"
    "for round = 1, 4 do\n"
    "   local client = promptic.client{ endpoint = url, api_key = 'a-key', config_file = '' }\n"
    "   local function get(path)\n"
    "      local fine, problem = pcall(client.request, client, 'GET', path)\n"
    "      answered = answered + (fine and 1 or 0)\n"
    "      refused = refused + (promptic.is_error(problem, 'api') and 1 or 0)\n"
    "   end\n"
    "   promptic.run(function()\n"
    "      promptic.map({ '/quick', '/large', '/slow', '/wrong' }, get)\n"
    "   end)\n"
    "   get('/quick')\n"
    "   client:request('POST', '/quick', { body = { round = round, list = promptic.array{} } })\n"
    "   promptic.spawn(get, '/silent')\n"
    "   promptic.step(0)\n"
    "   client:close()\n"
    "end\n"
    "assert(answered == 16 and refused == 4, answered .. ' ' .. refused)\n"
    "assert(#promptic.endpoints > 40)\n";

static const char *url;
static pthread_barrier_t start;

static void *run(void *unused) {
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, luaopen_promptic);
    lua_setfield(L, -2, "promptic");
    lua_settop(L, 0);
    pthread_barrier_wait(&start);
    bool fine = luaL_loadstring(L, script) == LUA_OK;
    lua_pushstring(L, url);
    if (!CHECK(fine && lua_pcall(L, 1, 0, 0) == LUA_OK))
        fprintf(stderr, "... %s\n", lua_tostring(L, -1));
    lua_close(L);
    return unused;
}

int main(int count, char **arguments) {
    pthread_t threads[THREADS];
    if (count != 2)
        return 2;
    url = arguments[1];
    pthread_barrier_init(&start, NULL, THREADS);
    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, run, NULL) != 0)
            return 2;
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&start);
    return report("lua_threads");
}
