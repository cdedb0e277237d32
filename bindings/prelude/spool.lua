-- spool.lua - spans on the disk until they are sent, so that a process that is killed loses none.
-- Baked into the module; runs in Lua 5.1 to 5.4.
--
-- A process has one lock file in the folder, <id>.lock, and segments of lines, <id>.<number>. It holds the lock as long
-- as it lives; whoever gets the lock of another one takes over what that left. The lock file says which segments, and
-- how many bytes of the first one, are sent.
local import = ...

local library, host, disk = import "c.library", import "c.tasks", import "c.spool"

local ipairs, pairs, setmetatable, tonumber = ipairs, pairs, setmetatable, tonumber
local remove, sort = table.remove, table.sort

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
      id = false, lock = false, file = false, segments = {}, bytes = 0 }, Spool)
   local names, problem = disk.list(folder)
   if not names then
      return nil, problem
   end
   local fine, why = self:begin()
   if not fine then
      return nil, why
   end
   self:adopt(names)
   return self
end

-- Gets a name of its own.
function Spool:begin()
   self.id = self.folder .. "/" .. library.random_hex(8)
   local lock, problem = disk.lock(self.id .. ".lock", true)
   if not lock then
      return nil, problem
   end
   self.lock = lock
   return true
end

-- A segment: id (of the process that wrote it), number, size and offset in bytes, lock (of another process, held until
-- all of its segments are sent).
local function add(self, segment)
   self.segments[#self.segments + 1] = segment
   self.bytes = self.bytes + segment.size - segment.offset
end

-- What the lock file of another process says: the number of its first segment that is not sent, and how many bytes of
-- it are.
local function read_state(id)
   local number, offset = (disk.read(id .. ".lock", 0, 64) or ""):match("^(%d+) (%d+)\n")
   return tonumber(number) or 0, tonumber(offset) or 0
end

-- Takes over the segments of a process that has ended; its lock is held meanwhile.
function Spool:adopt_one(name, numbers)
   local id = self.folder .. "/" .. name
   local lock = disk.lock(id .. ".lock", false)
   if not lock then
      return
   end
   local first, offset = read_state(id)
   local owner = { lock = lock, left = 0, id = id }
   sort(numbers)
   for _, number in ipairs(numbers) do
      local path = segment_path(id, number)
      local size, age = disk.status(path)
      if number < first or not size or age > MOST_SECONDS then
         self:forget(path, number == first and offset or 0, number >= first and "expired")
      else
         owner.left = owner.left + 1
         add(self, { id = id, number = number, size = size, offset = number == first and offset or 0, owner = owner })
      end
   end
   if owner.left == 0 then
      disk.remove(id .. ".lock")
      disk.close(lock)
   end
end

function Spool:adopt(names)
   local processes = {}
   for _, name in ipairs(names) do
      local id, ending = name:match("^(%x+)%.(%w+)$")
      if id then
         processes[id] = processes[id] or {}
         if tonumber(ending) then
            processes[id][#processes[id] + 1] = tonumber(ending)
         end
      end
   end
   for name, numbers in pairs(processes) do
      if self.id ~= self.folder .. "/" .. name then
         self:adopt_one(name, numbers)
      end
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

-- A forked child starts empty: what there was is the parent's.
function Spool:check_process()
   if self.generation ~= host.generation() then
      self.generation, self.segments, self.bytes = host.generation(), {}, 0
      self.file, self.lock = false, false -- the descriptors are closed when they are collected
      self:begin()
   end
end

local function begin_segment(self)
   local last = self.last or 0
   local file = disk.append(segment_path(self.id, last + 1))
   if not file then
      return nil
   end
   self.last, self.file = last + 1, file
   add(self, { id = self.id, number = self.last, size = 0, offset = 0, owner = false })
   return self.segments[#self.segments]
end

-- Makes room by dropping the oldest segments, but not the one that is being written.
function Spool:make_room()
   while self.bytes > MOST_BYTES and #self.segments > 1 do
      local oldest = self.segments[1]
      self:forget(segment_path(oldest.id, oldest.number), oldest.offset, "queue_full")
      self:drop_first()
   end
end

--- Writes a line, which holds no line end; false where that fails. Nothing is synced: a killed process loses nothing,
--- a machine that loses power may.
function Spool:append(line)
   self:check_process()
   local segment = self.segments[#self.segments]
   if not self.file or segment.owner or segment.id ~= self.id or segment.size >= SEGMENT_BYTES then
      segment = begin_segment(self)
   end
   if not segment or not disk.write(self.file, line .. "\n") then
      self.file = false -- what was written of the line ends the segment
      return false
   end
   segment.size = segment.size + #line + 1
   self.bytes = self.bytes + #line + 1
   self:make_room()
   return true
end

-- ------------------------------------------------------------------ reading

function Spool:is_empty()
   self:check_process()
   return self.bytes <= 0
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
      self.file = false
   end
end

local READ_BYTES = 256 * 1024

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

--- Up to `most` lines of the oldest segment, and what settle takes once they are sent; nil where there is none.
function Spool:batch(most)
   self:check_process()
   while self.segments[1] do
      local segment = self.segments[1]
      local text = read_lines(segment)
      local lines, length = {}, 0
      for line in (text or ""):gmatch("([^\n]*)\n") do
         if #lines == most then
            break
         end
         lines[#lines + 1], length = line, length + #line + 1
      end
      if #lines > 0 then
         return lines, { segment = segment, length = length }
      end
      self:drop_first() -- nothing whole is left in it
   end
end

--- The lines of a batch are sent, or given up.
function Spool:settle(batch)
   local segment = batch.segment
   if self.segments[1] ~= segment then
      return -- it was dropped meanwhile
   end
   segment.offset, self.bytes = segment.offset + batch.length, self.bytes - batch.length
   local lock = segment.owner and segment.owner.lock or self.lock
   if lock then
      disk.replace(lock, ("%d %d\n"):format(segment.number, segment.offset))
   end
   if segment.offset >= segment.size then
      self:drop_first()
   end
end

--- Ends it; the files of what is not sent stay for the next process.
function Spool:close()
   self:check_process()
   if self.lock and #self.segments == 0 then
      disk.remove(self.id .. ".lock")
   end
   if self.lock then
      disk.close(self.lock)
   end
   self.lock, self.file = false, false
end

return spool
