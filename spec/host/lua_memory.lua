-- lua_memory.lua - the script of lua_memory.c: what checks the state, and the entry points that are swept, as a list
-- of name, function, name, function.
local promptic, url, file = ...
promptic.on_task_error = function() end
local options = { endpoint = url, api_key = 'a-key', config_file = '', backoff = 0.001 }
local client = promptic.client(options)
local function get(path) return client:request('GET', path).data end
local function rows(count)
   local number = 0
   return function()
      number = number + 1
      return number <= count and { variables = { n = number }, expected = 'x' } or nil
   end
end
local settings = { batch_size = 2, concurrency = 2, ordered = false }
local document = { list = { 1, 2.5, 'x', { a = true } }, null = promptic.null, text = ('y'):rep(300) }
local text = promptic.json.encode(document)
local silent -- a task that ends only where it is cancelled

local function drain()
   local turns = 0
   if silent then
      silent:cancel()
   end
   while promptic.step(turns > 0 and 0.01 or 0) > 0 do
      turns = turns + 1
      assert(turns < 1000, 'a task is left that nothing ends')
   end
end
local function works()
   drain()
   assert(get('/quick'), 'a call')
   assert(client:upload_observations('e', rows(3), settings).sent == 3, 'an upload')
   local first, second = promptic.run(function()
      local task = promptic.spawn(get, '/quick')
      promptic.sleep(0)
      return task:await(), promptic.map({ 1, 2 }, tostring)
   end)
   assert(first and second[2] == '2', 'promptic.run')
   assert(promptic.json.decode(text).list[3] == 'x', 'JSON')
   drain()
end
return works, {
   'client', function()
      local other = promptic.client(options)
      tostring(other)
      other:close()
   end,
   'call', function() assert(get('/quick')) end,
   'row', function()
      client:create_component('name', { description = 'd' })
      client:list_traces{ limit = 7 }
      client:update_experiment('id', { name = 'n', other = { 1, 2 } })
   end,
   'query', function() client:request('GET', '/quick', { query = { b = { 1, true }, a = 'x' } }) end,
   'response', function()
      assert(promptic.response(client:request('GET', '/quick')).headers['x-request-id'] == 'r-1')
   end,
   'error', function()
      local _, problem = pcall(client.request, client, 'GET', '/wrong')
      if not promptic.is_error(problem, 'api') then
         error(problem, 0)
      end
      assert(tostring(problem):find('no such', 1, true))
   end,
   'argument', function() assert(not pcall(client.get_component, client, {})) end,
   'encode', function() promptic.json.encode(document) end,
   'decode', function() promptic.json.decode(text) end,
   'spawn', function()
      local task = promptic.spawn(get, '/quick')
      assert(task:await())
   end,
   'step', function()
      promptic.spawn(get, '/quick')
      repeat until promptic.step(0.01) == 0
   end,
   'cancel', function()
      silent = promptic.spawn(get, '/silent')
      promptic.step(0)
      silent:cancel()
      promptic.step(0)
   end,
   'sleep', function() promptic.run(promptic.sleep, 0.001) end,
   'run', function()
      assert(promptic.run(function()
         local tasks = { promptic.spawn(get, '/quick'), promptic.spawn(promptic.sleep, 0) }
         tasks[2]:await()
         return tasks[1]:await()
      end))
   end,
   'map', function()
      assert(#promptic.map({ '/quick', '/quick', '/quick' }, get, { concurrency = 2 }) == 3)
   end,
   'failing task', function()
      assert(not pcall(promptic.run, function() promptic.spawn(get, '/wrong'):await() end))
   end,
   'upload', function() assert(client:upload_observations('e', rows(5), settings).sent == 5) end,
   'upload of a list', function()
      client:upload_observations('e', { { input = 'x', expected = 'y' } }, settings)
   end,
   'upload of a file', function()
      assert(client:upload_observations('e', file .. '.csv', settings).sent == 3)
   end,
   'upload in a task', function()
      promptic.run(client.upload_observations, client, 'e', rows(5), settings)
   end,
   'pages', function() for _ in client:each_experiment() do end end,
   'auth', function()
      promptic.auth.save{ api_key = 'k', endpoint = 'https://a.example', config_file = file }
      promptic.auth.status{ config_file = file }
      promptic.auth.logout{ config_file = file }
   end,
}
