--- promptic experiments report: the page is well-formed, loads nothing, obeys nothing that its data say, and
-- tells the platform's numbers.
local command = require "spec.support.command"
local json = require("promptic").json
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"
local scripted = require "spec.support.scripted"

local HOSTILE = [[</pre></style><script>alert("x")</script><img src=http://a.example/b onerror='c()'>&lt;]]

local OBSERVATIONS = {}
for number, pair in ipairs {
   { "free prize inside", "spam" }, { "see you at lunch", "ham" }, { "free watch, click", "spam" },
   { "lunch is moved", "ham" }, { "click for a prize", "spam" }, { "minutes of the meeting", "ham" },
   { "a free click", "spam" }, { "the meeting at noon", "ham" },
} do
   OBSERVATIONS[number] = { variables = { message = pair[1] }, expected = pair[2] }
end

local ENTITIES = { amp = "&", lt = "<", gt = ">", quot = '"', ["#39"] = "'" }

local function unescape(text)
   return (text:gsub("&(#?%w+);", ENTITIES))
end

-- Elements and attributes that load something, lead somewhere or run.
local LOADING = {}
for name in ("script img link a iframe object embed image use base src href srcset action"):gmatch "%l+" do
   LOADING[name] = true
end

local VOID = { meta = true, br = true }

-- Reads a page as strictly as XML is read: elements that nest, attributes in quotes, known entities. Returns
-- a list of elements { name, attributes, text, inner } in the order of their beginnings.
local function parse(page)
   local elements, open, place = {}, {}, #"<!DOCTYPE html>\n" + 1
   assert.equal("<!DOCTYPE html>\n", page:sub(1, place - 1))
   while place <= #page do
      local text, after = page:match("^([^<]+)()", place)
      if text then
         local bare = text:gsub("&(#?%w+);", function(name) return assert(ENTITIES[name], name) and "" end)
         assert(not bare:find "[&>]" or open[#open].name == "style", text)
         for _, element in ipairs(open) do element.text = element.text .. unescape(text) end
         place = after
      else
         local close, name, rest, stop = page:match("^<(/?)(%w+)([^>]*)>()", place)
         assert(name, page:sub(place, place + 80))
         if close == "/" then
            assert.equal(open[#open].name, name)
            local ended = table.remove(open)
            ended.inner = page:sub(ended.start, place - 1)
         else
            local element = { name = name, attributes = {}, text = "", start = stop, depth = #open }
            local left = rest:gsub(' ([%w-]+)="([^"<]*)"', function(key, value)
               element.attributes[key] = unescape(value)
               return ""
            end)
            assert.equal("", left)
            elements[#elements + 1] = element
            if not VOID[name] then open[#open + 1] = element end
         end
         place = stop
      end
   end
   assert.equal(0, #open)
   return elements
end

local function all(elements, name, class)
   local found = {}
   for _, element in ipairs(elements) do
      local classes = " " .. (element.attributes.class or "") .. " "
      if element.name == name and (not class or classes:find(" " .. class .. " ", 1, true)) then
         found[#found + 1] = element
      end
   end
   return found
end

local function texts(elements)
   local list = {}
   for place, element in ipairs(elements) do list[place] = element.text end
   return list
end

describe("promptic experiments report", function()
   local server, promptic, folder

   setup(function()
      folder = process.folder()
      server = sandbox.start { pace = 0 }
      promptic = command.new(server)
   end)

   teardown(function()
      assert.equal("", server:stop())
      process.remove(folder)
   end)

   local function experiment(options)
      options.observations = options.observations or OBSERVATIONS
      options.hyperparameters = options.hyperparameters
         or { trainSplitRatio = 0.5, numFewShots = 3, epochs = 4 }
      local id = server:experiment(options)
      if options.finish ~= false then server:finish(id) end
      return id
   end

   local function report(id, ...)
      local result = promptic { "experiments", "report", id, "-o", "-", ... }
      assert.equal("", result.stderr)
      assert.equal(0, result.code)
      return result.stdout, parse(result.stdout)
   end

   it("tells the platform's numbers", function()
      local id = experiment { prompt = "Spam or ham?", evaluators = {
         { name = "accuracy", type = "f1", weight = 3 },
         { name = "wording", type = "similarity", weight = 1, scaleMin = 1, scaleMax = 5 },
      } }
      local _, elements = report(id)
      local path = "/experiments/" .. id .. "/iterations"
      local told, best = server:ok("GET", path).data, server:ok("GET", path .. "/best")
      local rows = {}
      for _, row in ipairs(all(elements, "tr")) do
         local cells = {}
         for cell in row.inner:gmatch "<t[dh].->(.-)</t[dh]>" do cells[#cells + 1] = cell:gsub("<.->", "") end
         rows[#rows + 1] = cells
      end
      assert.equal(#told + 1, #rows)
      for place, iteration in ipairs(told) do
         local mark = iteration.id == best.id and "★ best" or ""
         assert.same({
            iteration.iterationNumber .. mark, ("%.3f"):format(iteration.evalNormalizedScore),
            ("%.3f"):format(iteration.overallNormalizedScore), tostring(iteration.promptTokens),
         }, { table.unpack(rows[place + 1], 1, 4) })
      end
      local bars = all(elements, "i", "now")
      assert.equal(#best.scores + 1, #bars) -- one is the legend's
      for place, score in ipairs(best.scores) do
         assert.equal(("width:%.1f%%"):format(score.score * 100), bars[place + 1].attributes.style)
      end
      assert.equal(("%.3f"):format(best.evalNormalizedScore), all(elements, "b")[1].text)
   end)

   it("has a chart that can be read without seeing it", function()
      local id = experiment {}
      local _, elements = report(id)
      local told = server:ok("GET", "/experiments/" .. id .. "/iterations").data
      for _, name in ipairs { "wide", "narrow" } do
         local svg = all(elements, "svg", name)[1]
         assert.equal("img", svg.attributes.role)
         for label in svg.attributes["aria-labelledby"]:gmatch "%S+" do
            assert.matches(' id="' .. label:gsub("%-", "%%-") .. '"', svg.inner)
         end
         local titles = 0
         for _ in svg.inner:gmatch "<title>Iteration %d+: held%-out [%d.]+, train [%d.]+[^<]*</title>" do
            titles = titles + 1
         end
         assert.equal(#told, titles)
      end
   end)

   it("shows how the best prompt differs from the initial one", function()
      local id = experiment { prompt = "First\n\n  Second <b>\nThird" }
      local _, elements = report(id)
      local best = server:ok("GET", "/experiments/" .. id .. "/iterations/best").prompt
      local before, after = {}, {}
      local function line_of(row)
         return (unescape(row.inner:gsub("<span[^>]*aria.->.-</span>", ""):gsub("<.->", "")))
      end
      for _, row in ipairs(all(elements, "div")) do
         local class = row.attributes.class
         if class == "kept" or class == "removed" then before[#before + 1] = line_of(row) end
         if class == "kept" or class == "added" then after[#after + 1] = line_of(row) end
         local signs = { added = "+", removed = "−", kept = " " }
         if signs[class] then assert.equal(signs[class], row.text:match "^[+ ]" or row.text:match "^−") end
      end
      assert.equal("First\n\n  Second <b>\nThird", table.concat(before, "\n"))
      assert.equal(best, table.concat(after, "\n"))
      assert.equal(best, all(elements, "pre")[1].text)
   end)

   -- Each row: the initial prompt, the best one, and the lines with their signs.
   local CHANGES = {
      { "a\nb\nc\nd", "a\nx\nc", { " a", "−b", "+x", " c", "−d" } },
      { "a\nb", "a\nb", { " a", " b" } },
      { "a", "b\na\nb", { "+b", " a", "+b" } },
      { "a\n\nb", "b", { "−a", "−", " b" } },
      { "old", "new", { "−old", "+new" } },
      { "1\n2\n3\n4\n5", "5\n2\n3\n1", { "−1", "+5", " 2", " 3", "−4", "−5", "+1" } },
   }

   -- The report of an experiment that a platform tells of: its initial prompt, iterations, and the best of them.
   local function report_on(platform, initial, iterations, best)
      platform:reset()
      platform:route(([[local _, request = ...
         local bodies = { e1 = %q, c1 = %q, iterations = %q, best = %q,
            evaluators = '{"data":[]}', observations = '{"data":[]}' }
         return { body = bodies[request.target:match '[^/]*$'] or bodies.best }]]):format(json.encode {
               id = "e1", aiComponentId = "c1", experimentStatus = "completed", createdAt = "t",
               targetModel = "m", provider = "p", taskType = "t", optimizer = "o",
               initialPromptMessages = { { role = "user", content = initial } },
            }, json.encode { id = "c1", name = "c" }, json.encode { data = iterations }, json.encode(best)))
      local run = command.new { url = platform.url, key = "k" }
      local result = run { "experiments", "report", "e1", "-o", "-" }
      assert.equal("", result.stderr)
      return parse(result.stdout)
   end

   it("tells lines that were taken away, added and kept", function()
      local platform = scripted.start()
      for _, change in ipairs(CHANGES) do
         local iteration = {
            id = 7, iterationNumber = 2, prompt = change[2], overallNormalizedScore = 0.5, createdAt = "t",
         }
         local lines = {}
         for _, block in ipairs(all(report_on(platform, change[1], { iteration }, iteration), "div")) do
            local class = block.attributes.class
            local is_line = class == "kept" or class == "added" or class == "removed"
            if is_line then lines[#lines + 1] = block.text end
         end
         assert.same(change[3], lines)
      end
      platform:stop()
   end)

   it("names the best score where that hides no other", function()
      local platform = scripted.start()
      local low = { id = 1, iterationNumber = 1, prompt = "a", overallNormalizedScore = 0, evalNormalizedScore = 0,
         createdAt = "t" }
      for _, train in ipairs { 0.60, 0.64, 0.66, 0.7, 0.75, 0.9 } do
         local best = { id = 2, iterationNumber = 2, prompt = "b", overallNormalizedScore = train,
            evalNormalizedScore = 0.6, createdAt = "t" }
         local svg = all(report_on(platform, "a", { low, best }, best), "svg", "wide")[1].inner
         local star = tonumber(svg:match 'class="best" transform="translate%([%d.]+ ([%d.]+)%)')
         local label = star + tonumber(svg:match('<text[^>]* y="(%-[%d.]+)"[^>]*>best 0.600'))
         local mark -- the upper edge of the train score's, the last one
         for y in svg:gmatch '<rect class="mark train"[^>]* y="([%d.]+)"' do mark = tonumber(y) end
         -- the label's letters reach some 11 pixels above its line
         assert.is_true(label < mark or label - 11 > mark + 7 or math.abs(mark + 3.5 - star) < 5, tostring(train))
      end
      platform:stop()
   end)

   it("obeys nothing that names and prompts say, and loads nothing", function()
      local component = server:component(HOSTILE)
      local id = experiment {
         component = component, prompt = HOSTILE .. "\n\27[31m\u{202E}end",
         observations = {
            { variables = { message = HOSTILE .. " a" }, expected = HOSTILE },
            { variables = { message = "b" }, expected = "ham" },
            { variables = { message = HOSTILE .. " c" }, expected = "ham" },
            { variables = { message = "b d" }, expected = HOSTILE },
         },
         evaluators = { { name = HOSTILE, type = "f1", weight = 1, description = HOSTILE } },
         finish = false,
      }
      server:ok("PATCH", "/experiments/" .. id, {
         name = HOSTILE, description = HOSTILE, targetModel = HOSTILE,
      })
      server:finish(id)
      local page, elements = report(id, "--offline")
      assert.same({ HOSTILE }, texts(all(elements, "h1")))
      assert.same({ HOSTILE }, texts(all(elements, "p", "component")))
      assert.not_matches("[\0-\8\11-\31\127]", page)
      assert.is_nil(page:find("\u{202E}", 1, true))
      assert.matches("default%-src 'none'", unescape(page))
      for _, element in ipairs(elements) do
         assert.is_nil(LOADING[element.name])
         for name in pairs(element.attributes) do
            assert.not_matches("^on", name)
            assert.is_nil(LOADING[name])
         end
         if element.name == "style" then assert.not_matches("url%(", element.text .. element.inner) end
      end
   end)

   it("says that the platform tells no answers, and computes them only where asked", function()
      local id = experiment {}
      local _, elements = report(id)
      assert.equal(0, #all(elements, "table", "wrong"))
      assert.matches("Not known: the platform reports", all(elements, "p", "note")[1].text)
      local best = server:ok("GET", "/experiments/" .. id .. "/iterations/best")
      local page, computed = report(id, "--offline")
      local wrong = all(computed, "table", "wrong")[1]
      if best.evalNormalizedScore < 1 or best.overallNormalizedScore < 1 then assert.truthy(wrong) end
      assert.matches("Not the platform&#39;s words", page)
      assert.matches("exactly those reported", page)
      for _, row in ipairs(all(computed, "td")) do
         local label = row.attributes["data-label"]
         if label == "Expected" then assert.is_true(row.text == "spam" or row.text == "ham") end
      end
   end)

   it("tells how far an experiment has come", function()
      local _, elements = report(experiment { finish = false })
      assert.matches("pending", all(elements, "p", "note")[1].text)
      assert.equal(0, #all(elements, "svg"))
      local judged = experiment { evaluators = { { name = "judge", type = "referenceJudge", weight = 1,
         config = { instructions = "x" } } } }
      local _, failed = report(judged)
      assert.matches("^The experiment failed %[SANDBOX_NO_JUDGE%]: ", all(failed, "p", "problem")[1].text)
      local without_split = experiment { hyperparameters = { epochs = 2 } }
      assert.not_matches("held%-out rows", (report(without_split)))
   end)

   it("writes one file, and leaves none where it cannot", function()
      local id, path = experiment {}, folder .. "/report.html"
      process.write_file(path, "what was there before")
      local result = promptic { "experiments", "report", id, "-o", path }
      assert.same({ 0, "", "Wrote " .. path .. "\n" }, { result.code, result.stdout, result.stderr })
      parse(process.read_file(path))
      assert.equal("report.html\n", process.run { "ls", folder }.stdout)

      os.execute("mkdir " .. process.quote(folder .. "/taken"))
      for _, bad in ipairs { folder .. "/none/report.html", folder .. "/taken" } do
         local failed = promptic { "experiments", "report", id, "-o", bad }
         assert.equal(1, failed.code)
         assert.matches("cannot write", failed.stderr)
      end
      assert.equal("report.html\ntaken\n", process.run { "ls", folder }.stdout)
   end)
end)
