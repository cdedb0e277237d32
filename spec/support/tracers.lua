--- tracers.lua - tracers of a spec, without an interval between their requests unless they are given one.
local promptic = require "promptic"

local tracers = {}

function tracers.open(client, options)
   options = options or {}
   options.interval = options.interval or 0
   return promptic.tracer(client, options)
end

--- Closes the tracer of a spec, if it has one, with a server that takes what is left.
function tracers.close(tracer, server)
   if tracer then
      server:always{ body = "{}" }
      tracer:close(5)
   end
end

--- How many spans it has dropped, by reason.
function tracers.dropped(tracer)
   local found = {}
   for reason, count in pairs(tracer.stats.dropped) do
      if count > 0 then
         found[reason] = count
      end
   end
   return found
end

return tracers
