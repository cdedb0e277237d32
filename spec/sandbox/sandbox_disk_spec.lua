--- The sandbox's file and its disk: whose file it opens, who may read it, and what happens where nothing more can be
-- written.
local json = require("promptic").json
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

local folder, database
before_each(function()
   folder = process.folder()
   database = folder .. "/state.db"
end)
after_each(function() process.remove(folder) end)

local function shell(command, ...)
   local result = process.run{ "sh", "-c", command, "sh", ... }
   assert.equal(0, result.code, result.stderr)
   return (result.stdout:gsub("\n$", ""))
end

local function mode(path)
   return shell('stat -c %a -- "$1"', path)
end

describe("--db", function()
   -- A database of another program, in SQLite's usual journal mode.
   local function foreign(statement)
      local environment = require("luasql.sqlite3").sqlite3()
      local connection = assert(environment:connect(database))
      assert(connection:execute(statement))
      connection:close()
      environment:close()
      return process.read_file(database)
   end

   for name, statement in pairs{
      ["another program's database"] = "CREATE TABLE mail (subject TEXT)",
      ["one of its own version number"] = "PRAGMA user_version = 2",
      ["one of another application"] = "PRAGMA application_id = 252006673",
   } do
      it("refuses " .. name .. " and leaves it as it is", function()
         local before = foreign(statement)
         assert.error_matches(function() sandbox.start{ db = database } end,
            "cannot open .*state%.db: another program's SQLite database")
         assert.equal(before, process.read_file(database))
         assert.equal("644", mode(database))
         assert.equal("state.db", shell('ls "$1"', folder))
      end)
   end

   it("refuses a newer sandbox's file, and anything but a regular file", function()
      sandbox.start{ db = database }:stop()
      local text = process.read_file(database)
      process.write_file(database, text:sub(1, 60) .. (">I4"):pack(99) .. text:sub(65))
      assert.error_matches(function() sandbox.start{ db = database } end,
         "a newer version of the sandbox wrote it %(tables 99, here %d+%)")
      shell('mkfifo "$1"', folder .. "/fifo")
      assert.error_matches(function() sandbox.start{ db = folder .. "/fifo" } end, "not a regular file")
   end)

   it("keeps its files from other users", function()
      for _, before in ipairs{ false, true } do
         if before then shell('chmod 666 "$1"', database) end
         local server = sandbox.start{ db = database }
         server:component()
         assert.same({ "600", "600" }, { mode(database), mode(database .. "-wal") })
         server:stop()
      end
   end)

   it("takes an empty file, and opens its own again after kill -9", function()
      process.write_file(database, "")
      for _ = 1, 2 do
         local server = sandbox.start{ db = database }
         server:component()
         server:kill()
      end
      local server = sandbox.start{ db = database }
      assert.equal(2, #server:ok("GET", "/components").data)
      assert.equal("", server:stop())
   end)
end)

describe("a disk that is full", function()
   -- The limit on a file's size stands for it: what goes beyond fails, as it would there.
   local function limit(server, size)
      shell('prlimit --pid "$1" --fsize="$2":unlimited', server.pid, size)
   end

   local function start()
      return sandbox.start{ pace = 0.02, db = database, before = "trap '' XFSZ; " }
   end

   it("ends no server, and the experiment goes on once there is room", function()
      local server = start()
      local list = {}
      for i = 1, 40 do
         local text = (i % 2 == 0 and "even " or "odd ") .. ("number " .. i .. " "):rep(50)
         list[i] = { variables = { text = text }, expected = i % 2 == 0 and "even" or "odd" }
      end
      local settings = { epochs = 20, numFewShots = 20 }
      local id = server:experiment{ observations = list, hyperparameters = settings }
      local path = "/experiments/" .. id
      server:ok("POST", path .. "/start")
      server:wait(path, "experimentStatus", { running = true })
      limit(server, shell('stat -c %s -- "$1"', database .. "-wal"))
      -- a request that writes fails, one that reads does not
      local refused
      repeat
         refused = server:post("/components", { name = ("x"):rep(100000) })
      until refused.status ~= 201
      assert.equal(500, refused.status)
      local deadline = os.time() + 60
      repeat
         local stuck = server:ok("GET", path)
         assert.equal("running", stuck.experimentStatus)
         assert.is_true(os.time() < deadline)
      until process.read_file(server.folder .. "/err"):find("trying again", 1, true)
      limit(server, "unlimited")
      local done = server:wait(path, "experimentStatus", { completed = true, failed = true })
      assert.equal("completed", done.experimentStatus, done.errorMessage)
      assert.equal(20, #server:ok("GET", path .. "/iterations").data)
      server:stop()

      -- and it ends as one that was never stopped
      server = sandbox.start{ pace = 0 }
      local twin = server:experiment{ observations = list, hyperparameters = settings }
      assert.equal(done.tokensUsed, server:finish(twin).tokensUsed)
      server:stop()
   end)
end)

describe("the worker", function()
   -- In the interpreter, where the sandbox's modules are: a job that fails, and an on_error that does too.
   local function lua(source)
      local result = process.run{ os.getenv("PROMPTIC_LUA") or "build/promptic-lua", "-e", source }
      assert.equal(0, result.code, result.stderr)
      return json.decode(result.stdout), result.stderr
   end

   it("lets no error out, and tries again what the disk was to blame for", function()
      local found = lua[[
         local Worker, seen = require "promptic.sandbox.worker", {}
         local worker = Worker.new(function(id) seen[#seen + 1] = "error " .. id error "cannot write that either" end,
            function(problem) return tostring(problem):find "full" ~= nil end)
         local tries = 0
         worker:add("disk", function(_, _, wait)
            wait(0)
            tries = tries + 1
            if tries == 1 then error "database or disk is full" end
            seen[#seen + 1] = "done"
         end)
         worker:add("bug", function() error "a bug" end)
         local httpd = require "promptic.httpd"
         while tries < 2 or #worker.order > 1 do
            worker:turn()
            for _, job in pairs(worker.jobs) do job.due = 0 end
            if #seen > 20 then break end
         end
         table.sort(seen)
         io.write(promptic.json.encode{ tries = tries, first = seen[1], last = seen[#seen], left = #worker.order })
      ]]
      assert.same({ tries = 2, first = "done", last = "error bug", left = 1 }, found)
   end)

   it("passes Ctrl-C on", function()
      local found = lua[[
         local worker = require("promptic.sandbox.worker").new(error, function() return true end)
         worker:add("job", function() error(setmetatable({ kind = "interrupted" }, promptic.Error), 0) end)
         local _, problem = pcall(worker.turn, worker)
         io.write(promptic.json.encode{ problem.kind })
      ]]
      assert.same({ "interrupted" }, found)
   end)
end)
