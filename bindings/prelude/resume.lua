-- resume.lua - the `resume` value of an upload that failed, and how the next upload uses it.
-- Baked into the module; runs in Lua 5.1 to 5.4.
--
-- The value holds nothing but strings, so it can be kept as JSON: the rows that were sent with sums of
-- their bytes, those in doubt, the ids that the experiment held before and those that were confirmed.
local import = ...

local ipairs, math, pairs, setmetatable = ipairs, math, pairs, setmetatable
local table, tostring, type = table, tostring, type

local rows = import "c.rows"
local failure = import "failure"

local resume = {}

-- value -> the rest of its job, if that read from a function: the function goes on where it stopped.
local continued = setmetatable({}, { __mode = "k" })

local function fail(message)
   failure.raise("argument", "option 'resume': " .. message, "wrong_resume")
end

-- The set that the field's text describes, the other one if there is no such field.
local function set_of(value, name, otherwise)
   local text = value[name]
   if text == nil then
      return otherwise
   end
   return type(text) == "string" and rows.set(text) or fail("not the field resume of an upload's error")
end

-- Raises unless the rows of the range that begins here, which have been read again, are those that were sent.
local function compare(past, first)
   local _, last, sum = past.sent:from(first)
   local seen_first, seen_last, seen_sum = past.seen:from(first)
   if seen_first ~= first or seen_last ~= last or seen_sum ~= sum then
      fail(("the source has changed: rows %d to %d differ"):format(first, last))
   end
end

-- Whether an earlier upload may have sent any row.
local function has_sent(value)
   return (value.sent or "") ~= "" or (value.unknown or "") ~= ""
end

-- The rooms that values had no name for were of observations.
local function room_of(value)
   return value.room or has_sent(value) and "observations"
end

--- Raises unless the room is the one that the earlier upload sent its rows to.
function resume.check_room(value, room)
   local before = value and room_of(value)
   if before and before ~= room.name then
      fail(("its rows were sent as %s, but the experiment now has %s: upload with only_new = true"):format(
         tostring(before), room.rows))
   elseif before and room.is_dataset and value.dataset_id ~= room.ids[2] then
      fail("it belongs to another dataset, " .. tostring(value.dataset_id))
   end
end

--- The progress of an earlier upload. Without one, all rows are to be sent.
function resume.past(value, experiment_id)
   if value and experiment_id and value.experiment_id ~= experiment_id then
      fail("it belongs to another experiment, " .. tostring(value.experiment_id))
   end
   local past = { sent = rows.set(), unknown = rows.set(), seen = rows.set() }
   if value then
      past.sent = set_of(value, "sent", past.sent)
      past.unknown = set_of(value, "unknown", past.unknown)
      past.known = set_of(value, "known")
   end
   return past
end

--- What the row is: "sent", "unknown" or "new"; and the last one of which the same is true.
function resume.standing(past, number)
   local sent_first, sent_last = past.sent:from(number)
   local unknown_first, unknown_last = past.unknown:from(number)
   if sent_first and sent_first <= number then
      return "sent", sent_last
   elseif unknown_first and unknown_first <= number then
      return "unknown", unknown_last
   end
   return "new", math.min(sent_first or math.huge, unknown_first or math.huge) - 1
end

--- A batch of rows that were sent has been read again; number is the last one's.
function resume.seen(past, batch, number)
   batch:mark(past.seen)
   batch:free()
   local first, last = past.sent:from(number)
   if last == number then
      compare(past, first)
   end
end

--- The source has ended: there can be no more rows that were sent.
function resume.end_of_source(past, number)
   local first = past.sent:from(number + 1)
   if first then
      fail(("the source has %d rows, but row %d was sent"):format(number, math.max(first, number + 1)))
   end
end

-- ------------------------------------------------------------------ the account of a failure

-- Rows whose fate is unknown: of batches under way or in doubt, and of those that an earlier upload left
-- unknown and that were not read again.
local function unknown_rows(job)
   local set = rows.set()
   for _, batch in ipairs(job.unknown) do
      batch.rows:mark(set)
   end
   for batch in pairs(job.flying) do
      batch.rows:mark(set)
   end
   local first, last = job.past.unknown:from(job.source.number + 1)
   while first do
      set:add(math.max(first, job.source.number + 1), last)
      first, last = job.past.unknown:from(last + 1)
   end
   return set
end

-- The rows that are in none of the sets; the last range is open where the end of the source is unknown.
local function others(job, ...)
   local all, ranges, number = rows.set(), {}, 1
   for _, set in ipairs{ ... } do
      for _, range in ipairs(set:ranges()) do
         all:add(range.first, range.last)
      end
   end
   for _, problem in ipairs(job.skipped) do
      all:add(problem.row, problem.row)
   end
   for _, range in ipairs(all:ranges()) do
      if range.first > number then
         ranges[#ranges + 1] = { first = number, last = range.first - 1 }
      end
      number = range.last + 1
   end
   local total = job.source.total or job.ended and job.source.number
   if not total or number <= total then
      ranges[#ranges + 1] = { first = number, last = total or nil }
   end
   return ranges
end

local MOST_RANGES = 5

local function describe(ranges)
   local texts = {}
   for index = 1, math.min(#ranges, MOST_RANGES) do
      local first, last = ranges[index].first, ranges[index].last
      local format = not last and "from %d on" or first == last and "%d" or "%d-%d"
      texts[index] = format:format(first, last)
   end
   if #ranges > MOST_RANGES then
      texts[MOST_RANGES + 1] = ("and %d more ranges"):format(#ranges - MOST_RANGES)
   end
   return table.concat(texts, ", ")
end

-- "added: rows 1-700; not added: 701-1000"; "no row was added" where that is all.
local function in_words(account)
   local texts = {}
   local parts = { { "added", account.sent }, { "not added", account.unsent }, { "in doubt", account.unknown } }
   for _, entry in ipairs(parts) do
      if #entry[2] > 0 then
         texts[#texts + 1] = ("%s: %s%s"):format(entry[1], #texts == 0 and "rows " or "", describe(entry[2]))
      end
   end
   if #account.sent == 0 and #account.unknown == 0 then
      return "no row was added"
   end
   return table.concat(texts, "; ")
end

--- Puts into an error which rows are in, which are not, which are unknown, and a value to go on from there.
function resume.account(job, err)
   local unknown = unknown_rows(job)
   err.rows = {
      sent = job.sent_rows:ranges(),
      unsent = others(job, job.sent_rows, unknown),
      unknown = unknown:ranges(),
   }
   err.skipped = job.skipped
   err.resume = {
      experiment_id = job.experiment_id,
      room = job.room and job.room.name,
      dataset_id = job.room and job.room.is_dataset and job.room.ids[2] or nil,
      sent = job.sent_rows:text(),
      unknown = unknown:text(),
      known = job.known and job.known:text(),
   }
   err.message = ("%s (%s)"):format(err.message, in_words(err.rows))
   if job.source.back then
      continued[err.resume] = {
         given = job.given,
         source = job.source,
         past = job.past, -- what it was not to send of the rows that are still to be read
         again = job.again,
         unsent = job.unsent,
         unknown = job.unknown,
         flying = job.flying,
         skipped = job.skipped,
         ended = job.ended,
      }
   end
end

--- Continues reading where an earlier job stopped to read from the same function.
function resume.continue(job, value)
   local earlier = value and continued[value]
   if not earlier or earlier.given ~= job.given then
      return false
   end
   continued[value] = nil
   job.source, job.ended, job.skipped = earlier.source, earlier.ended, earlier.skipped
   job.past.sent, job.past.unknown, job.past.seen = earlier.past.sent, earlier.past.unknown, earlier.past.seen
   job.again = earlier.again
   if earlier.unsent and earlier.unsent.rows:count() > 0 then
      table.insert(job.again, 1, earlier.unsent) -- it was read last
   end
   for _, batch in ipairs(job.again) do
      batch.tries = 0
   end
   for batch in pairs(earlier.flying) do
      earlier.unknown[#earlier.unknown + 1] = batch
   end
   for _, batch in ipairs(earlier.unknown) do
      batch.tries = 0
      job:doubt(batch)
   end
   return true
end

return resume
