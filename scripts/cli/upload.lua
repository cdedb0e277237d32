--[[
Uploads of a file, for `observations add` and `datasets cases add`: looks first whether its rows are there already,
shows progress, and words what has failed.

   upload.run(context, { method =, ids = { ... }, file =, listing = "promptic observations list E" })
]]
local failure = require "promptic.cli.failure"
local output = require "promptic.cli.output"

local upload = {}

--- Options of such a command, which names its upload_... among its methods.
upload.options = {
   "separator", { "label_column", aliases = "--expected-column" }, "split_column",
   { "variables", flag = "--variable", label = "[NAME=]COLUMN", type = "string", many = true,
      summary = "a column that is an input, called NAME; others are skipped. Without it all columns are inputs" },
   "format", "on_empty", "only_new",
   { "again", switch = true, summary = "adds all rows of the file, also those that are there already" },
}

upload.notes = "In a .csv file the first line names the columns: `expected`, perhaps `split`, and all others"
   .. " are inputs by name; `idx` is skipped. Lines of commas alone are no rows. In .jsonl, .ndjson"
   .. " and .json each row is an object with the same names, or {\"variables\": {...}, \"expected\": "
   .. "\"...\"}. An empty answer is an error unless --on-empty says otherwise.\nRows arrive in the "
   .. "file's order. If rows of the file are there already, it asks what to do; without a terminal "
   .. "it ends with exit code 1 unless --only-new or --again says it. An upload that was killed is "
   .. "completed by the same command with --only-new."

local function names()
   local list = {}
   for index, option in ipairs(upload.options) do list[index] = type(option) == "table" and option[1] or option end
   return list
end

-- How the command calls an option of the upload.
local function flag(name)
   return name == "variables" and "--variable" or "--" .. name:gsub("_", "-")
end

--- Refuses options of a file if there is none.
function upload.check_options(context, values)
   for _, name in ipairs(names()) do
      if values[name] and not values.from_file then
         context:misuse(("%s goes with --from-file"):format(flag(name)))
      end
   end
   if values.only_new and values.again then context:misuse "--only-new and --again exclude each other" end
end

---------------------------------------------------------------- what has failed

-- What to do about a file that cannot be read as it is, where the command has an option for it.
local HINTS = {
   wrong_separator = "--separator says how fields are separated: --separator ';', or tab",
   no_column = "--label-column says which column holds the right answers",
   no_name = "--variable COLUMN says which column is an input; columns without a name are skipped then",
   undecided = "--again adds all rows of the file, whether they are there or not",
   empty_answer = "--on-empty skip leaves such rows out, --on-empty keep adds them as they are",
}

-- The hint for an error; none where a column is missing that is not the answers', which the message names.
local function hint_for_file(err, values)
   local asked = err.code == "no_column" and (err.reason or ""):match '^there is no column "(.-)"'
   if asked and asked ~= (values.label_column or "expected") then return nil end
   return HINTS[err.code]
end

local function how_to_go_on(job)
   return ("the same command with --only-new adds the missing rows; `%s` lists the present ones"):format(job.listing)
end

-- After Ctrl-C the batches under way are in doubt.
local function interrupted(job, sent)
   failure.raise("interrupted", { code = 130,
      hint = ("%d rows were added, and perhaps those of requests under way\n%s"):format(sent, how_to_go_on(job)) })
end

-- What to do about rows that are there twice.
local function of_twice(err)
   local ids = {}
   for _, range in ipairs(err.twice) do
      ids[#ids + 1] = range.first == range.last and tostring(range.first) or range.first .. "-" .. range.last
   end
   return "their ids: " .. table.concat(ids, ", ")
end

local function hint_for_rows(err, job)
   if err.twice then return of_twice(err) end
   if #err.rows.sent == 0 and #err.rows.unknown == 0 then return nil end -- the message says so
   return how_to_go_on(job)
end

-- The message of a failed upload, with an account of its rows if there is one.
local function refuse(context, job, err, sent)
   if failure.is_interrupt(err) then interrupted(job, sent) end
   local problem = type(err) == "string" and err:match "%(source: (.*)%)$"
   if problem then
      context:misuse("--from-file: " .. problem:gsub("give the option '([%w_]+)'$", function(name)
         return "give " .. flag(name)
      end))
   end
   local option, fault = tostring(err):match "%(option '([%w_]+)': (.*)%)$"
   if type(err) == "string" and option then
      context:misuse(("%s: %s"):format(flag(option), fault))
   end
   if type(err) ~= "table" or not err.rows then error(err, 0) end
   local described = failure.describe(err, { values = context.values, row = context.row })
   local lines = {}
   lines[1] = hint_for_file(err, context.values) or described.hint
   lines[#lines + 1] = hint_for_rows(err, job)
   failure.raise(described.message, { hint = lines[1] and table.concat(lines, "\n") })
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

---------------------------------------------------------------- options

local function separator_of(context, text)
   if text == nil then return nil end
   local meant = (text == "tab" or text == "\\t") and "\t" or text
   if not meant:find '^[^"\r\n \128-\255]$' then
      context:misuse(("--separator takes one character, or tab, and not '%s'"):format(text))
   end
   return meant
end

-- Columns by the variable's name, from words [NAME=]COLUMN; nil for none.
local function variables_of(context, words)
   local variables = {}
   for _, word in ipairs(words or {}) do
      local name, column = word:match "^([^=]+)=(.+)$"
      name, column = name or word, column or word
      if variables[name] then context:misuse(("--variable: '%s' is there twice"):format(name)) end
      variables[name] = column
   end
   return next(variables) and variables or nil
end

local function options_of(context, values)
   local options = {}
   for _, name in ipairs(names()) do options[name] = values[name] end
   options.again = nil -- the command's own
   options.separator = separator_of(context, values.separator)
   options.variables = variables_of(context, values.variables)
   return options
end

---------------------------------------------------------------- the whole

local function call(context, job, source, options)
   local arguments = { table.unpack(job.ids) }
   arguments[#arguments + 1], arguments[#arguments + 2] = source, options
   return pcall(context.call, context, job.method, table.unpack(arguments))
end

-- What of the source is there already; raises what a failed upload raises.
local function count(context, job, source, options)
   options.dry_run = true
   local done, result = call(context, job, source, options)
   options.dry_run = nil
   if done then return result end
   if failure.is_interrupt(result) then failure.raise("interrupted", { code = 130, hint = "nothing was added" }) end
   return refuse(context, job, result, 0)
end

local function rows(number) return ("%d row%s"):format(number, number == 1 and "" or "s") end

local function refuse_present(message)
   failure.raise(message, {
      hint = "--only-new adds those that are missing, --again adds all of them\nnothing was added",
   })
end

-- Whether the source can be read once only. A folder is none: the upload says what it is.
local function is_pipe(path)
   if path == "-" then return true end
   local folder = io.open(path .. "/.")
   if folder then folder:close() end
   return not folder and require("promptic.terminal").is_file(path) == false
end

-- Whether only new rows are to be added, where neither option says it. A file that is there in part was most likely
-- uploaded before.
local function wants_only_new(context, job, options)
   local ask = require "promptic.cli.ask"
   local once = is_pipe(job.file)
   local found = count(context, job, once and {} or job.file, once and {} or options)
   if found.held > 0 and once then
      refuse_present "there are rows already, and a pipe cannot be read twice to compare them"
   end
   if found.present == 0 then return false end
   local all = found.present + found.absent
   local message = ("%d of the file's %s %s there already"):format(found.present, rows(all),
      found.present == 1 and "is" or "are")
   if context.values.json or not ask.possible() then refuse_present(message) end
   local question = found.absent == 0 and "Add all of them again?" or ("Add only the %s that %s missing?"):format(
      rows(found.absent), found.absent == 1 and "is" or "are")
   if not ask.confirm(message .. ". " .. question) then refuse_present(message) end
   return found.absent > 0
end

--- Uploads the file; returns what was done.
function upload.run(context, job)
   local values = context.values
   local options = options_of(context, values)
   options.only_new = values.only_new or not values.again and wants_only_new(context, job, options)
   local line = require("promptic.cli.progress").line(values.json)
   local sent = 0
   function options.on_warning(text)
      line:clear()
      output.note("Note: " .. text .. ".")
   end
   function options.on_progress(state)
      sent = state.sent
      line:count(state.total and ("%d of %d rows"):format(sent, state.total) or rows(sent))
   end
   local done, result = call(context, job, job.file, options)
   line:clear()
   if not done then refuse(context, job, result, sent) end
   note_skipped(context, result.skipped)
   if result.sent + result.present + #result.skipped == 0 then context:note "The file has no rows." end
   return { added = result.sent, present = result.present, skipped = #result.skipped }
end

return upload
