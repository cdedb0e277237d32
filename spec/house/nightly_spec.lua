--- examples/nightly.lua: ended at any moment and run again it loses nothing and does nothing twice; its exit status.
-- Many more random moments: nightly_heavy_spec.
-- Tags: slow
local json = require("promptic").json
local nightly = require "spec.support.nightly"
local process = require "spec.support.process"

local OURS = require("spec.support.interpreter").OURS

local LINES_OF_CODE = 60

it("the nightly job has at most 60 lines of code", function()
   local count = 0
   for line in process.read_file "examples/nightly.lua":gmatch "[^\n]+" do
      count = count + (line:find "^%s*%-%-" and 0 or line:find "%S" and 1 or 0)
   end
   assert.is_true(count <= LINES_OF_CODE, count .. " lines")
end)

for form, arguments in pairs(nightly.FORMS) do
   describe("the nightly job, training data in " .. form .. ",", function()
      local job
      setup(function() job = nightly.new(arguments) end)
      teardown(function() job:stop() end)

      it("goes on after a signal", function()
         for signal, code in pairs(nightly.SIGNALS) do
            job:interrupt(signal, 2, code)
         end
      end)

      it("survives a request in doubt, whether it was carried out or not", function()
         local nights, requests = 1, { "POST /start", "POST /duplicate", "PATCH /experiments", "POST /deployment" }
         job.name = "in doubt"
         assert.equal(0, job:run{ night = 1, rows = 20 }.code)
         for _, line in ipairs(requests) do
            for _, is_done in ipairs{ true, false } do
               job:loses(line, is_done)
               nights = nights + 1
               assert.matches("^[03]$", job:run{ night = nights, rows = 20 + nights }.code)
               job:check(nights, nights, 20 + nights)
            end
         end
      end)
   end)
end

describe("the nightly job", function()
   local job
   setup(function() job = nightly.new{} end)
   teardown(function() job:stop() end)

   it("goes on after a kill at any of the requests of a night", function()
      for death = 1, 9 do
         job.name = "first night " .. death
         assert.equal(137, job:run{ night = 1, rows = 24, dies_at = death }.code)
         job:finish{ night = 1, rows = 24 }
         job:check(1, 1, 24)
      end
      local night, result = 1
      repeat
         night = night + 1
         result = job:run{ night = night, rows = 24 + night, dies_at = night - 1 }
         job:finish{ night = night, rows = 24 + night }
         job:check(night, night, 24 + night)
      until result.code ~= 137
      assert.is_true(night > 15, night .. " nights")
   end)

   it("leaves alone what others have in work", function()
      job.name = "others"
      job:finish{ night = 1, rows = 24 }
      local first = job:experiments()["nightly 1"]
      local mine = job.server:experiment{ component = first.aiComponentId, observations = false }
      local copy = job.server:ok("POST", "/experiments/" .. first.id .. "/duplicate",
         { initialPromptOverride = "Mine" })
      job.server:ok("PATCH", "/experiments/" .. mine, { name = "mine" })
      job:finish{ night = 2, rows = 25 }
      for _, id in ipairs{ mine, copy.id } do
         assert.equal("pending", job.server:ok("GET", "/experiments/" .. id).experimentStatus)
      end
   end)

   it("writes what it has done", function()
      job.name = "summary"
      local result = job:run{ night = "x", rows = 24 }
      assert.equal(0, result.code, result.stderr)
      assert.equal("24 new rows, 0 were there\nno prompt was deployed before\n", result.stdout)
      local summary = json.decode(process.read_file(job.folder .. "/summary.json"))
      assert.same({ true, "nothing_deployed", "nightly x", job:experiments()["nightly x"].id },
         { summary.deployed, summary.code, summary.night, summary.experiment })
      assert.equal("## summary: nightly x\n\ndeployed: no prompt was deployed before\n",
         process.read_file(job.folder .. "/summary.md"))
      assert.matches("^<!doctype html", process.read_file(job.folder .. "/report.html"):lower())
   end)

   it("names the columns as inputs of the prompt, without which some platforms start no experiment", function()
      job.name = "inputs"
      for night = 1, 2 do
         assert.matches("^[03]$", job:run{ night = night, rows = 24 + night }.code)
         assert.same({ { name = "ticket", column = "ticket" } }, job:experiments()["nightly " .. night].inputVariables)
      end
   end)

   it("says that a night is not finished, not what the one before has done", function()
      job.name = "unfinished"
      assert.equal(0, job:run{ night = 1, rows = 24 }.code)
      assert.equal(1, job:run{ night = 2, rows = 24, env = { PROMPTIC_ENDPOINT = "http://127.0.0.1:1" } }.code)
      assert.equal("## unfinished: nightly 2\n\nnot finished\n", process.read_file(job.folder .. "/summary.md"))
   end)

   it("ends with 2 before anything is created where its folder cannot be written", function()
      job.name = "no folder"
      local result = job:run{ night = 1, arguments = { job.name, job:write(24), job.folder .. "/none" } }
      assert.equal(2, result.code, result.stderr)
      assert.matches("cannot write '[^']*/none/summary.md'", result.stderr)
      for _, component in ipairs(job.server:ok("GET", "/components").data) do
         assert.not_equal(job.name, component.name)
      end
   end)

   it("reads a file as a spreadsheet writes it, with semicolons too", function()
      job.name = "semicolons"
      assert.equal(0, job:run{ night = 1, rows = 24, separator = ";", env = { SEPARATOR = ";" } }.code)
      job:check(1, 1, 24)
      local result = job:run{ night = 2, rows = 24, separator = ";" }
      assert.equal(2, result.code)
      assert.matches("separator", result.stderr)
   end)

   local STATUS = {
      { 2, "a usage", { arguments = { "tickets" } }, "^usage: " },
      { 2, "a file that is not there", { arguments = { "tickets", "/nonexistent/rows.csv" } }, "rows.csv" },
      { 2, "a column that is not there", { rows = 3, env = { LABEL_COLUMN = "team" } }, "team" },
      { 2, "a MAX_WAIT that is no number", { rows = 3, env = { MAX_WAIT = "abc" } }, "^MAX_WAIT=abc: " },
      { 1, "a file without rows", { rows = 0 }, "." },
      { 4, "no credential", { rows = 3, env = { PROMPTIC_API_KEY = "" } }, "^auth: " },
      { 4, "a credential that is refused", { rows = 3, env = { PROMPTIC_API_KEY = "ptc_wrong" } }, "^%[401%] " },
      { 1, "nobody who listens", { rows = 3, env = { PROMPTIC_ENDPOINT = "http://127.0.0.1:1" } }, "^connection: " },
   }
   for _, row in ipairs(STATUS) do
      it(("ends with %d: %s"):format(row[1], row[2]), function()
         job.name = "status"
         local result = job:run(row[3])
         assert.equal(row[1], result.code, result.stderr)
         assert.matches(row[4], result.stderr)
      end)
   end

   it("takes variables without a value, as CI sets them, for none", function()
      job.name = "empty"
      local empty = { NIGHT = "", MAX_WAIT = "", LABEL_COLUMN = "", SEPARATOR = "", SURE = "", PROMPTIC_MODEL = "" }
      assert.equal(0, job:run{ rows = 24, env = empty }.code)
   end)

   it("ends with 3 where the new prompt is not better, again and again", function()
      job.name = "not better"
      assert.equal(0, job:run{ night = 1, rows = 12 }.code)
      for _ = 1, 2 do
         local result = job:run{ night = 2, rows = 12, env = { SURE = "1" } }
         assert.equal(3, result.code, result.stderr)
      end
   end)

   local has_jq = process.run{ "sh", "-c", "command -v jq bash" }.code == 0
   ;(has_jq and it or pending)("is nearly the same in shell, with the command", function()
      job.name = "shell"
      process.write_file(job.folder .. "/promptic", ('#!/bin/sh\nexec "%s" scripts/promptic "$@"\n'):format(OURS))
      os.execute("chmod +x " .. process.quote(job.folder .. "/promptic"))
      local model = job.server:ok("GET", "/models").data[1].id
      for night = 1, 2 do
         local result = process.run{ "bash", "examples/ci/nightly.sh", job.name, job:write(24 + night), model,
            env = { PATH = job.folder .. ":" .. os.getenv "PATH", NIGHT = tostring(night), HOME = job.folder,
               PROMPTIC_ENDPOINT = job.server.url, PROMPTIC_API_KEY = job.server.key } }
         assert.equal("", result.stderr)
         assert.equal(night == 1, result.code == 0)
         job:check(night, night, 24 + night)
      end
   end)

   it("ends with 5 past MAX_WAIT, and goes on from there", function()
      local slow = nightly.new({}, 0.5)
      slow.name = "slow"
      local result = slow:run{ night = 1, rows = 24, env = { MAX_WAIT = "0.1" } }
      assert.equal(5, result.code, result.stderr)
      assert.matches("is not finished after 0.1 seconds", result.stderr, 1, true)
      slow:finish{ night = 1, rows = 24 }
      slow:check(1, 1, 24)
      slow:stop()
   end)
end)
