--[[
The JSON of a request. promptic.json follows the client's rule that a null in an object is an absent
key; a server has to distinguish the two ({"description": null} clears what {} keeps), so nulls travel
through the decoder as a text that no request can contain, and are put back afterwards.
]]
local failure = require "promptic.sandbox.failure"
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"

local bodies = {}

local stand_in = ids.uuid()

-- The text with every null outside of strings replaced; nil where there was none.
local function replace_nulls(text)
   if not text:find("null", 1, true) then return nil end
   local pieces, from, place, found = {}, 1, 1, false
   while true do
      local at = text:find('["n]', place)
      if not at then break end
      if text:sub(at, at) == '"' then
         local closing = at
         repeat
            closing = text:find('["\\]', closing + 1)
            if closing and text:sub(closing, closing) == "\\" then
               closing = closing + 1
            elseif closing then
               break
            end
         until not closing
         if not closing then break end -- not JSON; the decoder will say so
         place = closing + 1
      elseif text:sub(at, at + 3) == "null" then
         pieces[#pieces + 1] = text:sub(from, at - 1)
         pieces[#pieces + 1] = '"' .. stand_in .. '"'
         from, place, found = at + 4, at + 4, true
      else
         place = at + 1
      end
   end
   if not found then return nil end
   pieces[#pieces + 1] = text:sub(from)
   return table.concat(pieces)
end

local function restore_nulls(value)
   if value == stand_in then return json.null end
   if type(value) == "table" then
      for key, member in pairs(value) do value[key] = restore_nulls(member) end
   end
   return value
end

--- The value of a JSON text, nulls as promptic.json.null; raises 400 where it is none.
function bodies.decode(text)
   -- The decoder takes any bytes in strings, but what is not UTF-8 could never be sent back.
   local length, place = utf8.len(text)
   if not length then failure.raise(400, "The body is not UTF-8 (at byte %d)", place) end
   local without_nulls = replace_nulls(text)
   local read, value = pcall(json.decode, without_nulls or text)
   if not read then
      local reason = tostring(value):gsub("^.-bad argument #%d to '[^']*' %((.*)%)$", "%1")
      failure.raise(400, "The body is not valid JSON: %s", reason)
   end
   return without_nulls and restore_nulls(value) or value
end

return bodies
