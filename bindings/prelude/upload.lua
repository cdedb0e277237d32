-- upload.lua - upload_observations and upload_cases: a source of any size in batches, one after the other or several of
-- them at one time.
-- Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local error, ipairs, math, next, pairs = error, ipairs, math, next, pairs
local table, tostring, type = table, tostring, type

local methods, library, rows = import "methods", import "c.library", import "c.rows"
local tasks, supervise, sources = import "tasks", import "supervise", import "sources"
local Job, reconcile, resume, rooms = import "job", import "reconcile", import "resume", import "rooms"
local labels, failure, strict = import "labels", import "failure", import "strict"
local is_error = failure.is_error
local check, now = library.check, library.now

-- How many batches may be in doubt before the room is listed, which takes longer the more it holds. With `ordered` each
-- is settled before the next one is sent.
local MOST_UNKNOWN, MOST_UNKNOWN_BYTES = 64, 8 * 1024 * 1024

-- It is listed after as many doubtful outcomes in a row too: the next one is likely to fail as well.
local LEAST_STREAK = 4

-- Statuses of a platform that refuses what a request holds.
local INVALID = { [400] = true, [422] = true }

-- Statuses of a platform that asks for less. What follows from 413, which is about the size alone: `shrink`.
local LESS = { [429] = true, [503] = true }

local start_workers

-- ------------------------------------------------------------------ what came of a request

-- Whether the next attempt may succeed. A platform that asks for more time than calls wait for is obeyed.
local function is_passing(err)
   if err.retry_after and err.retry_after > 60 then
      return false
   end
   return failure.is_passing(err) or err.kind == "decode"
end

local function doubt(job, batch, err, took)
   job:doubt(batch, err, took)
   if not is_error(err) or not is_passing(err) then
      job:fail(err)
   end
   job.streak = job.streak + (took and 1 or 0)
   job.paused = job.paused or job.settings.ordered or #job.unknown >= MOST_UNKNOWN
      or job.unknown_bytes >= MOST_UNKNOWN_BYTES
      or job.streak >= math.max(LEAST_STREAK, job.pace.width)
end

local function skip_large(job, batch)
   local set = rows.set()
   batch.rows:mark(set)
   local row, reason = set:from(0), ("the platform refuses %d bytes as too large"):format(batch.rows:bytes())
   batch.rows:free()
   job.skipped[#job.skipped + 1] = {
      row = row,
      file = job.source.path,
      reason = reason,
      message = ("%s: row %d: %s"):format(job.source.path or job.room.rows, row, reason),
   }
end

-- Sends the first `count` rows of the batch, without a number the first half, and then the others.
local function divide(job, batch, count)
   batch.tries, batch.narrowed = 0, true
   job:retry{ rows = batch.rows:split(count), most_rows = batch.most_rows, tries = 0, narrowed = true }
   job:retry(batch)
end

-- Words for rows of a request, and for a bound of their number, in texts such as "Array must contain at most 100
-- element(s)".
local COUNTED = { "element", "item", "case", "row", "observation", "record", "entr", "array" }
local BOUND = {
   "most", "max", "more than", "less than", "fewer", "exceed", "limit", "many", "up to", "<=", "large", "big",
}

local function has_any(text, words)
   for _, word in ipairs(words) do
      if text:find(word, 1, true) then
         return true
      end
   end
   return false
end

-- Whether the error's text names a number of elements.
local function names_count(err)
   local text = tostring(err.message):lower()
   return text:find("%d") ~= nil and has_any(text, COUNTED) and has_any(text, BOUND)
end

-- Adds to the error of a request with one row which one that is.
local function place_refusal(job, batch, err)
   err.row, err.line = batch.rows:place()
   err.file, err.reason = job.source.path, err.message
   local place = err.line and ("%s:%d"):format(job.source.path, err.line) or ("row %d"):format(err.row)
   err.message = ("%s: the platform refuses this row: %s"):format(place, err.reason)
end

-- Halves the batch, and what later ones may hold.
local function shrink(job, batch, err)
   if batch.rows:count() > 1 then
      job.most_bytes = math.max(1, math.min(job.most_bytes, math.floor(batch.rows:bytes() / 2)))
      divide(job, batch)
   elseif job.settings.on_bad_row == "skip" then
      skip_large(job, batch)
   else
      place_refusal(job, batch, err)
      job:retry(batch)
      job:fail(err)
   end
end

-- Halves a batch that has more rows than the platform takes, and later ones.
local function halve(job, batch)
   job.pace:limit(math.max(1, math.floor(batch.rows:count() / 2)))
   divide(job, batch)
end

-- The platform refuses a batch for its content: one row is sent alone, then halves of the rest, until a row that is
-- alone is refused, which ends the upload.
local function narrow(job, batch, err)
   if batch.rows:count() > 1 and names_count(err) then
      halve(job, batch)
   elseif batch.rows:count() > 1 then
      divide(job, batch, not batch.narrowed and 1 or nil)
   else
      place_refusal(job, batch, err)
      job:retry(batch)
      job:fail(err)
   end
end

local function send_again(job, batch, err)
   job:retry(batch)
   if not is_passing(err) or batch.tries >= Job.MOST_TRIES then
      job:fail(err)
   elseif err.retry_after then
      tasks.sleep(err.retry_after)
   end
end

local function incomplete(room)
   local message = "the response does not hold the %s that were to be created"
   return failure.unexpected(message:format(room.rows), "POST", room.path)
end

local function post(job, batch, scan)
   local room = job.room
   rows.call(job.client, room.create, scan, batch.rows, room.ids[1], room.ids[2])
end

-- Requests under way that were made again were refused by the platform, or a connection to it.
local function notice_refusals(job)
   for batch, scan in pairs(job.flying) do
      local attempts = scan:attempts()
      if attempts > batch.attempts then
         batch.attempts = attempts
         job.pace:refused(batch.began)
      end
   end
end

local function send(job, batch)
   local scan = rows.scan()
   batch.tries, batch.began, batch.attempts = batch.tries + 1, now(), 1
   job.flying[batch] = scan
   local answered, err = failure.attempt(post, job, batch, scan)
   notice_refusals(job)
   job.flying[batch] = nil
   if is_error(err) and LESS[err.status_code] then
      job.pace:refused(batch.began)
   end
   if answered and scan:result() == batch.rows:count() then
      job.known:merge(scan)
      job.batches = job.batches + 1
      job.streak = 0
      job:confirm(batch.rows)
      job:report()
      job.pace:succeeded(batch.most_rows, batch.began)
      start_workers(job)
   elseif answered then
      doubt(job, batch, incomplete(job.room))
   elseif is_error(err) and err.status_code == 413 then
      shrink(job, batch, err)
   elseif is_error(err) and INVALID[err.status_code] then
      narrow(job, batch, err)
   elseif is_error(err) and not err.maybe_sent then
      send_again(job, batch, err)
   else
      doubt(job, batch, err, now() - batch.began)
   end
end

-- ------------------------------------------------------------------ reading

local function refuse(job, problem)
   if job.source.back then
      job.source.back()
   end
   error(failure.new{
      kind = "argument",
      code = problem.code,
      message = problem.message,
      file = problem.file,
      line = problem.line,
      row = problem.row,
      reason = problem.reason,
   }, 0)
end

-- The error for a failure of the source. A function's own error alone could not say which rows were sent.
local function source_failure(job, err)
   if is_error(err) or type(job.given) ~= "function" then
      return err
   end
   return failure.new{
      kind = "argument",
      code = "source_failed",
      message = "the source function failed: " .. tostring(err),
      cause = err,
   }
end

-- Fills a batch, past rows that cannot be used where they are to be skipped.
local function fill(job, batch, last)
   repeat
      local what, problem = job.source.fill(batch.rows, last)
      if what == "end" then
         job.ended = true
         resume.end_of_source(job.past, job.source.number)
      elseif what == "empty" or what == "bad" and job.settings.on_bad_row == "skip" then
         job.skipped[#job.skipped + 1] = problem
      elseif problem then
         refuse(job, problem)
      end
   until not problem
end

-- Whether rows of the batch are to be sent; those that are there already, with only_new, are taken out of it.
local function is_new(job, batch)
   if not job.held then
      return true
   end
   reconcile.claim(job, batch)
   if job.settings.dry_run then
      job.absent = job.absent + batch.rows:count()
      batch.rows:free()
   end
   return batch.rows:count() > 0
end

-- The next batch to send, nil if there is none.
local function read(job)
   while not job.ended and not job.paused do
      job:check_process()
      local standing, last = resume.standing(job.past, job.source.number + 1)
      local most_rows = job.pace.rows
      local batch = {
         rows = job:new_rows(most_rows),
         most_rows = most_rows,
         tries = 0,
      }
      job.unsent = batch
      fill(job, batch, last)
      job.unsent = nil
      if job.watch_labels then
         job.watch_labels(batch.rows)
      end
      if batch.rows:count() == 0 then
         batch.rows:free()
      elseif standing == "new" then
         job.likely_bytes = batch.rows:bytes()
         if is_new(job, batch) then
            return batch
         end
      elseif standing == "sent" then
         resume.seen(job.past, batch.rows, job.source.number)
      else
         doubt(job, batch)
      end
   end
end

-- Adds the next batch to those that are to be sent. No more than one task reads: a source that is a function
-- may make calls and be suspended.
local function read_next(job)
   local reading = supervise.start(read, job)
   job.reading = reading
   function reading.on_finish() -- at once: another task may come to read before this one goes on
      job.reading = nil
      if reading.status == "done" then
         job:retry(reading.results[1])
      else
         job:fail(source_failure(job, reading.err))
      end
   end
   tasks.settle(reading)
end

-- The batch, or its beginning where it was read before the platform found as large a one too large.
local function within_limits(job, batch)
   local count, bytes, most_rows = batch.rows:count(), batch.rows:bytes(), job.pace.most_rows
   if count > most_rows or bytes > job.most_bytes and count > 1 then
      local share = math.floor(count * job.most_bytes / bytes)
      divide(job, batch, math.max(1, math.min(most_rows, share)))
      return table.remove(job.again)
   end
   return batch
end

-- The next batch for a worker, nil where it is to end.
local function take(job)
   job:check_process()
   while not job.failure and not job.paused and job.working <= job.pace.width do
      if #job.again > 0 then
         return within_limits(job, table.remove(job.again))
      elseif job.reading then
         tasks.settle(job.reading)
      elseif job.ended then
         return nil
      else
         read_next(job)
      end
   end
end

-- ------------------------------------------------------------------ the whole

local function work(job)
   local batch = take(job)
   while batch do
      send(job, batch)
      batch = take(job)
   end
end

local function start_worker(job)
   local worker
   local function on_finish()
      job.workers[worker] = nil
      job.working = job.working - 1
      if worker.status ~= "done" then
         job:fail(worker.err)
      end
   end
   worker = supervise.start_for(job.main, work, job)
   worker.on_finish = on_finish -- made before, as memory may end
   job.working = job.working + 1
   job.workers[worker] = true
end

-- As many as the pace has room for.
function start_workers(job)
   while job.working < job.pace.width and not (job.failure or job.paused or job.ended) do
      start_worker(job)
   end
end

local function run_workers(job)
   job.paused, job.streak = false, 0
   repeat
      start_worker(job)
   until job.working >= job.pace.width
   while next(job.workers) do
      tasks.settle((next(job.workers)))
   end
end

-- However the upload ends: none of its tasks goes on, and its error says which rows were sent.
local function watch(job)
   local me = tasks.current()
   local before, group = me.on_finish, me.group or {}
   local function account(err)
      resume.account(job, err)
   end
   job.main, group.account = me, account -- which tasks.run wants after a signal
   function me.on_finish(...)
      if me.status == "done" and group.account == account then
         group.account = nil
      end
      for worker in pairs(job.workers) do
         tasks.cancel(worker)
      end
      if me.status ~= "done" and is_error(me.err) then
         resume.account(job, me.err)
      end
      if before then
         before(...)
      end
   end
end

-- After these no further request is possible.
local HOPELESS = { cancelled = true, interrupted = true, auth = true, config = true }

-- What was done, once nothing is left to do.
local function result_of(job)
   return {
      sent = job.sent,
      present = job.present,
      absent = job.settings.dry_run and job.listed > 0 and job.absent or nil,
      held = job.listed,
      skipped = job.skipped,
      bytes = job.bytes,
      elapsed = now() - job.started,
      batches = job.batches,
   }
end

-- Finds out where rows go and which are there; reads the first batch.
local function begin(job)
   job.room = job.find_room()
   resume.check_room(job.settings.resume, job.room)
   if job.settings.only_new or job.settings.dry_run then
      job.listed = reconcile.hold(job)
      job.ended = job.settings.dry_run and job.listed == 0
   end
   if not job.settings.dry_run then
      job.watch_labels = labels.watch(job, sources.read, tasks.sleep)
   end
   if #job.again == 0 and not job.ended then
      read_next(job)
   end
   if not job.held and (#job.again > 0 or #job.unknown > 0) then
      reconcile.before(job)
   end
end

local function upload(job)
   watch(job)
   begin(job)
   while not job.failure and (#job.again > 0 or #job.unknown > 0 or not job.ended) do
      run_workers(job)
      if #job.unknown > 0 and not (is_error(job.failure) and HOPELESS[job.failure.kind]) then
         reconcile.settle(job)
      end
   end
   if job.failure then
      error(job.failure, 0)
   elseif job.resent and not job.settings.dry_run then
      reconcile.after(job)
   end
   return result_of(job)
end

-- call: client, given, find_room, and experiment_id if there is one.
local function run(call, settings)
   if settings.resume and (settings.only_new or settings.dry_run) then
      failure.raise("argument",
         "option 'resume' cannot be combined with only_new or dry_run: leave it out",
         "wrong_resume")
   end
   local job = Job.new(call, settings, resume.past(settings.resume, call.experiment_id))
   if not resume.continue(job, settings.resume) then
      job.source = sources.open(call.given, settings.path)
   end
   return strict.own(call.client, tasks.run(upload, job), "Upload")
end

function methods.upload_observations(...)
   local client, experiment_id, given, settings = check.upload_observations(...)
   return run({
      client = client, experiment_id = experiment_id, given = given,
      find_room = function() return rooms.of_experiment(client, experiment_id) end,
   }, settings)
end

function methods.upload_cases(...)
   local client, component_id, dataset_id, given, settings = check.upload_cases(...)
   return run({
      client = client, given = given,
      find_room = function() return rooms.cases(component_id, dataset_id, true) end,
   }, settings)
end
