--- Failures: message, hint and exit code.
local arguments = require "promptic.cli.arguments"

local failure = {}

local LOGIN = "run `promptic login` or `promptic configure`, or set PROMPTIC_API_KEY"

local BY_KIND = {
   connection = "check the network, and with `promptic auth status` which endpoint is used",
   timeout = "try again; `promptic auth status` shows which endpoint is used",
   tls = "the server's certificate is not trusted: CURL_CA_BUNDLE names other authorities",
   decode = "is the endpoint a Promptic platform? `promptic auth status` shows which one is used",
   config = "see PROMPTIC_ENDPOINT, PROMPTIC_API_KEY and ~/.promptic/config.toml",
}

local BY_STATUS = {
   [401] = "the credential was refused: " .. LOGIN,
   [402] = "the plan or credit of the AI Application does not cover this",
   [403] = "the credential does not reach this: `promptic ai-application info` shows whose it is",
}

-- The commands that list the ids that a command takes, the widest first.
local LISTS = {
   { "component_id", "promptic components list" }, { "ai_component_id", "promptic components list" },
   { "experiment_id", "promptic experiments list" }, { "trace_id", "promptic traces list" },
   { "trace_db_id", "promptic traces list" }, { "trace_ids", "promptic traces list" },
   { "dataset_id", "promptic datasets list -c {component_id}" },
   { "case_id", "promptic datasets cases list {dataset_id} -c {component_id}" },
   { "run_id", "promptic runs list -c {component_id}" },
   { "annotation_id", "promptic annotations list -c {component_id} --run {run_id}" },
   { "evaluation_id", "promptic evaluations list -c {component_id}" },
   { "observation_id", "promptic observations list {experiment_id}" },
   { "evaluator_id", "promptic evaluators list {experiment_id}" },
   { "iteration_id", "promptic iterations list {experiment_id}" },
}

local function fill(text, values)
   return require("promptic.cli.call").fill(text, nil, values)
end

local function hint_for_missing(values)
   local lists = {}
   for _, entry in ipairs(LISTS) do
      if values[entry[1]] then lists[#lists + 1] = ("`%s`"):format(fill(entry[2], values)) end
   end
   if #lists == 0 then return nil end
   if #lists == 1 then return lists[1] .. " lists the ids" end
   return ("check the ids: %s and %s list them"):format(
      table.concat(lists, ", ", 1, #lists - 1), lists[#lists])
end

local CONFLICT = "`promptic experiments get {experiment_id}` shows its status; "
   .. "`promptic experiments duplicate {experiment_id}` makes a pending copy of it"

local function hint_for_status(err, situation)
   local status, values = err.status_code, situation.values or {}
   local own = situation.row and situation.row.hints and situation.row.hints[status]
   if own then return fill(own, values) end
   if status == 404 or err.code == "wrong_id" then return hint_for_missing(values) end
   if status == 409 and values.experiment_id then return fill(CONFLICT, values) end
   if status == 429 then
      return err.retry_after and ("try again in %.0f s"):format(err.retry_after) or "try again later"
   end
   if status >= 500 then
      return "the platform could not do it: try again later"
         .. (err.request_id and (" (request %s)"):format(err.request_id) or "")
   end
   return BY_STATUS[status]
end

-- What is missing, in terms of the command line; else the message as it is.
local function of_credential(err)
   if err.code == "no_credential" then return "there is no credential", LOGIN end
   if err.code == "no_application" then
      return "no AI Application is chosen", "choose one with `promptic ai-application select ID`; "
         .. "`promptic ai-application list` shows yours"
   end
   return err.message, "run `promptic login`, or set PROMPTIC_API_KEY"
end

-- The message and the hint of an error of the platform. Which kind it is of is for programs.
local function explain(err, situation)
   if err.status_code then
      local message, hint = tostring(err), hint_for_status(err, situation)
      if err.status_code == 404 then message, hint = require("promptic.cli.missing").explain(err, message, hint) end
      return message, hint
   end
   if err.kind == "auth" then return of_credential(err) end
   return err.message or tostring(err), BY_KIND[err.kind]
end

--- A failure with a message, an optional hint and exit code; to be raised with error().
function failure.new(message, options)
   options = options or {}
   return setmetatable({ message = message, hint = options.hint, code = options.code }, failure)
end

function failure.raise(message, options)
   error(failure.new(message, options), 0)
end

--- A response that is not what the contract says.
function failure.raise_shape(method, problem)
   failure.raise(("the response to %s has an unexpected form: %s"):format(method, problem),
      { hint = BY_KIND.decode })
end

--- Raises what Ctrl-C raises, where it was read as a key.
function failure.interrupt()
   error(setmetatable({ kind = "interrupted", message = "interrupted!" }, require("promptic").Error), 0)
end

--- Whether it is Ctrl-C, or another signal, that ended the work.
function failure.is_interrupt(err)
   return type(err) == "table" and (err.kind == "interrupted" or err.kind == "cancelled")
end

-- Whether it is a function of the library that refuses an argument: that one came from the command line.
local function is_own(name)
   return require("promptic.reference").find(name) ~= nil
end

-- An error of Lua itself. An unexpected response, such as an object in place of a text, is more likely
-- than a fault of ours once there is a response.
local function of_lua(err, situation, trace)
   local text = tostring(err)
   local name, reason = text:match "bad argument #%d+ to '([%w_]+)' (%b())"
   local context = situation.context
   local answered = context and context.answered
   -- values of the command line are present, as texts or numbers; a nil comes from a response
   local is_lack = reason and (reason:find "got no value" or reason:find "got nil" or reason:find "got table"
      or reason:find "is missing")
   if name and is_own(name) and not (answered and is_lack) then return { message = reason:sub(2, -2), code = 2 } end
   if answered then
      local first = text:match "^[^\n]*":gsub("^[%w_./]+%.lua:%d+: ", "")
      return { message = ("the response to %s has an unexpected form: %s"):format(answered, first),
         hint = BY_KIND.decode, code = 1 }
   end
   return { message = trace or text, code = 1 }
end

--- The message and hint for an error, and the exit code. situation: the row of the command and its values, as
-- far as they are known; trace is the traceback where it was raised.
function failure.describe(err, situation, trace)
   local kind = getmetatable(err)
   if kind == arguments.Misuse then
      local help = ("see `%s --help`"):format(err.command or "promptic")
      return { message = err.usage, hint = err.hint or help, code = 2 }
   elseif kind == failure then
      return { message = err.message, hint = err.hint, code = err.code or 1 }
   elseif failure.is_interrupt(err) then
      return { message = "interrupted", code = 130 }
   elseif require("promptic").is_error(err) then
      local message, hint = explain(err, situation)
      return { message = message, hint = hint, code = 1 }
   end
   return of_lua(err, situation, trace)
end

return failure
