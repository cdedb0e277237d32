--[[
What TAB offers. Nothing is called to find it out: names are looked up raw, and through the __index tables of
metatables.

   completer.complete(environment, before, start) -> list of texts

`before` is all of the statement up to the cursor; the word to complete begins at `start` in it (from 1).
]]
local promptic = require "promptic"
local reference = require "promptic.reference"
local types = require "promptic.types"
local _ENV = require "promptic.repl.globals"

local completer = {}

local KEYWORDS = {
   "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local",
   "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
}

local MOST_STEPS = 10 -- from one __index to the next
local TAB = "   "

-- ------------------------------------------------------------------ values

-- Calls f with the table and those that its metatables name, until f returns something.
local function through(value, f)
   for _ = 1, MOST_STEPS do
      if type(value) == "table" then
         local found = f(value)
         if found ~= nil then return found end
      end
      local metatable = debug.getmetatable(value)
      local index = type(metatable) == "table" and rawget(metatable, "__index")
      if type(index) ~= "table" then return nil end
      value = index
   end
end

local function field(value, key)
   return through(value, function(step) return rawget(step, key) end)
end

local function is_name(key)
   return type(key) == "string" and key:find "^[%a_][%w_]*$" ~= nil
end

-- Adds the names in the value that begin so; after a colon only what can be called.
local function add_members(names, value, beginning, methods_only)
   through(value, function(step)
      for key, member in next, step do
         if is_name(key) and key:sub(1, #beginning) == beginning
            and (not methods_only or type(member) == "function") then
            names[key] = true
         end
      end
   end)
end

-- ------------------------------------------------------------------ the expression before a dot

local READERS = {
   -- .name
   { "^(.-)%s*%.%s*([%a_][%w_]*)$", function(value, key) return field(value, key) end },
   -- ["name"] and ['name']
   { '^(.-)%s*%[%s*"([^"\\]*)"%s*%]$', function(value, key) return field(value, key) end },
   { "^(.-)%s*%[%s*'([^'\\]*)'%s*%]$", function(value, key) return field(value, key) end },
   -- [12]
   { "^(.-)%s*%[%s*(%d+)%s*%]$", function(value, key) return field(value, math.tointeger(key)) end },
}

-- The value of an expression at the end of the text, or nil.
local function evaluate(environment, text)
   text = text:gsub("%s+$", "")
   if text:find "[\"']%s*%)$" then return "" end -- a string: all have the same methods
   for _, reader in ipairs(READERS) do
      local rest, key = text:match(reader[1])
      if rest then
         local value = evaluate(environment, rest)
         if value == nil then return nil end
         return reader[2](value, key)
      end
   end
   local name = text:match "[%a_][%w_]*$"
   return name and field(environment, name)
end

-- ------------------------------------------------------------------ fields of results

-- The row of the endpoint that a response answers.
local function row_of(response)
   for _, row in ipairs(promptic.endpoints) do
      local pattern = "^" .. row.path:gsub("[%-.]", "%%%0"):gsub("{[^}]*}", "[^/]+") .. "$"
      if row.verb == response.method and response.path:find(pattern) then return row end
   end
end

-- The type at the end of an expression: of a result or its elements; is_list for a list of them.
local function type_of(environment, text)
   text = text:gsub("%s+$", "")
   local rest, key = text:match "^(.-)%s*%.%s*([%a_][%w_]*)$"
   if not rest then
      rest = text:match "^(.-)%s*%[%s*%d+%s*%]$"
      local name, is_list = nil, nil
      if rest then name, is_list = type_of(environment, rest) end
      if is_list then return name end
   else
      local name, is_list, list_field = type_of(environment, rest)
      if list_field then return key == list_field and name or nil, true end
      for _, candidate in ipairs(not is_list and types.fields(name) or {}) do
         if candidate.name == key then return candidate.type, candidate.list end
      end
   end
   local value = evaluate(environment, text)
   local response = type(value) == "table" and promptic.response(value)
   local row = response and row_of(response)
   if row then return row.returns.type, false, row.returns.field end
end

-- Adds the names that a result can have besides those that are there.
local function add_fields(names, environment, expression, beginning)
   local name, is_list, list_field = type_of(environment, expression)
   if is_list or list_field then return end
   for _, candidate in ipairs(types.fields(name) or {}) do
      if candidate.name:sub(1, #beginning) == beginning then names[candidate.name] = true end
   end
end

-- ------------------------------------------------------------------ where the cursor is

-- Where the string begins that the text ends in, if any; and the places of brackets that are open. Long strings
-- and comments are treated alike: the worst is an offer that does not fit.
local function scan(text)
   local quote, opened, brackets, place = nil, nil, {}, 1
   while place <= #text do
      local byte = text:sub(place, place)
      if quote then
         if byte == "\\" then
            place = place + 1
         elseif byte == quote or byte == "\n" then
            quote = nil
         end
      elseif byte == '"' or byte == "'" then
         quote, opened = byte, place
      elseif byte:find "[%(%[{]" then
         brackets[#brackets + 1] = place
      elseif byte:find "[%)%]}]" then
         brackets[#brackets] = nil
      end
      place = place + 1
   end
   return quote and opened, brackets
end

-- The method whose arguments the cursor is in, and how many braces deep.
local function called(text, brackets)
   local braces = 0
   for index = #brackets, 1, -1 do
      local place = brackets[index]
      local is_brace = text:sub(place, place) == "{"
      local name = text:sub(1, place - 1):match "[.:]%s*([%a_][%w_]*)%s*$"
      if is_brace then braces = braces + 1 end
      if name and braces > 0 then return name, braces end
      if not is_brace and name == nil then return nil end
   end
end

-- ------------------------------------------------------------------ what there is to offer

local function parameters_of(name)
   local row = reference.find(name)
   return row and row.kind ~= "class" and row.parameters
end

local INSIDE = { field = 1, item = 2 } -- how many braces deep

-- The options that can stand in the table that the cursor is in.
local function add_options(names, name, braces, beginning)
   local function add(option)
      if option:sub(1, #beginning) == beginning then names[option .. " = "] = true end
   end
   for _, parameter in ipairs(parameters_of(name) or {}) do
      local depth = parameter.passed == "name" and 1 or INSIDE[parameter.place]
      if depth == braces then add(parameter.name) end
   end
end

-- Values of an option that is one of a few words.
local function add_values(names, name, option, beginning)
   for _, parameter in ipairs(parameters_of(name) or {}) do
      if parameter.name == option then
         for _, value in ipairs(parameter.values or {}) do
            if value:sub(1, #beginning) == beginning then names[value] = true end
         end
      end
   end
end

-- The rest of the names of modules that begin as the string does; only that after the last dot is replaced.
local function add_modules(names, content, word)
   local packages = package
   for _, list in ipairs { packages.preload, packages.loaded } do
      for module in next, list do
         if type(module) == "string" and module:sub(1, #content) == content then
            names[word .. module:sub(#content + 1)] = true
         end
      end
   end
end

local function add_in_string(names, before, opened, brackets, word)
   local head, content = before:sub(1, opened - 1), before:sub(opened + 1)
   if head:find "%f[%w_]require%s*%(?%s*$" then return add_modules(names, content, word) end
   local option = head:match "([%a_][%w_]*)%s*=%s*$"
   local name = called(head, brackets)
   if option and name then add_values(names, name, option, content) end
end

local function add_names(names, environment, before, head, brackets, word)
   add_members(names, environment, word)
   for _, keyword in ipairs(KEYWORDS) do
      if keyword:sub(1, #word) == word then names[keyword] = true end
   end
   local name, braces = called(head, brackets)
   if name and before:sub(1, #before - #word):find "[{,;]%s*$" then
      local options = {}
      add_options(options, name, braces, word)
      if next(options) then
         for key in pairs(names) do names[key] = nil end
         for key in pairs(options) do names[key] = true end
      end
   end
end

local function sorted(names)
   local list = {}
   for name in pairs(names) do list[#list + 1] = name end
   table.sort(list)
   return list
end

function completer.complete(environment, before, start)
   local head, word = before:sub(1, start - 1), before:sub(start)
   local line = before:match "[^\n]*$"
   if not line:find "%S" then return { TAB } end
   local names = {}
   local opened, brackets = scan(head)
   local expression, separator = head:match "^(.-)%s*([.:])%s*$"
   if opened then
      add_in_string(names, before, opened, brackets, word)
   elseif expression and expression:sub(-1) ~= "." then
      add_members(names, evaluate(environment, expression), word, separator == ":")
      if separator == "." then add_fields(names, environment, expression, word) end
   elseif not expression then
      add_names(names, environment, before, head, brackets, word)
   end
   return sorted(names)
end

return completer
