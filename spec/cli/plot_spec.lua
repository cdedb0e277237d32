--- promptic iterations plot: the drawing of each kind of data, and what the command asks the platform.
local command = require "spec.support.command"
local json = require("promptic").json
local sandboxes = require "spec.support.sandbox"
local scripted = require "spec.support.scripted"

-- A server's answers by path, with the scores given as { train, held-out } each; false is no score. best is
-- the place of the best one.
local function route(scores, best, name)
   local iterations = json.array {}
   for place, pair in ipairs(scores) do
      iterations[place] = {
         id = 100 + place, experimentId = "e1", iterationNumber = pair.number or place, prompt = "p",
         overallNormalizedScore = pair[1] or nil, evalNormalizedScore = pair[2] or nil,
      }
   end
   local answers = {
      ["/api/v1/experiments/e1"] = {
         id = "e1", name = name or "names", aiComponentId = "c1", experimentStatus = "completed",
      },
      ["/api/v1/experiments/e1/iterations"] = { data = iterations },
      ["/api/v1/experiments/e1/iterations/best"] = iterations[best],
   }
   local pieces = {}
   for path, answer in pairs(answers) do
      pieces[#pieces + 1] = ("[%q] = %q"):format(path, json.encode(answer))
   end
   return ([[local _, request = ...
      local body = ({ %s })[request.target]
      return body and { body = body } or { status = 404, body = '{"error":"none"}' } ]]):format(
      table.concat(pieces, ", "))
end

-- Each row: a name, the columns, the locale, the scores, the best one's place, and the drawing.
local ROWS = {
   {
      "a rise and a fall", columns = 60, best = 3,
      scores = { { 0, 0 }, { 0.5, 0.4 }, { 0.7, 0.8 }, { 0.8, 0.6 } },
      drawing = [[
names  completed

0.8 ┤                                  ⡠★⠢⠤⣀⡀      ⢀ ⡀⠠ ⠄⠐○
    │                               ⣀⠔⠊ ○⡀⠠ ⠌⠙⠒⠢⠬⣀⠁
    │                            ⢀⠔⢊ ⠂⠈           ⠉⠑⠒⠤⢄⣀
0.6 ┤                        ⢀⢀⠤⠚⠁⠁                     ⠉⠑●
    │                  ○ ⠄⠐⢀⡡⠒⠁
    │                ⡀⠐  ⡠⠒⠁
0.4 ┤              ⠠  ⡠●⠉
    │           ⢀ ⠁⡠⠔⠉
    │          ⠄⣀⠔⠊
0.2 ┤       ⡀⣈⠔⠊
    │     ⢐⠔⠊
    │  ⢠⠤⠋⠁
0.0 ┤ ◉⠁
    └─┬────────────────┬────────────────┬─────────────────┬─
      1                2                3                 4
                            iteration

○ train   ● held-out   ◉ both
★ best: iteration 3, held-out 0.800, train 0.700
]],
   },
   {
      "the same in ASCII", columns = 60, locale = "C", best = 3,
      scores = { { 0, 0 }, { 0.5, 0.4 }, { 0.7, 0.8 }, { 0.8, 0.6 } },
      drawing = [[
names  completed

0.8 +                                  -#----      . .. ..o
    |                               --- o.. ------.
    |                            --- ..           ------
0.6 +                        .----.                     --*
    |                  o ..----
    |                ..  ---
0.4 +              .  -*-
    |           . .---
    |          .---
0.2 +       .---
    |     ---
    |  ----
0.0 + @-
    +-+----------------+----------------+-----------------+-
      1                2                3                 4
                            iteration

o train   * held-out   @ both
# best: iteration 3, held-out 0.800, train 0.700
]],
   },
   {
      "a narrow terminal", columns = 30, best = 3,
      scores = { { 0, 0 }, { 0.5, 0.4 }, { 0.7, 0.8 }, { 0.8, 0.6 } },
      drawing = [[
names  completed

0.8 ┤              ⢀★⠤⣀⢀ ⡀⠠ ○
    │             ⡠⠣○ ⠁⠉⠒⠤⣀
0.6 ┤          ⡀⡠⠊⠁        ⠉●
    │        ○⢀⠜
0.4 ┤      ⠠⢀●⠁
    │     ⢐⠔⠁
0.2 ┤   ⢀⡨⠃
    │  ⡤⠊
0.0 ┤ ◉
    └─┬──────┬──────┬───────┬─
      1      2      3       4
             iteration

○ train   ● held-out   ◉ both
★ best: iteration 3, held-out
  0.800, train 0.700
]],
   },
   {
      "one iteration", columns = 80, best = 1,
      scores = { { 0.52, 0.5 } },
      drawing = [[
names  completed

0.56 ┤
     │
     │
0.54 ┤
     │
     │
0.52 ┤                ○
     │
     │
0.50 ┤                ★
     │
     │
0.48 ┤
     │
     │
0.46 ┤
     └────────────────┬───────────────
                      1      iteration

○ train   ● held-out   ★ best: iteration 1, held-out 0.500, train 0.520
]],
   },
   {
      "no held-out scores", columns = 40, best = 2,
      scores = { { 0.25 }, { 0.75 } },
      drawing = [[
names  completed

0.8 ┤
    │                            ⠄⠐★
    │                       ⢀ ⠂⠈
0.6 ┤                   ⡀⠠ ⠁
    │                ⠄⠐
    │           ⢀ ⠄⠈
0.4 ┤        ⠠ ⠂
    │    ⡀⠐ ⠁
    │ ○⠈
0.2 ┤
    └─┬────────────────────────────┬─
      1                            2
                iteration

○ train
★ best: iteration 2, train 0.750
]],
   },
   {
      "gaps where held-out scores are missing", columns = 40, locale = "C", best = 3,
      scores = { { 0.1, 0.2 }, { 0.1, false }, { 0.1, 0.9 }, { 0.1, 0.9 } },
      drawing = [[
names  completed

1.0 +
    |                      #----------*
0.8 +
    |
0.6 +
    |
0.4 +
    |
0.2 + *
    | o. .. .. .o. .. .. ..o .. .. .. o
0.0 +
    +-+---------+----------+----------+-
      1         2          3          4
                  iteration

o train   * held-out
# best: iteration 3, held-out 0.900,
  train 0.100
]],
   },
   {
      "equal scores", columns = 40, best = 1,
      scores = { { 1, 1 }, { 1, 1 }, { 1, 1 } },
      drawing = [[
names  completed

1.00 ┤ ★⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒◉⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒◉
     │
0.98 ┤
     │
0.96 ┤
     │
0.94 ┤
     │
0.92 ┤
     │
0.90 ┤
     └─┬──────────────┬───────────────┬─
       1              2               3
                  iteration

○ train   ● held-out   ◉ both
★ best: iteration 1, held-out 1.000,
  train 1.000
]],
   },
   {
      "iterations closer than columns", columns = 40, best = 2,
      scores = { { 0, 0 }, { 1, 0.5, number = 40 } },
      drawing = [[
names  completed

1.0 ┤                             ⠠
    │                          ⠠ ⠁
0.8 ┤                       ⠠ ⠁
    │                    ⠠ ⠁
0.6 ┤                 ⠠ ⠁
    │              ⠠ ⠁         ⢀⣀⠤⠔★
0.4 ┤           ⢀ ⠁       ⣀⡠⠔⠒⠉⠁
    │        ⢀ ⠂    ⣀⡠⠤⠒⠊⠉
0.2 ┤     ⢀ ⠂ ⣀⡠⠤⠒⠊⠉
    │  ⢀⢀⣂⠤⠔⠒⠉
0.0 ┤ ⠒⠉⠁
    └─┬────────────────────────────┬─
      1                            40
                iteration

⠂⠐⠂ train   ⠒⠒⠒ held-out
★ best: iteration 40, held-out 0.500,
  train 1.000
]],
   },
}

describe("promptic iterations plot", function()
   local server, promptic

   setup(function()
      server = scripted.start()
      promptic = command.new { url = server.url, key = "k" }
   end)

   teardown(function() server:stop() end)

   local function plot(scores, best, call)
      server:reset()
      server:route(route(scores, best, call.name))
      local words = { "iterations", "plot", "e1", terminal = call.terminal, env = call.env }
      table.move(call, 1, #call, #words + 1, words)
      local result = promptic(words)
      assert.equal("", result.stderr)
      assert.equal(0, result.code)
      return result
   end

   for _, row in ipairs(ROWS) do
      it("draws " .. row[1], function()
         local env = { COLUMNS = tostring(row.columns), LC_ALL = row.locale or "C.UTF-8" }
         assert.equal(row.drawing, plot(row.scores, row.best, { env = env }).stdout)
      end)
   end

   local function many(count)
      local scores = {}
      for number = 1, count do scores[number] = { number % 7 / 10, number % 5 / 10 } end
      return scores
   end

   it("fits any width, with any number of iterations", function()
      for _, columns in ipairs { 20, 40, 80, 200 } do
         for _, count in ipairs { 1, 9, 1000 } do
            local shown = plot(many(count), 1, { env = { COLUMNS = tostring(columns) } }).stdout
            for line in shown:gmatch "[^\n]+" do assert.is_true(command.columns(line) <= columns, line) end
            assert.is_true(select(2, shown:gsub("\n", "")) <= 30)
         end
      end
   end)

   it("is coloured on a terminal, unless NO_COLOR is set", function()
      assert.matches("\27%[36m", plot(many(5), 1, { terminal = 60 }).stdout)
      assert.not_matches("\27", plot(many(5), 1, { terminal = 60, env = { NO_COLOR = "1" } }).stdout)
      assert.not_matches("\27", plot(many(5), 1, {}).stdout)
   end)

   it("draws the same with and without colour", function()
      local colourless = plot(many(5), 1, { terminal = 60, env = { NO_COLOR = "1" } }).stdout
      assert.equal(colourless, (plot(many(5), 1, { terminal = 60 }).stdout:gsub("\27%[[%d;]*m", "")))
   end)

   it("has only ASCII where the locale has no UTF-8", function()
      for _, env in ipairs { { LC_ALL = "C" }, { LC_ALL = false, LC_CTYPE = "POSIX" },
         { LC_ALL = "", LC_CTYPE = false, LANG = "de_DE.ISO-8859-1" } } do
         assert.not_matches("[\128-\255]", plot(many(9), 2, { env = env }).stdout)
      end
      local utf8_env = { LC_ALL = false, LC_CTYPE = false, LANG = "en_US.utf8" }
      assert.matches("★", plot(many(9), 2, { env = utf8_env }).stdout)
   end)

   it("obeys nothing that a name says", function()
      assert.not_matches("\27", plot(many(2), 1, { name = "a\27[31mb\nc" }).stdout)
   end)

   it("says so where nothing has been tried", function()
      assert.matches("^There are no iterations yet", plot({}, nil, {}).stdout)
      assert.same({}, plot({}, nil, { "--json" }).json.iterations)
   end)

   it("prints with --json what the platform tells", function()
      local sandbox = sandboxes.start { pace = 0 }
      local id = sandbox:experiment { prompt = "Spam?", hyperparameters = { trainSplitRatio = 0.5 },
         observations = {
            { variables = { input = "free prize" }, expected = "spam" },
            { variables = { input = "see you" }, expected = "ham" },
            { variables = { input = "free lunch" }, expected = "spam" },
            { variables = { input = "see lunch" }, expected = "ham" },
         } }
      sandbox:finish(id)
      local shown = command.new(sandbox) { "iterations", "plot", id, "--json" }.json
      local told = sandbox:ok("GET", "/experiments/" .. id .. "/iterations").data
      local best = sandbox:ok("GET", "/experiments/" .. id .. "/iterations/best").id
      assert.equal("", sandbox:stop())
      assert.equal(#told, #shown.iterations)
      for place, iteration in ipairs(told) do
         local point = shown.iterations[place]
         assert.equal(iteration.id == best, point.best)
         for _, name in ipairs { "id", "iterationNumber", "overallNormalizedScore", "evalNormalizedScore" } do
            assert.equal(iteration[name], point[name])
         end
      end
   end)

   it("fails where the experiment is not there", function()
      server:reset()
      server:route "return { status = 404, body = '{}' }"
      local result = promptic { "iterations", "plot", "e1" }
      assert.equal(1, result.code)
      assert.equal("", result.stdout)
   end)

   it("ends quietly where its reader has seen enough", function()
      server:reset()
      server:route(route(many(9), 1))
      local result = command.shell({ url = server.url, key = "k" },
         "$PROMPTIC iterations plot e1 | head -n 1")
      assert.equal("", result.stderr)
      assert.equal("names  completed\n", result.stdout)
   end)
end)
