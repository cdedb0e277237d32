--- upload.lua - upload_observations: what it costs beside posting bodies that are ready, how much memory it
-- takes, and whether a million rows arrive whole where one answer in a hundred is a fault.
--
--    upload.lua BUILD [ROUNDS]
--
-- BUILD/bench holds rows_server and post_bodies, made of the .c files beside this one.
local figures = require "figures"

local build, rounds = arg[1] or "build", tonumber(arg[2]) or 5
local here = arg[0]:match("^(.*/)") or "./"
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

-- Runs f with the endpoint of a fresh server.
local function with_server(faults, f)
   shell("rm -f %s/alive %s/port; mkfifo %s/alive %s/port", dir, dir, dir, dir)
   assert(os.execute(("'%s/bench/rows_server' %d 7 <%s/alive >%s/port &"):format(build, faults, dir, dir)))
   local alive = assert(io.open(dir .. "/alive", "w")) -- its end is the server's
   local said = assert(io.open(dir .. "/port"))
   local port = said:read("l")
   said:close()
   local fine, problem = xpcall(f, debug.traceback, "http://127.0.0.1:" .. port)
   alive:close()
   assert(fine, problem)
end

local function post_bodies(endpoint, count)
   return (figures.run("'%s/bench/post_bodies' %s/api/v1/experiments/bench/observations %s/%d.jsonl 500 4",
      build, endpoint, dir, count))
end

local function upload(endpoint, source)
   return (figures.run("'%s/promptic-lua' '%supload_once.lua' %s '%s'", build, here, endpoint, source))
end

-- ------------------------------------------------------------------ figures

-- Both sides in turns, each with a server of its own.
local function compare(name, source, count, limit)
   local ratios, base, ours, peak = {}, nil, nil, 0
   for round = 1, rounds do
      with_server(0, function(endpoint) base = post_bodies(endpoint, count) end)
      with_server(0, function(endpoint) ours = upload(endpoint, source) end)
      assert(ours[4] == count)
      ratios[round], peak = ours[1] / base[1], math.max(peak, ours[3] / 1024)
   end
   figures.report(("%d observations from %s: CPU, beside ready bodies"):format(count, name),
      figures.median(ratios), limit)
   return peak
end

-- Whether the server holds just the rows of the file, in whatever order.
local function compare_content(endpoint, count)
   shell("curl -s %s/rows | LC_ALL=C sort >%s/held; LC_ALL=C sort %s/%d.jsonl | cmp - %s/held", endpoint, dir,
      dir, count, dir)
end

local function survive(count)
   with_server(10, function(endpoint)
      local ours = upload(endpoint, ("%s/%d.csv"):format(dir, count))
      assert(ours[4] == count)
      compare_content(endpoint, count)
      print(("%d rows with faults: what the server holds is the file"):format(count))
      print("   faults: " .. shell("curl -s %s/faults", endpoint))
      figures.report("   CPU", ours[1], nil, "s")
      figures.report("   peak memory", ours[3] / 1024, 30, "MiB")
   end)
end

figures.with_folder(function(folder)
   dir = folder
   write_rows(100000)
   write_rows(1000000)
   local small = compare("a .csv file", dir .. "/100000.csv", 100000, 5)
   compare("a .jsonl file", dir .. "/100000.jsonl", 100000, 5)
   compare("a list of tables", "list:" .. dir .. "/100000.jsonl", 100000)
   figures.report("   peak memory with 100,000 rows (.csv)", small, 30, "MiB")
   with_server(0, function(endpoint)
      local large = upload(endpoint, dir .. "/1000000.csv")
      figures.report("   peak memory with 1,000,000 rows (.csv)", large[3] / 1024, 30, "MiB")
   end)
   survive(1000000)
end)
