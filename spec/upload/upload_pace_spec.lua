--- upload_observations: how many rows a request has and how many requests are under way. Requests and their sizes are
-- counted at a scripted server; what time it takes them is the server's.
-- Tags: luas slow
local clients = require "spec.support.clients"
local observations = require "spec.support.observations"
local scripted = require "spec.support.scripted"

local server, client

setup(function()
   server = scripted.start()
   client = clients.open(server.url, { backoff = 0.01 })
end)

teardown(function()
   client:close()
   server:stop()
end)

before_each(function()
   server:reset()
end)

-- Serves a platform that takes all rows, where the chunk of Lua does not return a reply. It finds `flying`, how many
-- requests are under way with this one, and `rows` and sets `seconds`, which the response takes. Bodies are tallied:
-- `sizes`, rows by row, so that the spec sees which are there twice.
local function serve(chunk)
   server:route(([[
      local number, request = ...
      if request.method == "GET" then return { body = '{"data":[]}' } end
      local now, seconds, flying = require("socket").gettime(), 0.1, 1
      if number <= 3 then finished, busy_until, taken = {}, 0, 0 end
      for _, at in ipairs(finished) do flying = flying + (at > now and 1 or 0) end
      local _, rows = request.body:gsub('"variables"', "")
      %s
      finished[#finished + 1] = now + seconds
      local ids = {}
      for index = 1, rows do
         taken = taken + 1
         ids[index] = ('{"id":%%d}'):format(taken)
      end
      return { wait = seconds * 1000, status = 201,
         headers = { ["X-Flying"] = tostring(flying) }, body = '{"data":[' .. table.concat(ids, ",") .. "]}" }
   ]]):format(chunk))
end

-- An upload whose rows may arrive in any order: several requests are under way.
local function upload(rows, options)
   options = options or {}
   options.ordered = false
   return client:upload_observations("e", rows, options)
end

-- What came in: rows of each POST, the most that were under way, and how often the rows were sent, by their text.
local function posts(seconds)
   local sizes, most, texts, arrivals = {}, 0, {}, {}
   for _, request in ipairs(server:requests()) do
      if request.method == "POST" then
         local size = 0
         for text in request.body:gmatch('"text":"(row %d+)"') do
            size, texts[text] = size + 1, (texts[text] or 0) + 1
         end
         sizes[#sizes + 1], arrivals[#arrivals + 1] = size, request.at
         local flying = 0
         for _, at in ipairs(arrivals) do flying = flying + (request.at - at < seconds and 1 or 0) end
         most = math.max(most, flying)
      end
   end
   return sizes, most, texts
end

local function is_each_once(texts, count)
   for index = 1, count do
      assert.equal(1, texts["row " .. index])
   end
end

describe("while latency is what limits, an upload", function()
   it("has more and more requests under way, to concurrency, 16 without it", function()
      for _, concurrency in ipairs{ 16, 6, 3 } do
         server:reset()
         serve ""
         upload(observations.rows(150), {
            batch_size = 1, concurrency = concurrency ~= 16 and concurrency or nil,
         })
         local sizes, most, texts = posts(0.095)
         assert.equal(150, #sizes)
         assert.equal(concurrency, most)
         is_each_once(texts, 150)
      end
   end)

   it("begins with four requests", function()
      serve "seconds = number <= 6 and 0.3 or 0"
      upload(observations.rows(30), { batch_size = 1 })
      local at = {}
      for _, request in ipairs(server:requests()) do
         at[#at + 1] = request.method == "POST" and request.at or nil
      end
      assert.is_true(at[5] - at[1] > 0.29)
   end)

   it("sends larger and larger requests, to 1,000 rows", function()
      serve ""
      local result = upload(observations.rows(12000))
      local sizes, _, texts = posts(0.1)
      is_each_once(texts, 12000)
      assert.equal(#sizes, result.batches)
      assert.equal(500, sizes[1])
      local largest = 0
      for index, size in ipairs(sizes) do
         assert.is_true(size <= 1000)
         largest = largest + (index > 4 and size == 1000 and 1 or 0)
      end
      assert.is_true(largest >= 9, largest .. " requests of 1,000 rows")
   end)

   it("sends no request of more than batch_bytes, where a row fits", function()
      serve ""
      upload(observations.rows(3000), { batch_bytes = 8000 })
      local _, _, texts = posts(0.1)
      is_each_once(texts, 3000)
      for _, request in ipairs(server:requests()) do
         assert.is_true(request.body_length <= 8000)
      end
   end)
end)

describe("where the platform's work limits, an upload", function()
   it("has no more requests under way, which would only wait for each other", function()
      serve "busy_until = math.max(busy_until, now) + 0.1; seconds = busy_until - now"
      upload(observations.rows(24), { batch_size = 1, concurrency = 20 })
      local finished, most = { 0 }, 0
      for _, request in ipairs(server:requests()) do
         if request.method == "POST" then
            finished[#finished + 1] = math.max(finished[#finished], request.at) + 0.1
            local flying = 0
            for _, at in ipairs(finished) do flying = flying + (at > request.at and 1 or 0) end
            most = math.max(most, flying)
         end
      end
      assert.is_true(most >= 4 and most <= 8, most .. " under way")
   end)

   it("sends no larger requests where those that it sends are slow", function()
      serve "seconds = 2.1"
      upload(observations.rows(4500), { concurrency = 4 })
      for _, size in ipairs((posts(0.1))) do
         assert.equal(500, size)
      end
   end)
end)

describe("once the platform asks for less, an upload", function()
   for _, status in ipairs{ 429, 503 } do
      it("halves the requests under way: " .. status, function()
         serve(([[
            if flying > 3 then
               return { status = %d, headers = { ["Retry-After"] = "0.05" }, body = '{"error":"busy"}' }
            end
         ]]):format(status))
         local rows = observations.rows(60)
         local result = upload(rows, { batch_size = 1, concurrency = 30 })
         assert.equal(60, result.sent)
         local sizes = posts(0.1)
         assert.is_true(#sizes > 60, "nothing was refused")
         assert.is_true(#sizes <= 60 + 30, #sizes - 60 .. " requests were refused")
      end)
   end

   it("halves its requests once for all refusals of a round", function()
      serve [[
         seconds, large = 0.02, rawget(_G, "large") or {}
         local first = request.body:match('"text":"(row %d+)"')
         if rows == 1000 and not large[first] then
            large[first] = true
            return { wait = 50, status = 429, headers = { ["Retry-After"] = "0" }, body = '{"error":"busy"}' }
         end
      ]]
      upload(observations.rows(20000), { concurrency = 4 })
      local smallest = 1000
      for _, request in ipairs(server:requests()) do
         local _, size = request.body:gsub('"text":"row %d+"', "")
         if size > 0 and not request.body:find('"row 20000"', 1, true) then -- that of what is left
            smallest = math.min(smallest, size)
         end
      end
      assert.equal(500, smallest)
   end)

   it("halves its requests, and lets them grow again", function()
      serve [[
         seconds = 0.02
         if number == 8 then
            return { status = 429, headers = { ["Retry-After"] = "0" }, body = '{"error":"busy"}' }
         end
      ]]
      upload(observations.rows(30000), { concurrency = 1 })
      local sizes = posts(0.1)
      local smallest, after = 1000, 0
      for index = 3, #sizes - 1 do
         if sizes[index] < smallest then
            smallest, after = sizes[index], index
         end
      end
      assert.equal(500, sizes[1])
      assert.equal(1000, sizes[3])
      assert.equal(500, smallest)
      assert.is_true(sizes[after + 1] > 500 and sizes[after + 1] < 1000, "grows in steps")
      assert.equal(1000, sizes[#sizes - 1])
   end)

   it("halves its requests for good where they were too large (413)", function()
      serve [[
         if request.body_length > 20000 then return { status = 413, body = '{"error":"too large"}' } end
         seconds = 0.02
      ]]
      local result = upload(observations.rows(6000), { concurrency = 1 })
      assert.equal(6000, result.sent)
      local too_large, taken = 0, {}
      for _, request in ipairs(server:requests()) do
         if request.method == "POST" and request.body_length > 20000 then
            too_large = too_large + 1
         elseif request.method == "POST" then
            taken[#taken + 1] = request.body_length
         end
      end
      assert.is_true(too_large >= 1 and too_large <= 3, too_large .. " were too large")
      assert.equal(result.batches, #taken)
   end)
end)
