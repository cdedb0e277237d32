-- reconcile.lua - decides the fate of batches in doubt by listing the experiment's observations.
-- Baked into the module; runs in Lua 5.1 to 5.4.
--
-- While no request is under way, every observation whose id was neither there before the upload nor
-- confirmed in a response comes from one of these batches; which one, and whether it is complete, follows
-- from the contents of the rows. Equal rows are counted.
local import = ...

local error, ipairs, math, type = error, ipairs, math, type

local library, rows = import "c.library", import "c.rows"
local tasks, Job = import "tasks", import "job"
local failure = import "failure"
local now = library.now

local reconcile = {}

local function unreadable()
   return failure.new{
      kind = "decode",
      code = "unexpected_response",
      message = "the response is no list of observations with their ids",
      method = "GET",
      path = "/experiments/.../observations",
   }
end

local function list(job, scan)
   rows.call(job.client, job.experiment_id, scan)
end

-- Scans the experiment's observations: returns the number taken and the number of others, or nil and the error.
local function look(job, scan)
   local listed, err = failure.attempt(list, job, scan)
   if not listed then
      return nil, err
   end
   local taken, surplus = scan:result()
   if not taken then
      return nil, unreadable()
   end
   return taken, surplus
end

local function count(set)
   local numbers = 0
   for _, range in ipairs(set:ranges()) do
      numbers = numbers + range.last - range.first + 1
   end
   return numbers
end

-- Observations created since an earlier upload failed can only be rows that were in doubt then.
local function check_resumed(job, got)
   local possible = count(job.unknown_before)
   if got > possible then
      error(failure.new{
         kind = "argument",
         code = "wrong_resume",
         message = ("option 'resume': the experiment has got %d observations since, of which %d may be rows that "
            .. "were unknown; was this value used before?"):format(got, possible),
      }, 0)
   end
end

--- Lists the experiment's ids before anything is sent.
function reconcile.before(job)
   local scan = rows.scan(job.known)
   local taken, err = look(job, scan)
   if not taken then
      error(err, 0)
   elseif job.known then
      check_resumed(job, taken)
   else
      job.known = scan:known()
   end
end

local function rest(job)
   local wake = 0
   for _, batch in ipairs(job.unknown) do
      wake = math.max(wake, batch.rested)
   end
   if wake > now() then
      tasks.sleep(wake - now())
   end
end

-- A batch, or a part of one, that the platform does not hold.
local function put_back(job, batch, absent)
   batch.rows = absent
   job.resent = job.resent or rows.tally()
   absent:want(job.resent)
   job:retry(batch)
   if batch.tries >= Job.MOST_TRIES then
      job:fail(batch.err)
   end
end

-- Rows are missing while the experiment has others that match no batch: those may be these.
local function leave_in_doubt(job, batch, surplus)
   local err = batch.err
   if type(err) ~= "table" then
      err = failure.new{ kind = "connection", message = "a connection has failed" }
   end
   err.message = ("%s; the experiment has got %d observations that are not of this upload, or were changed, "
      .. "so these rows stay in doubt"):format(err.message, surplus)
   job:fail(err)
   job.unknown[#job.unknown + 1] = batch
   job.unknown_bytes = job.unknown_bytes + batch.rows:bytes()
end

local function place(job, batch, tally, surplus)
   local found, absent = batch.rows:take(tally)
   batch.rows:free()
   if found:count() > 0 then
      job:confirm(found)
   end
   if absent:count() == 0 then
      job.batches = job.batches + 1
   elseif surplus > 0 then
      batch.rows = absent
      leave_in_doubt(job, batch, surplus)
   else
      put_back(job, batch, absent)
   end
end

--- Settles the batches in doubt, while no other is under way. If it cannot, they stay in doubt and the job
--- fails.
function reconcile.settle(job)
   local unknown, tally = job.unknown, rows.tally()
   rest(job)
   for _, batch in ipairs(unknown) do
      batch.rows:want(tally)
   end
   local scan = rows.scan(job.known, tally)
   local taken, surplus = look(job, scan)
   if not taken then
      job:fail(surplus)
      return
   end
   job.known:merge(scan)
   job.unknown, job.unknown_bytes = {}, 0
   for _, batch in ipairs(unknown) do
      place(job, batch, tally, surplus)
   end
   job:report()
end

--- A request that was found to have had no effect and was made again may have come in late all the same:
--- finds rows that were created twice.
function reconcile.after(job)
   local scan = rows.scan(job.known, job.resent)
   local taken, err = look(job, scan)
   if not taken then
      error(err, 0)
   elseif taken > 0 then
      error(failure.new{
         kind = "connection",
         code = "rows_twice",
         message = ("%d rows are there twice: a request that had failed, and was made again because nothing "
            .. "of it was to be seen, took effect late"):format(taken),
         twice = scan:known():ranges(),
      }, 0)
   end
end

return reconcile
