--- sandbox.lua - a sandbox in a process of its own, and plain HTTP with it.
--
--    local sandbox = require "spec.support.sandbox"
--    local server = sandbox.start{ pace = 0 }        -- also db = "file", key = "...", arguments = { "--x" };
--                                                    -- before = shell commands that its process runs first
--    server.url, server.port, server.key             -- for a client
--    local answer = server:post("/components", { name = "x" })
--    answer.status, answer.headers, answer.text, answer.json
--    server:stop()                                   -- or server:kill(), which is kill -9
--
-- start returns once the sandbox listens: it writes its port into a FIFO, and reading from that waits for
-- it. The sandbox holds the other end of a pipe as its standard input and ends with it, so it cannot
-- outlive the process that runs the specs, however that ends. What runs it is promptic-lua: PROMPTIC_LUA, or
-- PROMPTIC_SANDBOX_LUA where the specs are about the module in another Lua.
local http = require "socket.http"
local ltn12 = require "ltn12"
local json = require("promptic").json
local process = require "spec.support.process"

local sandbox = {}

-- No server of ours takes this long; without it a hanging one would hang the specs.
http.TIMEOUT = 60

local Server = {}
Server.__index = Server

-- The shell that runs the sandbox also opens the FIFO where the sandbox ended without having done so:
-- the reader would wait for ever. Its own process id is the sandbox's, because of exec.
local LAUNCH = [[sh -c '%secho $$ >"$1/pid"; shift; exec "$@"' sh %s %s >%s/out 2>%s/err
test -p %s/port && echo failed >%s/port]]

local function command(folder, options)
   local program = os.getenv("PROMPTIC_SANDBOX_LUA") or os.getenv("PROMPTIC_LUA") or "build/promptic-lua"
   local lua = process.quote(program)
   local words = { lua, "scripts/sandbox.lua", "--stop-on-eof", "--port-file", folder .. "/port" }
   local function add(flag, value)
      if value ~= nil then
         words[#words + 1] = flag
         words[#words + 1] = process.quote(value)
      end
   end
   add("--pace", options.pace)
   add("--db", options.db)
   add("--api-key", options.key)
   for _, argument in ipairs(options.arguments or {}) do
      words[#words + 1] = process.quote(argument)
   end
   local before = (options.before or ""):gsub("'", [['\'']])
   return LAUNCH:format(before, folder, table.concat(words, " "), folder, folder, folder, folder)
end

--- Starts a sandbox; raises with what it said where it does not come up.
function sandbox.start(options)
   options = options or {}
   local folder = process.folder()
   assert(os.execute("mkfifo " .. folder .. "/port"))
   local pipe = assert(io.popen(command(folder, options), "w"))
   local fifo = assert(io.open(folder .. "/port"))
   local port = tonumber(fifo:read("*l"))
   fifo:close()
   os.remove(folder .. "/port")
   local server = setmetatable({
      pipe = pipe, folder = folder, port = port, key = options.key or "ptc_sandbox",
      url = port and "http://127.0.0.1:" .. port,
   }, Server)
   if port then
      server.pid = tonumber(process.read_file(folder .. "/pid"))
      return server
   end
   local said = process.read_file(folder .. "/err")
   server:stop()
   error("the sandbox did not start: " .. said, 2)
end

--- Ends the sandbox by the end of its standard input; returns what it wrote to stderr.
function Server:stop()
   self.pipe:close()
   local said = process.read_file(self.folder .. "/err")
   process.remove(self.folder)
   return said
end

--- Ends the sandbox as a power cut would, for the process.
function Server:kill()
   assert(os.execute("kill -9 " .. self.pid))
   return self:stop()
end

--- One request below /api/v1; the body is encoded unless it is text already. Headers replace the defaults,
-- false removes one.
function Server:request(method, path, body, headers)
   if body ~= nil and type(body) ~= "string" then body = json.encode(body) end
   local sent = { authorization = "Bearer " .. self.key, ["content-length"] = body and #body }
   if body then sent["content-type"] = "application/json" end
   for name, value in pairs(headers or {}) do sent[name] = value or nil end
   local pieces = {}
   local _, status, received = assert(http.request{
      url = self.url .. "/api/v1" .. path, method = method, headers = sent, redirect = false,
      source = body and ltn12.source.string(body), sink = ltn12.sink.table(pieces),
   })
   local text = table.concat(pieces)
   local is_json = (received["content-type"] or ""):find("application/json", 1, true)
   return { status = status, headers = received, text = text, json = is_json and json.decode(text) or nil }
end

function Server:get(path, headers)
   return self:request("GET", path, nil, headers)
end

function Server:post(path, body, headers)
   return self:request("POST", path, body, headers)
end

function Server:patch(path, body)
   return self:request("PATCH", path, body)
end

function Server:delete(path)
   return self:request("DELETE", path)
end

--- The decoded answer of a request that must succeed.
function Server:ok(method, path, body)
   local answer = self:request(method, path, body)
   if answer.status >= 300 then
      error(("%s %s: [%d] %s"):format(method, path, answer.status, answer.text), 2)
   end
   return answer.json
end

--- Asks until the answer's field has one of the values, and returns the answer.
function Server:wait(path, field, values)
   local deadline = os.time() + 60
   repeat
      local found = self:ok("GET", path)
      if values[found[field]] then return found end
   until os.time() > deadline
   error("waited too long for " .. path, 2)
end

---------------------------------------------------------------- what most specs need first

--- A new component's id.
function Server:component(name)
   return self:ok("POST", "/components", { name = name or "component" }).id
end

--- A new pending experiment's id. options: component, task, prompt, hyperparameters, observations, evaluators
-- (by default one f1; false for none).
function Server:experiment(options)
   options = options or {}
   local made = self:ok("POST", "/experiments", {
      aiComponentId = options.component or self:component(), targetModel = "sandbox-small",
      taskType = options.task or "classification", provider = "openai", optimizer = "prompticV2",
      initialPrompt = options.prompt, hyperparameters = options.hyperparameters,
   })
   local path = "/experiments/" .. made.id
   if options.observations then self:ok("POST", path .. "/observations", json.array(options.observations)) end
   if options.evaluators ~= false then
      self:ok("POST", path .. "/evaluators",
         json.array(options.evaluators or { { name = "accuracy", type = "f1", weight = 1 } }))
   end
   return made.id
end

--- Starts an experiment and returns it once it is completed or failed.
function Server:finish(id)
   self:ok("POST", "/experiments/" .. id .. "/start")
   return self:wait("/experiments/" .. id, "experimentStatus", { completed = true, failed = true })
end

return sandbox
