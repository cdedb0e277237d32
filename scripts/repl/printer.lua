--[[
Values as a person reads them. Tables are shown as tables: in one line where they are short, otherwise one
field a line, keys in order, mostly as valid Lua.

   printer.render(value, settings) -> text

Settings: width (columns of the terminal), paint(colour, text), and limits: depth, items (elements of a
list that take a line each), fields, text (columns of a string where the line has room for less); nil cuts
nothing.
]]
local terminal = require "promptic.terminal"
local _ENV = require "promptic.repl.globals"

local printer = {}

printer.LIMITS = { depth = 5, items = 20, fields = 100, text = 64 }

local INDENT = 3
local MOST_INLINE = 76   -- longer lines are hard to read even where they fit
local MOST_IN_LINE = 100 -- elements of a list of numbers that fill lines

local ITSELF = "{ --[[ itself ]] }"

local columns_of, cut, clean = terminal.columns, terminal.cut, terminal.clean

-- ------------------------------------------------------------------ strings

local ESCAPES = { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n", ["\t"] = "\\t", ["\r"] = "\\r" }

local function escape(text)
   return (text:gsub('[%c"\\]', function(byte)
      return ESCAPES[byte] or ("\\x%02X"):format(byte:byte())
   end))
end

-- What is no UTF-8 as numbers; what would turn the direction of writing as the terminal module shows it.
local function valid(text)
   local parts, place = {}, 1
   while place <= #text do
      local length, bad = utf8.len(text, place)
      if length then
         parts[#parts + 1] = text:sub(place)
         break
      end
      parts[#parts + 1] = text:sub(place, bad - 1)
      parts[#parts + 1] = ("\\x%02X"):format(text:byte(bad))
      place = bad + 1
   end
   return clean(table.concat(parts), true)
end

--- The string in quotes; one that takes more columns than `room` is cut, with a remark how long it is.
function printer.quote(text, room)
   local shown = text
   if room and #text > 4 * room then shown = text:sub(1, 4 * room) end
   local escaped = valid(escape(shown))
   if not room or (shown == text and columns_of(escaped) + 2 <= room) then return '"' .. escaped .. '"' end
   local remark = (" -- %d bytes"):format(#text)
   local beginning = cut(escaped, math.max(1, room - 3 - #remark)):gsub("\\x?%x?$", "")
   return ('"%s…"'):format(beginning), remark
end

-- ------------------------------------------------------------------ scalars

local KEYWORDS = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then
   true until while]]):gmatch "%a+" do
   KEYWORDS[word] = true
end

local COLOURS = { string = "green", number = "yellow", boolean = "cyan", ["nil"] = "cyan" }

-- The text that __tostring gives, or nil.
local function tostring_of(value)
   local metatable = debug.getmetatable(value)
   if type(metatable) ~= "table" or rawget(metatable, "__tostring") == nil then return nil end
   local done, text = pcall(tostring, value)
   return done and text or nil
end

-- A value that is no table, or not shown as one: its text, its colour, and a remark.
local function scalar(self, value, room)
   local kind = type(value)
   if kind == "string" then
      local text, remark = printer.quote(value, self.text and math.max(room, self.text))
      return text, "green", remark
   elseif value == self.null then
      return "promptic.null", "cyan"
   elseif kind == "table" then
      local text = tostring_of(value)
      return text and clean(text, true), "dim"
   end
   return clean(tostring(value), true), COLOURS[kind] or "dim"
end

local function key_text(key)
   if type(key) ~= "string" then return "[" .. clean(tostring(key), true) .. "]" end
   if key:find "^[%a_][%w_]*$" and not KEYWORDS[key] then return key end
   return "[" .. printer.quote(key, 64) .. "]"
end

-- ------------------------------------------------------------------ tables

local RANK = { number = 1, string = 2, boolean = 3 }

local function before(a, b)
   local one, other = RANK[type(a)] or 4, RANK[type(b)] or 4
   if one ~= other then return one < other end
   if one <= 2 then return a < b end
   return tostring(a) < tostring(b)
end

-- The length of the list in the table, and its other keys in order. No metamethod is called.
local function shape(value)
   local length, keys = rawlen(value), {}
   while length > 0 and rawget(value, length) == nil do length = length - 1 end
   for key in next, value do
      if math.type(key) ~= "integer" or key < 1 or key > length then keys[#keys + 1] = key end
   end
   table.sort(keys, before)
   return length, keys
end

-- A piece of a line: text, its colour, its columns.
local function piece(text, colour)
   return { text = text, colour = colour, columns = columns_of(text) }
end

local inline

local function inline_member(self, line, value, key, room, depth)
   if #line > 1 then line[#line + 1] = piece ", " end
   if key ~= nil then line[#line + 1] = piece(key_text(key) .. " = ") end
   local inner = inline(self, value, room, depth)
   if not inner then return nil end
   for _, part in ipairs(inner) do line[#line + 1] = part end
   local width = 0
   for _, part in ipairs(line) do width = width + part.columns end
   return width <= room and line or nil
end

-- The table as pieces of one line, or nil where it is too long or too deep for that.
local function inline_table(self, value, room, depth)
   local length, keys = shape(value)
   if length == 0 and #keys == 0 then return { piece "{}" } end
   if self.path[value] then return { piece(ITSELF, "dim") } end
   if depth > 2 or length > MOST_IN_LINE or #keys > 8 then return nil end
   local line = { piece "{ " }
   self.path[value] = true
   for index = 1, length do
      line = line and inline_member(self, line, rawget(value, index), nil, room, depth + 1)
   end
   for _, key in ipairs(keys) do
      line = line and inline_member(self, line, rawget(value, key), key, room, depth + 1)
   end
   self.path[value] = nil
   if line then line[#line + 1] = piece " }" end
   return line
end

function inline(self, value, room, depth)
   local text, colour, remark = scalar(self, value, room)
   if remark then return nil end
   if text then return { piece(text, colour) } end
   return inline_table(self, value, room - 2, depth)
end

local function paint_line(self, line)
   local parts = {}
   for index, part in ipairs(line) do
      parts[index] = part.colour and self.paint(part.colour, part.text) or part.text
   end
   return table.concat(parts)
end

local function add(self, level, text)
   self.lines[#self.lines + 1] = (" "):rep(level * INDENT) .. text
end

-- A list of short values, as many in each line as fit.
local function add_filled(self, value, length, level)
   local room = math.min(self.width - level * INDENT, MOST_INLINE)
   local shown = self.items and math.min(length, MOST_IN_LINE) or length
   local texts, width = {}, 0
   for index = 1, shown do
      local text, colour = scalar(self, rawget(value, index), room)
      local columns = columns_of(text) + 2
      if width > 0 and width + columns > room then
         add(self, level, table.concat(texts, " "))
         texts, width = {}, 0
      end
      texts[#texts + 1] = self.paint(colour, text) .. ","
      width = width + columns
   end
   add(self, level, table.concat(texts, " "))
   return shown
end

-- Whether all of the list's elements are numbers or booleans, or short strings.
local function is_plain(value, length)
   for index = 1, math.min(length, MOST_IN_LINE) do
      local element = rawget(value, index)
      local kind = type(element)
      if kind ~= "number" and kind ~= "boolean" and not (kind == "string" and #element <= 24) then
         return false
      end
   end
   return true
end

local show

local function add_rest(self, level, count)
   if count > 0 then add(self, level, self.paint("dim", ("-- %d more"):format(count))) end
end

local function add_list(self, value, length, level)
   local shown
   if length > 1 and is_plain(value, length) then
      shown = add_filled(self, value, length, level)
   else
      shown = self.items and math.min(length, self.items) or length
      for index = 1, shown do show(self, rawget(value, index), level, "", ",") end
   end
   add_rest(self, level, length - shown)
end

local function show_table(self, value, level, prefix, suffix)
   local length, keys = shape(value)
   if self.path[value] then
      return add(self, level, prefix .. self.paint("dim", ITSELF) .. suffix)
   elseif self.depth and level >= self.depth then
      local remark = ("{ --[[ %d inside ]] }"):format(length + #keys)
      return add(self, level, prefix .. self.paint("dim", remark) .. suffix)
   end
   self.path[value] = true
   add(self, level, prefix .. "{")
   if length > 0 then add_list(self, value, length, level + 1) end
   local shown = self.fields and math.min(#keys, self.fields) or #keys
   for index = 1, shown do
      show(self, rawget(value, keys[index]), level + 1, key_text(keys[index]) .. " = ", ",")
   end
   add_rest(self, level + 1, #keys - shown)
   add(self, level, "}" .. suffix)
   self.path[value] = nil
end

function show(self, value, level, prefix, suffix)
   local room = self.width - level * INDENT - columns_of(prefix) - #suffix
   local text, colour, remark = scalar(self, value, room)
   if text then
      remark = remark and self.paint("dim", remark) or ""
      return add(self, level, prefix .. self.paint(colour, text) .. suffix .. remark)
   end
   local line = inline(self, value, math.min(room, MOST_INLINE - columns_of(prefix)), 0)
   if line then return add(self, level, prefix .. paint_line(self, line) .. suffix) end
   show_table(self, value, level, prefix, suffix)
end

-- ------------------------------------------------------------------ whole

--- The value as text of one line or more. A string that is the whole value is shown as print shows it.
function printer.render(value, settings)
   if type(value) == "string" then return clean(value) end
   local text = tostring_of(value)
   if text then return clean(text) end
   local self = {
      lines = {}, path = {}, null = require("promptic").null,
      width = settings.width, paint = settings.paint,
      depth = settings.depth, items = settings.items, fields = settings.fields, text = settings.text,
   }
   show(self, value, 0, "", "")
   return table.concat(self.lines, "\n")
end

return printer
