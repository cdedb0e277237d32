--- What a handler raises to respond with an error: {"error": message, "details": {"path": ...}} and its status.
local Failure = {}
Failure.__index = Failure
Failure.__tostring = function(failure) return ("[%d] %s"):format(failure.status, failure.message) end

local failure = {}

--- Raises a response of that status; the message is formatted where values follow it.
function failure.raise(status, message, ...)
   if select("#", ...) > 0 then message = message:format(...) end
   error(setmetatable({ status = status, message = message }, Failure), 0)
end

--- An unknown id, or one of another workspace: the response is the same.
function failure.not_found()
   failure.raise(404, "Not found")
end

--- A path that is none of the API: `route` is true of the failure, which the server answers as --not-found says.
function failure.no_route()
   error(setmetatable({ status = 404, message = "Not found", route = true }, Failure), 0)
end

--- A request that the contract or the rules do not allow.
function failure.invalid(message, ...)
   failure.raise(400, message, ...)
end

--- The same of one field, which `details.path` names: "items[2].expected" or "". The message has no field in
-- it, as the platform's have none.
function failure.at(path, message)
   error(setmetatable({ status = 400, message = message, path = path }, Failure), 0)
end

--- A request that the state of things does not allow.
function failure.conflict(message, ...)
   failure.raise(409, message, ...)
end

--- Whether an error value came from here.
function failure.is(value)
   return getmetatable(value) == Failure
end

--- The body of the response.
function failure.body(problem)
   return { error = problem.message, details = problem.path and { path = problem.path } or nil }
end

local PAGE = "<!DOCTYPE html><html><head><title>404: This page could not be found.</title></head>"
   .. "<body><h1>404</h1><h2>This page could not be found.</h2></body></html>"

--- What a path that is no route is answered with, by the words of --not-found: the body and its headers.
failure.forms = {
   json = failure.body,
   html = function() return PAGE, { ["content-type"] = "text/html; charset=utf-8" } end,
   empty = function() return nil end,
}

return failure
