--- help: lists modules and methods, and explains one.
local formats = require "promptic.formats"
local terminal = require "promptic.terminal"
local layout = require "promptic.cli.table"
local reference = require "promptic.reference"
local types = require "promptic.types"
local _ENV = require "promptic.repl.globals"

local help = {}

local OVERVIEW = {
   { "client = promptic.client()", "a client; its methods are calls of the platform" },
   { "client:get_<TAB>", "what begins so; also promptic.<TAB>, and options in { }" },
   { 'help "get_experiment"', "what a method does, takes and returns" },
   { 'help "run"', "all that has to do with runs" },
   { "help(promptic.runs)", "the methods of a resource; help(client): all of them" },
   { "show(value)", "a value with nothing cut; _ is the last result" },
}

local KEYS = "Statements may take several lines. Ctrl-C clears the line or stops what runs; Ctrl-D ends."

-- ------------------------------------------------------------------ a row

local MOST = 2147483647 -- what stands for no bound

-- The bounds of a number, or of how many elements or characters there are.
local function bounds(parameter)
   local low, high = parameter.minimum, parameter.maximum
   if not low then return nil end
   local is_number = parameter.type == "integer" or parameter.type == "number"
   if high >= MOST then return is_number and ("from %g"):format(low) or low > 0 and "not empty" or nil end
   return is_number and ("%g to %g"):format(low, high) or ("at most %d"):format(high)
end

local function remarks(row, parameter)
   local list = { formats.words(parameter) }
   if parameter.required and row.kind ~= "class" then list[#list + 1] = "required" end
   if row.kind == "class" and not parameter.required then list[#list + 1] = "perhaps" end
   if parameter.default then list[#list + 1] = "default " .. parameter.default end
   if parameter.assumed then
      list[#list + 1] = parameter.assumed .. (row.verb and " by default on the platform" or " by default")
   end
   list[#list + 1] = bounds(parameter)
   if parameter.nullable and row.verb then list[#list + 1] = "or promptic.null" end
   return table.concat(list, ", ")
end

local HEADINGS = { item = "each element:", field = "fields:" }

local function add_wrapped(lines, indent, text, width)
   for _, line in ipairs(layout.wrap(text, math.max(20, width - #indent))) do
      lines[#lines + 1] = indent .. line
   end
end

local add_parameter
function add_parameter(lines, row, parameter, indent, settings)
   local text = parameter.summary or ""
   if parameter.values then text = text .. ": " .. table.concat(parameter.values, ", ") end
   local remark = remarks(row, parameter)
   local name = indent .. settings.paint("bold", parameter.name)
   if #indent + #parameter.name + 2 + #remark <= settings.width then
      lines[#lines + 1] = name .. "  " .. settings.paint("dim", remark)
   else
      lines[#lines + 1] = name
      add_wrapped(lines, indent .. "   ", remark, settings.width)
   end
   if text ~= "" then add_wrapped(lines, indent .. "   ", text, settings.width) end
   for _, inner in ipairs(parameter.items or {}) do add_parameter(lines, row, inner, indent .. "   ", settings) end
end

local SINCE = {
   docs = "Not in the Python client: the platform's own pages describe it.",
   release = "In the Python client since %s; older platforms may not have it.",
}
local DROPPED = "No longer in the Python client since %s; platforms that have it still serve it%s."

local function describe_row(row, settings)
   local lines, group = {}, nil
   local call = reference.prefix(row) .. reference.signature(row, function(option) return option.name end)
   add_wrapped(lines, "", row.kind == "class" and row.name or call .. " -> " .. reference.returned(row),
      settings.width)
   add_wrapped(lines, "", row.summary or "", settings.width)
   if row.verb then lines[#lines + 1] = settings.paint("dim", row.verb .. " " .. row.path) end
   if row.since then add_wrapped(lines, "", SINCE[row.since] or SINCE.release:format(row.since), settings.width) end
   if row.dropped then add_wrapped(lines, "", DROPPED:format(row.dropped, row.instead and
      ("; newer platforms have %s"):format(row.instead) or ""), settings.width) end
   for _, parameter in ipairs(row.parameters) do
      local heading = row.verb and HEADINGS[parameter.place]
      if heading and heading ~= group then lines[#lines + 1] = "   " .. settings.paint("dim", heading) end
      group = heading
      add_parameter(lines, row, parameter, heading and "      " or "   ", settings)
   end
   return table.concat(lines, "\n")
end

-- ------------------------------------------------------------------ a type

local function field_remarks(field)
   local list = { types.written(field) }
   if field.absent or field.null then list[#list + 1] = "or nil" end
   if field.dropped then list[#list + 1] = "dropped in " .. field.dropped end
   if field.since and field.since ~= "docs" then list[#list + 1] = "since " .. field.since end
   return table.concat(list, ", ")
end

-- The methods that return a type.
local function returned_by(name)
   local names = {}
   for _, row in ipairs(reference.functions()) do
      if row.returns.type == name then names[#names + 1] = row.name end
   end
   return names
end

local function describe_type(row, settings)
   local lines = { settings.paint("bold", row.name) }
   if row.meaning then add_wrapped(lines, "", row.meaning .. ".", settings.width) end
   if row.since then add_wrapped(lines, "", SINCE[row.since] or SINCE.release:format(row.since), settings.width) end
   if row.dropped then add_wrapped(lines, "", DROPPED:format(row.dropped, ""), settings.width) end
   if row.values then add_wrapped(lines, "   ", "one of " .. table.concat(row.values, ", "), settings.width) end
   for _, field in ipairs(types.fields(row.name) or {}) do
      lines[#lines + 1] = ("   %s  %s"):format(settings.paint("bold", field.name),
         settings.paint("dim", field_remarks(field)))
      if field.meaning then add_wrapped(lines, "      ", field.meaning, settings.width) end
   end
   local names = returned_by(row.name)
   if #names > 0 then add_wrapped(lines, "", "Returned by " .. table.concat(names, ", ") .. ".", settings.width) end
   return table.concat(lines, "\n")
end

-- ------------------------------------------------------------------ lists of methods

local function brief(name)
   local row = reference.find(name)
   return row and row.summary or ""
end

-- Pairs of texts side by side, or one below the other where that is too narrow.
local function add_pairs(lines, rows, settings)
   local width = 0
   for _, row in ipairs(rows) do width = math.max(width, #row[1]) end
   local room = settings.width - width - 2
   for _, row in ipairs(rows) do
      if room >= 30 then
         local text = layout.fit(row[2], room)
         lines[#lines + 1] = row[1] .. (" "):rep(width - #row[1] + 2) .. settings.paint("dim", text)
      else
         lines[#lines + 1] = row[1]
         add_wrapped(lines, "   ", row[2], settings.width)
      end
   end
   return lines
end

local function list(names, settings)
   table.sort(names)
   local rows = {}
   for index, name in ipairs(names) do rows[index] = { name, brief(name) } end
   return table.concat(add_pairs({}, rows, settings), "\n")
end

local function overview(settings)
   local lines = add_pairs({}, OVERVIEW, settings)
   add_wrapped(lines, "", KEYS, settings.width)
   return table.concat(lines, "\n")
end

local function members(value)
   local names = {}
   for name, member in next, value do
      if type(name) == "string" and type(member) == "function" then names[#names + 1] = name end
   end
   return names
end

local function search(text)
   local names = {}
   for _, row in ipairs(reference.functions()) do
      if (row.key or row.name):find(text, 1, true) or row.module == text or row.table == text then
         names[#names + 1] = row.key or row.name
      end
   end
   return names
end

-- ------------------------------------------------------------------ questions

-- The row of a function of the library.
local function row_of(value)
   for _, row in ipairs(reference.functions()) do
      if reference.value(row) == value then return row end
   end
end

local function about_name(name, settings)
   local row = reference.find(name)
   if row then return describe_row(row, settings) end
   local kind = types.find((name:gsub("^promptic[.]", "")))
   if kind then return describe_type(kind, settings) end
   name = name:match "[^.:]*$"
   local names = name ~= "" and search(name) or {}
   if #names == 1 then return about_name(names[1], settings) end
   if #names > 0 then return list(names, settings) end
   return ("nothing is called '%s'; help(promptic.client()) lists all methods"):format(
      terminal.clean(name, true))
end

--- The text about a value: a method's name, a function, a client, a module; nil gives the overview.
function help.about(value, settings)
   if value == nil then return overview(settings) end
   if type(value) == "string" then return about_name(value, settings) end
   local row = type(value) == "function" and row_of(value)
   if row then return describe_row(row, settings) end
   local metatable = debug.getmetatable(value)
   local methods = type(metatable) == "table" and rawget(metatable, "__index")
   if type(value) == "userdata" and type(methods) == "table" then return list(members(methods), settings) end
   if type(value) == "table" then
      local names = members(value)
      if #names > 0 then return list(names, settings) end
   end
   return "help is for methods and modules of promptic: help \"get_experiment\", help(promptic.experiments)"
end

return help
