--- How single values are shown: a form has a function that makes text of a value, whether numbers are meant
-- (which are aligned at their right), and a colour.
local times = require "promptic.cli.times"
local style = require "promptic.cli.style"

local values = {}

local function thousands(number)
   local sign, digits = ("%d"):format(number):match "^(%-?)(%d+)$"
   return sign .. digits:reverse():gsub("(%d%d%d)", "%1,"):reverse():gsub("^,", "")
end

local function number(value)
   if math.type(value) == "integer" then return thousands(value) end
   return ("%.6g"):format(value)
end

local function duration(milliseconds)
   if milliseconds < 1000 then return ("%.0f ms"):format(milliseconds) end
   if milliseconds < 60000 then return ("%.1f s"):format(milliseconds / 1000) end
   return times.clock(milliseconds / 1000)
end

-- An object's fields one after the other: "epochs 3, trainSplitRatio 0.5".
local function text_of(value)
   if type(value) ~= "table" then return tostring(value) end
   local json, pieces = require("promptic").json, {}
   if #value > 0 then return (json.encode(value)) end
   for key, field in pairs(value) do
      pieces[#pieces + 1] = tostring(key) .. " " .. (type(field) == "string" and field or json.encode(field))
   end
   table.sort(pieces)
   return table.concat(pieces, ", ")
end

values.forms = {
   text = { render = text_of },
   id = { render = tostring, whole = true },
   status = { render = tostring, whole = true, colour = style.of_status },
   integer = { render = number, right = true, whole = true },
   plain = { render = tostring, right = true, whole = true },
   score = { render = function(value) return ("%.3f"):format(value) end, right = true, whole = true },
   percent = { render = function(value) return ("%.1f %%"):format(value * 100) end, right = true },
   share = { render = function(value) return ("%.0f %% of the traces"):format(value * 100) end },
   cost = { render = function(value) return ("$%.4f"):format(value) end, right = true, whole = true },
   duration = { render = duration, right = true, whole = true },
   time = { render = function(value) return times.relative(tostring(value)) end, exact = tostring, whole = true },
}

local ABSENT = "-"

--- The text of a row's value for a column or a field, and its form. exact: times as they are.
function values.render(column, row, exact)
   local form = values.forms[column.as or "text"]
   local value
   if column.value then value = column.value(row) else value = row[column.key] end
   if value == nil or value == "" then return ABSENT, form, true end
   local render = exact and form.exact or form.render
   if form.right and type(value) ~= "number" then render = text_of end
   local text = render(value)
   if text == "" then return ABSENT, form, true end
   return text, form
end

return values
