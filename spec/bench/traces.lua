--- traces.lua - what a finished span costs, and 100,000 of them to a server and through the spool; beside
-- OpenTelemetry's Python SDK where BENCH_PYTHON is an interpreter that has it.
--
--    traces.lua BUILD
local figures = require "figures"
local nginx = require "nginx"

local build, count, rounds = arg[1], 100000, tonumber(os.getenv("BENCH_ROUNDS")) or 5
local python = os.getenv("BENCH_PYTHON")

figures.with_folder(function(folder)
   nginx.serve(folder, { ["components/small"] = "{}" }, function(url)
      local function ours(mode)
         return function()
            return (figures.run("'%s/promptic-lua' '%sspans.lua' %s '%s' %d '%s'", build, figures.root, mode, url,
               count, folder))
         end
      end
      local sides = { memory = ours "memory", server = ours "server", spool = ours "spool" }
      if python then
         function sides.python()
            return (figures.run("'%s' '%sspans.py' '%s' %d", python, figures.root, url, count))
         end
      end
      local results = figures.turns(rounds, sides, { python = 3 })
      local function add(key, work, value, aim, peers)
         figures.add{ key = key, group = "traces", work = work, unit = "µs", value = value, aim = aim, peers = peers }
      end
      local function theirs(place)
         return python and { { "OpenTelemetry's Python SDK", figures.of(results, "python", place) } } or nil
      end
      add("span in memory", "a finished span in memory, without the collector", figures.of(results, "memory", 1), 1)
      add("span in memory, collected", "the same with it", figures.of(results, "memory", 2))
      add("span to a server", "each of 100,000 spans to a server, CPU", figures.of(results, "server", 2), nil,
         theirs(2))
      add("span to a server, wall", "each of 100,000 spans to a server, wall time", figures.of(results, "server", 1),
         nil, theirs(1))
      add("span into the spool", "finish with a spool, CPU", figures.of(results, "spool", 3))
      add("span through the spool", "each of 100,000 spans through the spool to a server, CPU",
         figures.of(results, "spool", 2))
   end)
end)
