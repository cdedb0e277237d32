--- chats.lua - 30 chats with a model's server, 8 at once.
--
--    chats.lua http|platform|shell ENDPOINT PATH BODIES TURNS FOLDER
--
-- By promptic.http; by the platform's own calls, which ask the same server; or by curl and os.execute, whose answers
-- come by files in FOLDER. Prints the seconds of wall time and of CPU that one of the turns has taken; with shell the
-- CPU is that of this process alone.
local promptic = require "promptic"

local mode, endpoint, path, bodies, turns, folder = arg[1], arg[2], arg[3], arg[4], tonumber(arg[5]), arg[6]
local CHATS, CONCURRENCY = 30, 8
local ca_file = os.getenv("BENCH_CA_FILE")
local url = endpoint .. "/api/v1" .. path
local client = promptic.client{ endpoint = endpoint, api_key = "bench", config_file = "", ca_file = ca_file }

-- The bodies of a turn, each a list of one.
local function read(lines)
   local list = {}
   for index = 1, CHATS do list[index] = { promptic.json.decode(lines()) } end
   return list
end

local function said(answer)
   return assert(next(answer))
end

local ask = {}

function ask.http(chat)
   return said(promptic.http("POST", url, { json = chat, ca_file = ca_file }).json)
end

function ask.platform(chat)
   return said(client:request("POST", path, { body = chat }))
end

-- As many curls as may run at once in one command, as scripts do it.
local function shell(list)
   for first = 1, CHATS, CONCURRENCY do
      local command, last = {}, math.min(first + CONCURRENCY - 1, CHATS)
      for index = first, last do
         local name = ("%s/chat.%d"):format(folder, index)
         local file = assert(io.open(name, "w"))
         file:write(promptic.json.encode(list[index]))
         file:close()
         command[#command + 1] = ("curl -s %s -H 'Content-Type: application/json' -d @%s -o %s.answer '%s' &"):format(
            ca_file and "--cacert " .. ca_file or "", name, name, url)
      end
      assert(os.execute(table.concat(command) .. "wait"))
      for index = first, last do
         local file = assert(io.open(("%s/chat.%d.answer"):format(folder, index)))
         said(promptic.json.decode(file:read("a")))
         file:close()
      end
   end
end

local lines = io.lines(bodies)
local wall, cpu = promptic.now(), os.clock()
for _ = 1, turns do
   local list = read(lines)
   if mode == "shell" then
      shell(list)
   else
      promptic.map(list, ask[mode], { concurrency = CONCURRENCY })
   end
end
print(("%.6f %.6f"):format((promptic.now() - wall) / turns, (os.clock() - cpu) / turns))
