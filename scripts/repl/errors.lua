--- Errors as a person reads them: the problem first, then its place, without the frames of the prompt itself.
local terminal = require "promptic.terminal"
local _ENV = require "promptic.repl.globals"

local errors = {}

local CHUNK = "^stdin:%d+: in main chunk$"

--- Message handler: keeps the value and the way there.
function errors.catch(value)
   return { value = value, trace = debug.traceback("", 2), caught = errors }
end

-- The frames between the error and what was typed; none where it was raised right there.
local function frames(trace)
   local list = {}
   for line in trace:gmatch "\n\t([^\n]*)" do
      if line:find "^%[C%]: in function 'xpcall'" then break end
      if #list > 0 or not line:find "^%[C%]:" then list[#list + 1] = line end
      if line:find(CHUNK) then break end
   end
   if #list == 1 and list[1]:find(CHUNK) then return {} end
   return list
end

-- Further fields of an error of the platform.
local function origin(value)
   local parts = {}
   if value.method and value.path then parts[1] = value.method .. " " .. value.path end
   if value.request_id then parts[#parts + 1] = "request " .. value.request_id end
   if (value.attempts or 1) > 1 then parts[#parts + 1] = value.attempts .. " attempts" end
   return table.concat(parts, ", ")
end

local function message_of(value, render)
   if type(value) == "string" then return value end
   -- without the request, which has a line of its own
   if require("promptic").is_error(value, "api") then return ("[%s] %s"):format(value.status_code, value.message) end
   local metatable = debug.getmetatable(value)
   if type(metatable) == "table" and rawget(metatable, "__tostring") then
      local done, text = pcall(tostring, value)
      if done then return text end
   end
   return "error: " .. render(value)
end

--- Whether it is Ctrl-C.
function errors.is_interrupt(problem)
   local value = problem
   if type(problem) == "table" and problem.caught == errors then value = problem.value end
   return require("promptic").is_error(value, "interrupted")
end

--- problem: what errors.catch made, or a bare error; render: how a value is shown.
function errors.render(problem, paint, render)
   local value, trace = problem, ""
   if type(problem) == "table" and problem.caught == errors then
      value, trace = problem.value, problem.trace
   end
   local text = terminal.clean(message_of(value, render)):gsub("\n\t", "\n   ")
   local first, rest = text:match "^([^\n]*)(.*)$"
   local lines = { paint("red", first) .. rest }
   local platform = require "promptic"
   if platform.is_error(value) and origin(value) ~= "" then
      lines[#lines + 1] = "   " .. paint("dim", terminal.clean(origin(value), true))
   end
   for _, frame in ipairs(frames(trace)) do
      lines[#lines + 1] = "   " .. paint("dim", terminal.clean(frame, true))
   end
   return table.concat(lines, "\n")
end

return errors
