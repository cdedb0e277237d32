--- promptic datasets cases: the cases of a dataset.
local agents = require "promptic.cli.agents"
local promptic = require "promptic"
local upload = require "promptic.cli.upload"

-- A value as JSON, texts as they are.
local function plain(value)
   if value == nil or value == promptic.null then return nil end
   return type(value) == "string" and value or promptic.json.encode(value)
end

local function title(case) return "Case " .. tostring(case.id) end

local function field(name)
   return function(case) return plain(case[name]) end
end

local cases = {}

cases.columns = {
   { "ID", key = "id", as = "plain" },
   { "SPLIT", key = "split", as = "status" },
   { "EXPECTED", value = field "expectedPayload", least = 12 },
   { "INPUT", value = field "inputPayload", least = 14 },
}

local show = {
   {
      title = title,
      fields = {
         { "dataset", key = "datasetId", as = "id" },
         { "split", key = "split", as = "status" },
         { "place", key = "idx", as = "plain" },
         { "created", key = "createdAt", as = "time" },
         { "changed", key = "updatedAt", as = "time" },
         { "metadata", key = "metadata" },
      },
   },
   { heading = "Input", of = function(case) return { text = plain(case.inputPayload) } end, text = "text" },
   { heading = "Expected", of = function(case) return { text = plain(case.expectedPayload) } end, text = "text" },
}

local function is_list(value)
   return #value > 0 or getmetatable(value) == getmetatable(promptic.array {})
end

local function add(context, values)
   upload.check_options(context, values)
   if (values.file ~= nil) == (values.from_file ~= nil) then
      context:misuse "either --from-file or --file is needed"
   elseif values.from_file then
      return upload.run(context, {
         method = "upload_cases", ids = { values.component_id, values.dataset_id }, file = values.from_file,
         listing = ("promptic datasets cases list %s -c %s"):format(values.dataset_id, values.component_id),
      })
   end
   local list = is_list(values.file) and values.file or { values.file }
   if #list == 0 then context:misuse "--file takes a file with a case, or an array of one at least" end
   return context:call("create_dataset_cases", values.component_id, values.dataset_id, list)
end

-- By get_dataset, which has all of them: list_dataset_cases may have pages. An older platform's dataset has no
-- cases, and its 404 for their endpoint says so.
local function list(context, values)
   local dataset = context:call("get_dataset", values.component_id, values.dataset_id)
   if dataset.cases then return { data = dataset.cases } end
   return context:call("list_dataset_cases", values.component_id, values.dataset_id)
end

local function update(context, values)
   if is_list(values.file) then context:misuse "--file takes a file with a JSON object" end
   return context:call("update_dataset_case", values.component_id, values.dataset_id, values.case_id, values.file)
end

local FILE_NOTE = "The keys are inputPayload (an object), expectedPayload (any value), split, idx and metadata."

local function file(summary, is_optional)
   return { "file", file = true, label = "FILE", required = not is_optional or nil, summary = summary }
end

local function add_options()
   local options = {
      agents.component,
      { "from_file", label = "FILE",
         summary = "a .csv, .tsv, .jsonl, .ndjson or .json file with a row a case; - for standard input" },
   }
   for _, option in ipairs(upload.options) do options[#options + 1] = option end
   options[#options + 1] = file("JSON: one case, or an array of cases", true)
   return options
end

local function added(answer)
   local count = answer.data and #answer.data or answer.added
   local present = answer.present or 0
   local also = present > 0 and (" %d %s there already."):format(present, present == 1 and "was" or "were") or ""
   return ("Added %d case%s.%s"):format(count, count == 1 and "" or "s", also)
end

cases.commands = {
   {
      name = "cases list", method = "list_dataset_cases", methods = { "get_dataset" }, arguments = { "dataset_id" },
      options = { agents.component }, summary = "List the cases of a dataset.", run = list,
      show = {
         list = "data", columns = cases.columns,
         empty = "There are no cases yet: `promptic datasets cases add` adds some.",
      },
   },
   {
      name = "cases get", method = "get_dataset_case", arguments = { "dataset_id", "case_id" },
      options = { agents.component }, times = true, summary = "Show a case.", show = show,
   },
   {
      name = "cases add", method = "create_dataset_cases", methods = { "upload_cases" }, arguments = { "dataset_id" },
      options = add_options(), summary = "Add cases to a dataset.", run = add, show = { line = added },
      notes = FILE_NOTE .. "\n" .. upload.notes .. " An object may also be a case with these keys.",
      examples = "promptic datasets cases add DATASET -c COMPONENT --from-file cases.jsonl",
   },
   {
      name = "cases update", method = "update_dataset_case", arguments = { "dataset_id", "case_id" },
      options = { agents.component, file "an object of the fields to change" },
      summary = "Change a case.", notes = FILE_NOTE, run = update, times = true, show = show,
   },
   {
      name = "cases delete", method = "delete_dataset_case", arguments = { "dataset_id", "case_id" },
      options = { agents.component }, summary = "Delete a case.", confirm = "Delete the case {case_id}?",
      done = "Deleted the case {case_id}.",
   },
}

return cases
