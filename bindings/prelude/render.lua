-- render.lua - puts values into the places of a prompt: {{name}} and {name}.
-- Baked into the module; runs in Lua 5.1 to 5.4. Calls nothing.
local import = ...

local ipairs, next, pairs, sort, tostring, type = ipairs, next, pairs, table.sort, tostring, type
local concat = table.concat

local library, failure = import "c.library", import "failure"

local render = {}

local NAME = "[%a_][%w_%.%-]*"
local DOUBLE, SINGLE = "^{{%s*(" .. NAME .. ")%s*}}()", "^{(" .. NAME .. ")}()"

-- Calls place(name) for each place in the text and returns the text with what that gives; nil leaves the braces. What
-- was put in is not scanned again.
local function fill(text, place)
   local parts, at = {}, 1
   while true do
      local brace = text:find("{", at, true)
      if not brace then
         parts[#parts + 1] = text:sub(at)
         return concat(parts)
      end
      local name, after = text:match(DOUBLE, brace)
      if not name then
         name, after = text:match(SINGLE, brace)
      end
      local value = name and place(name)
      parts[#parts + 1] = text:sub(at, brace - 1)
      if value then
         parts[#parts + 1] = value
      else
         after = brace + 1
         parts[#parts + 1] = "{"
      end
      at = after
   end
end

local function text_of(value)
   if type(value) == "table" then
      return library.promptic.json.encode(value)
   end
   return tostring(value)
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

--- Texts with values in their places. `names`: the variables; nil: every name in braces is one.
function render.texts(texts, values, names)
   local known, missing, results = names and set_of(names), {}, {}
   local function place(name)
      if known and not known[name] then
         return nil
      elseif values[name] == nil then
         missing[name] = true
         return ""
      end
      return text_of(values[name])
   end
   for index, text in ipairs(texts) do
      results[index] = fill(text, place)
   end
   if next(missing) then
      refuse(missing)
   end
   return results
end

return render
