--- http.lua - promptic.http: 30 chats, 8 at once, beside the platform's own calls, libcurl alone, and curl by
-- os.execute.
--
--    http.lua BUILD
--
-- BUILD/bench holds post_bodies (post_bodies.c). The server answers at once, so that what a chat costs is all there is.
local figures = require "figures"
local nginx = require "nginx"

local build, rounds = arg[1], tonumber(os.getenv("BENCH_ROUNDS")) or 9
local TURNS, CHATS = 40, 30 -- of a process: 30 chats alone take it some milliseconds

-- A body a line, as chats.lua sends them.
local function write_bodies(path)
   local line = '{"model":"small","messages":[{"role":"system","content":"You answer the customers of a shop."},'
      .. '{"role":"user","content":"Where is my order %d? It was to come on Monday, and I have not heard of it."}]}\n'
   local lines = {}
   for index = 1, TURNS * CHATS do lines[index] = line:format(index) end
   figures.write(path, table.concat(lines))
end

local function measure(folder, where, name)
   local url, bodies = where.url .. "/api/v1/chat", folder .. "/chats.jsonl"
   local env = where.ca and ("env BENCH_CA_FILE='%s' "):format(where.ca) or ""
   local function ours(mode, turns)
      return function()
         return (figures.run("%s'%s/promptic-lua' '%schats.lua' %s '%s' '%s' %d '%s'", env, build, figures.root, mode,
            where.url, bodies, turns, folder))
      end
   end
   local sides = { http = ours("http", TURNS), platform = ours("platform", TURNS), shell = ours("shell", 1) }
   function sides.c()
      local numbers = figures.run("%s'%s/bench/post_bodies' '%s' '%s' 1 8", env, build, url, bodies)
      return { numbers[2] / TURNS, numbers[1] / TURNS }
   end
   local results = figures.turns(rounds, sides, { shell = 3 })
   local function add(key, work, unit, place, aim, peers)
      figures.add{ key = key .. name, group = "promptic.http: 30 chats, 8 at once", unit = unit, aim = aim,
         work = work:format(name), value = figures.of(results, "http", place, "platform"), peers = peers }
   end
   add("chats CPU", "CPU, beside the platform's own calls%s", "times its CPU", 2, 1.1, {
      { "libcurl alone, answers not decoded", figures.of(results, "c", 2, "platform") },
   })
   add("chats wall", "wall time, beside the platform's own calls%s", "times its wall", 1, 1.1, {
      { "libcurl alone, answers not decoded", figures.of(results, "c", 1, "platform") },
      { "curl by os.execute, 8 at once", figures.of(results, "shell", 1, "platform") },
   })
end

figures.with_folder(function(folder)
   write_bodies(folder .. "/chats.jsonl")
   nginx.serve(folder, { ["components/small"] = "{}" }, function(url, tls)
      measure(folder, { url = url }, "")
      measure(folder, tls, " over TLS")
   end)
end)
