--- Rows from what is no regular file: a pipe, standard input. Nothing waits for them but the task that reads; a pipe
-- that nobody writes to would stop the whole program otherwise. Forked children: spec/host/rows.c.
local promptic = require "promptic"
local clients = require "spec.support.clients"
local observations = require "spec.support.observations"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local PROGRAM = assert(os.getenv("PROMPTIC_LUA"), "run it with make test")

local server = scripted.shared()
local client = clients.shared(server)
local folder

before_each(function() folder = process.folder() end)
after_each(function() process.remove(folder) end)

local function fifo(name)
   assert(os.execute(("mkfifo '%s/%s'"):format(folder, name)))
   return folder .. "/" .. name
end

-- Steps until the function says true; an error after so many steps that it never will.
local function step_until(f)
   for _ = 1, 2000 do
      if f() then return end
      promptic.step(0.005)
   end
   error "it never came"
end

describe("a pipe as the source of an upload", function()
   for _, case in ipairs{
      { "rows.csv", { "te", "xt,expected\nrow 1,a\n\"row", " 2\",b\nro", "w 3,c\n" } },
      { "rows.jsonl", { '{"text":"row 1","expe', 'cted":"a"}\n', '{"text":"row 2","expected":"b"}\n{"text":"row 3"',
         ',"expected":"c"}' } },
      { "rows.json", { " ", "[", '{"text":"row 1","expected":"a"}', ",", '\n{"text":"row 2","expected":"b"', "}",
         ',{"text"',
         ':"row 3","expected":"c"}', " ", "]", "\n" } },
   } do
      it("is read as it comes, while other tasks go on: " .. case[1], function()
         observations.serve(server)
         local path = fifo(case[1])
         local task = promptic.spawn(client.upload_observations, client, "e", path)
         for _ = 1, 50 do promptic.step(0) end -- nobody has opened it for writing
         local writer = assert(io.open(path, "w")) -- which would wait unless it was open for reading
         writer:setvbuf("no")
         for _, piece in ipairs(case[2]) do
            assert(writer:write(piece))
            local ticks = 0
            local ticker = promptic.spawn(function()
               for _ = 1, 3 do
                  promptic.sleep(0.005)
                  ticks = ticks + 1
               end
            end)
            step_until(function() return ticker.status == "done" end)
            assert.equal(3, ticks)
            assert.equal("waiting", task.status)
         end
         writer:close()
         step_until(function() return task.status == "done" or task.status == "failed" end)
         assert.equal(3, task:await().sent)
         assert.same({ "row 1 -> a", "row 2 -> b", "row 3 -> c" },
            observations.texts(client:list_observations("e").data))
      end)
   end

   it("can hold rows that cannot be used", function()
      observations.serve(server)
      local path = fifo "bad.csv"
      local task = promptic.spawn(client.upload_observations, client, "e", path, { on_bad_row = "skip" })
      step_until(function() return task.status == "waiting" end)
      for _ = 1, 50 do promptic.step(0) end
      local writer = assert(io.open(path, "w"))
      writer:setvbuf("no")
      for _, piece in ipairs{ "text,expected\nrow 1,a\nro\"w", " 2,", "b\nrow 3,c\n" } do
         assert(writer:write(piece))
         for _ = 1, 20 do promptic.step(0.002) end
      end
      writer:close()
      step_until(function() return task.status == "done" or task.status == "failed" end)
      local result = task:await()
      assert.same({ 2, 1, 3 }, { result.sent, #result.skipped, result.skipped[1].line })
   end)

   it("can be given up while it is waited for", function()
      observations.serve(server)
      local task = promptic.spawn(client.upload_observations, client, "e", fifo "never.csv")
      step_until(function() return task.status == "waiting" end)
      for _ = 1, 50 do promptic.step(0) end
      task:cancel()
      assert.equal("cancelled", clients.failure(task.await, task).kind)
   end)
end)

describe("standard input", function()
   local SCRIPT = 'for row, line in promptic.rows("-", { format = "csv" }) do print(line, row.variables.a, row.ex'
      .. 'pected) end'

   it("is read as - from a file, from where it stands, and from a pipe", function()
      process.write_file(folder .. "/in", "first\na,expected\nx,y\n")
      local result = process.run{ "sh", "-c", ("{ read line; exec '%s' -e '%s'; } <'%s/in'"):format(PROGRAM, SCRIPT,
         folder) }
      assert.equal("2\tx\ty\n", result.stdout, result.stderr)
      result = process.run{ "sh", "-c", ("{ echo a,expected; echo x,y; } | '%s' -e '%s'"):format(PROGRAM, SCRIPT) }
      assert.equal("2\tx\ty\n", result.stdout, result.stderr)
   end)
end)

describe("a long row of a source", function()
   local LONG = ("x"):rep(3 * 2 ^ 20)

   -- The rows that a task reads, and how many steps that takes; nil and why not all could be read.
   local function read(path, options)
      local got, steps = {}, 0
      local task = promptic.spawn(pcall, function()
         for row in promptic.rows(path, options) do got[#got + 1] = row end
      end)
      repeat
         steps = steps + 1
      until promptic.step(0) == 0
      local fine, problem = task:await()
      return fine and got or nil, fine and steps or problem
   end

   for name, text in pairs{
      ["rows.csv"] = "text,more,expected\n" .. LONG .. ',"' .. LONG .. '",a\nb,,c\n',
      ["rows.jsonl"] = '{"text":"' .. LONG .. '","more":"' .. LONG .. '","expected":"a"}\n'
         .. '{"text":"b","expected":"c"}\n',
      ["rows.json"] = '[{"text":"' .. LONG .. '","more":"' .. LONG .. '","expected":"a"},{"text":"b","expected":"c"}]',
   } do
      it("is read in turns, between which others have theirs: " .. name, function()
         process.write_file(folder .. "/" .. name, text)
         local got, steps = read(folder .. "/" .. name)
         assert.equal(2, #got)
         assert.is_true(got[1].variables.text == LONG and got[1].variables.more == LONG)
         assert.equal("b", got[2].variables.text)
         assert.is_true(steps > 12, steps)
      end)
   end

   it("without an end is given up after 16 MiB", function()
      local got, problem = read("/dev/zero", { format = "csv" })
      assert.is_nil(got)
      assert.matches("it is longer than 16 MiB", problem.message, 1, true)
   end)
end)
