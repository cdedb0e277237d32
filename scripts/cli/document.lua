--- The one JSON document that --json prints: keys in the order of the alphabet, an element a line, so that two
-- of them can be compared and searched with the tools for text.
local promptic = require "promptic"
local json = promptic.json

local document = {}

local array_metatable = getmetatable(promptic.array {})

local function is_array(value)
   return getmetatable(value) == array_metatable or #value > 0
end

-- C1 controls, which some terminals obey, marks that turn the direction of writing, and Unicode's ends of lines: JSON
-- may hold them as they are, but they must not reach a terminal.
local RISKY = { "\127", "\194[\128-\159]", "\216\156", "\226\128[\142\143\168-\174]", "\226\129[\166-\169]" }

local function escape(character)
   return ("\\u%04X"):format(utf8.codepoint(character))
end

local function encode(value)
   local text = json.encode(value)
   for _, pattern in ipairs(RISKY) do text = text:gsub(pattern, escape) end
   return text
end

local write

local function write_elements(pieces, open, elements, close, indent)
   if #elements == 0 then
      pieces[#pieces + 1] = open .. close
      return
   end
   local inner = indent .. "  "
   pieces[#pieces + 1] = open
   for index, element in ipairs(elements) do
      pieces[#pieces + 1] = (index > 1 and ",\n" or "\n") .. inner
      if element.key then pieces[#pieces + 1] = encode(element.key) .. ": " end
      write(pieces, element.value, inner)
   end
   pieces[#pieces + 1] = "\n" .. indent .. close
end

function write(pieces, value, indent)
   if type(value) ~= "table" then
      pieces[#pieces + 1] = encode(value)
      return
   end
   local elements = {}
   if is_array(value) then
      for index, element in ipairs(value) do elements[index] = { value = element } end
      return write_elements(pieces, "[", elements, "]", indent)
   end
   local keys = {}
   for key in pairs(value) do keys[#keys + 1] = key end
   table.sort(keys)
   for index, key in ipairs(keys) do elements[index] = { key = key, value = value[key] } end
   write_elements(pieces, "{", elements, "}", indent)
end

--- The value as text with a newline at its end; nil is null.
function document.render(value)
   local pieces = {}
   if value == nil then value = promptic.null end
   write(pieces, value, "")
   return table.concat(pieces) .. "\n"
end

return document
