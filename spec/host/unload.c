/*
 * unload.c - a host whose lua_State ends, which unloads the module, while libcurl is still looking
 * a name up in a thread that nobody waits for.
 *
 *   LUA_CPATH=... unload
 */
#include "check.h"

#include <lauxlib.h>
#include <lualib.h>
#include <netdb.h>
#include <stdatomic.h>
#include <string.h>

static const char script[] =
    "local promptic = require 'promptic'\n"
    "local client = promptic.client{ endpoint = 'http://hanging.example', allow_http = true,\n"
    "   api_key = 'a-key-of-the-tests', config_file = '' }\n"
    "promptic.spawn(client.list_components, client)\n"
    "local is_looking = ...\n"
    "for turn = 1, 1000 do\n"
    "   promptic.step(0.005)\n"
    "   if is_looking() then return end\n"
    "end\n"
    "error('nobody has looked the name up')\n";

static const struct timespec moment = {0, 1000000};
static atomic_bool looking, may_end, has_ended;

/* Takes libcurl's lookups: this one ends when the module is gone. */
PROMPTIC_API int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                             struct addrinfo **addresses) {
    (void)service, (void)hints, (void)addresses;
    CHECK(strcmp(name, "hanging.example") == 0);
    looking = true;
    for (int i = 0; i < 10000 && !may_end; i++)
        nanosleep(&moment, NULL);
    has_ended = true;
    return EAI_NONAME;
}

static int is_looking(lua_State *L) {
    lua_pushboolean(L, looking);
    return 1;
}

int main(void) {
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    bool fine = luaL_loadstring(L, script) == LUA_OK;
    lua_pushcfunction(L, is_looking);
    if (!CHECK(fine && lua_pcall(L, 1, 0, 0) == LUA_OK))
        fprintf(stderr, "... %s\n", lua_tostring(L, -1));
    double start = seconds_now();
    lua_close(L);
    CHECK(seconds_now() - start < 2 && !has_ended);
    may_end = true;
    for (int i = 0; i < 2000 && !has_ended; i++)
        nanosleep(&moment, NULL);
    CHECK(has_ended);
    nanosleep(&(struct timespec){0, 100000000}, NULL); /* for the thread to go on in libcurl */
    return report("unload");
}
