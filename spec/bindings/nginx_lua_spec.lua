--- promptic in nginx's Lua module, which is OpenResty's: it runs every request in a coroutine of its own and replaces
-- the global `coroutine`. Pending where nginx and the module cannot be had (.ci/nginx-lua says why), except in CI.
-- Tags: slow
local unix = require "socket.unix"
local observations = require "spec.support.observations"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local BUILD = os.getenv("BUILD") or "build"
local MOST_SECONDS = 60 -- for an answer, and for the end of the workers; neither ever takes that long

local CONFIGURATION = [[
load_module NGINX/usr/lib/nginx/modules/ndk_http_module.so;
load_module NGINX/usr/lib/nginx/modules/ngx_http_lua_module.so;
user USER;
worker_processes 2;
pid FOLDER/pid;
error_log FOLDER/errors;
events { worker_connections 64; }
http {
   access_log off;
   client_body_temp_path FOLDER/temp; proxy_temp_path FOLDER/temp; fastcgi_temp_path FOLDER/temp;
   uwsgi_temp_path FOLDER/temp; scgi_temp_path FOLDER/temp;
   lua_package_path "NGINX/usr/share/lua/5.1/?.lua;;";
   lua_package_cpath "MODULE/?.so;;";
   server {
      listen unix:FOLDER/socket;
      location / { content_by_lua_file FOLDER/$uri.lua; }
   }
}
]]

-- Ends nginx when its standard input ends, so that it never outlives the specs; fails where a worker goes on.
local COMMAND = [[
cd '%s' || exit 1
LD_LIBRARY_PATH='%s' '%s/usr/sbin/nginx' -p . -c nginx.conf 2>errors
echo $? >ready
cat >/dev/null
master=$(cat pid)
kill -QUIT $master
timeout %d tail --pid=$master -f /dev/null && exit 0
pkill -9 -P $master
kill -9 $master
exit 1
]]

-- Each is a file in Lua whose output is the response.
local REQUESTS = {
   blocking = [[ ngx.print(client:get_component("c").id) ]],
   task = [[ ngx.print(promptic.run(function() return client:get_component("c").id end)) ]],
   map = [[
      local ids = promptic.map({ 1, 2, 3, 4 }, function(number)
         promptic.sleep(0.001)
         return client:get_component("c" .. number).id
      end, { concurrency = 2 })
      ngx.print(table.concat(ids))
   ]],
   failure = [[
      local task = promptic.spawn(client.request, client, "GET", "/wrong")
      local fine, problem = pcall(task.await, task)
      ngx.print(fine, " ", tostring(problem))
   ]],
   upload = [[
      local rows = {}
      for number = 1, 7 do
         rows[number] = { variables = { n = number }, expected = "x" }
      end
      ngx.print(uploading:upload_observations("e", rows, { batch_size = 2, concurrency = 2, ordered = false }).sent)
   ]],
   yield = [[ -- of its own, with OpenResty's coroutine.yield
      local turns = 0
      promptic.run(function()
         for _ = 1, 3 do
            turns = turns + 1
            coroutine.yield()
         end
      end)
      ngx.print(turns)
   ]],
   request = [[ -- the one at hand, in a task too
      promptic.run(function()
         promptic.spawn(function() ngx.print(ngx.var.arg_number) end):await()
         ngx.print(" ", ngx.var.arg_number)
      end)
   ]],
   held = [[ ngx.req.read_body() ]],
}

local EXPECTED = {
   blocking = "x", task = "x", map = "xxxx", failure = "false [404] none (GET /wrong)", upload = "7", yield = "3",
}

describe("promptic in nginx's Lua module #hosts", function()
   local nginx = BUILD .. "/nginx-lua"
   local folder, server, platform, pipe, missing

   local function absolute(path)
      return (process.run{ "realpath", path }.stdout:gsub("\n$", ""))
   end

   local function write(name, text)
      process.write_file(folder .. "/" .. name, text)
   end

   local function start(libraries)
      local user = process.run{ "id", "-un" }.stdout:gsub("\n$", "") -- root's workers would be nobody's
      local module = absolute(BUILD .. "/luajit")
      local values = { USER = user, NGINX = absolute(nginx), FOLDER = folder, MODULE = module }
      write("nginx.conf", (CONFIGURATION:gsub("%u%u+", values)))
      local opening = ([[
         local promptic = require "promptic"
         local client = promptic.client{ endpoint = "%s", api_key = "k", config_file = "", max_retries = 0 }
         local uploading = promptic.client{ endpoint = "%s", api_key = "k", config_file = "" }
      ]]):format(server.url, platform.url)
      for name, source in pairs(REQUESTS) do
         write(name .. ".lua", opening .. source)
      end
      assert(process.run{ "mkfifo", folder .. "/ready" }.code == 0)
      pipe = assert(io.popen(COMMAND:format(folder, absolute(libraries), absolute(nginx), MOST_SECONDS), "w"))
      local status = process.read_file(folder .. "/ready")
      assert.equal("0\n", status, process.read_file(folder .. "/errors"))
   end

   local function send(text)
      local connection = unix()
      connection:settimeout(MOST_SECONDS)
      assert(connection:connect(folder .. "/socket"))
      assert(connection:send(text))
      return connection
   end

   -- What nginx answers, up to the end of the connection.
   local function get(name)
      local connection = send("GET /" .. name .. " HTTP/1.0\r\n\r\n")
      local answer = assert(connection:receive("*a"))
      connection:close()
      local status, body = answer:match("^HTTP/1%.%d (%d+).-\r\n\r\n(.*)$")
      assert.equal("200", status, process.read_file(folder .. "/errors"))
      return body
   end

   setup(function()
      local unpacked = process.run{ ".ci/nginx-lua", nginx }
      local said = unpacked.stdout:gsub("\n$", "")
      if unpacked.code ~= 0 then
         missing = said
         return
      end
      local built = process.run{ "make", "-j2", "luajit" }
      assert.equal(0, built.code, built.stdout .. built.stderr)
      folder = process.folder()
      server = scripted.start()
      server:route[[
         local _, request = ...
         return request.target:find("wrong") and { status = 404, body = '{"error":"none"}' } or { body = '{"id":"x"}' }
      ]]
      platform = scripted.start()
      observations.serve(platform)
      start(said)
   end)

   teardown(function()
      if pipe then
         pipe:close()
      end
      if platform then
         server:stop()
         platform:stop()
      end
      if folder then
         process.remove(folder)
      end
   end)

   local function it_runs(what, f)
      it(what, function()
         if missing and os.getenv("CI") then
            error(missing)
         elseif missing then
            return pending(missing)
         end
         f()
      end)
   end

   for name, expected in pairs(EXPECTED) do
      it_runs("does what it does elsewhere: " .. name, function()
         assert.equal(expected, get(name))
      end)
   end

   -- Those that wait for their body take the memory of earlier ones, so that each is at another address.
   it_runs("does each request's own work in a task", function()
      local held = {}
      for number = 1, 40 do
         assert.equal(("%d %d"):format(number, number), get("request?number=" .. number))
         held[number] = send "POST /held?number=0 HTTP/1.0\r\nContent-Length: 1\r\n\r\n"
      end
      for _, connection in ipairs(held) do connection:send "x" connection:receive "*a" connection:close() end
   end)

   it_runs("leaves workers that end when they are asked to", function()
      for name in pairs(EXPECTED) do
         get(name)
      end
      local ended = pipe:close()
      pipe = nil
      assert.is_true(ended, "a worker goes on")
   end)
end)
