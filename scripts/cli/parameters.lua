--[[
Arguments and options of a command, put together from its row and the rows of what it calls: of endpoints and of the
library's functions.

In a command's row each is the name of a parameter of its method, else of one of its methods, or a table. What the
table leaves out is as the parameter's row has it; a name that no row has is the command's own.

   [1]        the name: of the parameter, or of an own value
   of         the function whose parameter it is: "auth.login"
   parameter  its name there, if it differs
   flag       "-m --model"; of an option, by default as below or made from the name
   label      what stands for the value in the help: MODEL
   summary    one line
   values     the words to choose from
   type       string, integer, number, object, boolean, time; a switch is an option without a value
   switch     true: an option without a value
   file       true: the value is the name of a JSON file, which is read
   required   true: an option that must be there; false: an argument that may be left out
   many       true: may be given several times
   aliases    further flags, which the help does not list
   default    shown in the help and used where nothing is given; true: the row's; false: none is shown. Without it the
              row's is shown, and left to the method
   minimum, maximum
]]
local formats = require "promptic.formats"
local near = require "promptic.cli.near"

local parameters = {}

-- Flags that are not just the parameter's name.
local FLAGS = {
   component_id = "-c --component", dataset_id = "--dataset", run_id = "--run", trace_db_id = "--trace",
   trace_ids = "--trace", target_model = "-m --model", task_type = "-t --task", type = "-t --type",
   initial_prompt = "-p --prompt", initial_prompt_override = "-p --prompt", weight = "-w --weight",
   initial_prediction_model_schema = "--output-schema", input = "-i --input", expected = "-e --expected",
   name = "-n --name",
}

-- Other names of these, as the command of the Python package has them; the help does not list them.
local ALIASES = {
   component_id = "--component-id", ai_component_id = "--component-id", target_model = "--target-model",
   task_type = "--task-type", initial_prompt = "--initial-prompt", initial_prompt_override = "--initial-prompt",
}

-- Labels that neither name, type nor format gives.
local LABELS = {
   trace_ids = "ID", storage_object_id = "OBJECT", system_prompt = "PROMPT", mime_type = "TYPE",
   ai_component_name = "COMPONENT", days_back = "DAYS", input = "TEXT", expected = "TEXT", description = "TEXT",
   comment = "TEXT", initial_prompt_override = "PROMPT", initial_prompt = "PROMPT", target_model = "MODEL",
   ai_component_id = "COMPONENT", trace_db_id = "TRACE", task_type = "TASK", separator = "CHARACTER",
   label_column = "NAME", split_column = "NAME", on_empty = "ACTION",
}

-- Types whose values are whole JSON documents.
local FILES = { object = true, array = true, document = true }

local function label_of(name, type_name, known)
   local id = name:match "^(.*)_id$"
   if LABELS[name] or id then return LABELS[name] or id:gsub("_", "-"):upper() end
   if formats.of(known).label then return formats.of(known).label end
   if FILES[type_name] then return "FILE" end
   return type_name == "integer" and "N" or type_name == "number" and "NUMBER" or name:gsub("_", "-"):upper()
end

local function find(list, name)
   for _, parameter in ipairs(list) do
      if parameter.name == name then return parameter end
   end
end

--- The row of an endpoint, or of a function of the library.
function parameters.row_of(name)
   local promptic = require "promptic"
   return promptic.endpoints[name] or promptic.library[name]
end

--- The parameter that an entry of a command's row is, as the row of an endpoint or of the library has it; an empty
-- table if none has.
function parameters.known(row, entry)
   local name = entry.parameter or entry[1]
   if entry.of then
      return find(parameters.row_of(entry.of).parameters, name) or error(entry.of .. " has no parameter " .. name)
   end
   local known = row.method and find(parameters.row_of(row.method).parameters, name)
   for _, method in ipairs(row.methods or {}) do
      known = known or find(parameters.row_of(method).parameters, name)
   end
   return known or {}
end

local function first(...)
   for index = 1, select("#", ...) do
      local value = select(index, ...)
      if value ~= nil then return value end
   end
end

-- Options besides ids of which only one can be meant.
local ONCE = { from_file = true, file = true, ai_application = true }

-- The default that is shown, and the one that the command itself fills in.
local function defaults_of(entry, known)
   if entry.default == false then return nil, nil end
   if entry.default == true then return known.default, tonumber(known.default) or known.default end
   return first(entry.default, known.default, known.assumed), entry.default
end

local function complete(row, entry, is_option)
   if type(entry) == "string" then entry = { entry } end
   local name = entry[1]
   local known = parameters.known(row, entry)
   local default, own_default = defaults_of(entry, known)
   local type_name = entry.switch and "boolean" or entry.type or formats.of(known).read or known.type or "string"
   return {
      name = name, is_option = is_option, type = type_name,
      flag = is_option and (entry.flag or FLAGS[name] or "--" .. name:gsub("_", "-")) or nil,
      aliases = is_option and (entry.aliases or ALIASES[name]) or nil,
      label = entry.label or label_of(name, type_name, known),
      summary = entry.summary or known.summary or "",
      is_id = (known.place == "path" or known.format == "id") and type_name == "string",
      values = entry.values or known.values,
      minimum = first(entry.minimum, known.minimum, formats.of(known).minimum),
      maximum = first(entry.maximum, known.maximum),
      switch = entry.switch or type_name == "boolean",
      file = entry.file or FILES[type_name] or false, required = first(entry.required, not is_option),
      many = entry.many or type_name == "strings",
      once = is_option and (name:find "_id$" or ONCE[name]) and true or false,
      default = default, own_default = own_default,
   }
end

local COMMON = {
   json = { "json", switch = true, summary = "print one JSON document and nothing else" },
   exact = { "exact", switch = true, summary = "print times as they are, not as \"3 min ago\"" },
   force = { "force", flag = "-f --force", switch = true, summary = "do not ask" },
}

--- The arguments and the options of a command's row, complete.
function parameters.of(row)
   local arguments, options = {}, {}
   for _, entry in ipairs(row.arguments or {}) do arguments[#arguments + 1] = complete(row, entry, false) end
   for _, entry in ipairs(row.options or {}) do options[#options + 1] = complete(row, entry, true) end
   local function common(name) options[#options + 1] = complete({}, COMMON[name], true) end
   if row.confirm then common "force" end
   if row.show and not row.without_json then
      common "json"
      if row.times then common "exact" end
   end
   return arguments, options
end

---------------------------------------------------------------- values

-- Puts in what decoding leaves out: the nulls of objects, which a file may hold on purpose. `other` is the same
-- document by lua-cjson, which keeps them.
local function restore_nulls(value, other, cjson, null)
   for key, inner in pairs(other) do
      if inner == cjson.null then
         value[key] = null
      elseif type(inner) == "table" and type(value[key]) == "table" then
         restore_nulls(value[key], inner, cjson, null)
      end
   end
end

local function read_json(path)
   local promptic = require "promptic"
   local file, message
   if path == "-" then file = io.stdin else file, message = io.open(path, "rb") end
   if not file then return nil, message end
   local text = file:read "a"
   if path ~= "-" then file:close() end
   local read, value = pcall(promptic.json.decode, text or "")
   if not read then
      -- of an argument error of Lua's the reason alone
      return nil, ("%s holds no JSON: %s"):format(path, tostring(value):match "^.-%((.*)%)$" or tostring(value))
   elseif type(value) ~= "table" then
      return nil, ("%s holds no JSON object or array"):format(path)
   end
   if text:find("null", 1, true) then
      local cjson = require "cjson"
      restore_nulls(value, cjson.decode(text), cjson, promptic.null)
   end
   return value
end

local function range(parameter)
   local low, high = parameter.minimum, parameter.maximum
   if not low then return "" end
   if high >= 2147483647 then return (" from %d"):format(low) end
   return (" from %d to %d"):format(low, high)
end

local converters = {}

function converters.integer(parameter, text)
   local number = math.tointeger(tonumber(text))
   local low, high = parameter.minimum, parameter.maximum
   if not number or (low and (number < low or number > high)) then
      return nil, "takes a whole number" .. range(parameter)
   end
   return number
end

function converters.number(parameter, text)
   local number, least, most = tonumber(text), parameter.minimum, parameter.maximum
   if not number or number ~= number or math.abs(number) == math.huge then return nil, "takes a number" end
   if least and number < least or most and number > most then
      return nil, ("takes a number from %g"):format(least) .. (most and (" to %g"):format(most) or "")
   end
   return number
end

function converters.time(_, text)
   local time = require("promptic.cli.times").meant(text)
   if not time then
      return nil, "takes a time: 2026-01-31, 2026-01-31T12:00:00Z, or 30m, 2h, 7d for so long ago"
   end
   return time
end

-- What a path cannot hold; the client would refuse it too, by the name it has in Lua.
function converters.id(_, text)
   if text == "" or text == "." or text == ".." then return nil, ("takes an id, and not '%s'"):format(text) end
   return text
end

--- The value that the text stands for, or nil and what the parameter takes.
function parameters.convert(parameter, text)
   if parameter.file then
      local value, problem = read_json(text)
      if value and parameter.type == "array" and #value == 0 then return nil, "takes a file with a JSON array" end
      return value, problem
   end
   if parameter.values then
      for _, word in ipairs(parameter.values) do
         if word == text then return word end
      end
      local words = table.concat(parameter.values, ", ")
      return nil, ("takes one of %s.%s"):format(words, near.hint(text, parameter.values))
   end
   local converter = converters[parameter.is_id and "id" or parameter.type]
   if converter then return converter(parameter, text) end
   return text
end

return parameters
