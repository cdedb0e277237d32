--- C hosts: the programs of spec/host, each built with the sanitizer that sees what it is about; the public
-- header as C and as C++; and the examples, built as they say and run against the sandbox.
-- Tags: heavy
local process = require "spec.support.process"
local host_server = require "spec.support.host_server"
local sandbox = require "spec.support.sandbox"

local BUILD = os.getenv("BUILD") or "build"
local STRICT = "-Wall -Wextra -Wpedantic -Werror"

local folder

local function run(command, ...)
   local result = process.run{ "sh", "-c", "exec 2>&1; " .. command:format(...) }
   return result.stdout, result.code
end

-- The output of a shell command that is to succeed.
local function output_of(command, ...)
   local output, code = run(command, ...)
   assert.equal(0, code, output)
   return output
end

local function has(command)
   local _, code = run("command -v %s", command)
   return code == 0
end

local SANITIZERS = {
   asan = "-fsanitize=address,undefined -fno-sanitize-recover=all",
   tsan = "-fsanitize=thread",
}

-- Why nothing can be built with it here; nil where it can.
local function lacks(sanitizer)
   local flags = SANITIZERS[sanitizer]
   local _, code = run("cc %s -o '%s/empty' '%s/empty.c' && '%s/empty'", flags, folder, folder, folder)
   return code ~= 0 and "the compiler has no " .. flags or nil
end

-- Builds a target in the folder of its sanitizer, where the library stays for the next one; returns its path.
local function make(sanitizer, target)
   local flags, build = SANITIZERS[sanitizer], ("%s/%s"):format(BUILD, sanitizer)
   output_of("make -j2 BUILD='%s' CFLAGS='-O1 -g -fno-omit-frame-pointer %s %s' LDFLAGS='%s' '%s/%s'",
      build, STRICT, flags, flags, build, target)
   return build .. "/" .. target
end

setup(function()
   folder = process.folder()
   process.write_file(folder .. "/empty.c", "int main(void) { return 0; }\n")
end)

teardown(function()
   process.remove(folder)
end)

describe("a program of spec/host #hosts", function()
   local server

   setup(function()
      server = host_server.start()
   end)

   teardown(function()
      server:stop()
   end)

   -- Newer kernels may place memory where ThreadSanitizer does not want it.
   local function run_program(path, arguments)
      path = "env LSAN_OPTIONS=suppressions=.ci/lsan.supp:print_suppressions=0 " .. path
      local output, code = run("%s %s", path, arguments)
      if output:find("unexpected memory mapping", 1, true) then
         output, code = run("setarch -R %s %s", path, arguments)
      end
      return output, code
   end

   local function passes(name, sanitizer, arguments)
      local missing = lacks(sanitizer)
      if missing then
         return pending(missing)
      end
      local path = make(sanitizer, "host/" .. name)
      local output, code = run_program(path, arguments)
      assert.equal(0, code, output)
      assert.matches(name .. ": passed\n", output, 1, true)
   end

   local PROGRAMS = {
      { "units", "asan", "holds the units of the core against what their headers say", false },
      { "callbacks", "asan", "do all they may under three kinds of event loops" },
      { "forks", "asan", "forks with a call in each state, and does what it likes in the child" },
      { "lifetimes", "asan", "frees loops and clients within callbacks, and opens a thousand clients" },
      { "watch", "asan", "drives the loop with epoll", "http://localhost:" },
      { "allocation", "asan", "has each of its own allocations fail" },
      { "libcurl_memory", "asan", "has each allocation of libcurl fail" },
      { "json", "asan", "has JSON encoded and decoded in steps, and run out of memory" },
      { "collector", "asan", "has Lua collect, stop and run out of memory wherever it can" },
      { "lua_memory", "asan", "has each entry point of the bindings run out of memory, and works on" },
      { "rows", "asan", "does a bounded amount of work for each id and each column" },
      { "threads", "tsan", "has a loop in each thread, which another thread and signals wake" },
      { "lua_threads", "tsan", "has a Lua state in each thread" },
   }
   for _, row in ipairs(PROGRAMS) do
      local name, sanitizer, what, by_name = (table.unpack or unpack)(row) -- luacheck: ignore 113 143
      it(("passes: %s %s"):format(name, what), function()
         local url = server.url .. (by_name and " " .. by_name .. server.port or "")
         passes(name, sanitizer, by_name == false and "" or url)
      end)
   end

   it("passes: unload closes a Lua state during a name lookup", function()
      output_of("make BUILD='%s' '%s/host/unload'", BUILD, BUILD)
      local output = output_of("LUA_CPATH='%s/?.so;;' '%s/host/unload'", BUILD, BUILD)
      assert.matches("unload: passed\n", output, 1, true)
   end)
end)

describe("promptic.h #hosts", function()
   -- Every struct that a host fills, and a callback.
   local USE = [[
#include "promptic.h"
static void on_done(promptic_call *call, void *userdata) {
    *(promptic_kind *)userdata = promptic_call_result(call)->kind;
}
int main(int count, char **arguments) {
    promptic_kind kind = PROMPTIC_OK;
    promptic_error error;
    promptic_loop_options loop_options;
    promptic_options options;
    promptic_loop_options_init(&loop_options, sizeof loop_options);
    promptic_options_init(&options, sizeof options);
    options.api_key = "a-key";
    options.config_file = "";
    promptic_loop *loop = promptic_loop_new_with(&loop_options, &error);
    promptic_client *client = promptic_client_new(loop, &options, &error);
    promptic_request request = promptic_request();
    request.size = sizeof request;
    request.method = "GET";
    request.path = arguments[count - 1];
    promptic_call *call = promptic_submit(client, &request, on_done, &kind, &error);
    promptic_client_close(client);
    promptic_call_free(call);
    promptic_client_free(client);
    promptic_loop_free(loop);
    return kind == PROMPTIC_CANCELLED ? 0 : 1;
}
]]

   local function compiles(compiler, source, flags)
      if not has(compiler) then
         return pending("there is no " .. compiler)
      end
      local static = ("%s/libpromptic.a"):format(BUILD)
      process.write_file(folder .. "/" .. source, (USE:gsub(" = promptic_request%(%)", flags.zero)))
      output_of("%s %s %s -Icore -o '%s/use' '%s/%s' '%s' -lcurl -lz -pthread -lm", compiler, flags.standard,
         STRICT, folder, folder, source, static)
      output_of("'%s/use' /components", folder)
   end

   for _, compiler in ipairs{ "gcc", "clang" } do
      it("is C11 to " .. compiler, function()
         compiles(compiler, "use.c", { standard = "-std=c11", zero = " = {.method = \"PUT\"}" })
      end)
   end
   for _, compiler in ipairs{ "g++", "clang++" } do
      it("is C++11 to " .. compiler, function()
         compiles(compiler, "use.cpp", { standard = "-std=c++11", zero = " = promptic_request()" })
      end)
   end
end)

describe("an example of examples/host #hosts", function()
   local server, prefix
   local modules -- the folder of promptic.so, where it is not the one that is installed

   setup(function()
      prefix = folder .. "/prefix"
      output_of("make install PREFIX='%s' && make %s/promptic.pc", prefix, BUILD)
      server = sandbox.start{ pace = 0 }
   end)

   teardown(function()
      if server then
         server:stop()
      end
   end)

   -- The comment that the file opens with, and the line in it that compiles the file.
   local function opening(name)
      local text = process.read_file(("examples/host/%s.c"):format(name))
      local comment = text:match("^/%*\n( %* " .. name .. "%.c %- .-)%*/")
      assert.is_string(comment, name .. ".c does not open with its purpose")
      return comment, comment:match("\n %*    (cc %-o [^\n]+)\n")
   end

   local function build(name)
      local _, line = opening(name)
      assert.is_string(line, name .. ".c does not say how it is compiled")
      local strict = line:gsub("^cc", "cc " .. STRICT)
      output_of("cp examples/host/%s.c '%s' && cd '%s' && PKG_CONFIG_PATH='%s/lib/pkgconfig' && "
         .. "export PKG_CONFIG_PATH && %s", name, folder, folder, prefix, strict)
   end

   -- The same with the sanitizer that sees faults of memory, in the library as well: inside of the program, or in the
   -- module that it opens.
   local function build_sanitized(name)
      local _, line = opening(name)
      local library = make("asan", "libpromptic.a") .. " $(pkg-config --cflags --libs libcurl zlib) -pthread -lm"
      local linked = line:gsub("^cc %-o %S+ %S+", ""):gsub("%$%(pkg%-config %S+ %S+ promptic%)", library)
      output_of("cc %s %s -Icore -o '%s/%s' examples/host/%s.c %s", STRICT, SANITIZERS.asan, folder, name, name, linked)
      return make("asan", "promptic.so"):match("^(.*)/")
   end

   -- Runs it with nothing in its environment but what it needs, and with what is given.
   local function start(name, arguments, environment)
      local command = { folder .. "/" .. name, env = {
         HOME = folder,
         LD_LIBRARY_PATH = prefix .. "/lib",
         LUA_CPATH = (modules or prefix .. "/lib/lua/5.4") .. "/?.so;;",
         PROMPTIC_ENDPOINT = server.url,
         PROMPTIC_API_KEY = server.key,
      } }
      for _, argument in ipairs(arguments or {}) do
         command[#command + 1] = argument
      end
      for key, value in pairs(environment or {}) do
         command.env[key] = value
      end
      return process.run(command)
   end

   local function succeeds(name, ...)
      local result = start(name, ...)
      assert.equal("", result.stderr)
      assert.equal(0, result.code)
      return result.stdout
   end

   local function fails(name, message, ...)
      local result = start(name, ...)
      assert.matches(message, result.stderr, 1, true)
      assert.equal(1, result.code)
   end

   local EXAMPLES = {
      c_only = function()
         local output = succeeds("c_only", { "from C" })
         assert.matches("^created +201 after [%d.]+ s: {", output)
         assert.matches('\ncomponents 200 .*"name":"from C"', output)
         assert.matches('"name":"from C"', server:get("/components").text, 1, true)
         fails("c_only", "no quotes in the name", { 'a "quoted" name' })
      end,
      epoll = function()
         local output = succeeds("epoll")
         for _, path in ipairs{ "/experiments", "/components", "/traces" } do
            assert.matches(path .. ": 200 {", output, 1, true)
         end
         local result = start("epoll", nil, { PROMPTIC_API_KEY = "a-wrong-key" })
         assert.equal(1, result.code)
         assert.matches("/experiments: 401 Invalid or missing API key", result.stdout, 1, true)
      end,
      frame_loop = function()
         local output = succeeds("frame_loop")
         local last = "\n(%d+) frames, 20 answers, (%d+) failed, longest step [%d.]+ ms\n$"
         local frames, failed = output:match(last)
         assert.equal("0", failed)
         assert.is_true(tonumber(frames) >= 20) -- one call a frame
      end,
      embed_lua = function()
         local output = succeeds("embed_lua")
         for _, name in ipairs{ "north", "east", "south", "west" } do
            assert.matches("created " .. name .. "\n", output, 1, true)
         end
         assert.matches("%d+ components in all\n%d+ frames\n$", output)
         process.write_file(folder .. "/fails.lua", "show('begun')\nerror('on purpose')\n")
         fails("embed_lua", "fails.lua:2: on purpose\nstack traceback:", { folder .. "/fails.lua" })
         process.write_file(folder .. "/task.lua", [[
promptic.spawn(function() promptic.client():get_trace('x') end)]])
         fails("embed_lua", "a task failed: [404] ", { folder .. "/task.lua" })
      end,
   }
   for name, check in pairs(EXAMPLES) do
      it(("%s.c builds as it says, and works"):format(name), function()
         build(name)
         check()
         fails(name, "no credential", nil, { PROMPTIC_API_KEY = "" })
      end)

      it(name .. ".c has no fault of memory", function()
         local missing = lacks("asan")
         if missing then
            return pending(missing)
         end
         modules = build_sanitized(name)
         finally(function() modules = nil end)
         check()
         fails(name, "no credential", nil, { PROMPTIC_API_KEY = "" })
      end)

      it(name .. ".c fits a screen or two", function()
         local _, lines = process.read_file(("examples/host/%s.c"):format(name)):gsub("\n", "\n")
         assert.is_true(lines <= 105)
      end)
   end

   it("is in this spec, each of them", function()
      for path in output_of("ls examples/host/*.c"):gmatch("[^\n]+") do
         assert.is_function(EXAMPLES[path:match("([^/]+)%.c$")], path)
      end
   end)
end)
