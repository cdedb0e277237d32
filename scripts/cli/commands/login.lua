--- promptic login: a session of this machine, approved in a browser.
local output = require "promptic.cli.output"
local promptic = require "promptic"
local terminal = require "promptic.terminal"

local TICK_SECONDS = 0.1

local function clean(text)
   return terminal.clean(text, true)
end

-- Page and code are always printed: the browser may be on another screen, or on none.
local function show(code, paint)
   local complete = code.verification_uri_complete
   local bold = { paint = function(text) return paint("bold", text) end }
   output.note("To sign in, open this page:\n")
   output.note("  " .. clean(complete or code.verification_uri) .. "\n", bold)
   output.note(complete and "and check that it shows this code:\n" or "and enter this code:\n")
   output.note("  " .. clean(code.user_code) .. "\n", bold)
end

-- The line shown while it waits, short enough for 40 columns. Without a live line the time left would print a
-- new line each time.
local function describe(state, live)
   local problem = state.problem and ", trying again: " .. tostring(state.problem) or ""
   local text = "waiting until it is approved in the browser"
   if live and state.stop then
      local left = math.max(0, state.stop - promptic.now())
      text = ("not approved yet, %d:%02d left"):format(left // 60, math.floor(left % 60))
   end
   return text .. problem
end

local function spin(line, state)
   while true do
      line:show(describe(state, line.live))
      promptic.sleep(TICK_SECONDS)
   end
end

local function choose(list)
   local ask = require "promptic.cli.ask"
   if not ask.possible() then return nil end
   local choices = {}
   for _, application in ipairs(list) do
      choices[#choices + 1] = { application.id, ("%s  %s"):format(application.name or "", application.id) }
   end
   return ask.choice("Which AI Application do you want to work in?", choices)
end

-- Logs in while a task of its own keeps the line on the terminal moving.
local function log_in(values, line, paint)
   local state = {}
   local spinner
   local function stop()
      if spinner then spinner:cancel() end
      spinner = nil
      line:clear()
   end
   local result = promptic.auth.login {
      endpoint = values.endpoint, ai_application_id = values.ai_application, user_agent = "promptic-cli",
      open_browser = not values.no_browser,
      on_code = function(code)
         show(code, paint)
         if code.opens_browser then output.note "Opening it in the browser.\n" end
      end,
      on_wait = function(waiting)
         state.problem, state.stop = waiting.problem, promptic.now() + waiting.left
         spinner = spinner or promptic.spawn(spin, line, state)
      end,
      choose = function(list)
         stop()
         return choose(list)
      end,
   }
   stop()
   return result
end

-- Notes about settings that go before the session.
local function warn(result)
   local status = promptic.auth.status()
   if status.problem then
      output.note("Note: " .. status.problem)
   elseif status.source == "environment" then
      local name = status.credential == "api_key" and "PROMPTIC_API_KEY" or "PROMPTIC_ACCESS_TOKEN"
      output.note(("Note: %s is set in the environment and goes before this session."):format(name))
   elseif status.endpoint ~= result.endpoint then
      output.note(("Note: PROMPTIC_ENDPOINT is set, so calls go to %s."):format(status.endpoint))
   end
   if result.has_api_key then
      output.note(("Note: the API key in %s stays; the session goes before it."):format(result.config_file))
   end
   if result.was_shared then
      output.note(("Note: others could read or change %s; now only you can."):format(result.config_file))
   end
end

return {
   section = "Account", first = true,
   summary = "Sign in with a browser, on this or another device.",
   options = {
      { "endpoint", of = "auth.login", label = "URL", default = false,
         summary = "where the platform is; by default the one in use" },
      { "ai_application", of = "auth.login", parameter = "ai_application_id", label = "ID", aliases = "--workspace" },
      { "no_browser", switch = true, summary = "do not open a browser" },
   },
   notes = "It shows a page and a code; the page may be opened on any device. The session is stored "
      .. "in ~/.promptic/config.toml, which only you can read.",
   examples = "promptic login\npromptic login --endpoint http://127.0.0.1:8080",
   run = function(_, values)
      local paint = require("promptic.cli.style").painter "stderr"
      local line = require("promptic.cli.progress").line()
      local done, result = pcall(promptic.run, log_in, values, line, paint)
      line:clear()
      if not done then error(result, 0) end
      warn(result)
      return result
   end,
   done = function(result)
      local application = result.ai_application
      if application then
         return ("Signed in to %s, AI Application %s."):format(result.endpoint, application.name or application.id)
      end
      local lines = {
         ("Signed in to %s. Choose an AI Application with `promptic ai-application select ID`:"):format(
            result.endpoint),
      }
      for _, each in ipairs(result.ai_applications) do
         lines[#lines + 1] = ("  %s  %s"):format(each.id, each.name or "")
      end
      return table.concat(lines, "\n")
   end,
}
