--- Each row of promptic.endpoints is everywhere: as a command, in the REPL's help, with a sample for the specs. A new
-- row that lacks one of them is named here.
local process = require "spec.support.process"
local promptic = require "promptic"
local rows = require "spec.support.rows"

local PROGRAM = assert(os.getenv("PROMPTIC_LUA"), "run it with make test")

-- The names of the endpoints that commands call, a line each.
local COMMANDS = [[
   local cli = require "promptic.cli"
   for _, group in ipairs(require("promptic.cli.groups").list()) do
      for _, row in ipairs((cli.rows(group, true))) do
         if row.method then print(row.method) end
         for _, name in ipairs(row.methods or {}) do print(name) end
      end
   end
]]

local HELP = [[
   local help = require "promptic.repl.help"
   for _, row in ipairs(promptic.endpoints) do
      local text = help.about(row.name, { width = 100, paint = function(_, text) return text end })
      print(row.name .. (text:find(row.summary, 1, true) and "" or " lacks its summary"))
   end
]]

-- What the program prints, as a set of lines.
local function lines_of(script)
   local result = process.run{ PROGRAM, "-e", script }
   assert.same({ 0, "" }, { result.code, result.stderr })
   local set = {}
   for line in result.stdout:gmatch("[^\n]+") do
      set[line] = true
   end
   return set
end

local function missing_in(set)
   local missing = {}
   for _, row in ipairs(promptic.endpoints) do
      if not set[row.name] then
         missing[#missing + 1] = row.name
      end
   end
   return missing
end

it("each row has a command", function()
   assert.same({}, missing_in(lines_of(COMMANDS)))
end)

it("each row has reference text in the REPL", function()
   assert.same({}, missing_in(lines_of(HELP)))
end)

it("each row has samples for calls", function()
   local missing = {}
   for _, row in ipairs(promptic.endpoints) do
      for _, variant in ipairs{ "minimal", "full", "nulls" } do
         local fine, problem = pcall(rows.call, row, variant)
         missing[#missing + 1] = not fine and problem or nil
      end
   end
   assert.same({}, missing)
end)

it("each row's module can be required, and holds it", function()
   for _, row in ipairs(promptic.endpoints) do
      assert.is_function(require("promptic." .. row.module)[row.name], row.name)
   end
end)

it("each row that is replaced names one that there is", function()
   for _, row in ipairs(promptic.endpoints) do
      if row.instead then
         assert.is_string(row.dropped, row.name)
         assert.is_nil(promptic.endpoints[row.instead].dropped, row.name)
      end
   end
end)
