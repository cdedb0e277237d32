-- render.lua - puts values into the places of a prompt: {{name}} and {name}.
-- Baked into the module; runs in Lua 5.1 to 5.4. Calls nothing.
local import = ...

local error, ipairs, next, pairs, pcall, sort, type = error, ipairs, next, pairs, pcall, table.sort, type
local concat = table.concat

local library, failure = import "c.library", import "failure"

local render = {}

-- What looks like a name where no list says which names there are. Bytes from 128 on: letters of UTF-8.
local NAME = "^[%a_\128-\255][%w_%.%-\128-\255]*$"
local MOST_NAME = 200 -- bytes
local DOUBLE, SINGLE = "^{{([^{}]*)}}()", "^{([^{}]*)}()"

-- Without the spaces around it. Not by one pattern: that takes quadratic time.
local function trim(text)
   local first = text:find("%S")
   return first and text:match("^.*%S", first) or ""
end

-- The value of the place that begins at this brace and where the text goes on; nil where none does.
local function place_at(text, brace, value_of)
   local inner, after = text:match(DOUBLE, brace)
   local value = inner and value_of(trim(inner))
   if value then
      return value, after
   end
   inner, after = text:match(SINGLE, brace)
   return inner and value_of(inner), after
end

-- The text with a value in each place: what value_of(name) gives, nil leaves the braces. What was put in is not scanned
-- again. Every byte is looked at a few times at most: braces end what a place can be.
local function fill(text, value_of)
   local parts, from, at = {}, 1, 1
   while true do
      local brace = text:find("{", at, true)
      if not brace then
         parts[#parts + 1] = text:sub(from)
         return concat(parts)
      end
      local value, after = place_at(text, brace, value_of)
      if value then
         parts[#parts + 1] = text:sub(from, brace - 1)
         parts[#parts + 1] = value
         from = after
      end
      at = value and after or brace + 1
   end
end

-- A text stays, anything else becomes JSON: a large number keeps its digits in every Lua, and null is no address.
local function text_of(name, value)
   if type(value) == "string" then
      return value
   end
   local fine, text = pcall(library.promptic.json.encode, value)
   local reason = not fine and text:match("%(value[^:]*: (.*)%)$")
   if reason then
      failure.raise("argument", ("the value of '%s' has no text: %s"):format(name, reason), "wrong_variable")
   end
   return fine and text or error(text, 0)
end

-- All places without a value, in one error.
local function refuse(missing)
   local names = {}
   for name in pairs(missing) do
      names[#names + 1] = name
   end
   sort(names)
   failure.raise("argument", ("the prompt has no value for: %s"):format(concat(names, ", ")), "no_variable")
end

local function set_of(names)
   local set = {}
   for _, name in ipairs(names) do
      set[name] = true
   end
   return set
end

--- Texts with values in their places. `names`: the variables; nil: every name in braces is one, and what a value was
--- given for.
function render.texts(texts, values, names)
   local known, missing, results = names and set_of(names), {}, {}
   local function value_of(name)
      local is_variable
      if known then
         is_variable = known[name]
      else
         is_variable = values[name] ~= nil or #name <= MOST_NAME and name:find(NAME)
      end
      if not is_variable then
         return nil
      elseif values[name] == nil then
         missing[name] = true
         return ""
      end
      return text_of(name, values[name])
   end
   for index, text in ipairs(texts) do
      results[index] = fill(text, value_of)
   end
   if next(missing) then
      refuse(missing)
   end
   return results
end

return render
