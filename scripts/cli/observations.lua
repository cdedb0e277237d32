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

-- After Ctrl-C the batches under way are in doubt.
local function interrupted(context, sent)
   failure.raise("interrupted", { code = 130,
      hint = ("%d observations were added, and perhaps those that were on their way:\n"
         .. "  promptic observations list %s"):format(sent, context.values.experiment_id) })
end

-- What to do about a file that cannot be read as it is, where the command has an option for it.
local HINTS = {
   wrong_separator = "--separator says how fields are separated: --separator ';', or tab",
   no_column = "--expected-column says which column holds the right answers",
   empty_answer = "--on-empty skip leaves such rows out, --on-empty keep adds them as they are",
}

-- The message of a failed upload, with an account of its rows if there is one.
local function refuse(context, err, sent)
   if failure.is_interrupt(err) then interrupted(context, sent) end
   local problem = type(err) == "string" and err:match "%(source: (.*)%)$"
   if problem then context:misuse("--from-file: " .. problem) end
   local option, fault = tostring(err):match "%(option '([%w_]+)': (.*)%)$"
   if type(err) == "string" and option then
      context:misuse(("--%s: %s"):format(option:gsub("_", "-"), fault))
   end
   if type(err) ~= "table" or not err.rows then error(err, 0) end
   local described = failure.describe(err, { values = context.values, row = context.row })
   local advice = described.hint or HINTS[err.code]
   local message, hint = described.message, advice and advice .. "\n" or ""
   if #err.rows.sent == 0 and #err.rows.unknown == 0 then
      message = message:gsub(" %(rows that are in: [^)]*%)$", "")
      failure.raise(message, { hint = hint .. "nothing was added" })
   end
   failure.raise(message, { hint = hint .. "before you add the file again, take out the rows that are in; "
      .. "`promptic observations list` shows them" })
end

-- The lines of the rows that were left out: "lines 3, 4 and 7", or the first of many.
local MOST_LINES = 10

local function note_skipped(context, skipped)
   if #skipped == 0 then return end
   local lines = {}
   for index = 1, math.min(#skipped, MOST_LINES) do lines[index] = tostring(skipped[index].line) end
   if #skipped > MOST_LINES then lines[#lines + 1] = "..." end
   context:note(("Left out %d row%s without an answer (line%s %s)."):format(#skipped, #skipped == 1 and "" or "s",
      #skipped == 1 and "" or "s", table.concat(lines, ", ")))
end

local function separator_of(context, text)
   if text == nil then return nil end
   local meant = (text == "tab" or text == "\\t") and "\t" or text
   if not meant:find '^[^"\r\n \128-\255]$' then
      context:misuse(("--separator takes one character, or tab, and not '%s'"):format(text))
   end
   return meant
end

local function upload(context, values)
   local progress = require "promptic.cli.progress"
   local line = progress.line(values.json)
   local sent = 0
   local done, result = pcall(context.call, context, "upload_observations", values.experiment_id,
      values.from_file, {
         separator = separator_of(context, values.separator), expected_column = values.expected_column,
         on_empty = values.on_empty,
         on_progress = function(state)
            sent = state.sent
            line:count(state.total and ("%d of %d observations"):format(sent, state.total)
               or ("%d observations"):format(sent))
         end,
      })
   line:clear()
   if done then
      note_skipped(context, result.skipped)
      return { added = result.sent, skipped = #result.skipped }
   end
   refuse(context, result, sent)
end

-- Options that only a file has a use for.
local OF_FILES = { "separator", "expected_column", "on_empty" }

local function add(context, values)
   local from_file, single = values.from_file, values.input or values.expected
   for _, name in ipairs(OF_FILES) do
      if values[name] and not from_file then
         context:misuse(("--%s goes with --from-file"):format(name:gsub("_", "-")))
      end
   end
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
   return { added = 1, skipped = 0 }
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
            { "from_file", label = "FILE", summary = "a .csv, .tsv, .jsonl, .ndjson or .json file with observations" },
            { "separator", label = "CHARACTER", summary = "what separates the fields of a .csv file; a comma" },
            { "expected_column", label = "NAME", summary = "the column with the right answers; expected" },
            { "on_empty", label = "ACTION", values = { "error", "skip", "keep" },
               summary = "what to do with a row of the file whose answer is empty" },
            { "input", summary = "the input, or a JSON object with several by name", type = "string" },
            "expected", { "split", summary = "the part it belongs to; eval where it is left out" },
         },
         notes = "In a .csv file the first line names the columns: `expected`, perhaps `split`, and all "
            .. "others are inputs by name; `idx` is skipped. Lines of commas alone are no rows. In .jsonl, .ndjson "
            .. "and .json each observation is an object with the same names, or {\"variables\": {...}, "
            .. "\"expected\": \"...\"}. An empty answer is an error unless --on-empty says otherwise.",
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
         name = "update", method = "update_observation", arguments = { "experiment_id", "observation_id" },
         summary = "Change an observation.",
         options = {
            { "input", summary = "the input, or a JSON object with several by name", type = "string" },
            "expected", "split",
         },
         examples = "promptic observations update EXPERIMENT OBSERVATION -e ham",
         run = function(context, values)
            local changes = { expected = values.expected, split = values.split }
            if values.input then changes.variables = variables(values.input) end
            if next(changes) == nil then context:misuse "nothing to change was given" end
            return { data = {
               context:call("update_observation", values.experiment_id, values.observation_id, changes),
            } }
         end,
         show = { list = "data", columns = columns },
      },
      {
         name = "delete", method = "delete_observation", arguments = { "experiment_id", "observation_id" },
         summary = "Delete an observation.",
         confirm = "Delete the observation {observation_id}?",
         done = "Deleted the observation {observation_id}.",
      },
   },
}
