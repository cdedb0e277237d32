--- upload.lua - upload_observations: what it costs beside posting bodies that are ready, how long it takes at 200 ms
-- latency, how much memory it has, and whether a million rows arrive whole where one answer in a hundred is a fault.
--
--    upload.lua BUILD
--
-- BUILD/bench holds rows_server and post_bodies, made of the .c files beside this one.
local figures = require "figures"
local promptic = require "promptic"
local rows_server = require "rows_server"

local build, rounds = arg[1], tonumber(os.getenv("BENCH_ROUNDS")) or 5
local group = "uploads of 100,000 observations"
local dir -- of this run's files

local function shell(format, ...)
   local _, output = figures.run(format, ...)
   return output
end

-- ------------------------------------------------------------------ rows

local LABELS = { "billing", "bug", "feature request", "spam" }
local TEXT = "My invoice of last month lists the same seat twice, could you have a look at it, please?"

-- Writes the same rows as .csv and as .jsonl. One in fifty says just what the one before says.
local function write_rows(count)
   local csv = assert(io.open(("%s/%d.csv"):format(dir, count), "w"))
   local jsonl = assert(io.open(("%s/%d.jsonl"):format(dir, count), "w"))
   csv:write("ticket,channel,expected\r\n")
   for index = 1, count do
      local number = index % 50 == 0 and index - 1 or index
      local label = LABELS[number % #LABELS + 1]
      csv:write(('"Ticket %d: %s",mail,%s\r\n'):format(number, TEXT, label))
      jsonl:write(('{"variables":{"ticket":"Ticket %d: %s","channel":"mail"},"expected":"%s"}\n')
         :format(number, TEXT, label))
   end
   csv:close()
   jsonl:close()
end

-- ------------------------------------------------------------------ servers

-- Runs f with the endpoint of a fresh server; gives what f gives.
local function with_server(faults, f, latency)
   return rows_server.serve(build, dir, { faults = faults, latency = latency }, f)
end

-- What these print begins with seconds of CPU and of wall time.
local function post_bodies(endpoint)
   return (figures.run("'%s/bench/post_bodies' %s/api/v1/experiments/bench/observations %s/100000.jsonl 500 4", build,
      endpoint, dir))
end

local function upload(endpoint, source)
   local numbers = figures.run("'%s/promptic-lua' '%supload_once.lua' %s '%s'", build, figures.root, endpoint, source)
   assert(numbers[4] >= 100000)
   return numbers
end

local function python(endpoint)
   return (figures.run("/usr/bin/python3 '%sclient.py' upload %s %s/100000.jsonl", figures.root, endpoint, dir))
end

-- Bodies of 500 rows in files, for curl.
local function write_bodies()
   local pieces, count = {}, 0
   local config = assert(io.open(dir .. "/curl.config", "w"))
   for line in io.lines(dir .. "/100000.jsonl") do
      pieces[#pieces + 1] = line
      if #pieces == 500 then
         count = count + 1
         figures.write(("%s/body.%d"):format(dir, count), "[" .. table.concat(pieces, ",") .. "]")
         config:write(('%surl = "@URL@"\ndata-binary = "@%s/body.%d"\nheader = "Content-Type: application/json"\n'
            .. 'output = "/dev/null"\n'):format(count > 1 and "next\n" or "", dir, count))
         pieces = {}
      end
   end
   config:close()
end

local function curl(endpoint)
   local config = assert(io.open(dir .. "/curl.config")):read("a")
   figures.write(dir .. "/curl.now", (config:gsub("@URL@", endpoint .. "/api/v1/experiments/bench/observations")))
   local began = promptic.now()
   shell("curl --silent --show-error --no-progress-meter --parallel --parallel-max 4 --config %s/curl.now 2>&1", dir)
   return { 0, promptic.now() - began }
end

-- ------------------------------------------------------------------ figures

-- Each side once in a round, with a server of its own.
local function turns(sides, latency, costs)
   local served = {}
   for name, side in pairs(sides) do
      served[name] = function() return with_server(0, side, latency) end
   end
   return figures.turns(rounds, served, costs)
end

local function compare_costs()
   local results = turns({
      bodies = post_bodies,
      list = function(endpoint) return upload(endpoint, "list:" .. dir .. "/100000.jsonl") end,
      made = function(endpoint) return upload(endpoint, "made:100000") end,
      csv = function(endpoint) return upload(endpoint, dir .. "/100000.csv") end,
      jsonl = function(endpoint) return upload(endpoint, dir .. "/100000.jsonl") end,
      python = python,
   }, 0, { python = 3 })
   local python_cost = figures.of(results, "python", 1, "bodies")
   for _, case in ipairs{
      { "list", "from a list of Lua tables", 3 }, { "made", "from Lua tables that are made on the way", 5 },
      { "csv", "from a .csv file" }, { "jsonl", "from a .jsonl file" },
   } do
      figures.add{
         key = "upload " .. case[1], group = group, unit = "times its CPU", aim = case[3],
         work = case[2] .. ": CPU, beside posting ready bodies", value = figures.of(results, case[1], 1, "bodies"),
         peers = case[1] == "list" and { { "httpx and json in Python", python_cost } } or nil,
      }
   end
   figures.add{ key = "upload memory", group = group, unit = "MiB", value = figures.of(results, "csv", 3) / 1024,
      work = "from a .csv file: the process at its peak",
      peers = { { "httpx and json in Python", figures.of(results, "python", 3) / 1024 } } }
end

local function compare_latency()
   local results = turns({
      ours = function(endpoint) return upload(endpoint, dir .. "/100000.csv") end,
      bodies = post_bodies,
      curl = curl,
      python = python,
   }, 200, { python = 3 })
   figures.add{
      key = "upload latency", group = group, unit = "s", aim = 3, value = figures.of(results, "ours", 2),
      work = "from a .csv file at 200 ms latency, defaults: wall",
      peers = {
         { "curl --parallel 4, ready bodies of 500 rows", figures.of(results, "curl", 2) },
         { "libcurl alone, 4 at once, ready bodies of 500 rows", figures.of(results, "bodies", 2) },
         { "httpx and json in Python, 8 threads, 1,000 rows", figures.of(results, "python", 2) },
      },
   }
end

-- Whether the server holds just the rows of the file, in whatever order.
local function compare_content(endpoint, count)
   shell("curl -s %s/rows | LC_ALL=C sort >%s/held; LC_ALL=C sort %s/%d.jsonl | cmp - %s/held", endpoint, dir,
      dir, count, dir)
end

local function survive(count)
   with_server(10, function(endpoint)
      local numbers = upload(endpoint, ("%s/%d.csv"):format(dir, count))
      assert(numbers[4] == count)
      compare_content(endpoint, count)
      figures.add{
         key = "upload of a million with faults", group = group, unit = "MiB", value = numbers[3] / 1024,
         work = "1,000,000 rows (.csv), one answer in 100 a fault, nothing lost or sent twice: peak",
         note = ("%.1f s of CPU; faults %s"):format(numbers[1], shell("curl -s %s/faults", endpoint)),
      }
   end)
end

figures.with_folder(function(folder)
   dir = folder
   write_rows(100000)
   write_rows(1000000)
   write_bodies()
   compare_costs()
   compare_latency()
   with_server(0, function(endpoint)
      figures.add{ key = "upload of a million", group = group, unit = "MiB",
         work = "1,000,000 rows (.csv): the process at its peak",
         value = upload(endpoint, dir .. "/1000000.csv")[3] / 1024 }
   end)
   survive(1000000)
end)
