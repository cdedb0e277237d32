-- spool.lua - spans on the disk until they are sent, so that a process that is killed loses none.
-- Baked into the module; runs in Lua 5.1 to 5.4.
--
-- A process has one lock file in the folder, <id>.lock, and segments of lines, <id>.<number>. It holds the lock as long
-- as it lives; whoever gets the lock of another one takes over what that left. The lock file says which segments, and
-- how many bytes of the first one, are sent.
local import = ...

local library, host, disk = import "c.library", import "c.tasks", import "c.spool"

local ipairs, pairs, setmetatable, tonumber = ipairs, pairs, setmetatable, tonumber
local remove, sort, max = table.remove, table.sort, math.max

local spool = {}

local Spool = {}
Spool.__index = Spool

local SEGMENT_BYTES = 1024 * 1024
local MOST_BYTES = 16 * 1024 * 1024
local MOST_SECONDS = 7 * 24 * 3600

local function segment_path(id, number)
   return ("%s.%06d"):format(id, number)
end

-- ------------------------------------------------------------------ opening

--- The spool of a folder; nil and why where nothing can be written there. on_drop(count, reason) is called for spans
--- that are too many or too old.
function spool.open(folder, on_drop)
   local self = setmetatable({ folder = folder, on_drop = on_drop, generation = host.generation(),
      id = false, lock = false, file = false, last = 0, segments = {}, bytes = 0, own_lines = 0 }, Spool)
   local names, problem = disk.list(folder)
   if not names then
      return nil, problem
   end
   local fine, why = self:begin()
   if not fine then
      return nil, why
   end
   self:adopt(names)
   self:make_room()
   return self
end

local ATTEMPTS = 5

-- Gets a name of its own. Another process that starts may hold the lock for a moment, and remove the file.
function Spool:begin()
   local problem
   for _ = 1, ATTEMPTS do
      local id, lock = self.folder .. "/" .. library.random_hex(8)
      lock, problem = disk.lock(id .. ".lock", true)
      if lock then
         self.id, self.lock = id, lock
         return true
      end
   end
   return nil, problem
end

-- A segment: id (of the process that wrote it), number, size and offset in bytes, owner (of segments of other
-- processes: the lock, held until all of them are sent), changed (when it was written to; in the order of numbers),
-- in_flight (bytes of the batch that is being sent).
local function add(self, segment)
   segment.in_flight = 0
   self.segments[#self.segments + 1] = segment
   self.bytes = self.bytes + segment.size - segment.offset
end

-- What the lock file of another process says: the number of its first segment that is not sent, and how many bytes of
-- it are.
local function read_state(id)
   local number, offset = (disk.read(id .. ".lock", 0, 64) or ""):match("^(%d+) (%d+)\n")
   return tonumber(number) or 0, tonumber(offset) or 0
end

-- The lock of a process that has ended; a lock file that is missing is made.
local function lock_ended(id)
   local path = id .. ".lock"
   return disk.lock(path, false) or not disk.status(path) and disk.lock(path, true)
end

-- Takes over the segments of a process that has ended, into a list; its lock is held meanwhile.
function Spool:adopt_one(name, numbers, found)
   local id = self.folder .. "/" .. name
   local lock = lock_ended(id)
   if not lock then
      return
   end
   local first, sent = read_state(id)
   local owner, latest = { lock = lock, left = 0, id = id }, 0
   sort(numbers)
   for _, number in ipairs(numbers) do
      local path, offset = segment_path(id, number), number == first and sent or 0
      local size, age, changed = disk.status(path)
      if size and offset > size then -- after a loss of power: rather twice than not at all
         offset = 0
      end
      if number < first or not size or offset == size or age > MOST_SECONDS then
         self:forget(path, offset, number >= first and "expired")
      else
         latest, owner.left = max(latest, changed), owner.left + 1
         found[#found + 1] = { id = id, number = number, size = size, offset = offset, owner = owner, changed = latest }
      end
   end
   if owner.left == 0 then
      disk.remove(id .. ".lock")
      disk.close(lock)
   end
end

local function is_older(a, b)
   if a.changed ~= b.changed then
      return a.changed < b.changed
   elseif a.id ~= b.id then
      return a.id < b.id
   end
   return a.number < b.number
end

function Spool:adopt(names)
   local processes, found = {}, {}
   for _, name in ipairs(names) do
      local id, ending = name:match("^(%x+)%.(%w+)$")
      if id and self.id ~= self.folder .. "/" .. id then
         processes[id] = processes[id] or {}
         if tonumber(ending) then
            processes[id][#processes[id] + 1] = tonumber(ending)
         end
      end
   end
   for name, numbers in pairs(processes) do
      self:adopt_one(name, numbers, found)
   end
   sort(found, is_older)
   for _, segment in ipairs(found) do
      add(self, segment)
   end
end

-- ------------------------------------------------------------------ writing

-- How many whole lines a segment has behind this place.
local function count_lines(path, offset)
   local count = 0
   repeat
      local bytes = disk.read(path, offset, 65536) or ""
      local _, lines = bytes:gsub("\n", "")
      count, offset = count + lines, offset + #bytes
   until bytes == ""
   return count
end

-- Removes a file; what of it was not sent is reported.
function Spool:forget(path, offset, reason)
   local count = reason and count_lines(path, offset) or 0
   if count > 0 then
      self.on_drop(count, reason)
   end
   disk.remove(path)
end

-- A forked child starts empty: what there was is the parent's, and its lock too, which it must not hold.
function Spool:check_process()
   if self.generation == host.generation() then
      return
   end
   self:close_files()
   self.generation, self.segments, self.bytes, self.own_lines = host.generation(), {}, 0, 0
   self:begin()
end

-- Its own files, and the locks of those whose segments it has taken over.
function Spool:close_files()
   for _, segment in ipairs(self.segments) do
      if segment.owner then
         disk.close(segment.owner.lock)
      end
   end
   if self.lock then
      disk.close(self.lock)
   end
   if self.file then
      disk.close(self.file)
   end
   self.lock, self.file = false, false
end

local function begin_segment(self)
   if not self.lock then
      return nil
   end
   local file = disk.append(segment_path(self.id, self.last + 1))
   if not file then
      return nil
   end
   self.last, self.file = self.last + 1, file
   add(self, { id = self.id, number = self.last, size = 0, offset = 0, owner = false })
   return self.segments[#self.segments]
end

-- Makes room by dropping the oldest segments, but not the one that is being written. What of them is being sent counts
-- as sent, or as whatever becomes of it.
function Spool:make_room()
   while self.bytes > MOST_BYTES and #self.segments > 1 do
      local oldest = self.segments[1]
      self:forget(segment_path(oldest.id, oldest.number), oldest.offset + oldest.in_flight, "queue_full")
      self:drop_first()
   end
end

-- Removes the segment that was begun last if it holds no line: a full disk would get a file for each span.
local function remove_without_line(self, segment)
   if segment.size == 0 then
      remove(self.segments)
      disk.remove(segment_path(segment.id, segment.number))
   end
end

--- Writes a line, which holds no line end; false where that fails. Nothing is synced: a killed process loses nothing,
--- a machine that loses power may.
function Spool:append(line)
   self:check_process()
   if #line >= MOST_BYTES then
      return false
   end
   local segment = self.segments[#self.segments]
   if not self.file or segment.size >= SEGMENT_BYTES then
      self:end_segment()
      segment = begin_segment(self)
   end
   if not segment then
      return false
   elseif not disk.write(self.file, line .. "\n") then
      self:end_segment() -- with what was written of the line
      remove_without_line(self, segment)
      return false
   end
   segment.size = segment.size + #line + 1
   self.bytes, self.own_lines = self.bytes + #line + 1, self.own_lines + 1
   self:make_room()
   return true
end

function Spool:end_segment()
   if self.file then
      disk.close(self.file)
      self.file = false
   end
end

-- ------------------------------------------------------------------ reading

function Spool:is_empty()
   self:check_process()
   return self.bytes <= 0
end

--- Whether so many lines wait, or lines of another process.
function Spool:has(count)
   local segment = self.segments[1]
   return self.own_lines >= count or segment and segment.owner and true or false
end

-- Forgets the first segment, and with the last of another process that one's lock.
function Spool:drop_first()
   local segment = remove(self.segments, 1)
   self.bytes = self.bytes - (segment.size - segment.offset)
   disk.remove(segment_path(segment.id, segment.number))
   local owner = segment.owner
   if owner then
      owner.left = owner.left - 1
      if owner.left == 0 then
         disk.remove(owner.id .. ".lock")
         disk.close(owner.lock)
      end
   elseif #self.segments == 0 then
      self:end_segment()
      self.own_lines = 0
   end
end

local READ_BYTES = 64 * 1024

-- Bytes up to a line end, of a size that holds at least one line.
local function read_lines(segment)
   local count = READ_BYTES
   while true do
      local bytes = disk.read(segment_path(segment.id, segment.number), segment.offset, count)
      local whole = bytes and bytes:match("^.*\n")
      if whole or not bytes or #bytes < count then
         return whole
      end
      count = count * 2
   end
end

-- The first segment, if it is not too old: one that is goes, as spans of a week ago are of no use.
local function first_segment(self)
   local segment = self.segments[1]
   while segment do
      local path = segment_path(segment.id, segment.number)
      local size, age = disk.status(path)
      if not size or age <= MOST_SECONDS then
         return segment
      end
      self:forget(path, segment.offset, "expired")
      self:drop_first()
      segment = self.segments[1]
   end
end

--- Up to `most` lines of the oldest segment, and the argument of settle once they are sent; nil if there is none.
function Spool:batch(most)
   self:check_process()
   local segment = first_segment(self)
   while segment do
      local lines, length = {}, 0
      for line in (read_lines(segment) or ""):gmatch("([^\n]*)\n") do
         if #lines == most then
            break
         end
         lines[#lines + 1], length = line, length + #line + 1
      end
      if #lines > 0 then
         segment.in_flight = length
         return lines, { segment = segment, lines = lines, settled = 0, is_foreign = segment.owner and true or false }
      end
      self:drop_first() -- nothing whole is left in it
      segment = first_segment(self)
   end
end

--- So many more lines of a batch are sent, or given up.
function Spool:settle(batch, number)
   local segment, length = batch.segment, 0
   for index = batch.settled + 1, batch.settled + number do
      length = length + #batch.lines[index] + 1
   end
   batch.settled = batch.settled + number
   if not self.lock or self.generation ~= host.generation() or self.segments[1] ~= segment then
      return -- another process has it by now, or it was dropped meanwhile
   end
   segment.offset, segment.in_flight = segment.offset + length, segment.in_flight - length
   self.bytes = self.bytes - length
   if not segment.owner then
      self.own_lines = max(0, self.own_lines - number)
   end
   local lock = segment.owner and segment.owner.lock or self.lock
   disk.replace(lock, ("%d %d\n"):format(segment.number, segment.offset))
   if segment.offset >= segment.size then
      self:drop_first()
   end
end

--- Ends it; files with unsent spans stay for the next process.
function Spool:close()
   self:check_process()
   if self.lock and #self.segments == 0 then
      disk.remove(self.id .. ".lock")
   end
   self:close_files()
   self.segments, self.bytes, self.own_lines = {}, 0, 0
end

return spool
