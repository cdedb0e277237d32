--- Options of commands come from the rows of what the commands call: an entry says only what differs.
local process = require "spec.support.process"

local PROGRAM = assert(os.getenv("PROMPTIC_LUA"), "run it with make test")

-- Prints a line for each field of an entry that says what the row of its parameter says already.
local REPEATED = [[
   local cli = require "promptic.cli"
   local parameters = require "promptic.cli.parameters"
   local function same(a, b)
      if type(a) ~= "table" or type(b) ~= "table" then return a == b end
      return table.concat(a, ",") == table.concat(b, ",")
   end
   for _, group in ipairs(require("promptic.cli.groups").list()) do
      for _, row in ipairs((cli.rows(group, true))) do
         for _, list in ipairs { row.arguments or {}, row.options or {} } do
            for _, entry in ipairs(list) do
               local known = type(entry) == "table" and parameters.known(row, entry) or {}
               for _, field in ipairs { "summary", "values", "type", "default", "minimum", "maximum" } do
                  if known.name and known[field] ~= nil and same(entry[field], known[field]) then
                     print(group.name, row.name, entry[1], field)
                  end
               end
            end
         end
      end
   end
]]

local function help(...)
   local words = { PROGRAM, "-E", "scripts/promptic", ... }
   words[#words + 1] = "--help"
   local result = process.run(words)
   assert.same({ 0, "" }, { result.code, result.stderr })
   return (result.stdout:gsub("%s+", " "))
end

it("no entry repeats what the row of its parameter says", function()
   local result = process.run{ PROGRAM, "-e", REPEATED }
   assert.same({ 0, "", "" }, { result.code, result.stderr, result.stdout })
end)

describe("the help of a command", function()
   local promptic = require "promptic"

   local function parameter(key, name)
      for _, row in ipairs(promptic.library[key].parameters) do
         if row.name == name then return row end
      end
   end

   for key, words in pairs{
      upload_observations = { "observations", "add" }, upload_cases = { "datasets", "cases", "add" },
   } do
      for _, name in ipairs{ "separator", "label_column", "split_column", "format", "on_empty", "only_new" } do
         it(("of %s has the row of %s"):format(key, name), function()
            local row = parameter(key, name)
            local text = help((table.unpack or unpack)(words)) -- luacheck: ignore 143
            assert.matches("--" .. name:gsub("_", "-"), text, 1, true)
            assert.matches(row.summary, text, 1, true)
            if row.values then assert.matches(table.concat(row.values, ", "), text, 1, true) end
            if row.type ~= "boolean" then
               assert.matches("default: " .. (row.default or row.assumed), text, 1, true)
            end
         end)
      end
   end

   it("has the bounds and the default of a wait", function()
      local text = help("evaluations", "run")
      assert.matches("--timeout SECONDS how long to wait at most (default: 300)", text, 1, true)
   end)
end)
