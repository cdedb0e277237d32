--- help: what there is, and what a method is for.
local terminal = require "promptic.terminal"
local layout = require "promptic.cli.table"
local _ENV = require "promptic.repl.globals"

local help = {}

local OVERVIEW = {
   { "client = promptic.client()", "a client; its methods are calls of the platform" },
   { "client:get_<TAB>", "what begins so; also promptic.<TAB>, and options in { }" },
   { 'help "get_experiment"', "what a method does, takes and returns" },
   { 'help "run"', "all that has to do with runs" },
   { "help(promptic.runs)", "the methods of a resource; help(client): all of them" },
   { "show(value)", "a value with nothing cut; _ is the last result" },
}

local KEYS = "Statements may take several lines. Ctrl-C clears the line or stops what runs; Ctrl-D ends."

-- What is written in Lua has no row in promptic.endpoints.
local OTHERS = {
   client = { "promptic.client(options)", "A client: api_key, endpoint, timeout, max_retries and others." },
   wait_for_experiment = {
      "client:wait_for_experiment(experiment_id, { max_wait = 300, poll_interval = 2, on_update })",
      "Waits until the experiment is completed or has failed, and returns it." },
   wait_for_evaluation = {
      "client:wait_for_evaluation(component_id, evaluation_id, { max_wait = 300, poll_interval = 2, on_update })",
      "Waits until the evaluation is completed or has failed, and returns it." },
   each_experiment = { "for experiment in client:each_experiment({ component_id, status }) do",
      "Goes through all experiments, page after page." },
   each_trace = { "for trace in client:each_trace({ status, start_after, start_before }) do",
      "Goes through all traces, page after page." },
   upload_observations = {
      "client:upload_observations(experiment_id, source, { batch_size = 500, concurrency = 4 })",
      "Sends the observations of a list, a function or a .csv, .jsonl, .json file." },
   download_artifact = { "client:download_artifact(artifact_id, path)",
      "Writes an artifact's bytes to a file, which is replaced as a whole, and returns how many they are." },
   upload_artifact = { "client:upload_artifact(bytes or { path = ... }, { name, mime_type, preview })",
      "Stores bytes as an artifact, which a span refers to by its uri." },
   request = { "client:request(method, path, { query, body })", "A call that has no method yet." },
   close = { "client:close()", "Ends the client's calls; it cannot be used any more." },
   run = { "promptic.run(f)", "Runs f as a task, and all that it spawns, until they are done." },
   spawn = { "promptic.spawn(f, ...)", "A task; it has :await(), :cancel() and .status." },
   map = { "promptic.map(list, f, { concurrency = 16 })", "f of every element, several at a time." },
   sleep = { "promptic.sleep(seconds)", "Waits." },
   step = { "promptic.step(timeout)", "Does what is ready, and returns how many tasks are alive." },
   response = { "promptic.response(result)",
      "What came with a result: status, headers, request_id, attempts." },
   is_error = { "promptic.is_error(value, kind)",
      "Whether it is an error of the platform, and of this kind." },
   array = { "promptic.array { ... }", "Marks a table as a list, also where it is empty." },
}

-- ------------------------------------------------------------------ a row of promptic.endpoints

local function is_positional(parameter)
   local place = parameter.place
   return place == "path" or place == "list" or place == "changes" or (place == "body" and parameter.required)
end

local function signature(row)
   local arguments, options = {}, {}
   for _, parameter in ipairs(row.parameters) do
      if is_positional(parameter) then
         arguments[#arguments + 1] = parameter.name
      elseif parameter.place == "query" or parameter.place == "body" then
         options[#options + 1] = parameter.name
      end
   end
   if #options > 0 then arguments[#arguments + 1] = "{ " .. table.concat(options, ", ") .. " }" end
   return ("client:%s(%s)"):format(row.name, table.concat(arguments, ", "))
end

-- The bounds of a number, or of how many elements or characters there are.
local function bounds(parameter)
   local low, high = parameter.minimum, parameter.maximum
   if not low then return nil end
   local is_number = parameter.type == "integer" or parameter.type == "number"
   if high >= 2147483647 then return is_number and ("from %g"):format(low) or low > 0 and "not empty" or nil end
   return is_number and ("%g to %g"):format(low, high) or ("at most %d"):format(high)
end

local function remarks(parameter)
   local list = { parameter.type }
   if parameter.required then list[#list + 1] = "required" end
   if parameter.default then list[#list + 1] = "default " .. parameter.default end
   if parameter.assumed then list[#list + 1] = parameter.assumed .. " by default on the platform" end
   list[#list + 1] = bounds(parameter)
   if parameter.nullable then list[#list + 1] = "or promptic.null" end
   return table.concat(list, ", ")
end

local HEADINGS = { item = "each element:", field = "fields:" }

local function add_wrapped(lines, indent, text, width)
   for _, line in ipairs(layout.wrap(text, math.max(20, width - #indent))) do
      lines[#lines + 1] = indent .. line
   end
end

local add_parameter
function add_parameter(lines, parameter, indent, settings)
   local text = parameter.summary or ""
   if parameter.values then text = text .. ": " .. table.concat(parameter.values, ", ") end
   local remark = remarks(parameter)
   local name = indent .. settings.paint("bold", parameter.name)
   if #indent + #parameter.name + 2 + #remark <= settings.width then
      lines[#lines + 1] = name .. "  " .. settings.paint("dim", remark)
   else
      lines[#lines + 1] = name
      add_wrapped(lines, indent .. "   ", remark, settings.width)
   end
   if text ~= "" then add_wrapped(lines, indent .. "   ", text, settings.width) end
   for _, inner in ipairs(parameter.items or {}) do add_parameter(lines, inner, indent .. "   ", settings) end
end

local SINCE = {
   docs = "Not in the Python client: the platform's own pages describe it.",
   release = "In the Python client since %s; older platforms may not have it.",
}
local DROPPED = "No longer in the Python client since %s; platforms that have it answer%s."

local function describe_row(row, settings)
   local lines, group = {}, nil
   add_wrapped(lines, "", signature(row) .. " -> " .. (row.returns or "nil"), settings.width)
   add_wrapped(lines, "", row.summary or "", settings.width)
   lines[#lines + 1] = settings.paint("dim", row.verb .. " " .. row.path)
   if row.since then add_wrapped(lines, "", SINCE[row.since] or SINCE.release:format(row.since), settings.width) end
   if row.dropped then add_wrapped(lines, "", DROPPED:format(row.dropped, row.instead and
      ("; newer platforms have %s"):format(row.instead) or ""), settings.width) end
   for _, parameter in ipairs(row.parameters) do
      local heading = HEADINGS[parameter.place]
      if heading and heading ~= group then lines[#lines + 1] = "   " .. settings.paint("dim", heading) end
      group = heading
      add_parameter(lines, parameter, heading and "      " or "   ", settings)
   end
   return table.concat(lines, "\n")
end

-- ------------------------------------------------------------------ lists of methods

local function brief(name)
   local row = require("promptic").endpoints[name]
   if row then return row.summary end
   return OTHERS[name] and OTHERS[name][2] or ""
end

-- Pairs of texts side by side, or one below the other where that is too narrow.
local function add_pairs(lines, rows, settings)
   local width = 0
   for _, row in ipairs(rows) do width = math.max(width, #row[1]) end
   local room = settings.width - width - 2
   for _, row in ipairs(rows) do
      if room >= 30 then
         local text = layout.fit(row[2], room)
         lines[#lines + 1] = row[1] .. (" "):rep(width - #row[1] + 2) .. settings.paint("dim", text)
      else
         lines[#lines + 1] = row[1]
         add_wrapped(lines, "   ", row[2], settings.width)
      end
   end
   return lines
end

local function list(names, settings)
   table.sort(names)
   local rows = {}
   for index, name in ipairs(names) do rows[index] = { name, brief(name) } end
   return table.concat(add_pairs({}, rows, settings), "\n")
end

local function overview(settings)
   local lines = add_pairs({}, OVERVIEW, settings)
   add_wrapped(lines, "", KEYS, settings.width)
   return table.concat(lines, "\n")
end

local function members(value)
   local names = {}
   for name, member in next, value do
      if type(name) == "string" and type(member) == "function" then names[#names + 1] = name end
   end
   return names
end

local function search(text)
   local names, promptic = {}, require "promptic"
   for _, row in ipairs(promptic.endpoints) do
      if row.name:find(text, 1, true) or row.module == text then names[#names + 1] = row.name end
   end
   for name in pairs(OTHERS) do
      if name:find(text, 1, true) then names[#names + 1] = name end
   end
   return names
end

-- ------------------------------------------------------------------ what is asked for

-- The name of a function of the library.
local function name_of(value)
   local promptic = require "promptic"
   for _, row in ipairs(promptic.endpoints) do
      if promptic[row.module][row.name] == value then return row.name end
   end
   for name in pairs(OTHERS) do
      if promptic[name] == value then return name end
      for _, row in ipairs(promptic.endpoints) do
         if promptic[row.module][name] == value then return name end
      end
   end
end

local function about_name(name, settings)
   name = name:match "[^.:]*$"
   local row, other = require("promptic").endpoints[name], OTHERS[name]
   if row then return describe_row(row, settings) end
   if other then
      local lines = {}
      for _, text in ipairs(other) do add_wrapped(lines, "", text, settings.width) end
      return table.concat(lines, "\n")
   end
   local names = name ~= "" and search(name) or {}
   if #names == 1 then return about_name(names[1], settings) end
   if #names > 0 then return list(names, settings) end
   return ("nothing is called '%s'; help(promptic.client()) lists all methods"):format(
      terminal.clean(name, true))
end

--- The text about a value: a method's name, a function, a client, a module; nil gives the overview.
function help.about(value, settings)
   if value == nil then return overview(settings) end
   if type(value) == "string" then return about_name(value, settings) end
   local name = type(value) == "function" and name_of(value)
   if name then return about_name(name, settings) end
   local metatable = debug.getmetatable(value)
   local methods = type(metatable) == "table" and rawget(metatable, "__index")
   if type(value) == "userdata" and type(methods) == "table" then return list(members(methods), settings) end
   if type(value) == "table" then
      local names = members(value)
      if #names > 0 then return list(names, settings) end
   end
   return "help is for methods and modules of promptic: help \"get_experiment\", help(promptic.experiments)"
end

return help
