--- What editors are told of promptic: nothing that is there is missing, and it is Lua.
local process = require "spec.support.process"
local promptic = require "promptic"

local PROGRAM = assert(os.getenv("PROMPTIC_LUA"), "run it with make test")

describe("the stubs for editors", function()
   local text

   setup(function()
      local result = process.run{ PROGRAM, "--run", "promptic.stubs" }
      assert.same({ 0, "" }, { result.code, result.stderr })
      text = result.stdout
   end)

   it("are Lua", function()
      assert.is_function(assert(load(text)))
   end)

   it("name every method of a client", function()
      for name in pairs(debug.getmetatable(promptic.client{ api_key = "k", config_file = "" }).__index) do
         assert.matches("\nfunction Client:" .. name .. "(", text, 1, true)
      end
   end)

   it("name everything in the module", function()
      for name, value in pairs(promptic) do
         local is_told = text:find(("\nfunction promptic.%s("):format(name), 1, true)
            or text:find(("\n---@field %s "):format(name), 1, true)
         assert.is_truthy(is_told or name == "_VERSION", name .. ", a " .. type(value))
      end
   end)

   it("name every option, with the words that it takes", function()
      local rows = {}
      for _, list in ipairs{ promptic.endpoints, promptic.library } do
         for _, row in ipairs(list) do rows[#rows + 1] = row end
      end
      for _, row in ipairs(rows) do
         for _, parameter in ipairs(row.parameters) do
            local mark = (parameter.required or parameter.name == "...") and "" or "?"
            local words = parameter.values and '"' .. table.concat(parameter.values, '"|"') .. '"' or ""
            local field = ("---@field %s%s %s"):format(parameter.name, mark, words)
            local argument = ("---@param %s%s %s"):format(parameter.name, mark, words)
            assert.is_truthy(text:find(field, 1, true) or text:find(argument, 1, true), row.name .. ": " .. field)
         end
      end
   end)

   -- The fields of each class, with those of the class that it extends; aliases have none.
   local function classes()
      local found, extends, current = {}, {}, nil
      for line in text:gmatch("[^\n]+") do
         local name, parent = line:match("^%-%-%-@class promptic%.([%w_.]+):? ?p?r?o?m?p?t?i?c?%.?([%w_]*)$")
         local alias = line:match("^%-%-%-@alias promptic%.([%w_]+) ")
         local field = line:match("^%-%-%-@field ([%w_]+)")
         if name or alias then
            current = name or alias
            assert.is_nil(found[current], "twice: " .. current)
            found[current], extends[current] = {}, parent ~= "" and parent or nil
         elseif field then
            table.insert(found[current] or {}, field)
         end
      end
      return found, extends
   end

   it("define every class that they name", function()
      local found = classes()
      local count = 0
      for name in text:gmatch("promptic%.(%u%w*)") do
         count = count + 1
         assert.is_truthy(found[name], "no class " .. name)
      end
      assert.is_true(count > 100)
      assert.not_matches("[string] any", text, 1, true)
   end)

   it("give each type of a response its fields, and no others", function()
      local types = dofile("scripts/types.lua")
      local found, extends = classes()
      for _, row in ipairs(types) do
         local names = {}
         for index, field in ipairs(row.fields or {}) do
            names[index] = field.name
         end
         assert.same(names, found[row.name], row.name)
         assert.equal(row.extends, extends[row.name])
      end
   end)

   it("tell what a call returns", function()
      for row, shape in pairs{
         get_experiment = "promptic.Experiment",
         each_trace = "fun(): promptic.TraceListItem?",
         upload_observations = "promptic.Upload",
         get_deployment = "promptic.Deployment?",
         list_traces = "promptic.TracePage",
         list_runs = "{ data: promptic.Run[] }",
         deploy = "promptic.Deployed",
      } do
         local above = text:match("(.*)\nfunction Client:" .. row .. "%(")
         assert.equal("---@return " .. shape, above:match("[^\n]*$"))
      end
      assert.is_nil(text:match("(.*)\nfunction Client:undeploy%("):match("[^\n]*$"):find("@return"))
   end)
end)

it("the manual page names each function of the library and its options", function()
   local result = process.run{ PROGRAM, "-E", "--run", "promptic.cli.manual", "promptic-lua", stdin = "usage: x\n" }
   assert.same({ 0, "" }, { result.code, result.stderr })
   local page = result.stdout:gsub("\\%-", "-"):gsub("\\e", "\\")
   for _, row in ipairs(promptic.library) do
      if row.kind ~= "class" then
         assert.matches(row.name .. "(", page, 1, true)
         assert.matches(row.summary, page, 1, true)
         for _, parameter in ipairs(row.parameters) do
            if parameter.passed == "name" then
               assert.matches("\n.TP\n\\fB" .. parameter.name, page, 1, true)
               assert.matches(parameter.summary, page, 1, true)
            end
         end
      end
   end
end)
