--- rows.lua - from a row of promptic.endpoints the arguments of a call and the request it is to make. It
-- shares no code with the client: the percent-encoding and the places of the fields are worked out here.
--
--    local call = rows.call(row, "minimal")   -- or "full": every option; "nulls": null where it may be
--    client[row.name](client, rows.unpack(call))
--    call.target   the request's path and query; the query's pairs are sorted
--    call.body     the body's value, nil if there is to be none
--
-- given = { name = value } replaces sample values, such as ids that exist.
local json = require "cjson"

local rows = {}

-- Where a value of the type alone would not do, by row; all are valid by the contract.
local OBJECT_SCHEMA = { type = "object", properties = { label = { type = "string" } }, required = { "label" } }
local EXPERIMENT = {
   hyperparameters = { epochs = 3, trainSplitRatio = 0.5, numFewShots = 2, enableCot = false },
   initial_prediction_model_schema = OBJECT_SCHEMA,
}
local EVALUATOR = {
   weight = 0.5,
   scale_min = 0,
   scale_max = 10,
   config = { schema_definition = OBJECT_SCHEMA, fields = { label = { method = "exact", weight = 2 } } },
}
local CASE = { input_payload = { message = "50% off!", visits = 3 }, expected_payload = { value = "spam" } }
local HELLO = {
   content_base64 = "aGVsbG8=",
   size_bytes = 5,
   sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
   mime_type = "text/plain",
}
local TRACE_ID = "5b8efff798038103d269b633813fc60c"
local TRACE = { trace_id = TRACE_ID }

local SAMPLES = {
   create_experiment = EXPERIMENT,
   update_experiment = EXPERIMENT,
   create_tool_selection_experiment = { expected_tool = "a-name", train_split_ratio = 0.75 },
   create_observations = { variables = { message = "50% off!", visits = 3 } },
   update_observation = { variables = { message = "50% off!", visits = 3 } },
   create_evaluators = EVALUATOR,
   update_evaluator = EVALUATOR,
   create_dataset_cases = CASE,
   update_dataset_case = CASE,
   create_artifact = HELLO,
   get_trace = TRACE,
   list_trace_artifacts = TRACE,
   ingest_traces = {
      resource_spans = {
         {
            resource = { attributes = { { key = "service.name", value = { stringValue = "rows" } } } },
            scopeSpans = {
               {
                  spans = {
                     {
                        traceId = TRACE_ID, spanId = "eee19b7ec3c1b174", name = "agent", kind = 1,
                        startTimeUnixNano = "1700000000000000000", endTimeUnixNano = "1700000001000000000",
                     },
                  },
               },
            },
         },
      },
   },
}

-- Options that a call cannot do without, though the contract names none as required: it asks for one of several.
local ALWAYS = { create_artifact = { storage_object_id = true }, ingest_traces = { resource_spans = true } }

-- What must differ between the elements of a list: the second has "-2" behind it.
local UNIQUE = { create_tool_selection_experiment = { name = true } }

local unpack = table.unpack or unpack -- luacheck: ignore 143

--- What RFC 3986 calls unreserved stays, every other byte becomes %XX.
function rows.encode(text)
   return (tostring(text):gsub("[^A-Za-z0-9._~-]", function(byte)
      return ("%%%02X"):format(byte:byte())
   end))
end

function rows.in_place(row, place)
   local list = {}
   for _, parameter in ipairs(row.parameters) do
      if parameter.place == place then
         list[#list + 1] = parameter
      end
   end
   return list
end

--- The parameters that are given by position, and those that are options.
function rows.split(row)
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

-- A uuid that tells which parameter it stands for: 00000000-0000-4000-8000-xxxxxxxxxxxx.
local function uuid(name)
   local digits = name:gsub(".", function(letter)
      return ("%02x"):format(letter:byte())
   end)
   return "00000000-0000-4000-8000-" .. (digits .. ("0"):rep(12)):sub(1, 12)
end

local FORMATS = {
   uuid = uuid,
   ["date-time"] = function(name)
      return name == "start_before" and "2024-12-31T23:59:59+01:00" or "2024-01-01T00:00:00Z"
   end,
}

-- A value of each type, within the parameter's bounds.
local BY_TYPE = {
   string = function(parameter)
      local format = FORMATS[parameter.format]
      return format and format(parameter.name) or "a-" .. parameter.name
   end,
   integer = function(parameter)
      return parameter.maximum and math.min(parameter.maximum, parameter.minimum + 3) or 41
   end,
   number = function(parameter)
      return parameter.minimum or 0.5
   end,
   boolean = function()
      return false -- a value, not the lack of one
   end,
   object = function()
      return { key = "value" }
   end,
   strings = function(parameter)
      return { uuid(parameter.name .. "-1"), uuid(parameter.name .. "-2") }
   end,
   any = function()
      return "hello"
   end,
   array = function()
      return {}
   end,
}

--- A valid value: of an enum its last, which is never the default; a list is empty.
function rows.value(row, parameter, given)
   local value = given and given[parameter.name]
   if value == nil and SAMPLES[row.name] then
      value = SAMPLES[row.name][parameter.name]
   end
   if value == nil and parameter.values then
      value = parameter.values[#parameter.values]
   end
   if value == nil and BY_TYPE[parameter.type] then
      value = BY_TYPE[parameter.type](parameter)
   end
   if value == nil then
      error(("%s: no sample value for %s"):format(row.name, parameter.name))
   end
   return value
end

local function older_key(parameter)
   return parameter.wire:find(".", 1, true)
end

local fields

-- A value under its names in Lua, and what it becomes on the wire.
local function both_values(row, parameter, variant, given)
   if parameter.items then
      local named, wired = fields(row, parameter.items, variant, given)
      return { named }, { wired }
   end
   local value = rows.value(row, parameter, given)
   return value, value
end

-- A table of the fields by their names in Lua, and what it becomes on the wire.
function fields(row, parameters, variant, given)
   local named, wired = {}, {}
   for _, parameter in ipairs(parameters) do
      local always = ALWAYS[row.name] and ALWAYS[row.name][parameter.name]
      local wanted = variant == "full" or always or (variant == "nulls" and parameter.nullable)
      if parameter.required or (wanted and not older_key(parameter)) then
         if variant == "nulls" and parameter.nullable then
            named[parameter.name], wired[parameter.wire] = json.null, json.null
         else
            named[parameter.name], wired[parameter.wire] = both_values(row, parameter, variant, given)
         end
      end
   end
   return named, wired
end

local function list_of(row, items, variant, given)
   local named, wired = {}, {}
   named[1], wired[1] = fields(row, items, "minimal", given)
   if variant ~= "minimal" then
      named[2], wired[2] = fields(row, items, variant, given)
      for name in pairs(UNIQUE[row.name] or {}) do
         if named[2][name] then
            named[2][name] = named[2][name] .. "-2"
            wired[2][name] = named[2][name]
         end
      end
   end
   return named, wired
end

-- Puts a value where its parameter says.
local function put(call, parameter, value)
   if parameter.place == "path" then
      call.path = call.path:gsub("{" .. parameter.name .. "}", (rows.encode(value):gsub("%%", "%%%%")))
   elseif parameter.place == "query" then
      call.query[#call.query + 1] = parameter.wire .. "=" .. rows.encode(value)
   elseif parameter.place == "body" then
      call.body[parameter.wire] = value
   end
end

local function positional_value(row, parameter, variant, given)
   if parameter.place == "list" then
      return list_of(row, rows.in_place(row, "item"), variant, given)
   elseif parameter.place == "changes" then
      return fields(row, rows.in_place(row, "field"), variant, given)
   end
   return both_values(row, parameter, variant, given)
end

--- The target of a request with its query's pairs sorted, so that their order does not matter.
function rows.target(target)
   local path, query = target:match("^([^?]*)%??(.*)$")
   local pairs_found = {}
   for pair in query:gmatch("[^&]+") do
      pairs_found[#pairs_found + 1] = pair
   end
   table.sort(pairs_found)
   return #pairs_found > 0 and path .. "?" .. table.concat(pairs_found, "&") or path
end

-- Options that are set, and the defaults of those that are not.
local function put_options(call, row, options, variant, given)
   local set, any = {}, false
   for _, option in ipairs(options) do
      local null = variant == "nulls" and option.nullable
      local always = ALWAYS[row.name] and ALWAYS[row.name][option.name]
      if variant == "full" or null or always then
         local value, wired = json.null, json.null
         if not null then
            value, wired = both_values(row, option, variant, given)
         end
         set[option.name], any = value, true
         put(call, option, wired)
      elseif option.default then
         local is_text = option.place == "query" or option.type == "string"
         put(call, option, is_text and option.default or json.decode(option.default))
      end
   end
   return any and set or nil
end

--- Whether a call with null where it may be is another call than the minimal one.
function rows.has_nulls(row)
   for _, parameter in ipairs(row.parameters) do
      if parameter.nullable then
         return true
      end
   end
   return false
end

function rows.call(row, variant, given)
   local positional, options = rows.split(row)
   local call = { path = row.path, query = {}, args = {}, count = #positional }
   if #rows.in_place(row, "body") > 0 then
      call.body = {}
   end
   for index, parameter in ipairs(positional) do
      local value, wired = positional_value(row, parameter, variant, given)
      call.args[index] = value
      if parameter.place == "list" or parameter.place == "changes" then
         call.body = wired
      else
         put(call, parameter, wired)
      end
   end
   local set = put_options(call, row, options, variant, given)
   if set then
      call.count = call.count + 1
      call.args[call.count] = set
   end
   call.target = rows.target("/api/v1" .. call.path .. "?" .. table.concat(call.query, "&"))
   return call
end

function rows.unpack(call)
   return unpack(call.args, 1, call.count)
end

local function copy(value)
   if type(value) ~= "table" then
      return value
   end
   local copied = {}
   for key, one in pairs(value) do
      copied[key] = copy(one)
   end
   return copied
end

--- A minimal call whose tables may be changed.
function rows.own_call(row)
   local call = rows.call(row, "minimal")
   for index = 1, call.count do
      call.args[index] = copy(call.args[index])
   end
   return call
end

--- Visits the rows of what is inside the body's lists and changes, with the position of the argument.
function rows.each_inner(row, visit)
   for position, parameter in ipairs((rows.split(row))) do
      local place = parameter.place
      local inner = parameter.items or place == "list" and rows.in_place(row, "item")
         or place == "changes" and rows.in_place(row, "field") or {}
      for _, field in ipairs(inner) do
         visit(position, field)
      end
   end
end

--- The word with its last letter but one missing.
function rows.misspelt(word)
   return #word > 3 and word:sub(1, -3) .. word:sub(-1) or word .. "x"
end

return rows
