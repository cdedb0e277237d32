--- promptic observations on a platform of today, which keeps rows as cases: an upload looks first what is there,
-- lists show cases as rows, and changes of a row name the command for cases.
local command = require "spec.support.command"
local observations = require "spec.support.observations"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local server, promptic, folder

setup(function()
   server = scripted.start()
   promptic = command.new{ url = server.url, key = "a-key" }
   folder = process.folder()
end)

teardown(function()
   server:stop()
   process.remove(folder)
end)

before_each(function()
   server:reset()
   observations.serve(server, nil, { room = "cases", held = { '{"inputPayload":{"text":"a"},"expectedPayload":"x"}' } })
   process.write_file(folder .. "/rows.csv", "text,expected\na,x\nb,y\n")
end)

local function add(...)
   return promptic{ "observations", "add", "e", "--from-file", folder .. "/rows.csv", ... }
end

local function posts() return observations.count(server, "POST") end

describe("an upload of a file of which a part is there", function()
   it("adds nothing and ends with 1, until an option resolves the ambiguity", function()
      local result = add()
      assert.equal(1, result.code)
      assert.equal("promptic: 1 of the file's 2 rows is there already\n  --only-new adds those that are missing, "
         .. "--again adds "
         .. "all of them\n  nothing was added\n", result.stderr)
      assert.equal(0, posts())
      assert.equal("Added 1 observation. 1 was there already.\n", add("--only-new").stdout)
      assert.same({ added = 2, present = 0, skipped = 0 }, add("--again", "--json").json)
      assert.equal(2, add("--again", "--only-new").code)
   end)

   it("asks at a terminal", function()
      local words = { "observations", "add", "e", "--from-file", folder .. "/rows.csv", terminal = 100, stdin = "y\n" }
      local result = promptic(words)
      assert.matches("1 of the file's 2 rows is there already. Add only the 1 row that is missing? [y/N]",
         result.stdout, 1, true)
      assert.matches("Added 1 observation. 1 was there already.", result.stdout, 1, true)
      assert.equal(1, posts())
   end)

   it("is added as it is where none of its rows is there", function()
      process.write_file(folder .. "/rows.csv", "text,expected\nc,x\n")
      assert.equal("Added 1 observation.\n", add().stdout)
   end)

   it("names --again where the platform does not say how many cases there are", function()
      observations.serve(server, nil, { room = "cases", count = "none" })
      for _, option in ipairs{ "--json", "--only-new" } do
         local result = add(option)
         assert.equal(1, result.code)
         assert.matches("(no row was added)\n  --again adds all rows of the file, whether they are there or not\n",
            result.stderr, 1, true)
      end
      assert.equal("Added 2 observations.\n", add("--again").stdout)
   end)

   it("does not compare a pipe, which cannot be read twice", function()
      local result = promptic{ "observations", "add", "e", "--from-file", "-", "--format", "csv",
         stdin = "text,expected\nb,y\n" }
      assert.equal(1, result.code)
      assert.matches("a pipe cannot be read twice to compare them\n  --only-new adds", result.stderr, 1, true)
      os.execute("mkdir " .. folder .. "/folder.csv")
      result = promptic{ "observations", "add", "e", "--from-file", folder .. "/folder.csv" }
      assert.matches("folder.csv:1: Is a directory", result.stderr, 1, true)
   end)

   it("tells of labels that look alike", function()
      process.write_file(folder .. "/rows.csv", "text,expected\nc,x\nd,X\n")
      assert.equal('Note: labels "x" (row 1) and "X" (row 2) differ in case only.\n', add().stderr)
   end)
end)

describe("rows that are cases", function()
   it("are listed as rows", function()
      local row = promptic{ "observations", "list", "e", "--json" }.json.data[1]
      assert.same({ { text = "a" }, "x" }, { row.variables, row.expected })
      observations.serve(server, nil, { room = "cases", count = 4,
         other = '{"id":7,"experimentId":"e","idx":0,"variables":{"text":"z"},"expected":"y","split":"eval","crea'
            .. 'tedAt":"c"}' })
      local result = promptic{ "observations", "list", "e" }
      assert.matches("z", result.stdout, 1, true)
      assert.equal("The platform listed 0 of 4 rows.\n", result.stderr)
   end)

   it("are changed by the commands for cases", function()
      server:route[[
         local _, request = ...
         if request.target:find("/observations/", 1, true) then return { status = 404,
            body = '{"error":"Not found"}' } end
         return { body = '{"id":"e","aiComponentId":"c","datasetId":"d"}' }
      ]]
      assert.matches("promptic datasets cases update d 5 -c c --file FILE",
         promptic{ "observations", "update", "e", "5", "-e", "ham" }.stderr, 1, true)
      assert.matches("promptic datasets cases delete d 5 -c c", promptic{ "observations", "delete", "e", "5",
         "-f" }.stderr, 1, true)
   end)
end)
