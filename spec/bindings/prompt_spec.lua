--- client:prompt: what get and fetch return while the platform answers, is away or is wrong. Its files are in
--- prompt_files_spec, frames and processes in prompt_clock_spec, render in prompt_render_spec.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local process = require "spec.support.process"
local prompts = require "spec.support.prompts"

local ID = prompts.ID
local NEW_ID = "7a1b9d52-8a41-4c7e-b1d0-6a2f8e9c4b18"
local NOW = prompts.NOW -- a ttl: each get begins a refresh
local deployed, refreshed = prompts.deployed, prompts.refreshed
local text_and_source = prompts.text_and_source

local world = prompts.shared()
local server, client, lines = world.server, world.client, world.lines
local deploy, path, pulled, away = world.deploy, world.path, world.pulled, world.away
local json = promptic.json

local NOTHING = { body = "null" }
local MISSING = { status = 404, body = '{"error":"Component not found"}' }
local UNAUTHORIZED = { status = 401, body = '{"error":"Unauthorized"}' }
local BROKEN = { status = 500, body = '{"error":"x"}' }

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

   it("refuses timeouts that are not seconds", function()
      local prompt = client:prompt(ID)
      for _, wrong in ipairs{ "x", -1, 0 / 0, {} } do
         local fine, problem = pcall(function() prompt:fetch(wrong) end)
         assert.is_false(fine)
         assert.matches("prompt_spec.lua:%d+: bad argument #1 to 'fetch'", problem)
      end
   end)
end)
