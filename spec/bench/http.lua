--- http.lua - promptic.http: 30 chats, 8 at once, beside the platform's own calls, libcurl alone, and curl by
-- os.execute.
--
--    http.lua BUILD
--
-- BUILD/bench holds post_bodies (post_bodies.c) and rows_server (rows_server.c).
local figures = require "figures"
local nginx = require "nginx"
local rows_server = require "rows_server"

local build, rounds = arg[1], tonumber(os.getenv("BENCH_ROUNDS")) or 9
local TURNS, CHATS = 40, 30 -- of a process: the CPU of 30 chats is some milliseconds
local LATENCY = 50           -- milliseconds, of a model that is quick

-- A body a line, as chats.lua sends them.
local function write_bodies(path)
   local line = '{"model":"small","messages":[{"role":"system","content":"You answer the customers of a shop."},'
      .. '{"role":"user","content":"Where is my order %d? It was to come on Monday, and I have not heard of it."}]}\n'
   local lines = {}
   for index = 1, TURNS * CHATS do lines[index] = line:format(index) end
   figures.write(path, table.concat(lines))
end

local GROUP = "promptic.http: 30 chats, 8 at once"

-- Wall time and CPU of a turn, by the side that takes it.
local function turns(folder, where, path, count)
   local bodies, url = folder .. "/chats.jsonl", where.url .. "/api/v1" .. path
   local env = where.ca and ("env BENCH_CA_FILE='%s' "):format(where.ca) or ""
   local function ours(mode, times)
      return function()
         return (figures.run("%s'%s/promptic-lua' '%schats.lua' %s '%s' '%s' '%s' %d '%s'", env, build, figures.root,
            mode, where.url, path, bodies, times, folder))
      end
   end
   local sides = { http = ours("http", count), platform = ours("platform", count), shell = ours("shell", 1) }
   function sides.c()
      local numbers = figures.run("head -%d '%s' >'%s/some' && %s'%s/bench/post_bodies' '%s' '%s/some' 1 8",
         count * CHATS, bodies, folder, env, build, url, folder)
      return { numbers[2] / count, numbers[1] / count }
   end
   return figures.turns(rounds, sides, { shell = 3 })
end

local function add(results, key, work, place, aim, peers)
   for _, peer in ipairs(peers) do peer[2] = figures.of(results, peer[2], place, "platform") end
   figures.add{ key = key, group = GROUP, unit = place == 1 and "times its wall" or "times its CPU", aim = aim,
      work = work, value = figures.of(results, "http", place, "platform"), peers = peers }
end

figures.with_folder(function(folder)
   write_bodies(folder .. "/chats.jsonl")
   rows_server.serve(build, folder, { latency = LATENCY }, function(url)
      local results = turns(folder, { url = url }, "/experiments/bench/observations", 5)
      add(results, "chats", ("a server that takes %d ms: wall, beside the platform's own calls"):format(LATENCY), 1,
         1.1, { { "libcurl alone, ready bodies", "c" }, { "curl by os.execute, 8 at once", "shell" } })
   end)
   nginx.serve(folder, { ["components/small"] = "{}" }, function(url, tls)
      for _, case in ipairs{ { { url = url }, "" }, { tls, " over TLS" } } do
         add(turns(folder, case[1], "/chat", TURNS), "chats CPU" .. case[2],
            ("a server that answers at once%s: CPU, beside the platform's own calls"):format(case[2]), 2, 1.1,
            { { "libcurl alone, ready bodies, answers not decoded", "c" } })
      end
   end)
end)
