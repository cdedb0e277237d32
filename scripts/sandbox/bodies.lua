--- The JSON of a request, strictly: a null in an object is kept apart from an absent key ({"description": null}
-- clears what {} keeps), and text that is not UTF-8 or has a lone surrogate is refused and not altered.
local failure = require "promptic.sandbox.failure"
local json = require "promptic.json"

local bodies = {}

local STRICT = { strict = true, nulls = true }

--- The value of a JSON text, nulls as promptic.json.null; raises 400 where it is none.
function bodies.decode(text)
   local read, value = pcall(json.decode, text, STRICT)
   if read then return value end
   local reason = tostring(value):gsub("^.-bad argument #%d to '[^']*' %((.*)%)$", "%1")
   failure.raise(400, "The body is not valid JSON: %s", reason)
end

return bodies
