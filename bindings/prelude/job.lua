-- job.lua - the state of one upload, which upload.lua, reconcile.lua and resume.lua work on.
-- Baked into the module; runs in Lua 5.1 to 5.4.
--
-- A batch is a table: rows (a userdata of c.rows), most_rows (what the pace allowed when it was read), tries (how often
-- it was sent), began (when that was last) and attempts (of that call, as far as noticed), err (why it is in doubt) and
-- rested (from when on its fate can be looked up).
local import = ...

local math, setmetatable = math, setmetatable

local library, host, rows, Pace = import "c.library", import "c.tasks", import "c.rows", import "pace"
local failure = import "failure"
local now = library.now

-- Fields of a job:
--    client, given, settings                  what the upload was called with
--    find_room        asks the platform for the room, or gives it: room, see rooms.lua
--    experiment_id    where it is an experiment's
--    source           sources.lua
--    past             what an earlier upload has done: resume.lua
--    known            ids that the room holds; nil until they have been listed
--    held             with only_new: a tally of the rows that it holds and that no row of the source was found to be
--    unknown_before   rows that the earlier upload left in doubt
--    sent_rows        numbers of rows that were sent and are confirmed
--    again            batches to send
--    unknown          batches in doubt, and unknown_bytes, how many bytes they have
--    flying           batches of requests under way -> the scans of their responses
--    unsent           the batch that is being read
--    resent           rows that may be there twice at the end: sent again since they were found absent; with
-- only_new all
--    pace             how many rows a batch has and how many are under way: pace.lua
--    process          that it belongs to, as a number
--    main             the state of the upload's own task
--    workers          states of the tasks that send, as keys, and working, how many there are
--    reading          the task that reads
--    watch_labels     a function that looks at the labels of each batch; see labels.lua
--    skipped          rows that were skipped
--    sent, present, absent, bytes, batches, started   what it reports
--    streak           outcomes in doubt in a row
--    paused           nothing is sent until the batches in doubt are settled
--    ended            the source has no more rows
--    most_bytes       of a batch; likely_bytes, those of the previous one
--    failure          the first error that ends it
local Job = {}
Job.__index = Job

-- How often a batch is sent; each of these calls has its client's own retries besides.
Job.MOST_TRIES = 3

-- Seconds for which the platform may still be at work on a request that failed: as long again as the call
-- took, within these bounds.
local LEAST_REST, MOST_REST = 0.5, 30

--- A job with nothing done.
function Job.new(call, settings, past)
   return setmetatable({
      client = call.client, experiment_id = call.experiment_id, given = call.given, settings = settings,
      find_room = call.find_room,
      process = host.generation(),
      past = past,
      known = past.known,
      unknown_before = past.unknown,
      sent_rows = rows.set(past.sent:text()), -- a copy: the other one stays what it was before this job
      again = {},
      unknown = {}, unknown_bytes = 0,
      flying = {},
      pace = Pace.new(settings.batch_size, settings.ordered and 1 or settings.concurrency),
      workers = {}, working = 0,
      skipped = {},
      sent = 0, present = 0, absent = 0, bytes = 0, batches = 0, started = now(),
      streak = 0,
      most_bytes = settings.batch_bytes,
   }, Job)
end

--- Raises in a forked child: a task that goes on there, below a callback that forked, must not send the parent's rows.
function Job:check_process()
   if host.generation() ~= self.process then
      failure.raise("cancelled", "the process has forked: the upload goes on in the parent process only", "forked")
   end
end

--- Calls on_progress.
function Job:report()
   if self.settings.on_progress then
      self.settings.on_progress{
         sent = self.sent,
         total = self.source.total,
         bytes = self.bytes,
         elapsed = now() - self.started,
      }
      self:check_process()
   end
end

--- These rows were sent.
function Job:confirm(batch_rows)
   batch_rows:mark(self.sent_rows)
   self.sent = self.sent + batch_rows:count()
   self.bytes = self.bytes + batch_rows:bytes()
   batch_rows:free()
end

--- A batch for rows that are to be read.
function Job:new_rows(most_rows)
   return rows.batch(most_rows, self.most_bytes, self.likely_bytes, self.settings.on_empty, self.room.is_dataset,
      self.room.payloads)
end

--- A scan of a response with what the room holds; see rows.scan.
function Job:scan(known, tally, holds)
   return rows.scan(known, tally, self.room.is_dataset, holds)
end

--- Ends the job with this error, unless it has failed before.
function Job:fail(err)
   self.failure = self.failure or err
end

--- Puts a batch among those to send.
function Job:retry(batch)
   self.again[#self.again + 1] = batch
end

--- A batch is in doubt after this error of a call that took so many seconds; without an error it is one that an
--- earlier upload left in doubt.
function Job:doubt(batch, err, took)
   batch.err = err
   batch.rested = now() + (took and math.max(LEAST_REST, math.min(took, MOST_REST)) or 0)
   self.unknown[#self.unknown + 1] = batch
   self.unknown_bytes = self.unknown_bytes + batch.rows:bytes()
end

return Job
