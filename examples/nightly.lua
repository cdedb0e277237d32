--[[
A nightly job: rows of a spreadsheet become training data, a search for a better prompt runs, and the winner is deployed
if it beats the deployed prompt on the same held-out rows. Run again after any failure, it goes on where it was.

   promptic-lua examples/nightly.lua COMPONENT ROWS.csv [FOLDER]

Writes summary.json, summary.md and report.html into FOLDER (.). Settings: PROMPTIC_MODEL, LABEL_COLUMN (expected),
NIGHT (today's date), MAX_WAIT (3600 seconds), SURE=1 (the gain has to exceed chance).
Exit status: 0 deployed, 1 failed, 2 wrong usage, 3 not better, 4 no valid credential, 5 timed out, 130 and 143 interrupted.
]]
local promptic = require "promptic"
local PROMPT = "Which team takes this support ticket: account, billing, bug or feature?"
local name, rows, folder = arg[1], arg[2], arg[3] or "."
if not rows then io.stderr:write "usage: promptic-lua nightly.lua COMPONENT ROWS.csv [FOLDER]\n" os.exit(2) end
local night = "nightly " .. (os.getenv "NIGHT" or os.date "%Y-%m-%d")
local client = promptic.client()

-- Tonight's experiment: the one of that name, one that an interrupted run left without a name, else a new one.
local function tonights(component)
   local found = client:find_experiment(component.id, night)
   if found then return found end
   local left = client:list_experiments({ component_id = component.id, status = "pending" }).data[1]
   if left then return client:update_experiment(left.id, { name = night }) end
   local model, provider = require("lib.model").choose(client)
   return client:create_experiment_from_deployed(component.id, { name = night, model = model, provider = provider,
      initial_prompt = PROMPT, hyperparameters = { trainSplitRatio = 0.7, numFewShots = 12, epochs = 5 } })
end

local function begin(experiment)
   local upload = client:upload_observations(experiment.id, rows, { only_new = true,
      label_column = os.getenv "LABEL_COLUMN" or "expected" })
   print(("%d new rows, %d were there"):format(upload.sent, upload.present))
   if #client:list_evaluators(experiment.id).data == 0 then
      client:create_evaluators(experiment.id, { { name = "F1", type = "f1", weight = 1 } })
   end
   client:start_experiment(experiment.id)
end

local function job()
   local component = client:ensure_component(name)
   local experiment = tonights(component)
   if experiment.experimentStatus == "pending" then begin(experiment) end
   local done = client:wait_for_experiment(experiment.id, { max_wait = tonumber(os.getenv "MAX_WAIT") or 3600 })
   if done.experimentStatus == "failed" then error(done.errorMessage or "the experiment has failed", 0) end
   local result = client:deploy_if_better(component.id, done.id, { sure = os.getenv "SURE" == "1" })
   result.experiment, result.component, result.night = done.id, component.id, night
   promptic.write_file(folder .. "/report.html", require("promptic.report").html(client, done.id))
   promptic.write_file(folder .. "/summary.json", promptic.json.encode(result) .. "\n")
   promptic.write_file(folder .. "/summary.md", ("## %s: %s\n\n%s: %s\n"):format(name, night,
      result.deployed and "deployed" or "not deployed", result.reason))
   print(result.reason)
   return (result.deployed or result.code == "already_deployed") and 0 or 3
end

local function status_of(err)
   io.stderr:write(tostring(err), "\n")
   if not promptic.is_error(err) then return 1 end
   if err.kind == "interrupted" then error(err, 0) end -- promptic-lua ends by the signal itself
   local is_credential = err.kind == "auth" or err.status_code == 401 or err.status_code == 403
   return is_credential and 4 or err.kind == "timeout" and 5 or 1
end

local fine, result = pcall(job)
os.exit(fine and result or status_of(result), true)
