--[[
Rows of the database in the form of the contract: JSON documents decoded, NULL as null. What is not listed in a
shape stays inside. Each resource has its own.
]]
local bodies = require "promptic.sandbox.bodies"
local json = require "promptic.json"
local times = require "promptic.sandbox.times"

local shapes = {}

--- Makes a function from a row to an object with these fields; NULL becomes null, and the columns in
-- `documents` are decoded.
function shapes.new(fields, documents)
   local is_document = {}
   for _, field in ipairs(documents or {}) do is_document[field] = true end
   return function(row)
      local object = {}
      for _, field in ipairs(fields) do
         local value = row[field]
         if value == nil then
            object[field] = json.null
         elseif is_document[field] then
            object[field] = bodies.decode(value) -- nulls inside stay
         else
            object[field] = value
         end
      end
      return object
   end
end

--- The text to store for a JSON document; null is stored as NULL.
function shapes.document(value)
   if value == nil or value == json.null then return nil end
   return json.encode(value)
end

--- Adds the newer name of what the object calls workspaceId.
function shapes.in_application(object)
   object.aiApplicationId = object.workspaceId
   return object
end

--- The messages of a prompt that is a single text.
function shapes.messages(prompt)
   if not prompt then return json.array {} end
   return json.array { { role = "system", content = prompt } }
end

--- Adds the times of a trace or span, which its row has in nanoseconds.
function shapes.timed(object, row)
   object.durationMs = row.end_ns and (row.end_ns - row.start_ns + 500000) // 1000000 or json.null
   object.startTime = times.iso_of_ns(row.start_ns)
   object.endTime = times.iso_of_ns(row.end_ns) or json.null
   return object
end

return shapes
