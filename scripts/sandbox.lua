--[[
promptic sandbox: a stand-in for the Promptic platform on this machine.

As a script it runs the server; as the module "promptic.sandbox" it gives main(arguments), which does
the same and returns the exit code.
]]
local HELP = [[
usage: promptic-lua --run promptic.sandbox [options]
   or: build/promptic-lua scripts/sandbox.lua [options]     in the source tree

Serves the Promptic REST API on this machine, for trying, testing and CI without an account: real state,
real rules, real scores, and no network. It binds to loopback only.

  --port N         the port to listen on; 0, the default, takes a free one
  --db FILE        keep the state in this SQLite file (it survives kill -9, and running experiments
                   go on at the next start); without it everything is forgotten at the end
  --pace SECONDS   how long an iteration of an experiment takes at least; 0.2, and 0 is as fast as it can
  --api-key KEY    the key that clients must send; "ptc_sandbox" (and its older form, "sandbox")
  --workspaces N   how many workspaces a login finds; 1
  --gone MODEL     a model that can no longer be used; may be given more than once
  --without GROUP  play a platform that does not have the operations of this group, such as observations,
                   cases, workspace, ai-application, models, runs; several: a comma between them, or more
                   than once. Without cases (an older platform) experiments have no datasetId
  --not-found FORM how paths that the platform does not have are answered with 404: json, which is the
                   default, html or empty
  --unpaid         answer 402 where the platform would bill, as for a workspace without billing
  --login-interval SECONDS
                   how long a device login has to wait between two polls; 5
  --login-lifetime SECONDS
                   how long its code is valid; 900
  --port-file FILE write the port to this file (or FIFO) once it listens
  --stop-on-eof    end when standard input ends, so that it cannot outlive the program that started it
  --help           print this

Once it listens it prints one line, "promptic sandbox: http://127.0.0.1:PORT". To use it:

  export PROMPTIC_ENDPOINT=http://127.0.0.1:PORT PROMPTIC_API_KEY=ptc_sandbox
  promptic-lua examples/pipeline.lua

or let the interpreter do both: promptic-lua --sandbox examples/pipeline.lua

Credentials   Authorization: Bearer KEY, or the session token "session-KEY" together with
              X-AI-Application-Id (or X-Workspace-Id): %s
              (listing them takes the session token alone). `promptic login --endpoint URL` gets a
              session of its own, approved on the page /device; it ends with the sandbox.
Traces        come in by POST /api/v1/traces as OTLP/HTTP, JSON or protobuf, plain or gzip.
              partialSuccess warns of components that are not there and of requests without spans.
Training data are one set of rows an experiment: the cases of its dataset (datasetId), which the routes of
              observations show as well, as far as their expectedPayload is a text.
Experiments   are scored for real by an offline model: it answers with the output of the most similar
              example (TF-IDF cosine) among those that the prompt holds. With trainSplitRatio a part of the
              rows is held out: those whose split is eval, and of those without a split what the ratio
              leaves. Without it all rows train, whatever their split says. Evaluators: f1, similarity,
              structuredOutput, toolSelection. What takes a language model as judge fails the experiment
              with errorCode SANDBOX_NO_JUDGE. This is no likeness of Promptic's optimizers.
]]

local is_module = ... == "promptic.sandbox"

-- Run from the source tree, the modules lie beside this file; in promptic-lua they are built in.
if not is_module then
   local folder = (debug.getinfo(1, "S").source:match "^@(.*[/\\])" or "./") .. "sandbox/"
   table.insert(package.searchers, function(name)
      local part = name:match "^promptic%.sandbox%.([%w_]+)$"
      if not part then return nil end
      local chunk, message = loadfile(folder .. part .. ".lua")
      return chunk or "\n\t" .. message, folder .. part .. ".lua"
   end)
end

-- Flags that take no value.
local switches = { ["--stop-on-eof"] = "stop_on_eof", ["--unpaid"] = "unpaid", ["--help"] = "help", ["-h"] = "help" }

local flags = {
   ["--port"] = "port", ["--db"] = "db", ["--pace"] = "pace", ["--api-key"] = "api_key",
   ["--port-file"] = "port_file", ["--workspaces"] = "workspaces", ["--login-interval"] = "login_interval",
   ["--login-lifetime"] = "login_lifetime", ["--not-found"] = "not_found",
}

-- Flags that may be given more than once; each adds to a set.
local sets = { ["--gone"] = "gone", ["--without"] = "without" }

-- What the flag gave as a positive number; nil where it is none.
local function positive(text)
   local number = tonumber(text)
   return number and number > 0 and number < math.huge and number or nil
end

local function check_login(options)
   local count = math.tointeger(tonumber(options.workspaces))
   if not count or count < 1 or count > 100 then return nil, "--workspaces takes a number from 1 to 100" end
   options.workspaces = count
   for _, name in ipairs { "login_interval", "login_lifetime" } do
      local seconds = positive(options[name])
      if not seconds then return nil, ("--%s takes seconds, more than 0"):format(name:gsub("_", "-")) end
      options[name] = math.tointeger(seconds) or seconds
   end
   return options
end

-- Groups of operations become operations.
local function check_platform(options)
   local routes = require "promptic.sandbox.routes"
   local without = {}
   for text in pairs(options.without) do
      for name in (text .. ","):gmatch "%s*([^,]*)%s*," do
         local operations = routes.group(name)
         if not operations then
            return nil, ("--without '%s': the groups are %s"):format(name, table.concat(routes.groups(), ", "))
         end
         for _, operation in ipairs(operations) do without[operation] = true end
      end
   end
   options.without = without
   if not require("promptic.sandbox.failure").forms[options.not_found] then
      return nil, "--not-found takes json, html or empty"
   end
   return check_login(options)
end

local function check(options)
   local port, pace = math.tointeger(tonumber(options.port)), tonumber(options.pace)
   if not port or port < 0 or port > 65535 then return nil, "--port takes a number from 0 to 65535" end
   if not pace or not (pace >= 0 and pace < math.huge) then return nil, "--pace takes seconds, 0 or more" end
   if options.api_key == "" or (options.api_key or ""):find "[%c ]" then
      return nil, "--api-key takes a word without spaces"
   end
   options.keys = options.api_key and { [options.api_key] = true } or { ptc_sandbox = true, sandbox = true }
   options.port, options.pace = port, pace
   return check_platform(options)
end

-- The options of a command line, or nil and the problem.
local function parse(arguments)
   local options = { port = "0", db = ":memory:", pace = "0.2", workspaces = "1",
      login_interval = "5", login_lifetime = "900", not_found = "json", gone = {}, without = {} }
   local place = 1
   while arguments[place] do
      local flag, value = arguments[place]:match "^(%-%-[%w-]+)=(.*)$"
      flag = flag or arguments[place]
      if switches[flag] then
         options[switches[flag]] = true
      elseif flags[flag] or sets[flag] then
         if not value then
            place = place + 1
            value = arguments[place]
         end
         if not value then return nil, flag .. " needs a value" end
         if sets[flag] then
            options[sets[flag]][value] = true
         else
            options[flags[flag]] = value
         end
      else
         return nil, ("unknown option '%s'"):format(flag)
      end
      place = place + 1
   end
   return check(options)
end

-- A job that raised: whatever it was about has failed, and says so.
local function on_job_error(store)
   return function(id, message)
      io.stderr:write("promptic sandbox: ", message, "\n")
      for _, resource in ipairs(require("promptic.sandbox.resources").load().list) do
         if resource.fail then resource.fail(store, id, (message:gsub("\n.*", ""))) end
      end
   end
end

-- The server's state, taken up where the database was left.
local function open(options, store)
   local workspace = require "promptic.sandbox.workspace"
   workspace.prepare(store, options.workspaces)
   local sandbox = {
      store = store, pace = options.pace, keys = options.keys, gone = options.gone,
      without = options.without, routes = require("promptic.sandbox.routes").new(options.without),
      not_found = options.not_found, unpaid = options.unpaid, tickets = {},
      device = require("promptic.sandbox.device").new(options.login_interval, options.login_lifetime),
      worker = require("promptic.sandbox.worker").new(on_job_error(store),
         require("promptic.sandbox.store").is_disk_error),
   }
   for _, resource in ipairs(require("promptic.sandbox.resources").load().list) do
      if resource.resume then resource.resume(sandbox) end
   end
   return sandbox
end

local function announce(server, port_file)
   local port = server:port()
   if port_file then
      local file = assert(io.open(port_file, "w"))
      file:write(port, "\n")
      file:close()
   end
   io.stdout:write("promptic sandbox: http://127.0.0.1:", port, "\n")
   io.stdout:flush()
end

-- Lua searches the current directory for modules; nothing there may take a module's place.
local function look_nowhere_near()
   for _, name in ipairs { "path", "cpath" } do
      local kept = {}
      for template in package[name]:gmatch "[^;]+" do
         kept[#kept + 1] = template:sub(1, 2) ~= "./" and template or nil
      end
      package[name] = table.concat(kept, ";")
   end
end

-- A port that is taken is no fault of the program: the message needs no place in the source.
local function listen(sandbox, options)
   local http = require "promptic.sandbox.server"
   local listens, server = pcall(http.listen, sandbox, options.port, options.stop_on_eof)
   if listens then return server end
   error((tostring(server):gsub("^%S+:%d+: ", "")) .. "; --port 0 takes a free one", 0)
end

local function run(options)
   -- a full collection, as the generational mode of the interpreter makes them, would stop the server for a while
   collectgarbage "incremental"
   local Store = require "promptic.sandbox.store"
   local store <close> = Store.open(options.db, require "promptic.sandbox.schema")
   local sandbox = open(options, store)
   local server <close> = listen(sandbox, options)
   announce(server, options.port_file)
   while server:step(sandbox.worker:idle()) do sandbox.worker:turn() end
end

local sandbox = {}

--- Runs the sandbox with these command-line arguments until it is stopped; returns the exit code.
function sandbox.main(arguments)
   look_nowhere_near()
   local options, message = parse(arguments)
   if not options then
      io.stderr:write("promptic sandbox: ", message, "\nTry --help.\n")
      return 2
   elseif options.help then
      io.stdout:write((HELP:format(require("promptic.sandbox.workspace").ID)))
      return 0
   end
   local ran, problem = pcall(run, options)
   if ran then return 0 end
   -- a signal is the way to end a sandbox
   if require("promptic").is_error(problem, "interrupted") then return 130 end
   io.stderr:write("promptic sandbox: ", tostring(problem), "\n")
   return 1
end

if is_module then return sandbox end
os.exit(sandbox.main { ... }, true)
