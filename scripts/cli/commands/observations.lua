--- promptic observations
local failure = require "promptic.cli.failure"
local promptic = require "promptic"
local upload = require "promptic.cli.upload"

-- "message=50% off!", and the value alone where it is the only one.
local function variables_of(observation)
   local names, pieces = {}, {}
   for name in pairs(observation.variables or {}) do names[#names + 1] = tostring(name) end
   table.sort(names)
   for _, name in ipairs(names) do
      local value = observation.variables[name]
      if type(value) ~= "string" then value = promptic.json.encode(value) end
      pieces[#pieces + 1] = #names == 1 and value or name .. "=" .. value
   end
   return table.concat(pieces, ", ")
end

local columns = {
   { "ID", key = "id", as = "plain" },
   { "SPLIT", key = "split", as = "status" },
   { "EXPECTED", key = "expected", least = 12 },
   { "INPUT", value = variables_of, least = 14 },
}

-- What -i gives: the fields of a JSON object, or any other text as the variable "input".
local function variables(text)
   if text:find "^%s*{" then
      local read, value = pcall(promptic.json.decode, text)
      if read and type(value) == "table" then return value end
   end
   return { input = text }
end

---------------------------------------------------------------- both rooms

-- Where the rows of an experiment are: its component and dataset, or nil on a platform without them.
local function dataset_of(context, experiment_id)
   local experiment = context:call("get_experiment", experiment_id)
   if experiment.datasetId then return experiment.aiComponentId, experiment.datasetId end
end

local function list(context, values)
   local experiment = context:call("get_experiment", values.experiment_id)
   return { data = (require("promptic.cli.training").rows(context, experiment)) }
end

-- Calls a method of an observation. Where the platform has none, the row is a case of the experiment's dataset.
local function call_older(context, method, verb, ...)
   local values = context.values
   local done, answer = pcall(context.call, context, method, values.experiment_id, values.observation_id, ...)
   if done then return answer end
   if type(answer) ~= "table" or answer.status_code ~= 404 then error(answer, 0) end
   local component_id, dataset_id = dataset_of(context, values.experiment_id)
   if not dataset_id then error(answer, 0) end
   failure.raise("the rows of this experiment are cases of its dataset", {
      hint = ("promptic datasets cases %s %s %s -c %s%s"):format(verb, dataset_id, values.observation_id, component_id,
         verb == "update" and " --file FILE" or ""),
   })
end

local function update(context, values)
   local changes = { expected = values.expected, split = values.split }
   if values.input then changes.variables = variables(values.input) end
   if next(changes) == nil then context:misuse "nothing to change was given" end
   return { data = { call_older(context, "update_observation", "update", changes) } }
end

---------------------------------------------------------------- adding

local function add(context, values)
   local from_file, single = values.from_file, values.input or values.expected
   upload.check_options(context, values)
   if from_file and (single or values.split) then
      context:misuse "--from-file goes without --input, --expected and --split"
   elseif not from_file and not (values.input and values.expected) then
      context:misuse "either --from-file or --input with --expected is needed"
   elseif from_file then
      return upload.run(context, {
         method = "upload_observations", ids = { values.experiment_id }, file = from_file,
         listing = "promptic observations list " .. values.experiment_id,
      })
   end
   context:call("upload_observations", values.experiment_id, {
      { variables = variables(values.input), expected = values.expected, split = values.split },
   }, { on_empty = "keep" })
   return { added = 1, present = 0, skipped = 0 }
end

local function added(answer)
   local present = answer.present > 0 and (" %d %s there already."):format(answer.present,
      answer.present == 1 and "was" or "were") or ""
   return ("Added %d observation%s.%s"):format(answer.added, answer.added == 1 and "" or "s", present)
end

local function add_options()
   local options = {
      { "from_file", label = "FILE",
         summary = "a .csv, .tsv, .jsonl, .ndjson or .json file with observations; - for standard input" },
   }
   for _, option in ipairs(upload.options) do options[#options + 1] = option end
   options[#options + 1] = { "input", summary = "the input, or a JSON object with several by name", type = "string" }
   options[#options + 1] = "expected"
   options[#options + 1] = { "split", default = false,
      summary = "which part it belongs to; by default the platform decides" }
   return options
end

return {
   section = "Prompts",
   summary = "The training data of an experiment: labelled examples.",
   commands = {
      {
         name = "list", method = "list_observations", arguments = { "experiment_id" },
         methods = { "get_experiment", "get_dataset" },
         summary = "List the observations of an experiment, in their order.", run = list,
         show = {
            list = "data", columns = columns,
            empty = "There are no observations yet: `promptic observations add` adds some.",
         },
      },
      {
         name = "add", method = "create_observations", methods = { "upload_observations" },
         arguments = { "experiment_id" },
         summary = "Add one observation, or those of a file.",
         options = add_options(),
         notes = "They are added where the platform keeps training data: as cases of the experiment's dataset, on "
            .. "older "
            .. "platforms as observations. " .. upload.notes,
         examples = "promptic observations add EXPERIMENT --from-file tickets.csv\n"
            .. "promptic observations add EXPERIMENT -i \"Win a free phone\" -e spam",
         run = add, show = { line = added },
      },
      {
         name = "update", method = "update_observation", arguments = { "experiment_id", "observation_id" },
         summary = "Change an observation.",
         options = {
            { "input", summary = "the input, or a JSON object with several by name", type = "string" },
            "expected", "split",
         },
         examples = "promptic observations update EXPERIMENT OBSERVATION -e ham",
         run = update,
         show = { list = "data", columns = columns },
      },
      {
         name = "delete", method = "delete_observation", arguments = { "experiment_id", "observation_id" },
         summary = "Delete an observation.",
         confirm = "Delete the observation {observation_id}?",
         run = function(context) return call_older(context, "delete_observation", "delete") end,
         done = "Deleted the observation {observation_id}.",
      },
   },
}
