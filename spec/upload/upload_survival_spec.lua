--- upload_observations against spec/bench/rows_server.c, of whose answers some are 429, 503 and resets before and after
-- it took a batch: what the server holds is the file, row by row, also where faults in a row end the upload and it is
-- resumed. A million rows are in `make bench`.
-- Tags: slow
local clients = require "spec.support.clients"
local process = require "spec.support.process"
local resuming = require "spec.support.resuming"
local socket = require "socket"

local ROWS, BATCH = 20000, 20 -- a thousand answers

local folder

-- The body of the server's answer, which says how long it is, or comes in chunks.
local function get(port, path)
   local peer = assert(socket.connect("127.0.0.1", port))
   assert(peer:send(("GET %s HTTP/1.1\r\n\r\n"):format(path)))
   local length, pieces = nil, {}
   repeat
      local line = assert(peer:receive("*l"))
      length = length or tonumber(line:match("^Content%-Length: (%d+)"))
   until line == ""
   repeat
      local size = length or tonumber(assert(peer:receive("*l")), 16)
      pieces[#pieces + 1] = assert(peer:receive(size))
      if not length then peer:receive("*l") end
   until length or size == 0
   peer:close()
   return table.concat(pieces)
end

-- Runs f with the port of a server with so many faults in a thousand answers.
local function with_server(faults, seed, f)
   local alive, said = folder .. "/alive", folder .. "/port"
   assert(os.execute(("rm -f '%s' '%s'; mkfifo '%s' '%s'"):format(alive, said, alive, said)))
   assert(os.execute(("'%s/rows_server' %d %d <'%s' >'%s' &"):format(folder, faults, seed, alive, said)))
   local life = assert(io.open(alive, "w")) -- its end is the server's
   local pipe = assert(io.open(said))
   local port = tonumber(pipe:read("*l"))
   pipe:close()
   local fine, problem = pcall(f, port)
   life:close()
   assert(fine, problem)
end

-- How often each line is there: rows arrive in any order.
local function counted(text)
   local counts = {}
   for line in text:gmatch("[^\n]+") do
      counts[line] = (counts[line] or 0) + 1
   end
   return counts
end

-- The first line that is not there as often; nil if there is none.
local function difference(some, others)
   for line, count in pairs(some) do
      if others[line] ~= count then
         return ("%s: %d and %d"):format(line, count, others[line] or 0)
      end
   end
end

-- The same rows as .csv and as the server keeps them. One in fifty says just what the one before says.
local function write_rows(path)
   local csv, kept = { "ticket,expected" }, {}
   for index = 1, ROWS do
      local number = index % 50 == 0 and index - 1 or index
      csv[index + 1] = ('"Ticket %d, ""quoted""",label %d'):format(number, number % 4)
      kept[index] = ('{"variables":{"ticket":"Ticket %d, \\"quoted\\""},"expected":"label %d"}')
         :format(number, number % 4)
   end
   process.write_file(path, table.concat(csv, "\r\n"))
   return counted(table.concat(kept, "\n"))
end

describe("an upload to a server that fails", function()
   local kept, path

   setup(function()
      folder = process.folder()
      path = folder .. "/rows.csv"
      kept = write_rows(path)
      local built = process.run{ "sh", "-c",
         ("cc -std=c11 -D_GNU_SOURCE -O2 -o '%s/rows_server' spec/bench/rows_server.c"):format(folder) }
      assert.equal(0, built.code, built.stderr)
   end)

   teardown(function()
      process.remove(folder)
   end)

   for _, case in ipairs{ { 0, 1 }, { 10, 1 }, { 10, 2 }, { 100, 3 }, { 450, 4 } } do
      local faults, seed = case[1], case[2]
      it(("leaves there what the file holds: %d faults in a thousand, seed %d"):format(faults, seed), function()
         with_server(faults, seed, function(port)
            local client = clients.open("http://127.0.0.1:" .. port)
            local result, ends = resuming.upload(client, "e", function() return path end, {
               batch_size = BATCH, ordered = faults < 450, -- in order, so many faults in a row take minutes
            })
            client:close()
            if ends == 0 then assert.equal(ROWS, result.sent) end
            assert.is_true(ends > 0 or faults < 450, "no fault ended the upload: nothing was resumed")
            local held = counted(get(port, "/rows"))
            assert.is_nil(difference(kept, held), "of the file and of the server")
            assert.is_nil(difference(held, kept), "of the server and of the file")
            local told = 0
            for count in get(port, "/faults"):gmatch(":(%d+)") do
               told = told + 1
               assert.is_true(tonumber(count) > 0 or faults == 0, "a kind of fault never came")
            end
            assert.equal(5, told)
         end)
      end)
   end
end)
