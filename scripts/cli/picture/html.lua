--[[
HTML that cannot be broken out of: elements are made by a call, and every text among their children is
escaped.

   html("p", { class = "note" }, "1 < 2 ", html("b", "really"))
   tostring(element)
]]
local terminal = require "promptic.terminal"

local html = {}

local Element = { __tostring = function(element) return element.text end }

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

-- Elements that have no end.
local VOID = { br = true, meta = true }

--- The text without anything that HTML would obey; nor does it turn the direction of writing, or hold bytes
-- that are no UTF-8.
function html.escape(text)
   return (terminal.clean(tostring(text)):gsub("[&<>\"']", ESCAPES))
end

--- Text of our own that goes into the page as it is, such as a style sheet.
function html.raw(text)
   return setmetatable({ text = text }, Element)
end

local function is_element(value)
   return getmetatable(value) == Element
end

local function attributes_text(attributes)
   local names, pieces = {}, {}
   for name, value in pairs(attributes) do
      if value then names[#names + 1] = name end
   end
   table.sort(names)
   for place, name in ipairs(names) do
      local value = attributes[name]
      pieces[place] = value == true and " " .. name or (' %s="%s"'):format(name, html.escape(value))
   end
   return table.concat(pieces)
end

local function append(pieces, child)
   if is_element(child) then
      pieces[#pieces + 1] = child.text
   elseif type(child) == "table" then
      for _, inner in ipairs(child) do append(pieces, inner) end
   elseif child ~= nil and child ~= false then
      pieces[#pieces + 1] = html.escape(child)
   end
end

--- An element; the attributes may be left out. Children are elements, texts, numbers and lists of these; nil
-- and false are none.
function html.element(name, attributes, ...)
   local pieces = {}
   local has_attributes = type(attributes) == "table" and not is_element(attributes) and #attributes == 0
   pieces[1] = "<" .. name .. (has_attributes and attributes_text(attributes) or "") .. ">"
   if not has_attributes then append(pieces, attributes) end
   for place = 1, select("#", ...) do append(pieces, (select(place, ...))) end
   if not VOID[name] then pieces[#pieces + 1] = "</" .. name .. ">" end
   return html.raw(table.concat(pieces))
end

--- Elements one after the other, each in a line of its own.
function html.lines(...)
   local pieces = {}
   for place = 1, select("#", ...) do append(pieces, (select(place, ...))) end
   return html.raw(table.concat(pieces, "\n"))
end

return setmetatable(html, { __call = function(_, ...) return html.element(...) end })
