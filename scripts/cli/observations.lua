--- promptic observations
local failure = require "promptic.cli.failure"
local promptic = require "promptic"

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

-- Ctrl-C leaves open what becomes of the batches that are on their way.
local function interrupted(context, sent)
   failure.raise("interrupted", { code = 130,
      hint = ("%d observations were added, and perhaps those that were on their way:\n"
         .. "  promptic observations list %s"):format(sent, context.values.experiment_id) })
end

-- What a failed upload has left behind: an account of the rows is in the message, where there is one to give.
local function refuse(context, err, sent)
   if failure.is_interrupt(err) then interrupted(context, sent) end
   local problem = type(err) == "string" and err:match "%(source: (.*)%)$"
   if problem then context:misuse("--from-file: " .. problem) end
   if type(err) ~= "table" or not err.rows then error(err, 0) end
   local told = failure.describe(err, { values = context.values, row = context.row })
   local message, hint = told.message, told.hint and told.hint .. "\n" or ""
   if #err.rows.sent == 0 and #err.rows.unknown == 0 then
      message = message:gsub(" %(rows that are in: [^)]*%)$", "")
      failure.raise(message, { hint = hint .. "nothing was added" })
   end
   failure.raise(message, { hint = hint .. "before you add the file again, take out the rows that are in; "
      .. "`promptic observations list` shows them" })
end

local function upload(context, values)
   local progress = require "promptic.cli.progress"
   local line = progress.line(values.json)
   local sent = 0
   local done, result = pcall(context.call, context, "upload_observations", values.experiment_id,
      values.from_file, {
         on_progress = function(state)
            sent = state.sent
            line:count(state.total and ("%d of %d observations"):format(sent, state.total)
               or ("%d observations"):format(sent))
         end,
      })
   line:clear()
   if done then return { added = result.sent } end
   refuse(context, result, sent)
end

local function add(context, values)
   local from_file, single = values.from_file, values.input or values.expected
   if from_file and (single or values.split) then
      context:misuse "--from-file goes without --input, --expected and --split"
   elseif from_file then
      return upload(context, values)
   elseif not values.input or not values.expected then
      context:misuse "either --from-file or --input with --expected is needed"
   end
   context:call("create_observations", values.experiment_id, {
      { variables = variables(values.input), expected = values.expected, split = values.split },
   })
   return { added = 1 }
end

return {
   commands = {
      {
         name = "list", method = "list_observations", arguments = { "experiment_id" },
         summary = "List the observations of an experiment, in their order.",
         show = {
            list = "data", columns = columns,
            empty = "There are no observations yet: `promptic observations add` adds some.",
         },
      },
      {
         name = "add", method = "create_observations", arguments = { "experiment_id" },
         summary = "Add one observation, or those of a file.",
         options = {
            { "from_file", label = "FILE", summary = "a .csv, .jsonl or .json file with observations" },
            { "input", summary = "the input, or a JSON object with several by name", type = "string" },
            "expected", { "split", summary = "the part it belongs to; eval where it is left out" },
         },
         notes = "In a .csv file the first line names the columns: `expected`, perhaps `split`, and all "
            .. "others are inputs by name. In .jsonl and .json each observation is an object: "
            .. "{\"variables\": {...}, \"expected\": \"...\"}.",
         examples = "promptic observations add EXPERIMENT --from-file tickets.csv\n"
            .. "promptic observations add EXPERIMENT -i \"Win a free phone\" -e spam",
         run = add,
         show = {
            line = function(answer)
               local added = answer.added
               return ("Added %d observation%s."):format(added, added == 1 and "" or "s")
            end,
         },
      },
      {
         name = "delete", method = "delete_observation", arguments = { "experiment_id", "observation_id" },
         summary = "Delete an observation.",
         confirm = "Delete the observation {observation_id}?",
         done = "Deleted the observation {observation_id}.",
      },
   },
}
