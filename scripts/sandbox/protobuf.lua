--[[
Protocol Buffers' wire format (protobuf.dev/programming-guides/encoding), as far as OTLP needs it: messages
are read by a description of their fields, unknown fields are skipped.

A description is { [number] = { name, kind, message, repeated } }, where kind is "message", "string", "bytes",
"varint", "bool", "fixed64" (an integer), or "double". Repeated fields become lists; for one that is not, the
last value counts.
]]
local protobuf = {}

local DEEPEST = 100 -- messages in messages; deeper ones raise, as in other implementations

local function varint(text, place, last)
   local value, shift = 0, 0
   repeat
      if place > last or shift > 63 then error("a number is cut off", 0) end
      local byte = text:byte(place)
      value = value | (byte & 0x7f) << shift
      place, shift = place + 1, shift + 7
   until byte < 0x80
   return value, place
end

local function chunk(text, place, last)
   local length
   length, place = varint(text, place, last)
   if length < 0 or length > last - place + 1 then error("a field is cut off", 0) end
   return place, place + length - 1
end

local function fixed(place, last, size)
   if place + size - 1 > last then error("a number is cut off", 0) end
   return place, place + size - 1
end

-- By wire type: the first and last byte of a field's value, and where the next field starts.
local wires = {
   [0] = function(text, place, last)
      local _, after = varint(text, place, last)
      return place, after - 1
   end,
   [1] = function(_, place, last) return fixed(place, last, 8) end,
   [2] = chunk,
   [5] = function(_, place, last) return fixed(place, last, 4) end,
}

local wire_of = { message = 2, string = 2, bytes = 2, varint = 0, bool = 0, fixed64 = 1, double = 1 }

local read_message

local readers = {
   varint = function(_, text, from, to) return (varint(text, from, to)) end,
   bool = function(_, text, from, to) return (varint(text, from, to)) ~= 0 end,
   fixed64 = function(_, text, from) return (("<i8"):unpack(text, from)) end,
   double = function(_, text, from) return (("<d"):unpack(text, from)) end,
   bytes = function(_, text, from, to) return text:sub(from, to) end,
   string = function(_, text, from, to)
      local value = text:sub(from, to)
      if not utf8.len(value) then error("a string is not UTF-8", 0) end
      return value
   end,
   message = function(field, text, from, to, depth) return read_message(field[3], text, from, to, depth + 1) end,
}

local function put(message, field, value)
   if not field[4] then
      message[field[1]] = value
      return
   end
   local list = message[field[1]] or {}
   message[field[1]] = list
   list[#list + 1] = value
end

function read_message(fields, text, place, last, depth)
   if depth > DEEPEST then error("messages are nested too deeply", 0) end
   local message = {}
   while place <= last do
      local key
      key, place = varint(text, place, last)
      local wire = wires[key & 7]
      if not wire then error("an unknown wire type", 0) end
      local from, to = wire(text, place, last)
      place = to + 1
      local field = fields[key >> 3]
      if field and wire_of[field[2]] == key & 7 then
         put(message, field, readers[field[2]](field, text, from, to, depth))
      end
   end
   return message
end

--- The message that a text is; raises a text where it is none.
function protobuf.decode(fields, text)
   return read_message(fields, text, 1, #text, 1)
end

--- A number as a varint.
function protobuf.varint(value)
   local bytes = {}
   repeat
      local rest = value >> 7
      bytes[#bytes + 1] = string.char((value & 0x7f) | (rest ~= 0 and 0x80 or 0))
      value = rest
   until value == 0
   return table.concat(bytes)
end

--- A field: an integer as a varint, a string (or a message that is encoded) with its length.
function protobuf.field(number, value)
   if type(value) == "string" then
      return protobuf.varint(number << 3 | 2) .. protobuf.varint(#value) .. value
   end
   return protobuf.varint(number << 3) .. protobuf.varint(value)
end

return protobuf
