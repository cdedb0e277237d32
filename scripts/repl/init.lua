--[[
The prompt of promptic-lua at a terminal. Statements run as in lua; results are shown by repl/printer.lua.

   require "promptic.repl" (host)      host: what interpreter_session.c gives

Beside Lua's globals and promptic there are help, show, and _ for the last result.
]]
local promptic = require "promptic"
local terminal = require "promptic.terminal"
local layout = require "promptic.cli.table"
local style = require "promptic.cli.style"
local completer = require "promptic.repl.completer"
local errors = require "promptic.repl.errors"
local help = require "promptic.repl.help"
local history = require "promptic.repl.history"
local printer = require "promptic.repl.printer"

local user = _G -- globals of the statements

local _ENV = require "promptic.repl.globals"

local WIDTH = 80 -- if the terminal does not report one

local host

-- ------------------------------------------------------------------ output

local function settings_for(stream)
   local settings = { width = terminal.width(stream) or WIDTH, paint = style.painter(stream) }
   for name, limit in pairs(printer.LIMITS) do settings[name] = limit end
   return settings
end

local function write(stream, text)
   stream:write(text, "\n")
   stream:flush()
end

local function is_scalar(value)
   return type(value) ~= "table" and not (type(value) == "string" and value:find "\n")
end

local helper = setmetatable({}, {
   __call = function(_, value) write(io.stdout, help.about(value, settings_for "stdout")) end,
   __tostring = function() return help.about(nil, settings_for "stdout") end,
})

-- Several plain values share a line, as print does it. `help` alone is text of ours, whose colours stay.
local function show_results(results)
   local settings, texts, separator = settings_for "stdout", {}, "\t"
   for index = 1, results.n do
      local value = results[index]
      texts[index] = rawequal(value, helper) and tostring(value) or printer.render(value, settings)
      if not is_scalar(value) then separator = "\n" end
   end
   write(io.stdout, table.concat(texts, separator))
end

local function report(problem)
   if errors.is_interrupt(problem) then
      io.stdout:write "\n" -- behind the ^C that the terminal has shown
      return write(io.stderr, style.painter "stderr" ("yellow", "interrupted"))
   end
   local settings = settings_for "stderr"
   local plain = { width = settings.width, paint = function(_, text) return text end }
   write(io.stderr, errors.render(problem, settings.paint, function(value)
      return printer.render(value, setmetatable(plain, { __index = printer.LIMITS }))
   end))
end

-- Calls f with Ctrl-C as an error; reports what it raises. Returns its results, or nil.
local function attempt(f, ...)
   local done, results = host.call(function(...)
      local results = table.pack(xpcall(f, errors.catch, ...))
      if results[1] then
         return { n = results.n - 1, table.unpack(results, 2, results.n) }
      end
      return { problem = results[2] }
   end, ...)
   if done and not results.problem then return results end
   host.call(report, done and results.problem or results)
end

-- ------------------------------------------------------------------ statements

local function prompt(first)
   local text = rawget(user, first and "_PROMPT" or "_PROMPT2")
   if text == nil then return first and "> " or ">> " end
   local done, shown = pcall(tostring, text)
   return done and shown or "> "
end

-- A line, or nil and "end" or "interrupted". earlier: the lines of the statement so far.
local function read(earlier)
   local offset = earlier and #earlier + 1 or 0
   return host.read(prompt(earlier == nil), function(line, start)
      local before = earlier and earlier .. "\n" .. line or line
      return completer.complete(user, before, offset + start + 1)
   end)
end

-- Whether more lines may make the statement right, as lua.c finds it out.
local function ends_early(message)
   return message:sub(-#"<eof>") == "<eof>"
end

-- The statement as a function; or nil, the message, and whether more lines may make it right. What can be an
-- expression is one, so that its value is shown.
local function compile(text)
   local expression, other = load("return " .. text, "=stdin", "t", user)
   if expression then return expression end
   local statement, message = load(text, "=stdin", "t", user)
   if statement then return statement end
   return nil, message, ends_early(message) or ends_early(other)
end

-- Reads a statement; returns its function and its text, or nil, the text and why there is none.
local function read_statement()
   local text, why = read()
   if not text then return nil, nil, why end
   text = text:gsub("^%s*=", "return ")
   while true do
      local chunk, message, wants_more = compile(text)
      if chunk or not wants_more then return chunk, text, message end
      local line, reason = read(text)
      if not line and reason == "interrupted" then return nil, nil, reason end
      if not line then return nil, text, message end
      text = text .. "\n" .. line
   end
end

local function run_statement(chunk)
   local results = attempt(chunk)
   if results and results.n > 0 then
      rawset(user, "_", results[1])
      attempt(show_results, results)
   end
end

-- ------------------------------------------------------------------ begin and end

-- The endpoint and the kind of credential in use; never the credential itself.
local function standing()
   local made, client = pcall(promptic.client)
   if not made then
      if promptic.is_error(client, "auth") then
         return "no key: `promptic login` or PROMPTIC_API_KEY"
      end
      return tostring(client)
   end
   local endpoint, kind, source = tostring(client):match "%((%S+), (.-) from ([%w_]+)%)"
   client:close()
   if not endpoint then return "" end
   return ("%s  %s from %s"):format(endpoint, kind == "api_key" and "key" or "session", source)
end

local function banner()
   local text = ("promptic-lua %s (%s)  %s"):format(promptic.version, host.release:match "^Lua %d+%.%d+%.%d+",
      standing())
   local lines = layout.wrap(terminal.clean(text, true), settings_for "stdout".width)
   return table.concat(lines, "\n")
end

local function add_globals()
   if rawget(user, "help") == nil then rawset(user, "help", helper) end
   if rawget(user, "show") == nil then
      rawset(user, "show", function(...)
         local settings = settings_for "stdout"
         for index = 1, select("#", ...) do
            write(io.stdout, printer.render((select(index, ...)),
               { width = settings.width, paint = settings.paint }))
         end
      end)
   end
end

local function folder()
   local home = os.getenv "HOME"
   return home and home ~= "" and home .. "/.promptic" or nil
end

return function(given)
   host = given
   add_globals()
   local past = history.open(host, folder())
   write(io.stdout, banner())
   while true do
      local chunk, text, message = read_statement()
      if text then past:add(text) end
      if chunk then
         run_statement(chunk)
      elseif text then
         report(message)
      elseif message == "end" then
         break
      end
   end
   past:compact()
   write(io.stdout, "")
end
