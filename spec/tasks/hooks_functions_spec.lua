--- Every public function in coroutines that a count hook suspends: each returns what it returns without a hook. What
-- tasks, waits and uploads do there is in hooks_spec.lua.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local hosts = require "spec.support.hooks"
local json = require "cjson"
local process = require "spec.support.process"
local rows = require "spec.support.rows"
local scripted = require "spec.support.scripted"

-- Busted finds globals by a metamethod, where no hook can yield in Lua 5.1.
local pcall, select, tostring, type = pcall, select, tostring, type
local unpack = table.unpack or unpack -- luacheck: ignore 113 143

local IS_51 = _VERSION == "Lua 5.1" and not rawget(_G, "jit")

local server = scripted.shared()
local client = clients.shared(server, { max_retries = 0 })
local host = hosts.shared()
local folder

setup(function()
   folder = process.folder()
   process.write_file(folder .. "/rows.csv", "message,expected\nhello,ham\n50% off,spam\n")
end)

teardown(function() process.remove(folder) end)

before_each(function()
   server:route[[
      local _, request = ...
      local list = request.method == "GET" and request.target:find("/%a+s[^/]*$")
      return { body = list and '{"data":[{"id":"x","name":"n","status":"completed"}],"total":1}'
         or '{"id":"x","name":"n","data":[],"prompt":"Hello {{name}}","status":"completed"}' }
   ]]
end)

after_each(function()
   assert.is_true(promptic.flush(10), "a task in the background is left over")
   assert.equal(0, promptic.step(0), "a task is left over")
end)

-- ------------------------------------------------------------------ comparing

local function text_of(value)
   local fine, text = pcall(json.encode, value)
   return fine and type(value) == "table" and text or tostring(value)
end

-- Without addresses, times and the place of a call.
local function outcome(fine, ...)
   local texts = { tostring(fine) }
   for index = 1, select("#", ...) do
      texts[#texts + 1] = text_of((select(index, ...)))
   end
   return (table.concat(texts, " "):gsub("0x%x+", "0x"):gsub("\n.*", ""))
end

local function sort_members(text)
   local members = {}
   for member in text:gmatch("[^,{}]+") do members[#members + 1] = member end
   table.sort(members)
   return table.concat(members, ",")
end

local function check(f)
   local expected = sort_members(outcome(pcall(f)))
   for _, instructions in ipairs{ hosts.LEAST, 2, 5, 17, 100 } do
      local results = host.interleave(2, instructions, f)
      for index = 1, 2 do
         local returned = results[index] or { "not over", n = 1 }
         assert.equal(expected, sort_members(outcome(unpack(returned, 1, returned.n))),
            ("coroutine %d, a hook of %d"):format(index, instructions))
      end
   end
end

-- --------------------------------------------------------------------- methods

describe("in coroutines that a count hook suspends", function()
   for _, row in ipairs(promptic.endpoints) do
      it("client:" .. row.name .. " works", function()
         local call = rows.call(row, "minimal")
         local method = client[row.name]
         check(function() return method(client, rows.unpack(call)) end)
      end)
   end
end)

-- --------------------------------------------------------- the library's own

-- What hooks_spec.lua has.
local ELSEWHERE = [[
   run spawn map sleep step flush response client:request task:await task:cancel client:wait_for_experiment
   client:wait_for_evaluation client:each_experiment client:upload_observations auth.status json.encode json.decode
]]

local function traced(f)
   return function()
      local tracer = promptic.tracer(client, { component = "desk" })
      local result = f(tracer)
      tracer:close(10)
      return result
   end
end

local function span(f)
   return traced(function(tracer)
      local one = tracer:span("one")
      local result = f(one)
      one:finish()
      return result
   end)
end

local function prompted(f)
   return function() return f(client:prompt("x", { fallback = "Hello {{name}}" })) end
end

local PARENT = "00-5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174-01"

local CALLS = {
   client = function()
      return promptic.client{ endpoint = server.url, api_key = "k", config_file = "" }:close()
   end,
   ["client:with"] = function() return client:with{ timeout = 5 }:get_component("c").id end,
   ["client:close"] = function()
      local one = promptic.client{ endpoint = server.url, api_key = "k", config_file = "" }
      one:close()
      return tostring(one)
   end,
   ["client:find_component"] = function() return client:find_component("n") end,
   ["client:find_experiment"] = function() return client:find_experiment("c", "n") end,
   ["client:find_dataset"] = function() return client:find_dataset("c", "n") end,
   ["client:ensure_component"] = function() return client:ensure_component("n") end,
   ["client:ensure_dataset"] = function() return client:ensure_dataset("c", "n") end,
   ["client:create_experiment_from_deployed"] = function() return client:create_experiment_from_deployed("c") end,
   ["client:ensure_experiment_from_deployed"] = function() return client:ensure_experiment_from_deployed("c", "n") end,
   ["client:deploy_if_better"] = function() return client:deploy_if_better("c", "e") end,
   ["client:each_trace"] = function() return client:each_trace()() end,
   ["client:upload_cases"] = function()
      return client:upload_cases("c", "d", { { input = "a", expected = "b" } }).sent
   end,
   ["client:upload_artifact"] = function() return client:upload_artifact({ bytes = "text" }) end,
   ["client:download_artifact"] = function() return client:download_artifact("a", folder .. "/artifact") end,
   tracer = traced(function(tracer) return type(tracer) end),
   ["tracer:span"] = traced(function(tracer) return tracer:span("one", { a = 1 }, function() return "result" end) end),
   ["tracer:continue"] = traced(function(tracer)
      return tracer:continue(PARENT, "one", function(one) return one:traceparent():sub(1, 36) end)
   end),
   ["tracer:current"] = traced(function(tracer) return tracer:current() end),
   ["tracer:flush"] = traced(function(tracer)
      tracer:span("one", function() end)
      return tracer:flush(10)
   end),
   ["tracer:close"] = traced(function(tracer) return tracer:close(10) end),
   ["span:child"] = span(function(one) return one:child("two", function() return "result" end) end),
   ["span:set"] = span(function(one) return type(one:set("a", 1)) end),
   ["span:event"] = span(function(one) return type(one:event("a", { b = 1 })) end),
   ["span:fail"] = span(function(one) return type(one:fail("a problem")) end),
   ["span:model"] = span(function(one) return type(one:model{ model = "m" }) end),
   ["span:tool"] = span(function(one) return type(one:tool{ name = "t" }) end),
   ["span:traceparent"] = span(function(one) return #one:traceparent() end),
   ["span:finish"] = span(function(one) return type(one:finish()) end),
   http = function() return promptic.http("GET", server.url .. "/x").status end,
   sse = function()
      local text = ""
      local feed = promptic.sse(function(event) text = text .. tostring(event.data) end)
      feed("data: a\n\ndata: b\n\n")
      return text
   end,
   ["client:prompt"] = prompted(type),
   ["prompt:get"] = prompted(function(prompt) return type(prompt:get()) end),
   ["prompt:fetch"] = prompted(function(prompt) return type(prompt:fetch(10)) end),
   ["prompt:render"] = prompted(function(prompt) prompt:fetch(10) return prompt:render{ name = "you" } end),
   ["prompt:attributes"] = prompted(function(prompt) return type(prompt:attributes()) end),
   is_error = function() return promptic.is_error("x"), promptic.is_error({}) end,
   array = function() return #promptic.array{ 1, 2 } end,
   on_task_error = function() return type(promptic.on_task_error) end, -- hooks_spec.lua reports none: it prints
   write_file = function() return promptic.write_file(folder .. "/written", "text") end,
   now = function() return type(promptic.now()) end,
   time = function() return type(promptic.time()) end,
   uuid = function() return #promptic.uuid() end,
   ["json.array"] = function() return #promptic.json.array{ 1, 2 } end,
   rows = function()
      local read = promptic.rows(folder .. "/rows.csv")
      return read().expected, read().expected, read()
   end,
   ["auth.login"] = function()
      return promptic.auth.login{ endpoint = server.url, config_file = folder .. "/none.toml", open_browser = false }
   end,
   ["auth.logout"] = function() return type(promptic.auth.logout{ config_file = folder .. "/none.toml" }) end,
   ["auth.save"] = function()
      return promptic.auth.save{ api_key = "k", config_file = folder .. "/saved.toml" }
   end,
}

-- What cannot be suspended in plain Lua 5.1, where no hook can yield below an iterator's or pcall's C function.
local NOT_IN_51 = {
   ["client:each_trace"] = true, ["tracer:span"] = true, ["tracer:continue"] = true, ["tracer:flush"] = true,
   ["span:child"] = true,
}

local function name_of(row)
   local owner = row.kind == "method" and "client:" or row.kind ~= "function" and row.kind .. ":" or ""
   return owner .. (row.table and row.table .. "." or "") .. row.name
end

describe("in coroutines that a count hook suspends", function()
   for name, f in pairs(CALLS) do
      it(name .. " works", function()
         if IS_51 and NOT_IN_51[name] then return pending("no yield across a C function in this Lua") end
         check(f)
      end)
   end

   it("spans have ids of their own, and none is lost", function()
      local tracer = promptic.tracer(client, { component = "desk", max_queue = 1000 })
      local seen, count = {}, 0
      for _, instructions in ipairs{ hosts.LEAST, 2, 3, 5, 7, 11 } do
         local results = host.interleave(3, instructions, function()
            local ids = ""
            for _ = 1, 10 do
               local one = tracer:span("one")
               ids = ids .. " " .. one:traceparent():sub(37, 52)
               one:finish()
            end
            return ids
         end)
         for index = 1, 3 do
            assert.is_true(results[index][1], results[index][2])
            for id in results[index][2]:gmatch("%S+") do
               assert.matches("^%x+$", id)
               assert.equal(16, #id)
               seen[id], count = true, count + 1
            end
         end
      end
      assert.is_true(tracer:flush(30))
      local different = 0
      for _ in pairs(seen) do different = different + 1 end
      assert.same({ 180, 180, 180, 180 }, { count, different, tracer.stats.made, tracer.stats.sent })
      tracer:close(0)
   end)

   it("is every function of the library, here or in hooks_spec.lua", function()
      local elsewhere = {}
      for name in ELSEWHERE:gmatch("%S+") do elsewhere[name] = true end
      for _, row in ipairs(promptic.library) do
         local name = name_of(row)
         assert.is_true(row.kind == "class" or CALLS[name] ~= nil or elsewhere[name] == true, name)
      end
   end)
end)
