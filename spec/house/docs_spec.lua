--- The generated blocks of the READMEs are what `make docs` would write; and how it writes them.
local process = require "spec.support.process"
local promptic = require "promptic"

local PROGRAM = assert(os.getenv("PROMPTIC_LUA"), "run it with make test")

local function docs(...)
   return process.run{ PROGRAM, "-E", ".ci/docs.lua", ... }
end

describe("make docs", function()
   local folder, file

   before_each(function()
      folder = process.folder()
      file = folder .. "/README.md"
   end)

   after_each(function()
      process.remove(folder)
   end)

   local function generated(call)
      process.write_file(file, ("before\n<!-- generated: %s -->\nold\n<!-- end -->\nafter\n"):format(call))
      local result = docs(file)
      assert.same({ 0, "" }, { result.code, result.stderr })
      local text = process.read_file(file)
      local block = text:match("^before\n<!%-%- generated: [^\n]+ %-%->\n(.*)<!%-%- end %-%->\nafter\n$")
      return assert(block, text)
   end

   it("has nothing to write in this tree", function()
      local result = docs("--check")
      assert.same({ 0, "" }, { result.code, result.stderr })
   end)

   it("says which file is out of date, and does not write it, with --check", function()
      local text = "<!-- generated: methods -->\nold\n<!-- end -->\n"
      process.write_file(file, text)
      local result = docs("--check", file)
      assert.equal(1, result.code)
      assert.matches(file .. ": a generated block is out of date: make docs", result.stderr, 1, true)
      assert.equal(text, process.read_file(file))
   end)

   it("writes the methods, one row for each endpoint", function()
      local text = generated("methods")
      for _, row in ipairs(promptic.endpoints) do
         assert.matches("| `" .. row.name .. "(", text, 1, true)
         assert.matches(row.summary, text, 1, true)
      end
      assert.equal(#promptic.endpoints + 2, select(2, text:gsub("\n", "")))
   end)

   it("writes the words that options take", function()
      assert.matches("| `provider` | `openai`, `openrouter`, `custom`, `google` | `create_experiment`, ",
         generated("words"), 1, true)
   end)

   for _, row in ipairs(promptic.library) do
      it("writes the row of " .. row.key, function()
         local is_class = row.kind == "class"
         local text = generated((is_class and "fields " or "functions ") .. row.key)
         assert.matches(is_class and row.parameters[1].name or row.summary, text, 1, true)
         if not is_class then
            text = generated("options " .. row.key)
         end
         for _, parameter in ipairs(row.parameters) do
            if is_class or parameter.passed == "name" then
               assert.matches(("\n| `%s` | "):format(parameter.name), text, 1, true)
               assert.matches(parameter.summary, text, 1, true)
            end
         end
      end)
   end

   it("writes defaults and bounds", function()
      local text = generated("options upload_observations")
      assert.matches("\n| `concurrency` | 16 | with ordered = false: requests under way at one time at most: 4 at "
         .. "first, more while "
         .. "latency is what limits; halved after 429 and 503; 1 to 100 |\n", text, 1, true)
      assert.matches('\n| `on_bad_row` | `"error"` | ', text, 1, true)
   end)

   it("writes the help of programs and the targets of make", function()
      assert.matches("\n  +%-%-sandbox", generated("help promptic-lua"))
      assert.matches("^```text\nusage: ", (generated("help sandbox"):lower()))
      assert.matches("\n| `make docs` | ", generated("targets"), 1, true)
   end)

   it("writes each block of a file, and what it wrote is up to date", function()
      process.write_file(file, ("<!-- generated: options client -->\n<!-- end -->\n"):rep(2))
      assert.equal(0, docs(file).code)
      assert.equal(0, docs("--check", file).code)
      assert.equal(2, select(2, process.read_file(file):gsub("| `max_retries` | 2 | ", "")))
   end)

   it("refuses a block without an end, and what it cannot generate", function()
      for text, problem in pairs{
         ["<!-- generated: methods -->\n"] = "1 blocks begin, 0 end",
         ["<!-- generated: methods -->\n<!-- generated: words -->\n<!-- end -->\n"] = "no <!-- end -->",
         ["<!-- generated: nothing -->\n<!-- end -->\n"] = "there is no generator 'nothing'",
         ["<!-- generated: options nothing -->\n<!-- end -->\n"] = "there is no row 'nothing'",
      } do
         process.write_file(file, text)
         local result = docs(file)
         assert.equal(1, result.code)
         assert.matches(problem, result.stderr, 1, true)
         assert.equal(text, process.read_file(file))
      end
   end)
end)
