-- strict.lua - the option `strict` of promptic.client: in a result a name that its type does not have is an error.
-- Baked into the module; runs in Lua 5.1 to 5.4.
--
-- An object gets the metatable of its type, which is asked for names that the object itself does not have: rawget, next
-- and pairs see no difference. Fields that are free in form get none.
local import = ...

local error, getmetatable, ipairs, pairs, pcall = error, getmetatable, ipairs, pairs, pcall
local rawget, setmetatable, tostring, type = rawget, setmetatable, tostring, type

local library, failure = import "c.library", import "failure"

local strict = {}

local MODULE = "promptic.types"

-- MODULE, once a client is strict.
local types

-- A shape: name, for messages; list, the field that is a list if there is only this one; fields, by name the shape
-- of their elements, or true; words, their names; metatable.
local shapes = {}

-- ------------------------------------------------------------------ messages

local function explain_list(shape)
   return (" its list is in the field '%s', as in #result.%s"):format(shape.list, shape.list)
end

local function explain(shape, key)
   if type(key) ~= "string" then
      return ("%s has no [%s]%s"):format(shape.name, tostring(key), shape.list and ":" .. explain_list(shape) or "")
   end
   local near = library.nearest(key, shape.words)
   local message = ("%s has no field '%s'"):format(shape.name, key)
   if near then
      return ("%s, did you mean '%s'?"):format(message, near)
   end
   return shape.list and message .. ":" .. explain_list(shape) or message
end

local function metatable_of(shape)
   local metatable = {}
   function metatable.__index(_, key)
      if shape.fields[key] == nil then
         error(explain(shape, key), 2)
      end
   end
   function metatable.__len()
      error(("%s has no length%s"):format(shape.name, shape.list and ":" .. explain_list(shape) or ""), 2)
   end
   return metatable
end

-- ------------------------------------------------------------------ shapes

local shape_of

-- Fields for which the object itself is easily taken: TracePage and DatasetWithCases have no `data`.
local LISTS = { data = true, traces = true, cases = true }

-- Adds a field: field as in promptic.types.
local function add(shape, field)
   shape.fields[field.name] = { shape = shape_of(field.type) or nil, many = field.list or field.map }
   shape.words[#shape.words + 1] = field.name
end

-- Known before its fields are: a type may hold itself.
local function new_shape(key, name, fields)
   local shape = { name = name, fields = {}, words = {} }
   shapes[key] = shape
   shape.metatable = metatable_of(shape)
   for _, field in ipairs(fields) do
      add(shape, field)
      if LISTS[field.name] and field.list then
         shape.list = field.name
      end
   end
   return shape
end

-- The shape of a type; false if it has no fields.
function shape_of(name)
   if shapes[name] == nil then
      local fields = types.fields(name)
      shapes[name] = fields and new_shape(name, name, fields) or false
   end
   return shapes[name]
end

-- The shape of a response that holds a list of a type in a field.
local function shape_of_list(name, field)
   local key = name .. "." .. field
   if not shapes[key] then
      new_shape(key, "a list of " .. name, { { name = field, type = name, list = true } }).list = field
   end
   return shapes[key]
end

local function mark(value, shape)
   if type(value) ~= "table" or getmetatable(value) ~= nil then
      return -- null, or an array where an object should be
   end
   setmetatable(value, shape.metatable)
   for name, field in pairs(shape.fields) do
      local held = field.shape and rawget(value, name)
      if type(held) == "table" and field.many then
         for _, item in pairs(held) do
            mark(item, field.shape)
         end
      elseif held then
         mark(held, field.shape)
      end
   end
end

-- ------------------------------------------------------------------ for the bindings

--- Loads the types; an error of kind config without them.
function strict.load()
   if types then
      return
   end
   local loaded, module = pcall(function() return require(MODULE) end) -- whatever the host has in its place
   if not (loaded and type(module) == "table") then
      failure.raise("config", "option 'strict' needs the Lua module " .. MODULE .. ", which `make install` puts beside "
         .. "the module, and which promptic-lua has built in", "no_types")
   end
   types = module
end

--- Makes a result of a type strict; field: the one that holds a list of them.
function strict.mark(value, name, field)
   local shape = field and shape_of_list(name, field) or shape_of(name)
   if shape then
      mark(value, shape)
   end
end

--- The same of a result of the library's own, whose type is a row of promptic.library, if the client is strict. Returns
--- the result.
function strict.own(client, value, name)
   if library.is_strict(client) then
      local key = "own." .. name
      for _, row in ipairs(not shapes[key] and library.promptic.library or {}) do
         if row.kind == "class" and row.name == name then
            new_shape(key, name, row.parameters)
         end
      end
      mark(value, shapes[key])
   end
   return value
end

library.set_strict(strict.load, strict.mark)

return strict
