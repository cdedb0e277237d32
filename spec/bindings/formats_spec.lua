--- Formats of parameters: each has a row of words (scripts/formats.lua) and refuses what it does not allow; and how a
--- parameter is passed, apart from its place in a request.
-- Tags: luas
local clients = require "spec.support.clients"
local formats = dofile "scripts/formats.lua"
local promptic = require "promptic"

local client

setup(function()
   client = clients.open "http://127.0.0.1:9"
end)

teardown(function()
   client:close()
end)

local function each_parameter(rows, visit)
   local function walk(row, parameters)
      for _, parameter in ipairs(parameters) do
         visit(row, parameter, ("%s: %s"):format(row.name, parameter.name))
         walk(row, parameter.items or {})
      end
   end
   for _, row in ipairs(rows) do walk(row, row.parameters) end
end

local function in_all_rows(visit)
   each_parameter(promptic.endpoints, visit)
   each_parameter(promptic.library, visit)
end

describe("formats of parameters", function()
   it("have a row of words each, and no row is of another", function()
      local used = {}
      in_all_rows(function(_, parameter, label)
         if parameter.format then
            used[parameter.format] = true
            assert.is_table(formats[parameter.format], label)
         end
      end)
      for name, row in pairs(formats) do
         if type(row) == "table" then assert.is_true(used[name], name) end
      end
   end)

   it("are functions if they have a signature", function()
      in_all_rows(function(_, parameter, label)
         assert.equal(parameter.format == "function", parameter.signature ~= nil, label)
      end)
      assert.equal("function(level, text)", formats.words{ format = "function", signature = "level, text" })
   end)
end)

-- A value of each format, and what is said of one that is none.
for _, case in ipairs{
   { "seconds", "sleep", -1, "seconds: -1 is not a non-negative number of seconds" },
   { "seconds", "sleep", 0 / 0, "seconds: %-?nan is not a non%-negative number of seconds", true },
   { "positive_seconds", "client", { timeout = 0 }, "option 'timeout': 0 is not a positive number of seconds" },
   { "positive_seconds", "client", { timeout = 0 / 0 }, "%-?nan is not a positive number of seconds", true },
   { "function", "spawn", 5, "f: function expected, got number" },
   { "function", "spawn", nil, "f: function expected, got no value" },
   { "function", "client", { log = "x" }, "option 'log': function expected, got string" },
   { "client", "tracer", {}, "client: promptic.client expected, got table" },
   { "text_or_false", "auth.save", { api_key = true }, "option 'api_key': string or false expected, got boolean" },
   { "text_or_false", "auth.save", { api_key = "a\0b" }, "option 'api_key': holds a NUL character" },
   { nil, "client", { endpoint = "a\0b" }, "option 'endpoint': holds a NUL character" },
} do
   local format, key, value, message, is_pattern = case[1], case[2], case[3], case[4], case[5]
   it(("%s of %s refuses %s"):format(format or "a text", key, type(value)), function()
      local place, name = key:match "^(%w+)%.(%w+)$"
      local f = place and promptic[place][name] or promptic[key]
      local done, problem
      if value == nil then done, problem = pcall(f) else done, problem = pcall(f, value) end
      assert.is_false(done)
      assert.matches(message, problem, 1, not is_pattern)
   end)
end

it("an id is a segment of a path", function()
   for value, problem in pairs{ ["a\0b"] = "holds a NUL character", [".."] = "", [""] = "" } do
      local done, message = pcall(client.wait_for_experiment, client, value)
      assert.is_false(done)
      assert.matches("bad argument #2 to 'wait_for_experiment' (experiment_id: " .. problem, message, 1, true)
   end
end)

it("a name has a character that is not white space", function()
   for _, value in ipairs{ "", " ", " \t\r\n" } do
      local done, message = pcall(client.prompt, client, value)
      assert.is_false(done)
      assert.matches("bad argument #2 to 'prompt' (component: must not be empty)", message, 1, true)
   end
   assert.matches("component", select(2, pcall(client.prompt, client, nil)), 1, true)
   assert.is_table(client:prompt " spam")
end)

it("bytes may hold a NUL", function()
   local done, problem = pcall(promptic.json.decode, "\0")
   assert.is_false(done)
   assert.not_matches("holds a NUL character", problem, 1, true)
end)

describe("parameters of a request", function()
   it("are positional if they are in the path, a whole body, or required", function()
      local whole = { path = true, list = true, changes = true }
      each_parameter(promptic.endpoints, function(_, parameter, label)
         local expected = (parameter.place == "item" or parameter.place == "field") and "field"
            or (whole[parameter.place] or parameter.required) and "position" or "name"
         assert.equal(expected, parameter.passed, label)
      end)
   end)
end)

it("parameters of functions that make no request have no place in one", function()
   for _, row in ipairs(promptic.library) do
      for _, parameter in ipairs(row.like and {} or row.parameters) do
         assert.is_nil(parameter.place, row.key .. ": " .. parameter.name)
         assert.equal(row.kind == "class", parameter.passed == "field", row.key)
      end
   end
end)
