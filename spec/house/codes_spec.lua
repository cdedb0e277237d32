--- The codes of errors: scripts/codes.lua has exactly those that the sources raise.
local process = require "spec.support.process"

local codes = dofile "scripts/codes.lua"

-- Where a code stands in a source: behind what makes an error.
local PLACES = {
   c = {
      'failure_set_code%([^;"]-"([%l_]+)"', 'call_fail%([^;"]-"([%l_]+)"', '[.>]code = "([%l_]+)"',
      'rows_refuse_as%([^;"]-"([%l_]+)"',
   },
   lua = { '\n *code = "([%l_]+)"' },
}

local function sources(ending, ...)
   local found = {}
   for _, folder in ipairs{ ... } do
      for path in process.run{ "find", folder, "-name", "*." .. ending }.stdout:gmatch "[^\n]+" do
         found[#found + 1] = path
      end
   end
   return found
end

local function raised()
   local places = {}
   local function read(path, patterns)
      local text = process.read_file(path)
      for _, pattern in ipairs(patterns) do
         for code in text:gmatch(pattern) do
            places[code] = path
         end
      end
      for body in text:gmatch("own_code%b()%s*(%b{})") do -- returns one of them
         for code in body:gmatch('"([%l_]+)"') do places[code] = path end
      end
      for arguments in text:gmatch("raise(%b())") do
         local code = arguments:match(',%s*"([%l_]+)"%)$')
         if code then places[code] = path end
      end
   end
   for _, path in ipairs(sources("c", "core", "bindings")) do
      read(path, PLACES.c)
   end
   for _, path in ipairs(sources("lua", "bindings/prelude")) do
      read(path, PLACES.lua)
   end
   return places
end

describe("codes of errors", function()
   local places = raised()

   it("are rows of scripts/codes.lua, each once", function()
      local listed = {}
      for _, row in ipairs(codes) do
         assert.is_nil(listed[row[1]], row[1])
         listed[row[1]] = true
      end
      for code, path in pairs(places) do
         assert.is_true(listed[code], ("%s raises '%s', which is not listed"):format(path, code))
      end
   end)

   it("are raised somewhere if they are listed", function()
      for _, row in ipairs(codes) do
         assert.truthy(places[row[1]], row[1] .. " is listed and raised nowhere")
      end
   end)

   it("have a kind that errors have", function()
      local kinds = {}
      for _, field in ipairs(require("promptic").library.Error.parameters) do
         for _, kind in ipairs(field.name == "kind" and field.values or {}) do
            kinds[kind] = true
         end
      end
      for _, row in ipairs(codes) do
         assert.is_true(kinds[row[2]], row[1])
      end
   end)
end)
