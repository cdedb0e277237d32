--- A process that forks while it uploads and downloads, wherever that happens and whatever the child then does: the
--- parent's rows arrive once each, the child's own too, and nothing of the parent's is removed. Counted by the server.
local lab = require "spec.network.lab"
local nginx = require "spec.network.nginx"
local process = require "spec.support.process"
local script = require "spec.network.script"
local scripted = require "spec.support.scripted"

local lacks = lab.lacks("openssl", "nginx", "cc")
if lacks then
   return it("fork", function() pending("there is no " .. lacks) end)
end

local ROWS, OWN, BYTES = 300, 20, 20000 -- the parent's rows and the child's; of the download
local server = scripted.shared()
local certificate, folder, front

setup(function()
   certificate = lab.certificate()
   folder = lab.folder()
   front = nginx.start{ certificate = certificate, http = "client_max_body_size 100m;",
      location = ("proxy_pass http://127.0.0.1:%d; proxy_buffering off;"):format(server.port) }
   local result = process.run{ "sh", "-c",
      ("cc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -shared -fPIC $(.ci/lua-flags lua5.4) -o '%s/forking.so' "
         .. "spec/network/forking.c"):format(folder) }
   assert(result.code == 0, result.stderr)
   local lines = { "text,expected" }
   for row = 1, ROWS do
      lines[row + 1] = ("parent-%d-,yes"):format(row)
   end
   process.write_file(folder .. "/rows.csv", table.concat(lines, "\n") .. "\n")
end)

teardown(function()
   front:stop()
   process.remove(folder)
   process.remove(certificate.folder)
end)

before_each(function()
   server:route([[
      local number, request = ...
      if request.target:find("/content$") then
         local pieces = {}
         for index = 1, 10 do pieces[index] = ("x"):rep(]] .. BYTES // 10 .. [[) end
         return { pieces = pieces, every = 4 }
      elseif request.target:find("/observations$") and request.method == "GET" then
         return { body = '{"data":[]}' }
      elseif request.target:find("/observations$") then
         local made = {}
         for text in request.body:gmatch("%w+%-%d+%-") do
            local id = number * 1000 + #made
            made[#made + 1] = ('{"id":%d,"variables":{"text":"%s"},"expected":"yes"}'):format(id, text)
         end
         return { status = 201, wait = 1, body = '{"data":[' .. table.concat(made, ",") .. "]}" }
      end
      return { body = '{"id":"e","aiComponentId":"c"}' }
   ]])
end)

-- The script of both processes. `place` is where it forks, once, and `act` what the child does there.
local SOURCE = [[
   local endpoint, ca_file, folder, place, act = table.unpack(arg)
   local forking = package.loadlib(folder .. "/forking.so", "luaopen_forking")()
   local pid, client
   local acts = {
      exits = function() forking.exit(0) end,
      closes = function() client:close() end,
      calls = function() assert(client:get_component("child").id == "e") end,
      uploads = function()
         local rows = {}
         for row = 1, ]] .. OWN .. [[ do
            rows[row] = { variables = { text = "child-" .. row .. "-" }, expected = "yes" }
         end
         client:upload_observations("e", rows, { batch_size = 7 })
      end,
   }
   local function fork(at)
      if at ~= place or pid then return end
      pid = forking.fork()
      if pid == 0 then
         local fine, problem = pcall(acts[act])
         if not fine then report("child: " .. tostring(problem)) end
      end
   end
   client = promptic.client{ endpoint = endpoint, api_key = "k", config_file = "", max_retries = 0,
      ca_file = ca_file ~= "" and ca_file or nil, log = function() fork "a log callback" end }

   local function upload()
      local function source()
         local read = promptic.rows(folder .. "/rows.csv")
         return function() fork "a source of rows" return read() end
      end
      return client:upload_observations("e", place == "a source of rows" and source() or folder .. "/rows.csv", {
         batch_size = 20, on_progress = function(progress) if progress.sent >= 60 then fork "on_progress" end end,
      })
   end
   local part = folder .. "/download"
   local uploading = promptic.spawn(upload)
   local downloading = promptic.spawn(function() return client:download_artifact("a", part) end)
   promptic.spawn(function() promptic.sleep(0.01) fork "a task" end)
   promptic.spawn(function()
      promptic.http("GET", endpoint .. "/a/content", { ca_file = ca_file ~= "" and ca_file or nil,
         on_data = function() fork "on_data" end })
   end)
   local steps, stop = 0, promptic.now() + 20
   repeat
      local left = promptic.step(0.002)
      steps = steps + 1
      if steps == 5 then fork "between steps" end
   until left == 0 or promptic.now() > stop
   if pid ~= 0 then
      report(uploading:await().sent)
      report(downloading:await())
      report(forking.wait(pid))
      report(#io.open(part, "rb"):read("a"))
      os.remove(part)
   end
]]

-- How often each row arrived, other than once, and how many there were in all.
local function count_rows()
   local seen, total = {}, 0
   for _, request in ipairs(server:requests()) do
      if request.method == "POST" then
         for text in request.body:gmatch("%w+%-%d+%-") do
            seen[text], total = (seen[text] or 0) + 1, total + 1
         end
      end
   end
   local wrong = {}
   for text, times in pairs(seen) do
      if times ~= 1 then
         wrong[#wrong + 1] = text .. " " .. times
      end
   end
   return wrong, total
end

local PLACES = { "a task", "on_progress", "a source of rows", "on_data", "between steps", "a log callback" }
local ACTS = { "exits", "closes", "calls", "uploads" }
local PROGRAMS = { interpreter = false, module = "lua5.4" }

for program, with in pairs(PROGRAMS) do
   for channel, is_tls in pairs{ ["plain HTTP"] = false, TLS = true } do
      describe(("a fork in %s, over %s,"):format(program, channel), function()
         for _, place in ipairs(PLACES) do
            for _, act in ipairs(ACTS) do
               -- A log callback cannot call, and the child of one must not return: core/README.md, "Fork".
               if place ~= "a log callback" or act == "exits" then
                  it(("in %s, whose child %s"):format(place, act), function()
                     local values = script.run(SOURCE, { is_tls and front.url or server.url, is_tls and front.ca_file
                        or "", folder, place, act, with = with or nil })
                     assert.same({ ROWS, BYTES, 0, BYTES }, values)
                     local wrong, total = count_rows()
                     assert.same({}, wrong)
                     assert.equal(ROWS + (act == "uploads" and OWN or 0), total)
                  end)
               end
            end
         end
      end)
   end
end
