--[[
promptic.stubs: what an editor needs to know of promptic, for LuaLS (sumneko) and those that read its annotations.

   promptic-lua --run promptic.stubs >promptic.lua

The methods come from promptic.endpoints; what the library adds to them is told below.
]]
local promptic = require "promptic"

local LIBRARY = [=[
---@meta promptic
-- Made by `promptic-lua --run promptic.stubs`; not to be edited.

---@class promptic
---@field version string
---@field null lightuserdata JSON's null: clears a field, and stands in arrays
---@field endpoints table each endpoint of the platform, by number and by name
---@field Error table the metatable of errors
---@field json promptic.json
---@field auth promptic.auth
@MODULES@
local promptic = {}

---@class promptic.json
---@field null lightuserdata
---@field encode fun(value: any): string
---@field decode fun(text: string): any
---@field array fun(list: table): table

---@class promptic.auth
---@field login fun(options?: table): table a device login (RFC 8628)
---@field logout fun(options?: table)
---@field status fun(options?: table): table what a client would use, without secrets
---@field save fun(values: table) writes credentials and endpoint to the configuration file

---@class promptic.Error
---@field kind "api"|"timeout"|"connection"|"tls"|"decode"|"cancelled"|"auth"|"config"
---@field message string
---@field code? string what the platform calls the failure
---@field status_code? integer
---@field method? string
---@field path? string
---@field request_id? string
---@field retry_after? number seconds
---@field body? string
---@field attempts? integer
---@field maybe_sent? boolean the request may have taken effect
---@field traceback? string of the task it was raised in

---@class promptic.ClientOptions
---@field api_key? string
---@field access_token? string
---@field ai_application_id? string what a session token works in
---@field workspace_id? string older name of ai_application_id
---@field endpoint? string default https://promptic.eu
---@field config_file? string "": none
---@field timeout? number seconds without a byte that end an attempt; 30
---@field deadline? number seconds for a whole call; 300
---@field max_retries? integer 2
---@field backoff? number seconds; 0.5
---@field allow_http? boolean
---@field ca_file? string
---@field max_response_bytes? integer
---@field user_agent? string
---@field log? fun(level: "debug"|"warning", text: string)

---@class promptic.Task
---@field status "ready"|"running"|"waiting"|"done"|"failed"|"cancelled"
local Task = {}

--- Waits for the task and returns what it returned; raises what it raised.
function Task:await() end

--- Ends the task and aborts its transfer.
function Task:cancel() end

---@param options? promptic.ClientOptions
---@return promptic.Client
function promptic.client(options) end

--- Runs f(...) as a task until it and all that it spawned are done; returns what f returns.
---@param f function
function promptic.run(f, ...) end

---@param f function
---@return promptic.Task
function promptic.spawn(f, ...) end

--- f of each element, several at one time; the results in the list's order.
---@generic T, R
---@param list T[]
---@param f fun(value: T, index: integer): R
---@param options? { concurrency: integer }
---@return R[]
function promptic.map(list, f, options) end

--- Suspends the task, or blocks outside one.
---@param seconds number
function promptic.sleep(seconds) end

--- Does what is ready and returns how many tasks are alive; with 0, the default, it never waits.
---@param timeout? number seconds
---@return integer
function promptic.step(timeout) end

--- Told of an error that nobody awaits; to be replaced.
---@param err any
function promptic.on_task_error(err) end

--- What came with a result: status, headers, request_id, attempts, elapsed, connection_reused.
---@param result table
---@return table?
function promptic.response(result) end

---@param value any
---@param kind? string
---@return boolean
function promptic.is_error(value, kind) end

--- Marks a table as an array, also where it is empty.
---@param list table
---@return table
function promptic.array(list) end

--- Monotonic time in seconds.
---@return number
function promptic.now() end

---@class promptic.WaitOptions
---@field max_wait? number seconds until it gives up; 300
---@field poll_interval? number seconds between two looks; 2
---@field on_update? fun(current: table)

---@class promptic.UploadOptions
---@field batch_size? integer rows of one request at most; 500
---@field batch_bytes? integer bytes of one request at most; 4194304
---@field concurrency? integer requests under way at one time; 4
---@field on_progress? fun(progress: { sent: integer, total: integer?, bytes: integer, elapsed: number })
---@field on_bad_row? "error"|"skip"
---@field on_empty? "error"|"skip"|"keep" what a row with an empty answer is
---@field separator? string of the fields of a .csv file; a comma
---@field expected_column? string of a .csv file
---@field resume? table the field resume of an earlier upload's error

---@class promptic.ArtifactOptions
---@field name? string file name of a download; by default the file's
---@field mime_type? string by default what the name's ending says
---@field preview? string the beginning of a text

---@class promptic.Client
local Client = {}

--- Ends the client's calls; it cannot be used any more.
function Client:close() end

--- What has no method yet: a path below /api/v1.
---@param method "GET"|"POST"|"PUT"|"PATCH"|"DELETE"
---@param path string
---@param options? { query?: table, body?: any }
function Client:request(method, path, options) end

--- Asks until the experiment is completed or failed.
---@param experiment_id string
---@param options? promptic.WaitOptions
---@return promptic.Experiment
function Client:wait_for_experiment(experiment_id, options) end

--- Asks until the evaluation is completed or failed.
---@param component_id string
---@param evaluation_id string
---@param options? promptic.WaitOptions
---@return promptic.AgentEvaluation
function Client:wait_for_evaluation(component_id, evaluation_id, options) end

--- Stores bytes as an artifact, which a span refers to by its uri; 50 MiB at most.
---@param source string|{ path: string }|{ bytes: string } the bytes, or a file
---@param options? promptic.ArtifactOptions
---@return promptic.TraceArtifact
function Client:upload_artifact(source, options) end

--- Writes an artifact's bytes to a file, which is replaced as a whole; returns how many they are.
---@param artifact_id string
---@param path string
---@param options? { workspace_id?: string }
---@return integer
function Client:download_artifact(artifact_id, path, options) end

--- All pages of list_experiments.
---@param options? promptic.list_experiments.options
---@return fun(): promptic.Experiment?
function Client:each_experiment(options) end

--- All pages of list_traces.
---@param options? promptic.list_traces.options
---@return fun(): promptic.TraceListItem?
function Client:each_trace(options) end

--- Sends observations from a list, a function or a .csv, .jsonl or .json file, in batches.
---@param experiment_id string
---@param source table|function|string
---@param options? promptic.UploadOptions
---@return { sent: integer, skipped: table, bytes: integer, elapsed: number, batches: integer }
function Client:upload_observations(experiment_id, source, options) end
]=]

local TYPES = {
   string = "string", integer = "integer", number = "number", boolean = "boolean",
   object = "table", array = "table", strings = "string[]", any = "any", document = "table|string",
}

local lines = {}

local function add(format, ...)
   lines[#lines + 1] = format:format(...)
end

local function type_of(parameter)
   if not parameter.values then
      return TYPES[parameter.type]
   end
   local quoted = {}
   for index, value in ipairs(parameter.values) do quoted[index] = ("%q"):format(value) end
   return table.concat(quoted, "|")
end

-- ------------------------------------------------------------------ what a call returns

local classes = {}

local function class(name)
   classes[name] = true
   return "promptic." .. name
end

-- "bytes", "Deployment or nil", "{ data = { Run, ... } }" and "{ id }" as LuaLS writes them.
local function result_type(text)
   local name = text:match("^(%u%w*) or nil$")
   if text == "bytes" then
      return "string"
   elseif name then
      return class(name) .. "?"
   elseif text:match("^%u%w*$") then
      return class(text)
   end
   local fields = {}
   local rest = text:gsub("(%w+) = { (%u%w*), %.%.%. }", function(field, element)
      fields[#fields + 1] = field .. ": " .. class(element) .. "[]"
      return ""
   end)
   for field in rest:gmatch("%w+") do
      fields[#fields + 1] = field .. ": " .. (field == "total" and "integer" or "string")
   end
   return "{ " .. table.concat(fields, ", ") .. " }"
end

-- ------------------------------------------------------------------ methods

local BY_OPTION = { query = true, body = true }

local function add_fields(name, parameters)
   add("---@class %s", name)
   for _, parameter in ipairs(parameters) do
      local default = parameter.default and "; " .. parameter.default or ""
      add("---@field %s%s %s %s%s", parameter.name, parameter.required and "" or "?", type_of(parameter),
         parameter.summary, default)
   end
   add("")
end

local function select(row, accepts)
   local list = {}
   for _, parameter in ipairs(row.parameters) do
      if accepts(parameter) then list[#list + 1] = parameter end
   end
   return list
end

local function argument_type(row, parameter)
   if parameter.items then
      local name = ("promptic.%s.%s"):format(row.name, parameter.name)
      add_fields(name, parameter.items)
      return name .. "[]"
   end
   local place = parameter.place == "list" and "item" or parameter.place == "changes" and "field"
   if not place then
      return type_of(parameter)
   end
   local name = ("promptic.%s.%s"):format(row.name, place)
   add_fields(name, select(row, function(inner) return inner.place == place end))
   if parameter.type == "document" then return name .. "|string" end
   return place == "item" and name .. "[]" or name
end

local function add_method(row)
   local arguments, notes = {}, {}
   for _, parameter in ipairs(select(row, function(p) return p.required and p.place ~= "item" end)) do
      arguments[#arguments + 1] = parameter.name
      notes[#notes + 1] = ("---@param %s %s %s"):format(
         parameter.name, argument_type(row, parameter), parameter.summary)
   end
   local options = select(row, function(p) return BY_OPTION[p.place] and not p.required end)
   if #options > 0 then
      local name = ("promptic.%s.options"):format(row.name)
      add_fields(name, options)
      arguments[#arguments + 1] = "options"
      notes[#notes + 1] = ("---@param options? %s"):format(name)
   end
   if row.returns ~= "nil" then notes[#notes + 1] = "---@return " .. result_type(row.returns) end
   add("--- %s", row.summary)
   if row.instead then add("--- Newer platforms have %s in its place.", row.instead) end
   for _, note in ipairs(notes) do add("%s", note) end
   add("function Client:%s(%s) end\n", row.name, table.concat(arguments, ", "))
end

-- A function of a resource's module takes the client first.
local function add_modules()
   local seen, fields = {}, {}
   for _, row in ipairs(promptic.endpoints) do
      if not seen[row.module] then
         seen[row.module] = true
         fields[#fields + 1] = ("---@field %s table the methods of %s, with the client as their first argument"):format(
            row.module, row.module)
      end
   end
   lines[1] = LIBRARY:gsub("@MODULES@", table.concat(fields, "\n"))
end

add_modules()
for _, row in ipairs(promptic.endpoints) do add_method(row) end
local names = {}
for name in pairs(classes) do names[#names + 1] = name end
table.sort(names)
for _, name in ipairs(names) do
   add("---@class promptic.%s @as the platform's contract has it\n---@field [string] any\n", name)
end
add("return promptic")
print(table.concat(lines, "\n"))
