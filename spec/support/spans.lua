--- spans.lua - the spans that a scripted server has received.
local promptic = require "promptic"

local spans = {}

--- In their order, by name as well; and the resource of the last request. Those of requests that were answered with an
--- error are among them.
function spans.arrived(server)
   local found, resource = {}, nil
   for _, request in ipairs(server:requests()) do
      for _, group in ipairs(promptic.json.decode(request.body).resourceSpans or {}) do
         resource = group.resource
         for _, scope in ipairs(group.scopeSpans) do
            for _, span in ipairs(scope.spans) do
               found[#found + 1] = span
               found[span.name] = span
            end
         end
      end
   end
   return found, resource
end

function spans.names(server)
   local names = {}
   for index, span in ipairs((spans.arrived(server))) do names[index] = span.name end
   return names
end

--- The attributes of one by name.
function spans.attributes(of)
   local found = {}
   for _, entry in ipairs(of.attributes) do
      local _, value = next(entry.value)
      found[entry.key] = value
   end
   return found
end

return spans
