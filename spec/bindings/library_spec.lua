--- The rows of the library's own names (promptic.library): each is there, and checks what its row says.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"

local client

setup(function()
   client = clients.open("http://127.0.0.1:9")
end)

teardown(function()
   client:close()
end)

-- The function of a row, with the client in place where it is a method.
local function function_of(row)
   if row.kind == "method" then
      return function(...) return client[row.name](client, ...) end
   end
   return (row.table and promptic[row.table] or promptic)[row.name]
end

local SAMPLES = {
   string = "x", integer = 1, number = 1, boolean = true, object = {}, array = {}, any = "x",
}

local function sample(parameter)
   if parameter.format == "function" then
      return function() end
   elseif parameter.format == "client" then
      return client
   elseif parameter.name == "source" then
      return {} -- nothing is read or written: another argument is refused first
   end
   return parameter.values and parameter.values[1] or SAMPLES[parameter.type]
end

local function split(row)
   local positional, options, has_rest = {}, {}, false
   for _, parameter in ipairs(row.parameters) do
      if parameter.name == "..." then
         has_rest = true
      elseif parameter.passed == "position" then
         positional[#positional + 1] = parameter
      else
         options[#options + 1] = parameter
      end
   end
   return positional, options, has_rest
end

local function arguments_of(positional)
   local values = {}
   for index, parameter in ipairs(positional) do
      values[index] = sample(parameter)
   end
   return values
end

local unpack = table.unpack or unpack -- luacheck: ignore 143

local function refusal(row, values, count)
   local done, message = pcall(function_of(row), unpack(values, 1, count or #values))
   assert.is_false(done, row.key)
   return tostring(message)
end

-- What is no value of the parameter, or nil where all are.
local function wrong(parameter)
   if parameter.type == "any" then
      local refuses = { ["function"] = true, text_or_false = true, client = true }
      return refuses[parameter.format] and 5 or nil
   end
   return parameter.type == "string" and {} or "y"
end

local CHECKED = { ["function"] = true, method = true }

for _, row in ipairs(promptic.library) do
   local positional, options, has_rest = split(row)
   describe(row.key, function()
      it("has reference text, a line each", function()
         assert.matches("^%u[^\n]+%.$", row.summary)
         for _, parameter in ipairs(row.parameters) do
            assert.matches("^[^\n]+$", parameter.summary, parameter.name)
         end
      end)

      if CHECKED[row.kind] and row.key ~= "on_task_error" then -- which is a script's own to replace
         it("is there", function()
            assert.is_function(function_of(row))
            assert.equal(row, promptic.library[row.key])
            if row.kind == "method" and row.module ~= "client" then
               assert.equal(client[row.name], promptic[row.module][row.name])
            end
         end)

         it("ignores no argument", function()
            local values = arguments_of(positional)
            if has_rest then
               return
            elseif #options > 0 then
               values[#positional + 1] = {}
            end
            values[#values + 1] = "one more"
            assert.matches("too many arguments: " .. row.name .. "(", refusal(row, values), 1, true)
         end)

         it("refuses missing arguments and wrong types", function()
            local values = arguments_of(positional)
            for index, parameter in ipairs(positional) do
               local others = { unpack(values) }
               others[index] = wrong(parameter)
               if others[index] ~= nil then
                  local place = row.kind == "method" and index + 1 or index -- it is called as a function
                  assert.matches("bad argument #" .. place .. " to '" .. row.name .. "' (" .. parameter.name .. ": ",
                     refusal(row, others), 1, true)
               end
               if parameter.required then
                  assert.matches(parameter.name .. ": ", refusal(row, values, index - 1), 1, true)
               end
            end
         end)

         for _, option in ipairs(options) do
            it("refuses another type for the option " .. option.name, function()
               local values = arguments_of(positional)
               if wrong(option) ~= nil then
                  values[#positional + 1] = { [option.name] = wrong(option) }
                  assert.matches("option '" .. option.name .. "': ", refusal(row, values), 1, true)
               end
            end)

            it("suggests the option " .. option.name, function()
               local values = arguments_of(positional)
               values[#positional + 1] = { [option.name .. "x"] = 1 }
               assert.matches(("unknown option '%sx', did you mean '%s'?"):format(option.name, option.name),
                  refusal(row, values), 1, true)
            end)

            if option.minimum or option.format == "seconds" or option.format == "positive_seconds" then
               it("refuses -1 for the option " .. option.name, function()
                  local values = arguments_of(positional)
                  values[#positional + 1] = { [option.name] = -1 }
                  assert.matches("option '" .. option.name .. "': -1 is not ", refusal(row, values), 1, true)
               end)
            end
         end
      end
   end)
end

describe("promptic.library", function()
   it("has a row for everything that promptic and a client have, but what endpoints are", function()
      local function check(value, prefix, place)
         for name, member in pairs(value) do
            if type(member) == "function" then
               assert.is_truthy(promptic.library[prefix .. name] or promptic.endpoints[name], place .. name)
            end
         end
      end
      check(promptic, "", "promptic.")
      check(promptic.json, "json.", "promptic.json.")
      check(promptic.auth, "auth.", "promptic.auth.")
      for _, row in ipairs(promptic.endpoints) do
         check(promptic[row.module], "", row.module .. ".")
      end
   end)

   it("names fields of errors, of responses and of a task", function()
      local function names(class)
         local found = {}
         for _, field in ipairs(promptic.library[class].parameters) do
            found[field.name] = true
         end
         return found
      end
      local _, problem = pcall(client.get_component, client, "c")
      for field in pairs(problem) do
         assert.is_true(names("Error")[field], field)
      end
      local task = promptic.spawn(function() end)
      assert.is_true(names("Task").status and task.status == "ready")
      task:await()
   end)
end)
