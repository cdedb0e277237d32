--- client:prompt in the frames of a game, with clocks that step, and in forked processes.
-- Tags: luas
local promptic = require "promptic"
local process = require "spec.support.process"
local prompts = require "spec.support.prompts"

local PROGRAM = os.getenv("PROMPTIC_LUA") or "lua5.4"
local ID = prompts.ID
local NOW = prompts.NOW -- a ttl: each get begins a refresh
local deployed = prompts.deployed

local world = prompts.shared()
local server, client, folder = world.server, world.client, world.folder
local deploy, path, away = world.deploy, world.path, world.away
local json = promptic.json

describe("a frame with get", function()
   -- Worst CPU of get and promptic.step(0) together, and the share of gets within a millisecond.
   local function frames(prompt, count)
      local times, quick = {}, 0
      for index = 1, count do
         local before, began = os.clock(), promptic.now()
         prompt:get()
         quick = quick + (promptic.now() - began < 0.001 and 1 or 0)
         promptic.step(0)
         times[index] = os.clock() - before
         promptic.sleep(0.001)
      end
      table.sort(times)
      return times[math.floor(count * 0.99)] * 1000, quick / count
   end

   local CASES = {
      down = function() return away() end,
      silent = function()
         server:always{ stall = true }
         return client
      end,
      slow = function()
         server:always{ wait = 20, body = json.encode(deployed(("x"):rep(20000))) }
         return client
      end,
      trickling = function()
         server:always{ pieces = { '{"prompt"', ':"' , "one", '"}' }, every = 20 }
         return client
      end,
      flapping = function()
         server:route[[
            local number = ...
            if number % 2 == 0 then return { status = 500, body = "{}" } end
            return { body = '{"prompt":"text ' .. number .. '"}' }
         ]]
         return client
      end,
   }

   for name, open in pairs(CASES) do
      it("costs little where the platform is " .. name, function()
         local prompt = open():prompt(ID, { ttl = NOW, fallback = "x" })
         local worst, quick = frames(prompt, 200)
         assert.is_true(worst < 2, ("%.2f ms of CPU"):format(worst))
         assert.is_true(quick > 0.9, ("%.0f%% of gets within a millisecond"):format(quick * 100))
      end)
   end

   it("allocates nothing until it is due, nor while a refresh is under way", function()
      server:always{ stall = true }
      local prompt = client:prompt(ID, { ttl = 3600, fallback = "x" })
      prompt:get()
      promptic.step(0)
      for _, later in ipairs{ 3600, 0 } do
         for _ = 1, 300 do prompt:get() end
         collectgarbage()
         collectgarbage "stop"
         local before = collectgarbage "count"
         for _ = 1, 20000 do
            prompt.due = later
            prompt:get()
         end
         local after = collectgarbage "count"
         collectgarbage "restart"
         -- LuaJIT's own traces are in the count
         assert.is_true((after - before) * 1024 / 20000 < 1, (after - before) * 1024 / 20000)
      end
   end)
end)

describe("another clock, another process", function()
   local C_FLAGS = "cc -std=c11 -D_GNU_SOURCE -Wall -Wextra -shared -fPIC "

   local function build(source, name, flags)
      local result = process.run{ "sh", "-c", ("%s %s -o '%s/%s' '%s'"):format(C_FLAGS, flags, folder, name, source) }
      assert(result.code == 0, result.stderr)
      return folder .. "/" .. name
   end

   local function run(source, env)
      local script = path()
      process.write_file(script, ([[
         local promptic = require "promptic"
         local client = promptic.client{ endpoint = %q, api_key = "k", config_file = "", max_retries = 0 }
         local ID = %q
      ]]):format(server.url, ID) .. source)
      local result = process.run{ PROGRAM, script, env = env }
      assert.equal(0, result.code, result.stderr)
      return result.stdout
   end

   -- The system's clock goes back and forth by ten years with every look at it.
   it("does not matter: the system's clock may step", function()
      local source = folder .. "/clock.c"
      process.write_file(source, [[
         #include <sys/syscall.h>
         #include <sys/time.h>
         #include <time.h>
         #include <unistd.h>
         static long looks;
         static long step(void) { return (looks++ % 2 ? 1 : -1) * 315360000L; }
         int clock_gettime(clockid_t id, struct timespec *at) {
            int result = (int)syscall(SYS_clock_gettime, id, at);
            if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) at->tv_sec += step();
            return result;
         }
         int gettimeofday(struct timeval *restrict at, void *restrict zone) {
            struct timespec now;
            (void)zone;
            clock_gettime(CLOCK_REALTIME, &now);
            at->tv_sec = now.tv_sec, at->tv_usec = now.tv_nsec / 1000;
            return 0;
         }
         time_t time(time_t *at) {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            if (at) *at = now.tv_sec;
            return now.tv_sec;
         }
      ]])
      deploy "one"
      local said = run(([[
         local cache = %q
         local first = os.time()
         assert(math.abs(os.time() - first) > 1e6, "the clock does not step")
         local prompt = client:prompt(ID, { cache_file = cache, stale = 100 })
         prompt:fetch(20)
         for _ = 1, 100 do
            prompt:get()
            promptic.sleep(0.001)
            assert(prompt.source == "fresh")
         end
         io.write(client:prompt(ID, { cache_file = cache }):get().prompt)
      ]]):format(path()), { LD_PRELOAD = build(source, "clock.so", "-Wno-nonnull-compare"),
         ASAN_OPTIONS = (os.getenv "ASAN_OPTIONS" or "") .. ":verify_asan_link_order=0" })
      assert.equal("one", said)
      assert.is_true(server:count() <= 2, server:count()) -- the second prompt's refresh may begin at exit
   end)

   it("refreshes by itself after a fork; what the parent has under way stays the parent's", function()
      local name = rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match("%d%.%d")
      build("spec/network/forking.c", "forking.so", ("$(.ci/lua-flags %s)"):format(name))
      server:route(([[
         local number = ...
         local text = %q
         return { wait = number == 1 and 300 or 0, body = (text:gsub("TEXT", "text " .. number)) }
      ]]):format(json.encode(deployed "TEXT")))
      local out = path()
      run(([[
         local forking = package.loadlib("%s/forking.so", "luaopen_forking")()
         local prompt = client:prompt(ID, { fallback = "none" })
         prompt:get()
         for _ = 1, 20 do promptic.step(0.005) end -- the first request is under way
         local pid = forking.fork()
         if pid == 0 then
            prompt.due = 0
            local before = prompt:get().prompt
            assert(promptic.flush(20))
            local file = io.open("%s", "a")
            file:write(before, ", child: ", prompt.value.prompt, "\n")
            file:close()
            forking.exit(0)
         end
         assert(forking.wait(pid) == 0)
         assert(promptic.flush(20))
         local file = io.open("%s", "a")
         file:write("parent: ", prompt.value.prompt, "\n")
         file:close()
      ]]):format(folder, out, out))
      assert.same({ 2, "none, child: text 2\nparent: text 1\n" }, { server:count(), process.read_file(out) })
   end)
end)
