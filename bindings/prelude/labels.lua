-- labels.lua - notes on labels and columns that look alike and are not the same: each spelling is a label of its own to
-- the platform. Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local ipairs, pairs, setmetatable, type = ipairs, pairs, setmetatable, type

local library, rows, forms = import "c.library", import "c.rows", import "forms"

-- Answers are labels only if there are few different ones.
local MOST_LABELS, MOST_BYTES, MOST_NOTES = 200, 200, 10

-- Fields: what (label or column), report, seen (the JSON text of an answer -> its row), count of these, rows, keys
-- (three tables: a key -> the entry that had it first), notes, is_free (answers are texts of their own).
local Labels = {}
Labels.__index = Labels

function Labels.new(what, report)
   return setmetatable({
      what = what, report = report, seen = {}, count = 0, rows = 0, keys = { {}, {}, {} }, notes = {},
   }, Labels)
end

local function place(entry)
   return forms.quoted(entry.text) .. (entry.row and (" (row %d)"):format(entry.row) or "")
end

local DIFFERENCES = {
   "differ in invisible characters", "differ in how accents are encoded (NFC and NFD)", "differ in case only",
}

-- The entry that this one is most like, and how they differ.
local function similar(self, entry)
   local found, difference
   for index, key in ipairs{ forms.keys(entry.text) } do
      local other = self.keys[index][key]
      if other and not found then
         found, difference = other, DIFFERENCES[index]
      elseif not other then
         self.keys[index][key] = entry
      end
   end
   return found, difference
end

--- Looks at a text, which is new; row is where it stands.
function Labels:add(text, row)
   local entry = { text = text, row = row }
   local other, difference = similar(self, entry)
   local unseen = forms.unseen(text)
   if unseen then
      self.notes[#self.notes + 1] = ("%s %s %s%s"):format(self.what, place(entry), unseen,
         other and ", unlike " .. place(other) or "")
   elseif other then
      self.notes[#self.notes + 1] = ("%ss %s and %s %s"):format(self.what, place(other), place(entry), difference)
   end
end

-- A new answer: its JSON text and its row.
local function see(self, json, row)
   if json:sub(1, 1) ~= '"' or #json > MOST_BYTES then
      return
   end
   self.count = self.count + 1
   self.is_free = self.count > MOST_LABELS
   if not self.is_free then
      self:add(library.promptic.json.decode(json), row)
   end
end

--- Looks at the answers of a batch.
function Labels:see(batch)
   if self.is_free then
      return
   end
   self.rows = self.rows + batch:count()
   for _, found in ipairs(batch:answers(self.seen)) do
      see(self, found[1], found[2])
   end
   self.is_free = self.is_free or self.rows >= 50 and self.count > self.rows / 2
end

--- Reports what was noted since the last time.
function Labels:tell()
   local notes = self.notes
   self.notes = {}
   if self.is_free then
      return
   end
   for index, note in ipairs(notes) do
      if index > MOST_NOTES then
         self.report(("and %d more such %ss"):format(#notes - MOST_NOTES, self.what))
         return
      end
      self.report(note)
   end
end

-- ------------------------------------------------------------------ of an upload

local labels = {}

--- Who is told: on_warning, else the client's log; nil if there is neither.
local function reporter(job)
   local on_warning = job.settings.on_warning
   if on_warning then
      return function(note) on_warning(note) end
   elseif rows.warn(job.client) then
      return function(note) rows.warn(job.client, note) end
   end
end

local function tell_columns(report, columns)
   local names = Labels.new("column", report)
   for _, name in ipairs(columns or {}) do
      names:add(library.promptic.json.decode(name))
   end
   names:tell()
end

-- Reads the whole file with a reader of its own, a batch in each step.
local function survey(job, found, reader, report, read, pause)
   local what
   repeat
      local batch = job:new_rows(job.pace.rows)
      what = read(reader, "fill", batch, 1e15)
      found:see(batch)
      batch:free()
      pause(0)
   until what == "end" or what == "broken" or found.is_free
   tell_columns(report, reader:columns())
   reader:close()
end

local function answer_of(row)
   if type(row) == "table" then
      for _, name in pairs{ "expected", "expected_payload", "expectedPayload" } do
         if type(row[name]) == "string" then return row[name] end
      end
   end
end

-- The answers of a list, which is there as a whole.
local function survey_list(found, list)
   local seen = {}
   for index, row in ipairs(list) do
      local answer = answer_of(row)
      if answer and not seen[answer] and #answer <= MOST_BYTES then
         seen[answer] = true
         found.count = found.count + 1
         found.is_free = found.count > MOST_LABELS
         if found.is_free then return end
         found:add(answer, index)
      end
   end
   found.is_free = #list >= 50 and found.count > #list / 2
end

--- Looks at the labels of a source before anything is sent, as far as that can be read twice. Returns a function that
-- is to be called with each batch, or nil.
function labels.watch(job, read, pause)
   local report = reporter(job)
   if not report then
      return nil
   end
   local found = Labels.new("label", report)
   if job.settings.survey then
      survey(job, found, job.settings.survey, report, read, pause)
      found:tell()
   elseif type(job.given) == "table" then
      survey_list(found, job.given)
      found:tell()
   else
      return function(batch)
         found:see(batch)
         found:tell()
      end
   end
end

return labels
