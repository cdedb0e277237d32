-- reconcile.lua - decides the fate of batches in doubt by listing what the room holds.
-- Baked into the module; runs in Lua 5.1 to 5.4.
--
-- While no request is under way, every row whose id was neither there before the upload nor confirmed in a response
-- comes from one of these batches; which one, and whether it is complete, follows from the contents of the rows. Equal
-- rows are counted. Of a dataset the list may be a part: then rows that are not in it are not known to be absent.
local import = ...

local error, ipairs, math, table, type = error, ipairs, math, table, type

local library, rows = import "c.library", import "c.rows"
local tasks, Job, rooms = import "tasks", import "job", import "rooms"
local failure = import "failure"
local is_error = failure.is_error
local now = library.now

local reconcile = {}

local function unreadable(room)
   local message = "the response is not a list of %s with ids"
   return failure.unexpected(message:format(room.rows), "GET", room.path)
end

local function list(job, room, scan)
   job:check_process()
   rows.call(job.client, room.list, scan, nil, room.ids[1], room.ids[2])
end

-- Why the list that was scanned may be a part of what there is; nil where it is all.
local function missing(room, listed, count)
   if not room.is_dataset or listed == count then
      return nil
   elseif not count then
      return "the platform gave no count of the dataset's cases"
   end
   return ("the platform listed %d of the dataset's %d cases"):format(listed, count)
end

-- Scans what the room holds: returns the number of rows taken, the number of others, why the list may be a part and how
-- many were listed; or nil and the error.
local function look(job, scan, room)
   room = room or job.room
   local done, err = failure.attempt(list, job, room, scan)
   if not done then
      return nil, err
   end
   local taken, surplus, listed, count = scan:result()
   if not taken then
      return nil, unreadable(room)
   end
   return taken, surplus, missing(room, listed, count), listed
end

local function count(set)
   local numbers = 0
   for _, range in ipairs(set:ranges()) do
      numbers = numbers + range.last - range.first + 1
   end
   return numbers
end

-- Rows created since an earlier upload failed can only be those that were in doubt then.
local function check_resumed(job, got)
   local possible = count(job.unknown_before)
   if got > possible then
      error(failure.new{
         kind = "argument",
         code = "wrong_resume",
         message = ("option 'resume': the %s has %d new %s, of which at most %d can be rows of "
            .. "this upload: was this value used before?"):format(job.room.owner, got, job.room.rows, possible),
      }, 0)
   end
end

--- Lists the room's ids before anything is sent.
function reconcile.before(job)
   local scan = job:scan(job.known)
   local taken, err = look(job, scan)
   if not taken then
      error(err, 0)
   elseif job.known then
      check_resumed(job, taken)
   else
      job.known = scan:known()
   end
end

-- A server may serve both kinds of rows, and keep them apart: then training data is what either has.
local function hold_observations(job)
   local held = rows.tally()
   local taken, err = look(job, rows.scan(nil, held, false, true), rooms.observations(job.experiment_id))
   if taken then
      job.held:unite(held)
   elseif not is_error(err) or err.status_code ~= 404 then
      error(err, 0)
   end
end

--- Lists the room's ids and contents, to find out which rows of the source are there. Returns how many there are.
function reconcile.hold(job)
   job.held, job.resent = rows.tally(), rows.tally()
   local scan = job:scan(nil, job.held, true)
   local taken, err, part, listed = look(job, scan)
   if not taken then
      error(err, 0)
   elseif part then
      failure.raise("decode", part .. ", so it is undecided which rows are new: nothing was sent", "undecided")
   end
   job.known = scan:known()
   if job.room.is_dataset and job.experiment_id then
      hold_observations(job)
   end
   return listed
end

--- The rows of the batch that are not there yet, as the batch's rows; the others are counted as present.
function reconcile.claim(job, batch)
   batch.rows:want(job.resent)
   local found, absent = batch.rows:claim(job.held)
   batch.rows:free()
   batch.rows = absent
   job.present = job.present + found:count()
   found:mark(job.sent_rows)
   found:free()
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

-- Rows are missing where that does not say that they are absent.
local function leave_in_doubt(job, batch, why)
   local err = batch.err
   if type(err) ~= "table" then
      err = failure.new{ kind = "connection", message = "a connection has failed" }
   end
   err.message = ("%s; %s, so these rows stay in doubt and are not sent again"):format(err.message, why)
   job:fail(err)
   job.unknown[#job.unknown + 1] = batch
   job.unknown_bytes = job.unknown_bytes + batch.rows:bytes()
end

-- Why rows that were not found may be there all the same; nil where they are absent.
local function reason_for_doubt(job, surplus, part)
   if part then
      return part
   elseif surplus > 0 then
      return ("the %s has %d %s that this upload did not add, or that were changed"):format(job.room.owner, surplus,
         job.room.rows)
   end
end

local function place(job, batch, tally, doubt)
   local found, absent = batch.rows:take(tally)
   batch.rows:free()
   if found:count() > 0 then
      job:confirm(found)
   end
   if absent:count() == 0 then
      job.batches = job.batches + 1
   elseif doubt then
      batch.rows = absent
      leave_in_doubt(job, batch, doubt)
   else
      put_back(job, batch, absent)
   end
end

local function is_later(a, b)
   local first, second = a.rows:place(), b.rows:place()
   return first > second
end

--- Settles the batches in doubt, while no other is under way. If it cannot, they stay in doubt and the job
--- fails.
function reconcile.settle(job)
   local unknown, tally = job.unknown, rows.tally()
   table.sort(unknown, is_later) -- of those to be sent again the last one is the next
   rest(job)
   for _, batch in ipairs(unknown) do
      batch.rows:want(tally)
   end
   local scan = job:scan(job.known, tally)
   local taken, surplus, part = look(job, scan)
   if not taken then
      job:fail(surplus)
      return
   end
   job.known:merge(scan)
   job.unknown, job.unknown_bytes = {}, 0
   for _, batch in ipairs(unknown) do
      place(job, batch, tally, reason_for_doubt(job, surplus, part))
   end
   job:report()
end

--- A request that was found to have had no effect and was made again may take effect late all the same, and so may one
--- of an earlier upload that was killed: finds rows that were created twice.
function reconcile.after(job)
   local scan = job:scan(job.known, job.resent)
   local taken, err = look(job, scan)
   if not taken then
      if is_error(err) then
         err.message = err.message .. " (in the listing after the upload, which looks for rows added twice)"
      end
      error(err, 0)
   elseif taken > 0 then
      error(failure.new{
         kind = "connection",
         message = ("%d rows are there twice: a request that had failed, perhaps of an earlier upload, took effect "
            .. "late, after its rows were sent again"):format(taken),
         code = "rows_twice",
         twice = scan:known():ranges(),
      }, 0)
   end
end

return reconcile
