--- Calls the method of a command's row with the values from the command line.
local parameters = require "promptic.cli.parameters"

local call = {}

-- The parameters of the row's method: those that are given by position, in their order, and the others.
local function arrange(method, values)
   local positional, options, any, count = {}, {}, false, 0
   for _, parameter in ipairs(parameters.row_of(method).parameters) do
      local value = values[parameter.name]
      -- fields belong to the list or the changes, which the row's own function makes
      if parameter.passed == "position" then
         count = count + 1
         positional[count] = value
      elseif parameter.passed == "name" and value ~= nil then
         options[parameter.name], any = value, true
      end
   end
   if any then
      count = count + 1
      positional[count] = options
   end
   return positional, count
end

--- The method's response.
function call.method(context, method, values)
   local positional, count = arrange(method, values or context.values)
   return context:call(method, table.unpack(positional, 1, count))
end

--- Those of the values that are fields of the method's items or changes.
function call.fields(method, values, place)
   local fields = {}
   for _, parameter in ipairs(require("promptic").endpoints[method].parameters) do
      if parameter.place == place then fields[parameter.name] = values[parameter.name] end
   end
   return fields
end

--- The text with {name} replaced by the field of that name of the response or else of the values.
function call.fill(text, response, values)
   return (text:gsub("{([%w_]+)}", function(name)
      local value = type(response) == "table" and response[name]
      if value == nil or value == false then value = values[name] end
      return tostring(value)
   end))
end

--- Runs a row's command and prints the result; returns the exit code, or nil.
function call.run(context, row)
   local values = context.values
   if row.confirm then
      local asked = row.confirm
      context:confirm(type(asked) == "string" and call.fill(asked, nil, values) or asked)
   end
   local response, code
   if row.run then response, code = row.run(context, values) else response = call.method(context, row.method) end
   if row.done and not values.json then
      local done = row.done
      local text = type(done) == "string" and call.fill(done, response, values) or done(response, values)
      require("promptic.cli.output").write(require("promptic.terminal").clean(text) .. "\n")
   end
   if row.show then context:show(row.show, response) end
   return code
end

return call
