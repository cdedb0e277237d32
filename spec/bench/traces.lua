--- traces.lua - what a finished span costs, and 100,000 of them to a server and through the spool; beside
-- OpenTelemetry's SDK for Node, whose packages are those of spec/otlp, and the one for Python where BENCH_PYTHON is an
-- interpreter that has it: Debian has no package of it.
--
--    traces.lua BUILD
local figures = require "figures"
local nginx = require "nginx"

local build, count, rounds = arg[1], 100000, tonumber(os.getenv("BENCH_ROUNDS")) or 5
local python = os.getenv("BENCH_PYTHON")

local function has_node()
   local packages = io.open(figures.root .. "../otlp/node_modules/.package-lock.json")
   if packages then
      packages:close()
   end
   return packages and os.execute("command -v node >/dev/null")
end

-- The sides' runs, by name; those beside ours with the name that figures show.
local function sides_of(url, folder)
   local sides, peers = {}, {}
   for _, mode in ipairs{ "memory", "server", "spool" } do
      sides[mode] = function()
         return (figures.run("'%s/promptic-lua' '%sspans.lua' %s '%s' %d '%s'", build, figures.root, mode, url, count,
            folder))
      end
   end
   local function add(name, side, command)
      sides[side] = function() return (figures.run("%s '%s' %d", command, url, count)) end
      peers[#peers + 1] = { name, side }
   end
   if has_node() then
      add("OpenTelemetry's SDK for Node", "node", ("node '%sspans.js'"):format(figures.root))
   end
   if python then
      add("OpenTelemetry's SDK for Python", "python", ("'%s' '%sspans.py'"):format(python, figures.root))
   end
   return sides, peers
end

figures.with_folder(function(folder)
   nginx.serve(folder, { ["components/small"] = "{}" }, function(url)
      local sides, peers = sides_of(url, folder)
      local results = figures.turns(rounds, sides, { python = 3, node = 2 })
      -- A figure of ours in units of which so many are one of what was printed, beside the others' where it has some.
      local function add(key, work, side, place, unit, scale, more)
         local row = { key = key, group = "traces", work = work, unit = unit, peers = {}, absolute = more.absolute,
            value = figures.of(results, side, place) * scale, aim = more.aim }
         for _, peer in ipairs(more.beside and peers or {}) do
            row.peers[#row.peers + 1] = { peer[1], figures.of(results, peer[2], place) * scale }
         end
         figures.add(row)
      end
      -- A time, and its ratio to three tables of a plain script in the same round: the time depends on the machine.
      local function add_time(key, work, side, place, unit, scale, more)
         more = more or {}
         more.absolute = true
         add(key .. ", time", work, side, place, unit, scale, more)
         figures.add{ key = key, group = "traces", work = "   in times of three tables of a plain script",
            unit = "for each", value = figures.of(results, side, place, "memory", more.plain or 3) }
      end
      local seconds = count / 1e6 -- of all, for a microsecond of each
      add_time("span in memory", "a finished span in memory: CPU, without the collector", "memory", 1, "µs", 1,
         { aim = 1 })
      add_time("span in memory, collected", "the same with it", "memory", 2, "µs", 1, { plain = 4 })
      add_time("span ended", "a span's beginning and end while others are sent: CPU", "server", 3, "µs", 1,
         { beside = true })
      add_time("span into the spool", "the same with a spool", "spool", 3, "µs", 1)
      add("spans to a server, wall", "100,000 spans to a server: wall", "server", 1, "s", seconds,
         { absolute = true, beside = true })
      add_time("spans to a server", "the same: CPU", "server", 2, "s of CPU", seconds, { beside = true })
      add("spans to a server, memory", "the same: the process at its peak", "server", 4, "MiB", 1 / 1024,
         { beside = true })
      add("spans through the spool, wall", "100,000 spans through the spool: wall", "spool", 1, "s", seconds,
         { absolute = true })
      add_time("spans through the spool", "the same: CPU", "spool", 2, "s of CPU", seconds)
      add("spans through the spool, memory", "the same: the process at its peak", "spool", 4, "MiB", 1 / 1024, {})
   end)
end)
