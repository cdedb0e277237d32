--- A plugin with libpromptic.a inside that is unloaded while libcurl still looks a name up, for a call that was given
--- up.
-- Tags: slow
local process = require "spec.support.process"

local BUILD = os.getenv("BUILD") or "build"

local PLUGIN = [[
#include <promptic.h>

/* Begins a call whose lookup hangs, gives it up and frees everything. */
__attribute__((visibility("default"))) int visit(int (*is_looking)(void)) {
    promptic_error error;
    promptic_options options;
    promptic_options_init(&options, sizeof options);
    options.endpoint = "http://hanging.example";
    options.allow_http = true;
    options.api_key = "a-key";
    options.config_file = "";
    promptic_request request = {.size = sizeof(promptic_request), .method = "GET", .path = "/x"};
    promptic_loop *loop = promptic_loop_new(&error);
    promptic_client *client = promptic_client_new(loop, &options, &error);
    promptic_call *call = promptic_submit(client, &request, NULL, NULL, &error);
    for (int i = 0; i < 2000 && !is_looking(); i++)
        promptic_wait(loop, 5);
    promptic_call_free(call);
    promptic_client_free(client);
    promptic_loop_free(loop);
    return is_looking();
}
]]

local HOST = [[
#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

static const struct timespec moment = {0, 1000000};
static atomic_int looking, may_end, has_ended;

__attribute__((visibility("default"))) int getaddrinfo(const char *name, const char *service,
        const struct addrinfo *hints, struct addrinfo **addresses) {
    (void)name, (void)service, (void)hints, (void)addresses;
    looking = 1;
    for (int i = 0; i < 10000 && !may_end; i++)
        nanosleep(&moment, NULL);
    has_ended = 1;
    return EAI_NONAME;
}

static int is_looking(void) { return looking; }

int main(int count, char **arguments) {
    void *plugin = dlopen(arguments[count - 1], RTLD_NOW | RTLD_LOCAL);
    if (plugin == NULL)
        return puts(dlerror()), 1;
    int (*visit)(int (*)(void)) = (int (*)(int (*)(void)))dlsym(plugin, "visit");
    printf("%d ", visit(is_looking));
    printf("%d\n", dlclose(plugin));
    fflush(stdout);
    may_end = 1;
    for (int i = 0; i < 500; i++) /* the thread has things to do after the lookup */
        nanosleep(&moment, NULL);
    return !has_ended;
}
]]

describe("a plugin that is unloaded during a lookup", function()
   it("leaves libcurl to the thread that looks the name up", function()
      local folder = process.folder()
      process.write_file(folder .. "/plugin.c", PLUGIN)
      process.write_file(folder .. "/host.c", HOST)
      local built = process.run{ "sh", "-c", ([[
         cc -shared -fPIC -Icore -o '%s/plugin.so' '%s/plugin.c' '%s/libpromptic.a' \
            $(pkg-config --libs libcurl) -pthread &&
         cc -rdynamic -o '%s/host' '%s/host.c' -ldl -pthread]]):format(folder, folder, BUILD, folder, folder) }
      assert.equal("", built.stderr)
      local result = process.run{ folder .. "/host", folder .. "/plugin.so" }
      assert.same({ 0, "1 0\n" }, { result.code, result.stdout })
      process.remove(folder)
   end)
end)
