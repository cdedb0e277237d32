--- Whole jobs over TLS, and over TLS behind a proxy, in promptic-lua, stock Lua and LuaJIT: a login, the pipeline of
--- examples/, an upload. The platform is the sandbox behind nginx.
-- Tags: slow
local calls = require "spec.network.calls"
local lab = require "spec.network.lab"
local nginx = require "spec.network.nginx"
local process = require "spec.support.process"
local proxies = require "spec.network.proxies"
local sandbox = require "spec.support.sandbox"
local script = require "spec.network.script"

local lacks = lab.lacks("nginx", "openssl", "tinyproxy", "namespaces")
if lacks then
   return it("whole jobs", function() pending("there is no " .. lacks) end)
end

local certificate, platform, server, proxy

setup(function()
   certificate = lab.certificate()
   platform = sandbox.start{ pace = 0, arguments = { "--login-interval", "0.1" } }
   server = nginx.start{
      certificate = certificate,
      http = "keepalive_timeout 1s; client_max_body_size 16m;",
      location = ("proxy_pass %s;"):format(platform.url),
   }
   proxy = proxies.tinyproxy()
   assert(os.execute(("ln -s \"$PWD/scripts\" '%s/promptic'"):format(certificate.folder)))
end)

teardown(function()
   proxy:stop()
   server:stop()
   platform:stop()
   process.remove(certificate.folder)
end)

before_each(function()
   server:forget()
end)

-- Examples are written for Lua 5.4; what older ones cannot read in them is this mark.
local PIPELINE = [[
local function source_of(path)
   local file = assert(io.open(path))
   local text = file:read("*a"):gsub(" <close>", "")
   file:close()
   return assert((loadstring or load)(text, "@" .. path))
end
package.preload["lib.csv"] = source_of("examples/lib/csv.lua")
local run = source_of("examples/pipeline.lua")
local way = calls.WAYS[tonumber(arg[1])]
arg = { [0] = "examples/pipeline.lua" }
local lines = {}
print = function(text) lines[#lines + 1] = tostring(text) end
way.within(run)
report(table.concat(lines, "\n"))
]]

local LOGIN = [[
local http = require "socket.http"
local way = calls.WAYS[tonumber(arg[1])]
local result = way.within(promptic.auth.login, {
   endpoint = os.getenv "PROMPTIC_ENDPOINT", config_file = arg[3], open_browser = false,
   on_code = function(told)
      local _, status = http.request(arg[2] .. "/device", ("user_code=%s&answer=approve"):format(told.user_code))
      assert(status == 200, status)
   end,
})
local client = promptic.client{ config_file = arg[3] }
report(result.endpoint)
report(client:get_workspace().name)
client:close()
]]

local ROWS = 2000
local UPLOAD = [[
local way = calls.WAYS[tonumber(arg[1])]
local client = promptic.client{ config_file = "" }
local component = client:create_component("upload")
local experiment = client:create_experiment(component.id, "sandbox-small", { task_type = "classification" })
local number = 0
local result = way.within(client.upload_observations, client, experiment.id, function()
   number = number + 1
   return number <= tonumber(arg[2]) and { variables = { n = number }, expected = "x" .. number } or nil
end, { batch_size = 50, concurrency = 8, ordered = false })
report(result.sent)
report(experiment.id)
client:close()
]]

local INTERPRETERS = { "promptic-lua", "lua5.4", "luajit" }

local function direct()
   return { PROMPTIC_ENDPOINT = server.url, CURL_CA_BUNDLE = certificate.file }
end

local function behind_proxy()
   return {
      PROMPTIC_ENDPOINT = ("https://%s:%d"):format(lab.NAME, server.port), CURL_CA_BUNDLE = certificate.file,
      https_proxy = proxy.url,
   }
end

for _, interpreter in ipairs(INTERPRETERS) do
   local missing = interpreter ~= "promptic-lua" and lab.lacks(interpreter)
   for where, environment in pairs{ ["over TLS"] = direct, ["over TLS behind a proxy"] = behind_proxy } do
      describe(("%s %s:"):format(interpreter, where), function()
         local function job(title, f)
            for number, way in ipairs(calls.WAYS) do
               it(way.name .. " " .. title, function()
                  if missing then
                     return pending("there is no " .. missing)
                  end
                  local env = proxies.environment(environment())
                  env.HOME, env.PROMPTIC_API_KEY = certificate.folder, platform.key
                  env.LUA_PATH = ("examples/?.lua;%s/?.lua;;"):format(certificate.folder) -- with promptic.types
                  local options = { with = interpreter ~= "promptic-lua" and interpreter or nil, env = env, number }
                  f(options)
                  for _, entry in ipairs(server:log()) do
                     assert.equal("HTTP/1.1", entry.protocol)
                     assert.matches("^TLSv1%.[23]$", entry.tls)
                  end
               end)
            end
         end

         job("a pipeline ends with a deployed prompt", function(options)
            local said = script.run(PIPELINE, options)[1]
            assert.matches("completed   8 of 8", said, 1, true)
            assert.matches("deployed    for sandbox-small", said, 1, true)
         end)

         job("an upload arrives whole, each row once", function(options)
            options[2] = ROWS
            local values = script.run(UPLOAD, options)
            assert.equal(ROWS, values[1])
            local seen, count = {}, 0
            for _, row in ipairs(platform:ok("GET", ("/experiments/%s/observations"):format(values[2])).data) do
               assert.is_nil(seen[row.expected])
               seen[row.expected], count = true, count + 1
            end
            assert.equal(ROWS, count)
         end)

         job("a login ends with a session that works", function(options)
            options.env.PROMPTIC_API_KEY = false
            options[2], options[3] = platform.url, os.tmpname()
            os.remove(options[3])
            local values = script.run(LOGIN, options)
            os.remove(options[3])
            assert.equal(options.env.PROMPTIC_ENDPOINT, values[1])
            assert.equal("Sandbox", values[2])
         end)
      end)
   end
end
