-- failure.lua - errors of the library: tables with the metatable promptic.Error.
-- Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local error, getmetatable, pcall = error, getmetatable, pcall
local can_yield_in_pcall = _VERSION ~= "Lua 5.1" or jit ~= nil -- luacheck: ignore 113

local library, scheduler, supervise = import "c.library", import "scheduler", import "supervise"
local guard = import("c.tasks").guard

local failure = {}

function failure.is_error(value)
   return getmetatable(value) == library.Error
end

--- An error with these fields: kind, message and others. Their text loses secrets, control characters and the like.
function failure.new(fields)
   return library.new_error(fields)
end

--- Raises an error; `code`, which may be nil, is the reason in one word.
function failure.raise(kind, message, code)
   error(failure.new{ kind = kind, message = message, code = code }, 0)
end

--- The error of a response to this request that has not the form of the contract.
function failure.unexpected(message, method, path)
   return failure.new{
      kind = "decode",
      code = "unexpected_response",
      message = message,
      method = method,
      path = path,
   }
end

--- pcall of an f that does not wait. In Lua 5.1 a host's hook cannot yield inside of pcall: there f runs without hooks.
failure.pcall = can_yield_in_pcall and pcall or function(...)
   return guard(pcall, ...)
end

--- true and what f(...) returns, or false and its error. In a task of Lua 5.1 f is a task of its own, and its first
--- result the only one: nothing can be suspended inside of pcall there.
function failure.attempt(f, ...)
   if can_yield_in_pcall then
      return pcall(f, ...)
   elseif not scheduler.running() then
      return guard(pcall, f, ...)
   end
   return supervise.finish(supervise.start(f, ...))
end

--- The same, and calls clean_up() when f has ended: by returning, by an error, or because the task was cancelled.
function failure.attempt_and(clean_up, f, ...)
   if not scheduler.running() then
      local fine, result = pcall(f, ...)
      clean_up()
      return fine, result
   end
   local state = supervise.start(f, ...)
   state.on_finish = clean_up
   return supervise.finish(state)
end

--- Whether the next attempt may succeed: no connection, no response in time, or a platform that is away or busy.
failure.is_passing = library.is_passing

return failure
