-- failure.lua - errors of the library: tables with the metatable promptic.Error.
-- Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local error, getmetatable, pcall, setmetatable = error, getmetatable, pcall, setmetatable

local library, supervise, tasks = import "c.library", import "supervise", import "tasks"

-- Where nothing can be suspended inside of pcall.
local IS_PLAIN_51 = _VERSION == "Lua 5.1" and jit == nil -- luacheck: ignore 113

local failure = {}

function failure.is_error(value)
   return getmetatable(value) == library.Error
end

--- An error with these fields: kind, message and others.
function failure.new(fields)
   return setmetatable(fields, library.Error)
end

--- Raises an error; `code`, which may be nil, is the reason in one word.
function failure.raise(kind, message, code)
   error(failure.new{ kind = kind, message = message, code = code }, 0)
end

--- f(...) as a task of its own, since nothing can be suspended inside of pcall in Lua 5.1: true and its first result,
--- or false and its error.
function failure.attempt(f, ...)
   return supervise.finish(supervise.start(f, ...))
end

--- pcall(f, ...), inside of which a task can be suspended in every Lua.
function failure.try(f, ...)
   if IS_PLAIN_51 and tasks.current() then
      return failure.attempt(f, ...)
   end
   return pcall(f, ...)
end

--- Whether the next attempt may succeed: no connection, no response in time, or a platform that is away or busy.
function failure.is_passing(err)
   local status = err.status_code
   return err.kind == "connection" or err.kind == "timeout"
      or status ~= nil and (status == 408 or status == 429 or status >= 500)
end

return failure
