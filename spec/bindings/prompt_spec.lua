--- client:prompt: what get returns while the platform is there, away or wrong, and what render makes of it.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local PROGRAM = os.getenv("PROMPTIC_LUA") or "lua5.4"
local ID, NEW_ID = "3f0c9d52-8a41-4c7e-b1d0-6a2f8e9c4b17", "7a1b9d52-8a41-4c7e-b1d0-6a2f8e9c4b18"
local NOW = 1e-9 -- a ttl: each get begins a refresh

local server = scripted.shared()
local lines = {}
local client = clients.shared(server, { max_retries = 0, timeout = 30, log = function(level, text)
   if level == "warning" then lines[#lines + 1] = text end
end })
local json = promptic.json
local folder

setup(function() folder = process.folder() end)
teardown(function() process.remove(folder) end)
before_each(function() lines = {} end)
after_each(function()
   server:reset() -- ends what a refresh waits for
   assert.is_true(promptic.flush(10), "a refresh is left over")
end)

local function deployed(text, more)
   local prompt = { prompt = text, model = "m", provider = "p", componentId = ID, componentName = "spam",
      experimentId = "e", iterationId = 3, score = 0.5 }
   for name, value in pairs(more or {}) do prompt[name] = value end
   return prompt
end

local function deploy(text, more)
   server:always{ body = json.encode(deployed(text, more)) }
end

local NOTHING = { body = "null" }
local MISSING = { status = 404, body = '{"error":"Component not found"}' }
local UNAUTHORIZED = { status = 401, body = '{"error":"Unauthorized"}' }
local BROKEN = { status = 500, body = '{"error":"x"}' }

-- What get returns after the refresh that it begins.
local function refreshed(prompt)
   prompt.due = 0
   prompt:get()
   assert.is_true(promptic.flush(10))
   return prompt.value, prompt.source
end

local function text_and_source(prompt)
   local value, source = prompt:get()
   return { value and value.prompt or false, source }
end

local files = 0
local function path()
   files = files + 1
   return ("%s/%d.json"):format(folder, files)
end

local function pulled(...)
   local name = path()
   process.write_file(name, json.encode{ version = 1, prompts = { ... } })
   return name
end

-- An address where nothing answers, for clients of their own.
local function away()
   local url, holder = scripted.refusing()
   local own = clients.open(url, { max_retries = 0 })
   finally(function()
      own:close()
      holder:close()
   end)
   return own
end

describe("prompt:get", function()
   it("asks once and returns the same table until the prompt changes", function()
      deploy "one"
      local prompt = client:prompt(ID)
      assert.same({ nil, "it has not been fetched yet", n = 2 }, table.pack and table.pack(prompt:get())
         or { nil, select(2, prompt:get()), n = 2 })
      for _ = 1, 10 do prompt:get() end
      assert.is_true(promptic.flush(10))
      assert.equal(1, server:count())
      assert.equal(("/api/v1/components/%s/deployment/prompt"):format(ID), server:requests()[1].target)
      local value, source = prompt:get()
      assert.same({ "one", "fresh" }, { value.prompt, source })
      assert.equal(value, (refreshed(prompt)))
      deploy "two"
      local after = refreshed(prompt)
      assert.same({ "two", false }, { after.prompt, after == value })
      assert.equal(3, server:count())
   end)

   it("gives what it has while a refresh is under way", function()
      deploy "one"
      local prompt = client:prompt(ID, { ttl = NOW })
      prompt:fetch(10)
      server:always{ wait = 100, body = json.encode(deployed "two") }
      assert.same({ "one", "stale" }, text_and_source(prompt))
      for _ = 1, 10 do
         promptic.step(0)
         prompt:get()
      end
      assert.is_true(promptic.flush(10))
      assert.same({ 2, "two" }, { server:count(), prompt.value.prompt })
   end)

   it("finds a component by its name, once", function()
      server:route(([[
         local _, request = ...
         return { body = request.target:find("prompt", 1, true) and %q or '{"data":[{"id":"%s","name":"spam"}]}' }
      ]]):format(json.encode(deployed "one"), ID))
      local prompt = client:prompt("spam")
      prompt:fetch(10)
      assert.same({ "one", "fresh" }, { refreshed(prompt).prompt, prompt.source })
      assert.equal(3, server:count())
   end)

   it("takes no empty prompt for none", function()
      deploy ""
      local prompt = client:prompt(ID, { fallback = "x" })
      assert.same({ "", "fresh" }, { refreshed(prompt).prompt, prompt.source })
      assert.equal("", prompt:render())
   end)

   it("falls back in its order: cache_file, file, fallback, nothing", function()
      local own, cache, file = away(), path(), pulled(deployed("file"))
      deploy "cached"
      client:prompt(ID, { cache_file = cache }):fetch(10)
      -- the endpoint is a part of the cache_file's key
      local address = own:prompt("x").endpoint:match "//(.*)"
      process.write_file(cache, (process.read_file(cache):gsub("127%.0%.0%.1:%d+", address)))
      local options = { cache_file = cache, file = file, fallback = "last" }
      for _, expected in ipairs{ { "cached", "cache_file" }, { "file", "file" }, { "last", "fallback" } } do
         local prompt = own:prompt(ID, options)
         assert.same(expected, text_and_source(prompt))
         refreshed(prompt)
         assert.same(expected, text_and_source(prompt))
         options[expected[2]] = nil
      end
      local prompt = own:prompt(ID)
      local value, why = refreshed(prompt)
      assert.is_nil(value)
      assert.matches("connect", why)
   end)

   it("is never taken away by a platform that is away, broken or in the way", function()
      deploy "one"
      local prompt = client:prompt(ID, { stale = 0, fallback = "x" })
      local value = prompt:fetch(10)
      for _, reply in ipairs{ BROKEN, UNAUTHORIZED, { status = 403, body = '{"error":"no"}' },
         { close = "reset" }, { raw = "nonsense\r\n\r\n", close = "fin" }, { body = "<html>" },
         { status = 404, headers = { ["Content-Type"] = "text/html" }, body = "<html>" }, { status = 404 },
         { body = "{}" }, { body = '{"prompt":1}' }, { body = '{"prompt":"x","promptMessages":[{}]}' },
         { status = 302, headers = { Location = "/login" } }, { status = 429, body = '{"error":"busy"}' } } do
         server:always(reply)
         local after, source = refreshed(prompt)
         assert.same({ true, "stale" }, { after == value, source }, json.encode(reply))
      end
      deploy "two"
      assert.same({ "two", "fresh" }, { refreshed(prompt).prompt, prompt.source })
   end)

   it("logs each failure once in a row, without the credential", function()
      server:always(UNAUTHORIZED)
      local prompt = client:prompt(ID)
      for _ = 1, 3 do refreshed(prompt) end
      assert.equal(1, #lines)
      assert.matches("prompt of '" .. ID, lines[1], 1, true)
      assert.is_nil(lines[1]:find(clients.KEY, 1, true))
      server:always(BROKEN)
      refreshed(prompt)
      assert.equal(2, #lines)
   end)
end)

describe("a prompt that was undeployed", function()
   for what, reply in pairs{ ["by null"] = NOTHING, ["by a 404"] = MISSING } do
      it("stays for `stale` seconds, then the file takes over: " .. what, function()
         deploy "one"
         local cache = path()
         local prompt = client:prompt(ID, { stale = 0.05, file = pulled(deployed "file"), cache_file = cache })
         local value = prompt:fetch(10)
         server:always(reply)
         assert.same({ true, "stale" }, { refreshed(prompt) == value, prompt.source })
         local stop = promptic.now() + 10
         repeat
            promptic.sleep(0.01)
            prompt:get()
         until prompt.source ~= "stale" or promptic.now() > stop
         assert.is_true(promptic.flush(10)) -- the refresh that has noticed it
         assert.same({ "file", "file" }, text_and_source(prompt))
         assert.is_nil(io.open(cache)) -- the next start does not bring it back
         deploy "one"
         assert.same({ "one", "fresh" }, { refreshed(prompt).prompt, prompt.source })
         assert.is_not_nil(io.open(cache))
      end)
   end

   it("goes at that time, even if the platform cannot be reached by then", function()
      deploy "one"
      local prompt = client:prompt(ID, { stale = 0.02 })
      prompt:fetch(10)
      server:always(NOTHING)
      refreshed(prompt)
      assert.equal("stale", prompt.source)
      server:always(BROKEN)
      promptic.sleep(0.03)
      assert.is_nil((refreshed(prompt)))
   end)

   it("counts from the first answer that says so", function()
      deploy "one"
      local prompt = client:prompt(ID, { stale = 3600 })
      prompt:fetch(10)
      server:always(NOTHING)
      refreshed(prompt)
      prompt.gone = prompt.gone - 3500
      refreshed(prompt)
      assert.is_true(promptic.now() - prompt.gone > 3000)
   end)

   it("counts anew from the next undeploy", function()
      deploy "one"
      local prompt = client:prompt(ID, { stale = 3600 })
      prompt:fetch(10)
      server:always(NOTHING)
      refreshed(prompt)
      prompt.gone = prompt.gone - 3500
      deploy "one"
      refreshed(prompt)
      server:always(NOTHING)
      refreshed(prompt)
      assert.is_true(promptic.now() - prompt.gone < 100)
   end)

   it("is none at the first start, and says so", function()
      server:always(NOTHING)
      local prompt = client:prompt(ID)
      assert.same({ nil, "no prompt is deployed" }, { prompt:fetch(10) })
      assert.equal("no_prompt", clients.failure(prompt.render, prompt).code)
      assert.same({}, prompt:attributes())
   end)

   it("stays for as long if it is from the cache_file", function()
      deploy "one"
      local cache = path()
      client:prompt(ID, { cache_file = cache }):fetch(10)
      server:always(NOTHING)
      local prompt = client:prompt(ID, { cache_file = cache })
      assert.same({ "one", "cache_file" }, { refreshed(prompt).prompt, prompt.source })
      prompt = client:prompt(ID, { cache_file = cache, stale = 0 })
      assert.is_nil((refreshed(prompt)))
      assert.is_nil(io.open(cache))
   end)
end)

describe("a component that was deleted and made anew", function()
   local function route(id, text)
      server:route(([[
         local _, request = ...
         local id = %q
         if request.target:find("deployment", 1, true) then
            return id ~= "" and request.target:find(id, 1, true) and { body = %q }
               or { status = 404, body = '{"error":"Component not found"}' }
         end
         return { body = id == "" and '{"data":[]}' or '{"data":[{"id":"' .. id .. '","name":"spam"}]}' }
      ]]):format(id, json.encode(deployed(text, { componentId = id }))))
   end

   it("is found by its name", function()
      route(ID, "one")
      local prompt = client:prompt("spam")
      prompt:fetch(10)
      route(NEW_ID, "two")
      assert.same({ "two", "fresh" }, { refreshed(prompt).prompt, prompt.source })
   end)

   it("is stale by its name while there is none of it", function()
      route(ID, "one")
      local prompt = client:prompt("spam")
      prompt:fetch(10)
      route("", "")
      assert.same({ "one", "stale" }, { refreshed(prompt).prompt, prompt.source })
      route(NEW_ID, "two")
      assert.same({ "two", "fresh" }, { refreshed(prompt).prompt, prompt.source })
   end)

   it("is gone by its id", function()
      route(ID, "one")
      local prompt = client:prompt(ID)
      prompt:fetch(10)
      route(NEW_ID, "two")
      assert.same({ "one", "stale" }, { refreshed(prompt).prompt, prompt.source })
   end)

   it("is asked for by hand if two have the name", function()
      server:always{ body = ('{"data":[{"id":"%s","name":"spam"},{"id":"%s","name":"spam"}]}'):format(ID, NEW_ID) }
      assert.equal("ambiguous_name", clients.failure(client:prompt("spam").fetch, client:prompt("spam")).code)
   end)
end)

describe("refreshing", function()
   it("pauses 1 s after a failure, then twice as long, 30 s at most", function()
      server:always(BROKEN)
      local prompt, pauses = client:prompt(ID), {}
      for index = 1, 7 do
         refreshed(prompt)
         pauses[index] = math.floor(prompt.due - promptic.now() + 0.5)
         local count = server:count()
         prompt:get()
         assert.is_true(promptic.flush(10))
         assert.equal(count, server:count())
      end
      assert.same({ 1, 2, 4, 8, 16, 30, 30 }, pauses)
      deploy "one"
      refreshed(prompt)
      server:always(BROKEN)
      refreshed(prompt)
      assert.equal(1, math.floor(prompt.due - promptic.now() + 0.5))
   end)

   it("goes on in time by itself: plain code that sleeps drives it", function()
      server:always(BROKEN)
      local prompt = client:prompt(ID)
      local stop = promptic.now() + 20
      repeat
         prompt:get()
         promptic.sleep(0.005)
      until server:count() >= 2 or promptic.now() > stop
      local requests = server:requests()
      assert.is_true(requests[2].at - requests[1].at > 0.9)
   end)

   it("flaps with the platform", function()
      deploy "one"
      local prompt = client:prompt(ID)
      for index = 1, 10 do
         deploy "one"
         assert.same({ "one", "fresh" }, { refreshed(prompt).prompt, prompt.source })
         local value = prompt.value
         server:always(index % 2 == 0 and BROKEN or { close = "reset" })
         assert.same({ value, "stale" }, { refreshed(prompt) })
      end
      assert.equal(20, server:count())
   end)

   it("calls on_change with the new prompt and the one before, which may fetch and fail", function()
      local seen, prompt = {}, nil
      deploy "one"
      prompt = client:prompt(ID, { stale = 0, fallback = "none", on_change = function(value, before)
         seen[#seen + 1] = before.prompt .. " " .. value.prompt
         promptic.sleep(0.001)
         prompt:fetch(10)
         error("odd", 0)
      end })
      refreshed(prompt)
      refreshed(prompt)
      deploy "two"
      refreshed(prompt)
      server:always(NOTHING)
      refreshed(prompt)
      assert.same({ "none one", "one two", "two none" }, seen)
      assert.matches("on_change has failed: odd", table.concat(lines, "\n"), 1, true)
      assert.equal("none", prompt.value.prompt)
   end)

   it("has no part in the span that is current where get begins it", function()
      deploy "one"
      local tracer, within = promptic.tracer(client, { interval = 0 }), "never called"
      local prompt = client:prompt(ID, { on_change = function() within = tracer:current() end })
      tracer:span("outer", function() refreshed(prompt) end)
      assert.is_nil(within)
      tracer:close(5)
   end)

   it("calls on_change with nil where nothing takes the place of a prompt", function()
      local seen = {}
      deploy "one"
      local prompt = client:prompt(ID, { stale = 0, on_change = function(value, before)
         seen[#seen + 1] = tostring(before and before.prompt) .. " " .. tostring(value and value.prompt)
      end })
      refreshed(prompt)
      server:always(NOTHING)
      refreshed(prompt)
      assert.same({ "nil one", "one nil" }, seen)
   end)

   it("ends with the client, and get goes on", function()
      deploy "one"
      local own = clients.open(server.url)
      local prompt = own:prompt(ID)
      local value = prompt:fetch(10)
      own:close()
      assert.same({ value, "stale" }, { refreshed(prompt) })
   end)
end)

describe("prompt:fetch", function()
   it("waits, in plain code and in tasks", function()
      deploy "one"
      local prompt = client:prompt(ID)
      local value, source = prompt:fetch()
      assert.same({ "one", "fresh" }, { value.prompt, source })
      deploy "two"
      assert.equal("two", promptic.run(function() return prompt:fetch(10).prompt end))
   end)

   it("raises what has failed", function()
      server:always(UNAUTHORIZED)
      local prompt = client:prompt(ID)
      assert.equal(401, clients.failure(prompt.fetch, prompt).status_code)
      assert.equal(401, promptic.run(function() return clients.failure(prompt.fetch, prompt).status_code end))
   end)

   it("ends after its seconds, the refresh goes on", function()
      server:always{ wait = 200, body = json.encode(deployed "one") }
      local prompt = client:prompt(ID)
      local err = clients.failure(prompt.fetch, prompt, 0.02)
      assert.same({ "timeout", "fetch" }, { err.kind, err.code })
      err = promptic.run(function() return clients.failure(prompt.fetch, prompt, 0.02) end)
      assert.equal("fetch", err.code)
      assert.is_true(promptic.flush(10))
      assert.same({ "one", "fresh" }, text_and_source(prompt))
      assert.equal(1, server:count())
   end)

   it("asks after what was under way, and several at once share that", function()
      server:reply({ wait = 50, body = json.encode(deployed "old") }, { wait = 50, body = json.encode(deployed "new") })
      local prompt = client:prompt(ID)
      prompt:get()
      local stop = promptic.now() + 10
      while server:count() == 0 and promptic.now() < stop do promptic.step(0.005) end
      local texts = promptic.map({ 1, 2, 3 }, function() return prompt:fetch(10).prompt end)
      assert.same({ "new", "new", "new" }, { texts[1], texts[2], texts[3] })
      assert.equal(2, server:count())
   end)

   it("refuses what are no seconds", function()
      local prompt = client:prompt(ID)
      for _, wrong in ipairs{ "x", -1, 0 / 0, {} } do
         local fine, problem = pcall(function() prompt:fetch(wrong) end)
         assert.is_false(fine)
         assert.matches("prompt_spec.lua:%d+: bad argument #1 to 'fetch'", problem)
      end
   end)
end)

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

describe("a cache_file", function()
   local function cached(text, options)
      deploy(text)
      local name = path()
      client:prompt(ID, options or { cache_file = name }):fetch(10)
      return name
   end

   it("is its owner's, and of this endpoint and component alone", function()
      local name = cached "one"
      assert.equal("600", process.run{ "stat", "-c", "%a", name }.stdout:match "%d+")
      assert.equal("one", client:prompt(ID, { cache_file = name }):get().prompt)
      assert.is_nil((client:prompt(NEW_ID, { cache_file = name }):get()))
      assert.is_nil((away():prompt(ID, { cache_file = name }):get()))
      assert.is_nil(process.read_file(name):find(clients.KEY, 1, true))
   end)

   it("holds lists and nulls as they came", function()
      local name = path()
      deploy("", { promptFormat = "multi_message", promptMessages = { { role = "system", content = "a" } },
         schemaSnapshot = { deep = { json.array{} } } })
      client:prompt(ID, { cache_file = name }):fetch(10)
      local changes = 0
      local prompt = client:prompt(ID, { cache_file = name, on_change = function() changes = changes + 1 end })
      local before = prompt:get()
      assert.is_true(promptic.flush(10))
      assert.same({ before, "fresh" }, { prompt:get() })
      assert.equal(0, changes)
   end)

   it("is read whatever its time is", function()
      local name = cached "one"
      for _, date in ipairs{ "1970-01-02", "2001-01-01", "2037-12-31" } do
         assert.equal(0, process.run{ "touch", "-d", date, name }.code)
         assert.same({ "one", "cache_file" }, text_and_source(client:prompt(ID, { cache_file = name })))
      end
   end)

   it("that is cut off, something else, or newer is none", function()
      local whole = process.read_file(cached "one")
      for _, text in ipairs{ "", whole:sub(1, -3), "[]", "null", "5", '{"prompt":5}', "\0\255", ("["):rep(5000),
         (whole:gsub('"version":1', '"version":2')) } do
         local name = path()
         process.write_file(name, text)
         assert.is_nil((client:prompt(ID, { cache_file = name }):get()), text:sub(1, 30))
      end
      assert.is_nil((client:prompt(ID, { cache_file = folder }):get()))
   end)

   it("may be a symbolic link, and is never a FIFO to wait for", function()
      local name, link, fifo = cached "one", path(), path()
      process.run{ "ln", "-s", name, link }
      process.run{ "mkfifo", fifo }
      assert.equal("one", client:prompt(ID, { cache_file = link }):get().prompt)
      assert.is_nil((client:prompt(ID, { file = fifo }):get()))
   end)

   it("that cannot be written is logged, the prompt is there", function()
      local name = folder .. "/none/x.json"
      cached("one", { cache_file = name })
      assert.matches("cache_file cannot be written", lines[1], 1, true)
   end)

   it("is whole whenever another process looks, with two that write it", function()
      local name = path()
      server:route(([[
         local number = ...
         local text = %q
         return { body = (text:gsub("TEXT", ("%%d "):format(number):rep(20000))) }
      ]]):format(json.encode(deployed "TEXT")))
      local script = path()
      process.write_file(script, ([[
         local promptic = require "promptic"
         local client = promptic.client{ endpoint = %q, api_key = "k", config_file = "" }
         local prompt = client:prompt(%q, { cache_file = %q })
         for _ = 1, 40 do prompt:fetch(20) end
      ]]):format(server.url, ID, name))
      local pipes = {}
      for index = 1, 2 do
         pipes[index] = assert(io.popen(("'%s' '%s' 2>&1"):format(PROGRAM, script)))
      end
      local looked, stop = 0, promptic.now() + 60
      repeat
         local file = io.open(name)
         if file then
            local text = file:read("*a")
            file:close()
            local number = json.decode(text).prompt.prompt:match("^%d+ ")
            assert.equal(number:rep(20000), json.decode(text).prompt.prompt)
            looked = looked + 1
         end
      until server:count() >= 80 or promptic.now() > stop
      for index = 1, 2 do
         assert.equal("", pipes[index]:read("*a"))
         pipes[index]:close()
      end
      assert.is_true(looked > 5, looked)
      assert.equal("", process.run{ "sh", "-c", "ls -A '" .. folder .. "' | grep part" }.stdout)
   end)
end)

describe("a file of prompts", function()
   it("is read by id and by name", function()
      local name = pulled(deployed("a", { componentId = NEW_ID, componentName = "ham" }), deployed "b")
      for component, text in pairs{ [ID] = "b", spam = "b", [NEW_ID] = "a", ham = "a" } do
         assert.same({ text, "file" }, text_and_source(client:prompt(component, { file = name })))
      end
   end)

   it("says why it gives nothing", function()
      local broken, newer = path(), path()
      process.write_file(broken, "{")
      process.write_file(newer, '{"version":2,"prompts":[]}')
      for name, expected in pairs{
         [folder .. "/none"] = "No such file", [broken] = "not JSON", [newer] = "newer version",
         [pulled(deployed("a", { componentName = "ham" }))] = "no prompt of 'spam'",
         [pulled(deployed "a", deployed("b", { componentId = NEW_ID }))] = "several components",
      } do
         local value, why = client:prompt("spam", { file = name }):get()
         assert.is_nil(value)
         assert.matches(expected, why, 1, true)
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

describe("prompt:render", function()
   -- A prompt of this text that nothing was fetched for.
   local function of(text, options)
      options = options or {}
      options.fallback = text
      return client:prompt(ID, options)
   end

   local function rendered(text, variables, options) return of(text, options):render(variables) end

   it("puts values into {{name}} and {name}", function()
      for _, row in ipairs{
         { "Hi {name}, {{name}}, {{ name }}!", { name = "Ann" }, "Hi Ann, Ann, Ann!" },
         { "{{{name}}}", { name = "x" }, "{x}" },
         { "{{name}", { name = "x" }, "{x" },
         { "{name}}", { name = "x" }, "x}" },
         { "{a}{b}", { a = "{b}", b = "{{a}}" }, "{b}{{a}}" }, -- values are not scanned again
         { "{a}", { a = "%1 %% \\0" }, "%1 %% \\0" },
         { "{n} {y} {t} {l}", { n = 3, y = true, t = { a = 1 }, l = { 1, "b" } }, '3 true {"a":1} [1,"b"]' },
         { "{user.name} {user-id} {_x1}", { ["user.name"] = 1, ["user-id"] = 2, _x1 = 3 }, "1 2 3" },
         { "{größe}", { ["größe"] = "groß" }, "groß" },
         { "{Ticket Text}", { ["Ticket Text"] = "x" }, "x" },
         { "", {}, "" },
         { "no braces", nil, "no braces" },
         { 'Like {"label": "spam", "why": {}} or [{"a": {"b": 1}}] { } {1} {} }{ {{', {},
            'Like {"label": "spam", "why": {}} or [{"a": {"b": 1}}] { } {1} {} }{ {{' },
         { '{"label": "{label}"}', { label = "x" }, '{"label": "x"}' },
         { "{a} {a}", { a = false }, "false false" },
      } do
         assert.equal(row[3], rendered(row[1], row[2]), row[1])
      end
   end)

   it("names all variables without a value at once", function()
      local err = clients.failure(rendered, "{b} {{a}} {given} {größe} {b}", { given = 1 })
      assert.same({ "argument", "no_variable" }, { err.kind, err.code })
      assert.matches("no value for: a, b, größe", err.message, 1, true)
      err = clients.failure(rendered, "{a}")
      assert.matches("no value for: a", err.message, 1, true)
   end)

   it("has the variables of input_variables only", function()
      local options = { input_variables = { "text", "Ticket Text" } }
      assert.equal("x {other} {{other}} y y", rendered("{text} {other} {{other}} {Ticket Text} {{ Ticket Text }}",
         { text = "x", other = "no", ["Ticket Text"] = "y" }, options))
      local err = clients.failure(rendered, "{text} {other} {Ticket Text}", {}, options)
      assert.matches("no value for: Ticket Text, text$", err.message)
   end)

   it("renders each message of multi_message", function()
      local messages = { { role = "system", content = "Be {how}." }, { role = "user", content = "{{text}}" } }
      local prompt = of(deployed("", { promptFormat = "multi_message", promptMessages = messages }))
      assert.same({ { role = "system", content = "Be kind." }, { role = "user", content = "{how}" } },
         prompt:render{ how = "kind", text = "{how}" })
      assert.equal("Be {how}.", messages[1].content)
      local err = clients.failure(prompt.render, prompt, {})
      assert.matches("no value for: how, text", err.message, 1, true)
      prompt = of(deployed("{x}", { promptFormat = "single", promptMessages = messages }))
      assert.equal("1", prompt:render{ x = 1 })
   end)

   it("takes linear time for whatever text", function()
      local function time(unit, count)
         local prompt = of((unit):rep(count), { input_variables = { "a" } })
         local began = os.clock()
         prompt:render{ a = "x" }
         return os.clock() - began
      end
      for _, unit in ipairs{ "{", "{{", "}", "{{ ", "{ a", "{{a", "{{}", "{a}", "{{ a }} ", " ",
         "{{" .. (" "):rep(50) .. "a" } do
         local size = 1000000
         local seconds = time(unit, math.floor(size / #unit))
         assert.is_true(seconds < 5, ("%q: %.1f s"):format(unit, seconds))
      end
      for _, text in ipairs{ "{{" .. (" "):rep(2000000), "{" .. ("a"):rep(2000000), "{{" .. (" "):rep(2000000) .. "}}",
         "{{a" .. (" "):rep(2000000) .. "b}}", "{{" .. ("a"):rep(2000000) .. "}}" } do
         local began = os.clock()
         assert.equal(text, rendered(text, {}, { input_variables = { "b" } }))
         assert.equal(text, rendered(text, {}))
         assert.is_true(os.clock() - began < 5)
      end
   end)

   it("refuses variables that are no table, and fallbacks that are no prompt", function()
      local prompt = of "x"
      local fine, problem = pcall(function() prompt:render(5) end)
      assert.is_false(fine)
      assert.matches("prompt_spec.lua:%d+: bad argument #1 to 'render'", problem)
      for _, wrong in ipairs{ 5, {}, { prompt = 5 }, { prompt = "", promptMessages = { 5 } }, true } do
         assert.equal("wrong_fallback", clients.failure(of, wrong).code)
      end
      clients.refused(function() client:prompt() end, "component")
      clients.refused(function() client:prompt(ID, { tll = 1 }) end, "did you mean 'ttl'")
      clients.refused(function() client:prompt(ID, { ttl = 0 }) end, "ttl")
      clients.refused(function() client:prompt(ID, { on_change = 5 }) end, "on_change")
   end)
end)

describe("prompt:attributes", function()
   it("says what a span used", function()
      deploy "one"
      local prompt = client:prompt(ID)
      assert.same({}, prompt:attributes())
      prompt:fetch(10)
      assert.same({ ["promptic.prompt.source"] = "fresh", ["promptic.component.id"] = ID,
         ["promptic.experiment.id"] = "e", ["promptic.iteration.id"] = 3 }, prompt:attributes())
      assert.same({ ["promptic.prompt.source"] = "fallback" }, client:prompt(ID, { fallback = "x" }):attributes())
   end)
end)
