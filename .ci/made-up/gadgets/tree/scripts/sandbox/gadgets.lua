--- Gadgets of a component.
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local lookup = require "promptic.sandbox.lookup"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"

local gadgets = {
   handlers = {},
   tables = { "gadget (id TEXT PRIMARY KEY, aiComponentId OF(component), name TEXT NOT NULL, colour TEXT, TIMES)" },
   indexes = { "gadget_component ON gadget (aiComponentId)" },
   kinds = { gadget = { from = "gadget t" .. lookup.OF_COMPONENT, parents = { component = "t.aiComponentId" } } },
}
local handlers = gadgets.handlers

local shape = shapes.new { "id", "aiComponentId", "name", "colour", "createdAt", "updatedAt" }

function handlers.list_gadgets(sandbox, input)
   local list, colour = json.array {}, input.colour
   for _, gadget in ipairs(lookup.all(sandbox, "gadget", shape, "component", input.component)) do
      if not colour or gadget.colour == colour then list[#list + 1] = gadget end
   end
   return 200, { data = list }
end

function handlers.create_gadget(sandbox, input)
   local id, now = ids.uuid(), times.now()
   sandbox.store:run("INSERT INTO gadget VALUES (?, ?, ?, ?, ?, ?)", id, input.component.id, input.body.name,
      input.body.colour, now, now)
   return 201, shape(lookup.find(sandbox, "gadget", id))
end

return gadgets
