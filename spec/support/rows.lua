--- rows.lua - from a row of promptic.endpoints the arguments of a call and the request it is to make. It
-- shares no code with the client: the percent-encoding and the places of the fields are worked out here.
--
--    local call = rows.call(row, "minimal")   -- or "full": every option; "nulls": null where it may be
--    client[row.name](client, rows.unpack(call))
--    call.target   the request's path and query; the query's pairs are sorted
--    call.body     the body's value, nil where there is to be none
--
-- given = { name = value } replaces sample values, such as ids that exist.
local json = require "cjson"

local rows = {}

-- Values for what is more than a string; all are valid by the contract.
local SAMPLES = {
   limit = 7,
   offset = 3,
   days_back = 9,
   observation_id = 41,
   iteration_id = 17,
   hyperparameters = { epochs = 3, trainSplitRatio = 0.5, numFewShots = 2, enableCot = false },
   initial_prediction_model_schema = { type = "object", required = { "label" } },
   variables = { message = "50% off!", visits = 3 },
   config = { threshold = 0.25 },
   trace_ids = { "trace-1", "trace-2" },
   weight = 0.5,
   scale_min = 0,
   scale_max = 10,
   continue_from_optimized = false, -- false is a value, not the lack of one
   input = "hello",
   start_after = "2024-01-01T00:00:00Z",
   start_before = "2024-12-31T23:59:59+01:00",
}

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
      local inner = parameter.place == "item" or parameter.place == "field"
      if parameter.required and not inner then
         positional[#positional + 1] = parameter
      elseif not inner then
         options[#options + 1] = parameter
      end
   end
   return positional, options
end

--- A valid value: of an enum its last, which is never the default.
function rows.value(parameter, given)
   local value = given and given[parameter.name]
   if value == nil then
      value = SAMPLES[parameter.name]
   end
   if value == nil and parameter.values then
      value = parameter.values[#parameter.values]
   end
   if value == nil then
      assert(parameter.type == "string", "no sample value for " .. parameter.name)
      value = "a-" .. parameter.name
   end
   return value
end

local function older_key(parameter)
   return parameter.wire:find(".", 1, true)
end

-- A table of the fields by their names in Lua, and what it becomes on the wire.
local function fields(parameters, variant, given)
   local named, wired = {}, {}
   for _, parameter in ipairs(parameters) do
      local wanted = variant == "full" or (variant == "nulls" and parameter.nullable)
      if parameter.required or (wanted and not older_key(parameter)) then
         local null = variant == "nulls" and parameter.nullable
         local value = null and json.null or rows.value(parameter, given)
         named[parameter.name], wired[parameter.wire] = value, value
      end
   end
   return named, wired
end

local function list_of(row, variant, given)
   local items = rows.in_place(row, "item")
   local named, wired = {}, {}
   named[1], wired[1] = fields(items, "minimal", given)
   if variant ~= "minimal" then
      named[2], wired[2] = fields(items, variant, given)
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
      return list_of(row, variant, given)
   elseif parameter.place == "changes" then
      return fields(rows.in_place(row, "field"), variant, given)
   end
   local value = rows.value(parameter, given)
   return value, value
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
local function put_options(call, options, variant, given)
   local set, any = {}, false
   for _, option in ipairs(options) do
      local null = variant == "nulls" and option.nullable
      if variant == "full" or null then
         local value = null and json.null or rows.value(option, given)
         set[option.name], any = value, true
         put(call, option, value)
      elseif option.default then
         put(call, option, option.default)
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
         put(call, parameter, value)
      end
   end
   local set = put_options(call, options, variant, given)
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

return rows
