--- The spool of promptic.tracer: spans on the disk, taken over from processes that have ended, within bounds.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"
local spans = require "spec.support.spans"

local NOBODY = "http://127.0.0.1:1" -- where nothing listens

local server = scripted.shared{ body = "{}" }
local client = clients.shared(server, { max_retries = 0 })
local offline = clients.open(NOBODY, { max_retries = 0 })
local folder, opened

before_each(function()
   folder, opened = process.folder() .. "/spool", {}
end)

after_each(function()
   for _, tracer in ipairs(opened) do tracer:close(5) end
   process.remove((folder:gsub("/spool$", "")))
end)

teardown(function() offline:close() end)

local function open(of, options)
   options = options or {}
   options.spool, options.interval = folder, options.interval or 0
   local tracer = promptic.tracer(of, options)
   opened[#opened + 1] = tracer
   return tracer
end

-- Leaves so many spans behind, as a process that has ended does; their names have the prefix.
local function leave(count, prefix, attributes)
   local tracer = open(offline, { interval = 60 })
   for index = 1, count do tracer:span(prefix .. index, attributes):finish() end
   tracer:close(0)
   return tracer
end

-- Two processes at once, of which the first leaves "old", the second "new".
local function leave_two(count, attributes)
   local first, second = open(offline, { interval = 60 }), open(offline, { interval = 60 })
   for index = 1, count do
      second:span("new" .. index, attributes):finish()
      first:span("old" .. index, attributes):finish()
   end
   first:close(0)
   second:close(0)
end

local function shell(format, ...)
   local result = process.run{ "sh", "-c", format:format(...) }
   assert(result.code == 0, result.stderr)
   return result.stdout
end

local function files(pattern)
   return shell("ls '%s' | grep -c '%s' || true", folder, pattern) + 0
end

-- The names of the spans on the disk, those of one process after the other.
local function kept()
   local list = {}
   for name in shell("cat '%s'/*.0* | grep -o '\"name\":\"[a-z]*[0-9]*\"'", folder):gmatch('"name":"(%w+)"') do
      list[#list + 1], list[name] = name, true
   end
   return list
end

local function names() return spans.names(server) end

describe("a spool", function()
   it("has a span on the disk when finish returns", function()
      local tracer = open(offline, { interval = 60 })
      tracer:span("first"):finish()
      assert.matches('"name":"first"', shell("cat '%s'/*.000001", folder), 1, true)
      assert.equal("600", (shell("stat -c %%a '%s'/*.000001", folder):gsub("\n", "")))
   end)

   it("is sent by this process, in order, and leaves nothing but the lock", function()
      local tracer = open(client, { batch = 10, interval = 60 })
      for index = 1, 25 do tracer:span("s" .. index):finish() end
      assert.is_true(tracer:flush(20))
      assert.same({ 25, "s1", "s25" }, { #names(), names()[1], names()[25] })
      assert.same({ 1, 1 }, { files ".", files "lock" })
      tracer:close()
      assert.equal(0, files ".")
   end)

   it("is taken over from a process that has ended", function()
      leave(3, "old")
      assert.equal(0, server:count())
      local tracer = open(client)
      tracer:span("new"):finish()
      assert.is_true(tracer:flush(20))
      assert.same({ "old1", "old2", "old3", "new" }, names())
      assert.same({ 1, 4 }, { tracer.stats.made, tracer.stats.sent })
      assert.equal(1, files ".")
   end)

   it("sends full batches one after the other, without the pause in between", function()
      leave(50, "s")
      local tracer, began = open(client, { batch = 10, interval = 60 }), promptic.now()
      while tracer.stats.sent < 50 and promptic.now() < began + 20 do promptic.sleep(0.01) end
      assert.equal(50, tracer.stats.sent)
   end)

   it("leaves a process that lives alone", function()
      local alive = open(offline, { interval = 60 })
      alive:span("its own"):finish()
      local tracer = open(client)
      assert.is_true(tracer:flush(20))
      assert.equal(0, server:count())
      alive:close(0)
      assert.is_true(open(client):flush(20))
      assert.same({ "its own" }, names())
   end)

   it("goes on where a process has stopped", function()
      server:route[[ local number = ... return number <= 2 and { body = "{}" } or { status = 503, body = "{}",
         headers = { { "Retry-After", "0" } } } ]]
      local tracer = open(client, { batch = 2, interval = 60 })
      for index = 1, 7 do tracer:span("s" .. index):finish() end
      assert.is_false(tracer:flush(0.5))
      assert.equal(4, tracer.stats.sent)
      tracer:close(0)
      server:reset()
      server:always{ body = "{}" }
      assert.is_true(open(client):flush(20))
      local rest = {}
      for _, name in ipairs(names()) do rest[name] = true end -- s5 and s6 may have been under way when the first ended
      assert.same({ s5 = true, s6 = true, s7 = true }, rest)
   end)

   it("sends nothing that the process before has sent", function()
      leave(2, "s")
      shell("cd '%s' && id=$(ls *.lock | sed 's/[.]lock//') && cp $id.000001 $id.000002 && echo '2 0' >$id.lock",
         folder)
      local tracer = open(client)
      assert.is_true(tracer:flush(20))
      assert.same({ "s1", "s2" }, names())
      for reason, count in pairs(tracer.stats.dropped) do assert.equal(0, count, reason) end
   end)

   it("holds no lock of a process whose spans are sent", function()
      leave(2, "s")
      assert.is_true(open(client):flush(20))
      local pipe = assert(io.popen("ls -l /proc/$PPID/fd 2>/dev/null"))
      local found = pipe:read("*a")
      pipe:close()
      assert.is_nil(found:find("[.]lock .deleted"))
   end)

   it("skips a line that is cut, and one that is no span", function()
      leave(3, "s")
      shell("cd '%s' && printf '\\0\\0\\0\\0\\nnonsense\\n{\"name\":' >> \"$(ls | grep 1$)\"", folder)
      local tracer = open(client)
      assert.is_true(tracer:flush(20))
      assert.same({ "s1", "s2", "s3" }, names())
      assert.equal(1, files ".")
      assert.equal(2, tracer.stats.dropped.refused)
   end)

   it("finds files whose lock file is gone", function()
      leave(2, "s")
      shell("rm '%s'/*.lock", folder)
      assert.is_true(open(client):flush(20))
      assert.same({ "s1", "s2" }, names())
   end)

   it("drops spans older than seven days", function()
      leave_two(2)
      shell("touch -d '8 days ago' \"$(grep -l old '%s'/*.000001)\"", folder)
      shell("touch -d '6 days ago' \"$(grep -l new '%s'/*.000001)\"", folder)
      local tracer = open(client)
      assert.is_true(tracer:flush(20))
      assert.same({ "new1", "new2" }, names())
      assert.equal(2, tracer.stats.dropped.expired)
   end)

   it("keeps 16 MiB, and drops the oldest first", function()
      local tracer, text = open(offline, { interval = 60 }), ("word "):rep(40000)
      for index = 1, 100 do tracer:span("s" .. index, { text = text }):finish() end
      local bytes = tonumber((shell("cat '%s'/* | wc -c", folder)))
      assert.is_true(bytes > 14 * 2 ^ 20 and bytes <= 17 * 2 ^ 20, bytes)
      local dropped = tracer.stats.dropped.queue_full
      assert.is_true(dropped >= 10 and dropped <= 30, dropped)
      local list = kept()
      assert.same({ 100 - dropped, "s" .. dropped + 1, "s100" }, { #list, list[1], list[#list] })
   end)

   it("keeps 16 MiB of all that it takes over, the oldest first", function()
      local text = ("word "):rep(40000)
      leave_two(45, { text = text })
      shell("touch -d '2 hours ago' $(grep -l '\"old' '%s'/*.0*)", folder)
      local tracer = open(offline, { interval = 60 })
      local dropped = tracer.stats.dropped.queue_full
      assert.is_true(dropped > 0 and dropped < 20, dropped)
      local list = kept()
      assert.equal(90 - dropped, #list)
      for index = 1, 45 do
         assert.is_true(list["new" .. index])
         assert.equal(index > dropped, list["old" .. index] or false)
      end
   end)

   it("is not used where nothing can be written", function()
      process.write_file(folder, "a file")
      local problem = clients.failure(promptic.tracer, client, { spool = folder })
      assert.same({ "argument", "not_written" }, { problem.kind, problem.code })
      assert.matches("the spool cannot be used: ", problem.message, 1, true)
   end)

   it("loses nothing in memory where a write fails", function()
      local tracer = open(client, { interval = 60 })
      tracer:span("a"):finish()
      shell("mv '%s' '%s.away'", folder, folder)
      finally(function() shell("rm -rf '%s.away'", folder) end)
      tracer:span("b", { text = ("x"):rep(2 ^ 20) }):finish() -- into the file, which is open
      tracer:span("c"):finish()                               -- would begin another one
      tracer:flush(20)
      assert.equal("c", names()[#names()])
   end)

   it("sends from memory what the disk took a part of", function()
      local path = folder:gsub("/spool$", "/full.lua")
      process.write_file(path, ([[
         local promptic = require "promptic"
         local client = promptic.client{ endpoint = "%s", api_key = "k", config_file = "" }
         local tracer = promptic.tracer(client, { spool = "%s", interval = 60 })
         tracer:span("large", { text = ("x"):rep(20000) }):finish()
         tracer:close(20)
         io.stdout:write(tracer.stats.sent)
      ]]):format(server.url, folder))
      local lua = os.getenv("PROMPTIC_LUA") or "lua5.4"
      local result = process.run{ "sh", "-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$1\"", lua, path }
      assert.same({ "", "1" }, { result.stderr, result.stdout })
      assert.same({ "large" }, names())
   end)

   it("stays with the parent process", function()
      local name = rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match("%d%.%d")
      local root = folder:gsub("/spool$", "")
      shell("cc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -shared -fPIC $(.ci/lua-flags %s) -o '%s/forking.so' "
         .. "spec/network/forking.c", name, root)
      local result = process.run{ os.getenv("PROMPTIC_LUA") or "lua5.4", "-e", ([[
         local promptic = require "promptic"
         local forking = package.loadlib("%s/forking.so", "luaopen_forking")()
         local client = promptic.client{ endpoint = "%s", api_key = "k", config_file = "", max_retries = 0 }
         local tracer = promptic.tracer(client, { spool = "%s", interval = 60 })
         tracer:span("before"):finish()
         local open, known = tracer:span("open"), tracer:span("known")
         known:traceparent()
         local pid = forking.fork()
         if pid == 0 then
            known:child("below"):finish()
            open:child("orphan"):finish()
            -- it has a spool of its own
            assert(tostring(os.execute("test $(ls '%s' | grep -c lock) = 2")):find("^[t0]"))
            open:finish()
            known:finish()
            tracer:close(20)
            io.stdout:write(tracer.stats.made, " ", tracer.stats.sent, "\n")
            io.stdout:flush()
            forking.exit(0)
         end
         forking.wait(pid)
         known:child("beside"):finish()
         open:finish()
         known:finish()
         tracer:close(20)
         io.stdout:write(tracer.stats.made, " ", tracer.stats.sent, "\n")
      ]]):format(root, server.url, folder, folder) }
      assert.equal("", result.stderr)
      assert.equal("2 2\n4 4\n", result.stdout)
      local found, seen = spans.arrived(server), {}
      assert.equal(6, #found)
      for _, span in ipairs(found) do
         assert.is_nil(seen[span.spanId])
         seen[span.spanId] = true
      end
      assert.equal(found.known.spanId, found.below.parentSpanId)
      assert.equal(found.known.traceId, found.below.traceId)
      assert.is_nil(found.orphan.parentSpanId)
   end)
end)
