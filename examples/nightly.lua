-- A nightly job: new rows of a spreadsheet become training data; a prompt that beats the deployed one is deployed.
--
--    promptic-lua --sandbox examples/nightly.lua                      on this machine, with tickets.csv
--    promptic-lua examples/nightly.lua COMPONENT ROWS.csv [FOLDER]    also writes summary.json, summary.md, report.html
--
-- Run it again after whatever has ended it: it goes on where it was. Settings: PROMPTIC_MODEL, LABEL_COLUMN (expected),
-- SEPARATOR (a comma), NIGHT (today's date), MAX_WAIT (3600 seconds), SURE=1 (the gain has to exceed chance).
-- Exit status: 0 deployed, 1 failed, 2 wrong usage or file, 3 not better, 4 no valid credential, 5 not finished within
-- MAX_WAIT, 130 and 143 interrupted.

local promptic = require "promptic"
local PROMPT = "Which team takes this support ticket: account, billing, bug or feature?"
local name, path, folder = arg[1] or "tickets", arg[2] or "examples/tickets.csv", arg[3]
if #arg == 1 then io.stderr:write "usage: promptic-lua nightly.lua COMPONENT ROWS.csv [FOLDER]\n" os.exit(2) end
local function env(key) return os.getenv(key) ~= "" and os.getenv(key) or nil end -- CI sets what is not set to ""
local night = "nightly " .. (env "NIGHT" or os.date "%Y-%m-%d")
local max_wait = tonumber(env "MAX_WAIT" or 3600)
if not max_wait then io.stderr:write("MAX_WAIT=", env "MAX_WAIT", ": not a number of seconds\n") os.exit(2) end
local columns = { label_column = env "LABEL_COLUMN", separator = env "SEPARATOR" }

local function start(client, experiment)
   local upload = client:upload_observations(experiment.id, path,
      { only_new = true, label_column = columns.label_column, separator = columns.separator })
   print(("%d new rows, %d were there"):format(upload.sent, upload.present))
   if #client:list_evaluators(experiment.id).data == 0 then
      client:create_evaluators(experiment.id, { { name = "F1", type = "f1", weight = 1 } })
   end
   client:start_experiment(experiment.id)
end

local function write(client, result, experiment)
   result.experiment, result.component, result.night = experiment.id, experiment.aiComponentId, night
   promptic.write_file(folder .. "/report.html", require("promptic.report").html(client, experiment.id))
   local before = result.code == "already_deployed" and "deployed before"
   local what = result.deployed and "deployed" or before or "not deployed"
   promptic.write_file(folder .. "/summary.md", ("## %s: %s\n\n%s: %s\n"):format(name, night, what, result.reason))
   promptic.write_file(folder .. "/summary.json", promptic.json.encode(result, { sort_keys = true, indent = 2 })
      .. "\n")
end

local failed = 2 -- a file or folder that cannot be used is wrong usage, and ends the job before anything is created

local function job()
   local first, inputs = nil, {} -- the columns; some platforms start no experiment whose input_variables are missing
   for row in promptic.rows(path, columns) do first = first or row.variables end
   for column in pairs(first or {}) do inputs[#inputs + 1] = { name = column, column = column } end
   if folder then promptic.write_file(folder .. "/summary.md", ("## %s: %s\n\nnot finished\n"):format(name, night)) end
   failed = 1
   local client <close> = promptic.client{ strict = true }
   local component, model, provider = client:ensure_component(name), require("lib.model").choose(client)
   local experiment = client:ensure_experiment_from_deployed(component.id, night, { model = model, provider = provider,
      initial_prompt = PROMPT, input_variables = inputs,
      hyperparameters = { trainSplitRatio = 0.7, numFewShots = 12, epochs = 5 } })
   if experiment.experimentStatus == "pending" then start(client, experiment) end
   local done = client:wait_for_experiment(experiment.id, { max_wait = max_wait })
   if done.experimentStatus == "failed" then error(done.errorMessage or "the experiment has failed", 0) end
   local result = client:deploy_if_better(component.id, done.id, { sure = env "SURE" == "1" })
   if folder then write(client, result, done) end
   print(result.reason)
   return (result.deployed or result.code == "already_deployed") and 0 or 3
end

local function status_of(err)
   if promptic.is_error(err, "interrupted") then error(err, 0) end -- promptic-lua ends by the signal itself
   io.stderr:write(tostring(err), "\n")
   if not promptic.is_error(err) then return failed end
   local is_credential = err.kind == "auth" or err.status_code == 401 or err.status_code == 403
   return is_credential and 4 or err.kind == "config" and 2 or err.code == "max_wait" and 5 or failed
end

local fine, result = pcall(job)
if promptic.is_error(result) and result.maybe_sent and result.kind ~= "interrupted" then
   fine, result = pcall(job) -- a request in doubt: what it has done is found by the second run
end
local status = fine and result or status_of(result)
if status ~= 0 then os.exit(status, true) end
