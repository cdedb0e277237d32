--- Each row is in a README: functions, methods, options, classes, types. A row that none shows is named here.
local process = require "spec.support.process"
local promptic = require "promptic"

-- The calls of generated blocks, as .ci/docs.lua reads them: "functions json", "options client"; as a set of words by
-- generator.
local function blocks()
   local found = {}
   local files = process.run{
      "find", ".", "-name", "build", "-prune", "-o", "-name", "node_modules", "-prune", "-o", "-name", "*.md", "-print",
   }.stdout
   for path in files:gmatch "[^\n]+" do
      for call in process.read_file(path):gmatch "<!%-%- generated: ([^\n]-) %-%->" do
         local generator, words = call:match "^(%S+)(.*)$"
         found[generator] = found[generator] or {}
         for word in words:gmatch "%S+" do found[generator][word] = true end
      end
   end
   return found
end

-- As in .ci/docs.lua: the signature names at most so many options, others are in a table.
local MOST_OPTIONS = 4

local function options_of(row)
   local list = {}
   for _, parameter in ipairs(row.parameters) do
      if parameter.passed == "name" then list[#list + 1] = parameter end
   end
   return list
end

describe("READMEs", function()
   local found = blocks()

   it("show each endpoint, each type of a response and each code", function()
      for _, generator in ipairs{ "methods", "types", "codes" } do
         assert.is_table(found[generator], "no block: <!-- generated: " .. generator .. " -->")
      end
   end)

   it("show each function and method of the library", function()
      local missing = {}
      for _, row in ipairs(promptic.library) do
         local shown = found.functions[row.key] or found.functions[row.kind] or found.functions[row.table or ""]
         if row.kind ~= "class" and not shown then missing[#missing + 1] = row.key end
      end
      assert.same({}, missing)
   end)

   it("show each option", function()
      local shown, missing = {}, {}
      for key in pairs(found.options) do
         for _, option in ipairs(options_of(promptic.library[key] or promptic.endpoints[key])) do
            shown[option.name .. option.summary] = true
         end
      end
      for _, row in ipairs(promptic.library) do
         local options = row.like and {} or options_of(row)
         for _, option in ipairs(#options > MOST_OPTIONS and options or {}) do
            if not shown[option.name .. option.summary] then missing[#missing + 1] = row.key .. ": " .. option.name end
         end
      end
      assert.same({}, missing)
   end)

   it("show each class of the library", function()
      local missing = {}
      for _, row in ipairs(promptic.library) do
         if row.kind == "class" and not found.fields[row.key] then missing[#missing + 1] = row.key end
      end
      assert.same({}, missing)
   end)
end)
