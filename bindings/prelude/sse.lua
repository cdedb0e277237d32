-- sse.lua - promptic.sse: server-sent events out of the bytes of a response (WHATWG HTML, 9.2).
-- Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local library, files, tasks = import "c.library", import "c.files", import "tasks"
local check, now, promptic = library.check, library.now, library.promptic
local concat, tonumber = table.concat, tonumber

-- Seconds of reading after which other tasks have their turn.
local BUDGET = 0.0005

local BOM = "\239\187\191"

-- A field of the event that is being read.
local function take_field(state, name, value)
   if name == "data" then
      state.data[#state.data + 1] = value
   elseif name == "event" then
      state.event = value
   elseif name == "id" and not value:find("\0", 1, true) then
      state.id = value
   elseif name == "retry" and value:find("^%d+$") then
      state.retry = tonumber(value)
   end
end

-- The event that an empty line ends; nil where it has no data.
local function take_event(state)
   local event
   if #state.data > 0 then
      event = {
         event = state.event ~= "" and state.event or "message",
         data = #state.data == 1 and state.data[1] or concat(state.data, "\n"),
         id = state.id, retry = state.retry,
      }
   end
   state.data, state.event = {}, ""
   return event
end

-- A whole line; returns the event that it ends.
local function take_line(state, line)
   if line == "" then
      return take_event(state)
   end
   local colon = line:find(":", 1, true)
   if not colon then
      take_field(state, line, "")
   elseif colon > 1 then -- else it is a comment
      local at = line:sub(colon + 1, colon + 1) == " " and colon + 2 or colon + 1
      take_field(state, line:sub(1, colon - 1), line:sub(at))
   end
end

-- Without the BOM that the first bytes may be, which may come one by one.
local function skip_bom(state, bytes)
   local beginning = state.beginning .. bytes
   if #beginning < #BOM and BOM:sub(1, #beginning) == beginning then
      state.beginning = beginning
      return ""
   end
   state.beginning = nil
   return beginning:sub(1, #BOM) == BOM and beginning:sub(#BOM + 1) or beginning
end

local function is_cut(tail)
   local lead = tail:byte()
   return #tail < (lead < 224 and 2 or lead < 240 and 3 or 4)
end

-- As UTF-8, without a character that the next bytes may complete. Each piece by itself: a line may be long.
local function repair(state, bytes)
   if not state.cut and not bytes:find("[\128-\255]") then
      return bytes
   end
   bytes = (state.cut or "") .. bytes
   local tail = bytes:match("[\192-\247][\128-\191]?[\128-\191]?$")
   state.cut = tail and is_cut(tail) and tail or nil
   return files.utf8(state.cut and bytes:sub(1, -#tail - 1) or bytes)
end

-- Where the next line begins in the bytes: a CR that the bytes before ended with may have been half of a CRLF.
local function first_line(state, bytes)
   local after_cr = state.after_cr and bytes:sub(1, 1) == "\n"
   if bytes ~= "" then
      state.after_cr = false
   end
   return after_cr and 2 or 1
end

-- Calls f with each event that the bytes end; false once it has returned false.
local function read(state, bytes, f)
   local stop_at = now() + BUDGET
   if state.beginning then
      bytes = skip_bom(state, bytes)
   end
   bytes = repair(state, bytes)
   local at = first_line(state, bytes)
   local stop = bytes:find("[\r\n]", at)
   while stop do
      state.line[#state.line + 1] = bytes:sub(at, stop - 1)
      local line = concat(state.line)
      state.line = {}
      at = stop + 1
      if bytes:sub(stop, stop) == "\r" then
         state.after_cr = at > #bytes
         at = bytes:sub(at, at) == "\n" and at + 1 or at
      end
      local event = take_line(state, line)
      if event and f(event) == false then
         return false
      end
      if now() > stop_at then
         tasks.give_way()
         stop_at = now() + BUDGET
      end
      stop = bytes:find("[\r\n]", at)
   end
   if at <= #bytes then
      state.line[#state.line + 1] = bytes:sub(at)
   end
end

function promptic.sse(...)
   local f = check.sse(...)
   local state = { beginning = "", line = {}, data = {}, event = "" }
   return function(bytes)
      return read(state, bytes, f)
   end
end
