-- names.lua - find_component, find_experiment, find_dataset; ensure_component, ensure_dataset.
-- Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local error = error
local concat = table.concat

local methods, library = import "methods", import "c.library"
local failure, shapes = import "failure", import "shapes"
local check = library.check

local names = {}

-- ------------------------------------------------------------------ finding

--- The only one of the list that has the name, or nil. Several are an error that lists their ids: which of them is
--- meant nobody but the caller knows. What was created while pages were read moves others to the next page: the same id
--- twice is one.
function names.only(list, what, name)
   local found, seen = {}, {}
   for index = 1, #list do
      local entry = list[index]
      if entry.name == name and not seen[entry.id] then
         seen[entry.id or entry] = true
         found[#found + 1] = entry
      end
   end
   if #found < 2 then
      return found[1]
   end
   local ids = {}
   for index = 1, #found do
      ids[index] = found[index].id
   end
   local message = "%d %ss are named '%s': %s; use the id of one"
   failure.raise("argument", message:format(#found, what, name, concat(ids, ", ")), "ambiguous_name")
end

local function find_component(client, name)
   return names.only(shapes.list(methods.list_components(client), "data", "/components"), "component", name)
end

local function find_dataset(client, component_id, name)
   local path = ("/components/%s/datasets"):format(component_id)
   return names.only(shapes.list(methods.list_datasets(client, component_id), "data", path), "dataset", name)
end

--- All experiments of a component. No loop over an iterator: in Lua 5.1 neither a task nor a hook can yield in one.
function names.experiments(client, component_id)
   local list, next_one = {}, methods.each_experiment(client, { component_id = component_id, limit = 100 })
   local experiment = next_one()
   while experiment do
      list[#list + 1] = shapes.object(experiment, "/experiments")
      experiment = next_one()
   end
   return list
end

function methods.find_component(...)
   return find_component(check.find_component(...))
end

function methods.find_dataset(...)
   return find_dataset(check.find_dataset(...))
end

function methods.find_experiment(...)
   local client, component_id, name = check.find_experiment(...)
   return names.only(names.experiments(client, component_id), "experiment", name)
end

-- ------------------------------------------------------------------ ensuring

-- A create in doubt is looked up before it is repeated, this often at most.
local MOST_CREATES = 3

--- find() returns the existing one, or nil; create() creates it. A request that takes effect after the look-up that
--- follows it can still make a second one: bindings/README.md, "Names".
function names.ensure(find, create)
   for attempt = 1, MOST_CREATES do
      local found = find()
      if found then
         return found
      end
      local created, result = failure.attempt(create)
      if created then
         return result
      end
      local is_in_doubt = failure.is_error(result) and result.maybe_sent and result.kind ~= "cancelled"
      if not is_in_doubt or attempt == MOST_CREATES then
         error(result, 0)
      end
   end
end

function methods.ensure_component(...)
   local client, name, settings = check.ensure_component(...)
   return names.ensure(function() return find_component(client, name) end, function()
      local created = methods.create_component(client, name, { description = settings.description })
      return methods.get_component(client, shapes.created(created, "/components"))
   end)
end

function methods.ensure_dataset(...)
   local client, component_id, name, settings = check.ensure_dataset(...)
   return names.ensure(function() return find_dataset(client, component_id, name) end, function()
      return methods.create_dataset(client, component_id, name, { description = settings.description })
   end)
end

return names
