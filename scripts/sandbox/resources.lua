--[[
The resources of the sandbox: a module each, named as the resource in the table of endpoints, so that a new one is
found without a list. What a module may have beside functions for its neighbours:

   handlers      functions by operation: see server.lua
   tables        definitions of its tables, and indexes: see schema.lua, which has upgrades too
   kinds         what its ids name: see lookup.lua
   parts         names of further modules of the resource, which have the same
   open_bodies   operations whose bodies the contract leaves open to further fields
   raw_bodies    operations that read the body themselves
   respond       serves requests outside the API: respond(sandbox, request) returns status, value, headers, or nil
   resume        takes up what a sandbox before this one did not finish: resume(sandbox)
   fail          ends work of this id, as far as it is this resource's: fail(store, id, message)
]]
local endpoints = require("promptic").endpoints

local resources = { list = {}, handlers = {}, kinds = {}, open_bodies = {}, raw_bodies = {} }

local function add(name)
   local module = require("promptic.sandbox." .. name)
   resources.list[#resources.list + 1] = module
   for _, key in ipairs { "handlers", "kinds", "open_bodies", "raw_bodies" } do
      for inner, value in pairs(module[key] or {}) do resources[key][inner] = value end
   end
   for _, part in ipairs(module.parts or {}) do add(part) end
end

-- Whether there is such a module; one that is there and does not load is a fault.
local function is_there(name)
   for _, search in ipairs(package.searchers) do
      if type(search("promptic.sandbox." .. name)) == "function" then return true end
   end
   return false
end

--- Loads all modules once: they need this one no less than it needs them.
function resources.load()
   local seen = {}
   for _, row in ipairs(resources.list[1] and {} or endpoints) do
      if not seen[row.module] and is_there(row.module) then add(row.module) end
      seen[row.module] = true
   end
   return resources
end

return resources
