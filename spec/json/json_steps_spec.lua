--- Large answers of tasks are decoded over several steps. What comes of that is what decoding at once gives.
-- Tags: luas
local clients = require "spec.support.clients"
local driving = require "spec.support.driving"
local promptic = require "promptic"
local scripted = require "spec.support.scripted"
local values = require "spec.support.json_values"

driving.guard()

local server, client
local on_task_error = promptic.on_task_error

setup(function()
   promptic.on_task_error = function() end -- they are awaited, but only after the step that they fail in
   server = scripted.start()
   client = clients.open(server.url, { max_retries = 1 }) -- the server resets its connections between specs
end)

teardown(function()
   promptic.on_task_error = on_task_error
   client:close()
   server:stop()
end)

before_each(function()
   server:reset()
end)

local function elements(count, format)
   local list = {}
   for index = 1, count do
      list[index] = (format:gsub("@", tostring(index)))
   end
   return table.concat(list, ",")
end

local PLAIN = elements(2000, '{"id":"a-@","whole":@,"part":@.5,"none":null,"list":[],"text":"x"}')

-- what it is, and the answer
local TEXTS = {
   { "an object with a long array", '{"data":[' .. PLAIN .. '],"total":2000}' },
   { "an array", "[" .. PLAIN .. "]" },
   { "one with space everywhere", ' \n{ "total" : 1 , "data" : [ ' .. elements(3000, ' { "a" : @ } \n') .. " ] } \t" },
   { "an array of numbers", "[" .. elements(20000, "@") .. "]" },
   { "an array of nulls and words", '{"data":[' .. elements(4000, "null,true,false") .. "]}" },
   { "strings like JSON", '{"data":[' .. elements(3000, [["],[{}\",\\","\u00e9 ü 𝄞 @"]]) .. "]}" },
   { "arrays in the array", '{"data":[' .. elements(2000, "[[@],{},[]]") .. "]}" },
   { "two long arrays", '{"a":[' .. PLAIN .. '],"b":[' .. PLAIN .. "]}" },
   { "a key that comes twice", '{"data":[' .. PLAIN .. '],"data":[1]}' },
   { "a key that comes twice, long the second time", '{"data":[1],"data":[' .. PLAIN .. "]}" },
   { "a key with an escape", '{"d\\u0061ta":[' .. PLAIN .. "]}" },
   { "an escape that makes a key come twice", '{"data":[' .. PLAIN .. '],"d\\u0061ta":[1]}' },
   { "one element that is long", '{"data":["' .. ("y"):rep(50000) .. '"]}' },
   { "no array", '{"text":"' .. ("z"):rep(50000) .. '"}' },
   { "a deep array", '{"a":{"b":[' .. PLAIN .. "]}}" },
   { "a long string", '"' .. ("z"):rep(50000) .. '"' },
   { "an array of space", "[" .. (" "):rep(20000) .. "]" },
}

-- what is wrong, and the answer
local WRONG = {
   { "a comma too many", '{"data":[' .. PLAIN .. ",]}" },
   { "two commas", '{"data":[' .. PLAIN .. ",," .. PLAIN .. "]}" },
   { "a comma first", '{"data":[,' .. PLAIN .. "]}" },
   { "an element that is none", '{"data":[' .. PLAIN .. ",nil," .. PLAIN .. "]}" },
   { "a bracket for a brace", '{"data":[' .. PLAIN .. ',{"a":1]]}' },
   { "no end", '{"data":[' .. PLAIN },
   { "something behind it", '{"data":[' .. PLAIN .. "]} x" },
   { "something behind an array", "[" .. PLAIN .. "] x" },
   { "no comma between members", '{"data":[' .. PLAIN .. ']"a":1}' },
   { "a number out of range", '{"data":[' .. PLAIN .. ",1e999]}" },
   { "a control character", '{"data":[' .. PLAIN .. ',"\1"]}' },
   { "a NUL", '{"data":[' .. PLAIN .. ",\0]}" },
   { "an open string", '{"data":[' .. PLAIN .. ',"]}' },
}

-- What a task gets for this answer, or the message of its error, with steps that do as little as they can.
local function fetched(text)
   server:reply{ body = text }
   local task = promptic.spawn(function() return client:get_component("c") end)
   driving.drain(0)
   local fine, result = pcall(task.await, task)
   return fine, fine and result or result.message
end

-- Tables of one kind: what tells an array from an object goes with them.
local function encoded(value)
   return promptic.json.encode(value)
end

-- A value whose tables are wide at each of `depth` levels: what waits in them lies on the stack between two steps.
local function nested(depth, open, element, close)
   local parts = {}
   for level = 1, depth do
      parts[#parts + 1] = open .. elements(40, element) .. (level < depth and "," .. (open == "{" and '"child":'
         or "") or "")
   end
   return table.concat(parts) .. close:rep(depth)
end

-- Shapes that leave many values waiting at the end of a step, and push many more in the next.
local SHAPES = {
   { "objects of 24 fields", "[" .. elements(400, "{" .. elements(24, '"field@":"word @"') .. "}") .. "]" },
   { "vectors of 384 numbers", '{"data":[' .. elements(40, '{"id":@,"embedding":[' .. elements(384, "0.@") .. "]}")
      .. "]}" },
   { "arrays of arrays", "[" .. elements(100, "[" .. elements(60, "[@,[@]]") .. "]") .. "]" },
   { "objects within each other", nested(60, "{", '"a@":"text @"', "}") },
   { "arrays within each other", nested(60, "[", '"text @"', "]") },
   { "999 arrays within each other", ("["):rep(999) .. elements(60, "@") .. ("]"):rep(999) },
   { "wide after deep", "[" .. ("["):rep(900) .. ("]"):rep(900) .. "," .. elements(3000, '"t@"') .. "]" },
}

-- The collector cuts a stack down to what its functions have reserved; that of a coroutine has least to spare. A write
-- beyond that breaks the heap, and is refused at once by a Lua that checks its API (make apicheck).
describe("a collector that runs all the time", function()
   for _, case in ipairs(SHAPES) do
      it("takes nothing of " .. case[1], function()
         local wanted = promptic.json.decode(case[2])
         server:always{ body = case[2] }
         for _ = 1, 3 do
            local task = promptic.spawn(function() return client:get_component("c") end)
            coroutine.wrap(function()
               while promptic.step(0) > 0 do
                  collectgarbage()
               end
            end)()
            values.assert_same(wanted, task:await())
         end
      end)
   end
end)

describe("a task's answer", function()
   for _, case in ipairs(TEXTS) do
      it("may be " .. case[1], function()
         local fine, result = fetched(case[2])
         assert.is_true(fine, result)
         local wanted = promptic.json.decode(case[2])
         values.assert_same(wanted, result)
         assert.equal(encoded(wanted), encoded(result))
      end)
   end

   for _, case in ipairs(WRONG) do
      it("is refused for " .. case[1], function()
         local fine, message = fetched(case[2])
         local reads, problem = pcall(promptic.json.decode, case[2])
         assert.is_false(fine)
         assert.is_false(reads)
         problem = problem:gsub("^bad argument #1 to '[^']*' %((.*)%)$", "%1")
         assert.equal("the response of GET /components/c is not JSON: " .. problem, message)
      end)
   end

   it("is decoded over several steps", function()
      local steps, arrived = 0, nil
      local logging = clients.open(server.url, {
         log = function(_, text) arrived = arrived or text:find(": 200 ", 1, true) and steps end,
      })
      finally(function() logging:close() end)
      server:reply{ body = "[" .. elements(200000, "@") .. "]" } -- more than a step has time for
      local task = promptic.spawn(function() return logging:get_component("c") end)
      while promptic.step(0) > 0 do
         steps = steps + 1
      end
      assert.equal(200000, #task:await())
      assert.is_true(steps - arrived > 2, steps - arrived)
   end)

   it("comes with its headers", function()
      server:reply{ body = TEXTS[1][2], headers = { ["X-Request-Id"] = "r-1" } }
      local task = promptic.spawn(function() return promptic.response(client:get_component("c")).request_id end)
      assert.equal("r-1", task:await())
   end)

   it("may come for many tasks at once", function()
      server:always{ body = TEXTS[1][2] }
      local list = {}
      for index = 1, 24 do
         list[index] = promptic.spawn(function() return #client:get_component("c" .. index).data end)
      end
      driving.drain(0)
      for _, task in ipairs(list) do
         assert.equal(2000, task:await())
      end
   end)

   it("is given up where its task is cancelled meanwhile", function()
      server:always{ body = "[" .. elements(200000, "@") .. "]" }
      local task = promptic.spawn(function() return client:get_component("c") end)
      driving.wait(function() return task.status == "done" or #server:requests() > 0 end)
      for _ = 1, 5 do
         promptic.step(0)
      end
      task:cancel()
      driving.drain(0)
      assert.is_true(task.status == "cancelled" or task.status == "done", task.status)
      assert.equal(200000, #client:get_component("c"))
   end)
end)
