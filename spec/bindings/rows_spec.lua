--- Every row of the table as a call: what arrives at the server, and what never does.
--
-- With PROMPTIC_ENDPOINT (an address of the loopback: a mock or the sandbox) only the good calls run, against
-- that. Where PROMPTIC_WORLD names a sandbox, they use ids of things that are made there first.
-- Tags: luas valgrind
local json = require "cjson"
local promptic = require "promptic"
local clients = require "spec.support.clients"
local rows = require "spec.support.rows"
local scripted = require "spec.support.scripted"

local function variants_of(row)
   return rows.has_nulls(row) and { "minimal", "full", "nulls" } or { "minimal", "full" }
end

--------------------------------------------------------- against an endpoint

local given_endpoint = os.getenv("PROMPTIC_ENDPOINT")
if given_endpoint then
   -- The rows delete things: never at a platform that somebody's environment happens to name.
   local host = given_endpoint:match("^http://([^:/]+)")
   assert(host == "127.0.0.1" or host == "localhost", "PROMPTIC_ENDPOINT is not on the loopback")
   local world = require "spec.support.world"

   describe("against an endpoint", function()
      local client, session

      setup(function()
         client = promptic.client{ max_retries = 0, timeout = 10 }
         -- What the sandbox takes for a session token; a mock takes anything.
         local token = "session-" .. os.getenv("PROMPTIC_API_KEY")
         session = promptic.client{ access_token = token, max_retries = 0, timeout = 10 }
      end)

      teardown(function()
         client:close()
         session:close()
      end)

      local function check(row, variant)
         local call = rows.call(row, variant, world.ids(row))
         local caller = row.without_workspace and session or client
         local result = caller[row.name](caller, rows.unpack(call))
         if row.returns.form == "nothing" then
            assert.is_nil(result)
         elseif row.returns.form == "bytes" then
            assert.is_string(result)
         elseif not row.returns.optional then
            assert.is_table(result)
         end
      end

      for _, row in ipairs(promptic.endpoints) do
         for _, variant in ipairs(variants_of(row)) do
            it(row.name .. " passes, " .. variant, function()
               check(row, variant)
            end)
         end
      end
   end)
   return
end

---------------------------------------------------- against a scripted server

-- What may be in an id, and must end up in one segment of the path.
local ODD_IDS = {
   "two words", "a/b", "../x", "a/..", "a?b=c", "a#b", "100%", "a%2Fb", "%2e%2e", "a+b", "a&b=c", "a;b:c@d,e",
   "...", ".hidden", "~a_b-c.d", "Größe", "日本語", "\\", "\"", "'", "<>", "{}", "[0]", "|", "^", "`", "*", "!",
}

-- What would name another resource than one of this kind.
local NO_IDS = { "", ".", ".." }

-- Values that are not of the type.
local WRONG = {
   string = { {}, true, print },
   integer = { "x", 1.5, {}, true },
   number = { "x", {}, true },
   boolean = { "true", 1, {} },
   object = { "x", 1, true, { 1, 2 } },
   array = { "x", 1, true, { a = 1 } },
   strings = { "x", 1, { true }, { a = "x" } },
   any = {},
   document = { 1, true, print, "", "no JSON", "[1]" },
}

local KNOWN_HEADERS = {
   ["host"] = true, ["user-agent"] = true, ["accept"] = true, ["accept-encoding"] = true,
   ["authorization"] = true, ["content-type"] = true, ["content-length"] = true, ["x-workspace-id"] = true,
   ["x-ai-application-id"] = true,
}

local server = scripted.shared{ body = '{"id":"from the server"}' }
local client

before_each(function()
   client = clients.open(server.url)
end)

after_each(function()
   client:close()
end)

local own_call, each_inner, misspelt = rows.own_call, rows.each_inner, rows.misspelt

local function send(row, call)
   return client[row.name](client, rows.unpack(call))
end

-- The one request that came in since the last reset.
local function arrived()
   local requests = server:requests()
   assert.equal(1, #requests)
   return requests[1]
end

local function nothing_arrived()
   local seen = server:seen()
   assert.equal(0, seen.accepted)
   assert.equal(0, #seen.requests)
end

-- The body: which bytes where that says it all, else which value.
local function check_body(request, expected)
   if expected == nil then
      assert.equal("", request.body)
      assert.is_nil(request.header["content-type"])
      return
   end
   assert.equal("application/json", request.header["content-type"])
   assert.equal(("%d"):format(#request.body), request.header["content-length"])
   local name, value = next(expected)
   if name == nil then
      assert.equal("{}", request.body)
   elseif type(value) == "string" and next(expected, name) == nil then
      assert.equal(('{"%s":"%s"}'):format(name, value), request.body)
   else
      assert.same(expected, json.decode(request.body))
      assert.equal(#expected > 0 and "[" or "{", request.body:sub(1, 1))
   end
end

local function check_headers(request, token)
   assert.equal("Bearer " .. token, request.header.authorization)
   assert.equal("127.0.0.1:" .. server.port, request.header.host)
   local is_bytes = request.header.accept == "*/*" -- which are stored as they come
   assert.equal(is_bytes and "identity" or "gzip", request.header["accept-encoding"])
   for _, word in ipairs{ promptic.version, "Lua", "curl/" } do
      assert.matches(word, request.header["user-agent"], 1, true)
   end
   for name in pairs(request.header) do
      assert.is_true(KNOWN_HEADERS[name], "unexpected header " .. name)
   end
end

-- What a call returns where that is not the JSON of the answer.
local EXPECTED = { bytes = '{"id":"from the server"}', nothing = false }

local function good_calls(row)
   it("is a method of the client and a function of its module, the same one", function()
      assert.is_function(client[row.name])
      assert.equal(client[row.name], require("promptic." .. row.module)[row.name])
   end)

   for _, variant in ipairs(variants_of(row)) do
      it("sends what it should, " .. variant, function()
         if row.returns.form == "nothing" then
            server:always{ status = 204 }
         end
         local call = rows.call(row, variant)
         local result = send(row, call)
         local request = arrived()
         assert.equal(row.verb, request.method)
         assert.equal(call.target, rows.target(request.target))
         assert.equal(("%s %s HTTP/1.1"):format(row.verb, request.target), request.line)
         check_headers(request, clients.KEY)
         assert.is_nil(request.header["x-workspace-id"])
         assert.is_nil(request.header["x-ai-application-id"])
         check_body(request, call.body)
         local expected = EXPECTED[row.returns.form]
         if expected == nil then
            expected = { id = "from the server" }
         end
         assert.same(expected or nil, result)
      end)
   end

   it("names the AI Application with a session token, under both names", function()
      client:close()
      client = promptic.client{
         endpoint = server.url,
         access_token = "a-session-token",
         ai_application_id = "application 1",
         config_file = "",
      }
      send(row, rows.call(row, "minimal"))
      local request = arrived()
      check_headers(request, "a-session-token")
      assert.equal("application 1", request.header["x-ai-application-id"])
      assert.equal("application 1", request.header["x-workspace-id"])
   end)
end

----------------------------------------------------------------- bad arguments

-- A function that makes the minimal call with another value at this position.
local function with_position(row, index, value)
   local call = own_call(row)
   call.args[index] = value
   call.count = math.max(call.count, index)
   return function()
      return send(row, call)
   end
end

local function with_option(row, name, value)
   return with_position(row, #rows.split(row) + 1, { [name] = value })
end

-- The same for a field of changes or of the first element of the list at this position, by the name it is given
-- under, instead of what it has.
local function with_field(row, position, parameter, name, value)
   local call = own_call(row)
   local holder = call.args[position]
   if parameter.place == "item" then
      holder = holder[1]
   end
   holder[parameter.name] = nil
   holder[name] = value
   return function()
      return send(row, call)
   end
end

-- Visits every parameter with a function that gives the call with another value of it.
local function each_parameter(row, visit)
   local positional, options = rows.split(row)
   for index, parameter in ipairs(positional) do
      visit(parameter, function(value)
         return with_position(row, index, value)
      end)
   end
   for _, option in ipairs(options) do
      visit(option, function(value)
         return with_option(row, option.name, value)
      end)
   end
   each_inner(row, function(position, parameter)
      visit(parameter, function(value)
         return with_field(row, position, parameter, parameter.name, value)
      end)
   end)
end

local function refuse_all(title, row, values_of)
   it("refuses " .. title, function()
      each_parameter(row, function(parameter, call_with)
         for _, bad in ipairs(values_of(parameter)) do
            clients.refused(call_with(bad.value), parameter.name, bad.named, bad.nearest)
         end
      end)
      nothing_arrived()
   end)
end

-- A list of this many elements, whatever they are.
local function many(count)
   local list = {}
   for index = 1, count do
      list[index] = {}
   end
   return list
end

local function bad_values(row)
   refuse_all("values of a wrong type", row, function(parameter)
      local list = {}
      for index, value in ipairs(WRONG[parameter.type]) do
         list[index] = { value = value }
      end
      return list
   end)

   refuse_all("null where the contract has none", row, function(parameter)
      local allowed = parameter.nullable or parameter.type == "any"
      return allowed and {} or { { value = promptic.null } }
   end)

   refuse_all("values outside an enum and names the nearest", row, function(parameter)
      local list = {}
      for index, value in ipairs(parameter.values or {}) do
         list[index] = { value = misspelt(value), named = misspelt(value), nearest = value }
      end
      return list
   end)

   refuse_all("numbers, lists and texts out of bounds", row, function(parameter)
      local low, high = parameter.minimum, parameter.maximum
      if not low then
         return {}
      elseif parameter.type == "array" then
         local list = low > 0 and { { value = {}, named = "empty" } } or {}
         list[#list + 1] = high < 10000 and { value = many(high + 1), named = ("at most %d"):format(high) } or nil
         return list
      elseif parameter.type == "string" then
         return { { value = ("x"):rep(low - 1), named = "empty" } }
      end
      local step = parameter.type == "number" and 0.01 or 1
      return { { value = low - step }, { value = high + step } }
   end)
end

local function bad_calls(row)
   local positional, options = rows.split(row)

   it("refuses unknown options and names the nearest", function()
      clients.refused(with_option(row, "colour", 1), "colour")
      for _, option in ipairs(options) do
         local wrong = misspelt(option.name)
         clients.refused(with_option(row, wrong, rows.value(row, option)), wrong, option.name)
      end
      nothing_arrived()
   end)

   it("refuses to go without an argument", function()
      for index = 1, #positional do
         clients.refused(with_position(row, index, nil))
      end
      nothing_arrived()
   end)
end

--------------------------------------------------------------------- odd ones

local function odd_ids(row, index, parameter)
   it("keeps an odd " .. parameter.name .. " in one segment", function()
      for _, id in ipairs(ODD_IDS) do
         with_position(row, index, id)()
      end
      local requests = server:requests()
      assert.equal(#ODD_IDS, #requests)
      for number, request in ipairs(requests) do
         local expected = rows.call(row, "minimal", { [parameter.name] = ODD_IDS[number] }).target
         assert.equal(expected, rows.target(request.target))
      end
   end)

   it("refuses a " .. parameter.name .. " that names nothing", function()
      for _, id in ipairs(NO_IDS) do
         clients.refused(with_position(row, index, id), parameter.name)
      end
      nothing_arrived()
   end)

   it("never cuts a " .. parameter.name .. " short at a zero byte", function()
      pcall(with_position(row, index, "a\0b"))
      for _, request in ipairs(server:requests()) do
         assert.matches("/a%%00b", request.target)
      end
   end)
end

local function odd_query_values(row, parameter)
   it("encodes " .. parameter.name, function()
      for _, value in ipairs(ODD_IDS) do
         with_option(row, parameter.name, value)()
      end
      for number, request in ipairs(server:requests()) do
         local pair = parameter.wire .. "=" .. rows.encode(ODD_IDS[number])
         local query = "&" .. request.target:match("%?(.*)$") .. "&"
         assert.matches("&" .. pair .. "&", query, 1, true)
      end
   end)
end

-- Fields may have their names of the wire; these are checked all the same.
local function wire_names(row, position, parameter)
   it("knows " .. parameter.wire, function()
      local value = rows.value(row, parameter)
      with_field(row, position, parameter, parameter.wire, value)()
      local sent = json.decode(arrived().body)
      local place = (rows.split(row))[position]
      sent = place.place == "body" and sent[place.wire] or sent
      assert.same(value, (parameter.place == "item" and sent[1] or sent)[parameter.wire])
   end)

   it("checks " .. parameter.wire .. ", and that it is given once", function()
      clients.refused(with_field(row, position, parameter, parameter.wire, print), parameter.name)
      local value = rows.value(row, parameter)
      local twice = { [parameter.name] = value, [parameter.wire] = value }
      local both = with_position(row, position, parameter.place == "item" and { twice } or twice)
      clients.refused(both, parameter.name, parameter.wire)
      nothing_arrived()
   end)
end

local function lists(row, position, list)
   it("refuses an unknown field in " .. list.name .. " and names the nearest", function()
      each_inner(row, function(at, parameter)
         if at == position then
            local wrong = misspelt(parameter.name)
            local call = own_call(row)
            call.args[position][1][wrong] = rows.value(row, parameter)
            clients.refused(function()
               send(row, call)
            end, wrong, parameter.name)
         end
      end)
      nothing_arrived()
   end)

   it("refuses a field that is missing in " .. list.name, function()
      each_inner(row, function(at, parameter)
         if at == position and parameter.required then
            clients.refused(with_field(row, position, parameter, parameter.name, nil), parameter.name, "missing")
         end
      end)
      nothing_arrived()
   end)

   it("refuses " .. list.name .. " with holes, and elements that are no tables", function()
      local good = own_call(row).args[position][1]
      for _, bad in ipairs{ { good, nil, good }, { good, "x" }, { good, 1 }, { { good } } } do
         clients.refused(with_position(row, position, bad))
      end
      nothing_arrived()
   end)

   if list.place == "list" then
      it("sends an empty list as one", function()
         with_position(row, position, {})()
         assert.equal("[]", arrived().body)
      end)
   end
end

local function changes(row, position)
   it("passes wire names and unknown fields through", function()
      local given = { aNewField = "x", another_one = 2 }
      for _, field in ipairs(rows.in_place(row, "field")) do
         if not field.wire:find(".", 1, true) then
            given[field.wire] = rows.value(row, field)
         end
      end
      with_position(row, position, given)()
      assert.same(given, json.decode(arrived().body))
   end)

   -- a document has a form, which nothing would not have
   if (rows.split(row))[position].type == "object" then
      it("sends no changes as an empty object", function()
         with_position(row, position, {})()
         assert.equal("{}", arrived().body)
      end)
   end
end

for _, row in ipairs(promptic.endpoints) do
   describe(row.name, function()
      good_calls(row)
      bad_values(row)
      bad_calls(row)
      for index, parameter in ipairs((rows.split(row))) do
         if parameter.place == "path" and parameter.type == "string" then
            odd_ids(row, index, parameter)
         elseif parameter.place == "list" or parameter.items then
            lists(row, index, parameter)
         elseif parameter.place == "changes" then
            changes(row, index)
         end
      end
      each_inner(row, function(position, parameter)
         if parameter.wire ~= parameter.name and not parameter.wire:find(".", 1, true) then
            wire_names(row, position, parameter)
         end
      end)
      for _, parameter in ipairs(rows.in_place(row, "query")) do
         if parameter.type == "string" and not parameter.values then
            odd_query_values(row, parameter)
         end
      end
   end)
end
