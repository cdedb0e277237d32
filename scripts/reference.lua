--- promptic.reference: the rows of promptic.endpoints and promptic.library, as help and completion at the prompt,
-- editor stubs, the manual and the READMEs read them.
local promptic = require "promptic"
local _ENV = require "promptic.repl.globals" -- luacheck: ignore 211

local reference = {}

--- The parameters of a row that are given by position, then its options.
function reference.split(row)
   local positional, options = {}, {}
   for _, parameter in ipairs(row.parameters) do
      if parameter.passed == "position" then
         positional[#positional + 1] = parameter
      elseif parameter.passed == "name" then
         options[#options + 1] = parameter
      end
   end
   return positional, options
end

-- Kinds of rows that are methods of an object, which is called so.
local OBJECTS = { task = true, tracer = true, span = true, prompt = true }

--- What stands before a row's name where it is called: "client:", "promptic.", "promptic.auth.", "task:".
function reference.prefix(row)
   if OBJECTS[row.kind] then return row.kind .. ":" end
   if row.verb or row.kind == "method" then return "client:" end
   return row.table and ("promptic.%s."):format(row.table) or "promptic."
end

--- A parameter in a signature, with its default: 'limit = 50', 'on_bad_row = "error"'.
function reference.written(parameter)
   if not parameter.default then return parameter.name end
   return (parameter.type == "string" and '%s = "%s"' or "%s = %s"):format(parameter.name, parameter.default)
end

--- "create_component(name, { description })" without what stands before it. `written` writes an option.
function reference.signature(row, written)
   local positional, options = reference.split(row)
   local text = ""
   for _, parameter in ipairs(positional) do
      local optional = not parameter.required and parameter.name ~= "..."
      local comma = text == "" and "" or ", "
      local name = comma .. parameter.name
      text = text .. (optional and ("[%s]"):format(name) or name)
   end
   if #options > 0 then
      local names = {}
      for index, option in ipairs(options) do names[index] = (written or reference.written)(option) end
      text = text .. (text == "" and "" or ", ") .. "{ " .. table.concat(names, ", ") .. " }"
   end
   return ("%s(%s)"):format(row.name, text)
end

local RETURNED = {
   nothing = function() return "nil" end,
   bytes = function() return "bytes" end,
   value = function(returns) return returns.type end,
   object = function(returns) return returns.type .. (returns.optional and " or nil" or "") end,
   list = function(returns) return ("{ %s = { %s, ... } }"):format(returns.field, returns.type) end,
   iterator = function(returns) return "iterator of " .. returns.type end,
}

--- What a row returns, as it is read: "Experiment", "Deployment or nil", "{ data = { Run, ... } }", "nil".
function reference.returned(row)
   return RETURNED[row.returns.form](row.returns)
end

--- The row of a name as it is written in a call or without what stands before it there: "client:deploy", "deploy",
-- "promptic.auth.login", "auth.login", "login"; nil if there is none.
function reference.find(name)
   name = name:gsub("^promptic[.]", ""):gsub(":", ".")
   local last = name:match "[^.]*$"
   local row = promptic.endpoints[last] or promptic.library[name] or promptic.library[last]
   if row then return row end
   for _, other in ipairs(promptic.library) do
      if other.name == last then return other end
   end
end

--- All rows of what can be called: of endpoints, then of the library.
function reference.functions()
   local list = {}
   for _, row in ipairs(promptic.endpoints) do list[#list + 1] = row end
   for _, row in ipairs(promptic.library) do
      if row.kind ~= "class" then list[#list + 1] = row end
   end
   return list
end

--- The function of a row; nil for methods of a task, and for those of a client that no module has.
function reference.value(row)
   if OBJECTS[row.kind] or row.module == "client" then return nil end
   local place = row.module or row.table
   return (place and promptic[place] or promptic)[row.name]
end

return reference
