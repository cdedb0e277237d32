--- What a handler raises to answer with an error: {"error": message} and its status.
local Failure = {}
Failure.__index = Failure
Failure.__tostring = function(failure) return ("[%d] %s"):format(failure.status, failure.message) end

local failure = {}

--- Raises an answer of that status; the message is formatted where values follow it.
function failure.raise(status, message, ...)
   if select("#", ...) > 0 then message = message:format(...) end
   error(setmetatable({ status = status, message = message }, Failure), 0)
end

--- An unknown id, in the words of the platform.
function failure.not_found()
   failure.raise(404, "Not found")
end

--- A value that the contract does not allow.
function failure.invalid(message, ...)
   failure.raise(422, message, ...)
end

--- A request that the state of things does not allow.
function failure.conflict(message, ...)
   failure.raise(409, message, ...)
end

--- Whether an error value came from here.
function failure.is(value)
   return getmetatable(value) == Failure
end

return failure
