--- observations.lua - what upload specs upload to: a scripted server that keeps observations as the platform does,
-- and fails when it is told to.
--
--    observations.serve(server, { [3] = "reset after" }, { most_bytes = 1000 })
--
-- The keys count the POSTs. A fault takes the place of the answer:
--    "429", "503", "503 later"       refused; the last one with Retry-After: 0
--    "reset before", "reset after"   the connection breaks before or after the rows were taken
--    "stall before", "stall after"   no answer ever comes
--    "500 after", "502 before"       an answer that leaves open what happened
--    "empty"                         taken, answered with 201 and no body
--    "part"                          the first half is taken, then the connection breaks
--    "late"                          the connection breaks; the rows are taken at the second POST after it
--    "changed"                       taken with another content, then the connection breaks
--    "400", "403"                    refused; the second one for good
-- Further options: held, rows that are there before; most_bytes, larger bodies are answered with 413; faulty, one
-- POST in so many has a fault, of each kind in its turn; lists, so many GETs are answered, later ones with 404;
-- split, how one that was not given is listed, as JSON; piece, GETs are answered in pieces of so many bytes, a
-- millisecond apart;
-- wait, milliseconds from taking rows to the answer;
-- keep = true, the rows and counts of the platform before stay.
-- room = "cases": the platform of today. Experiment e, of component c, has the dataset d, which keeps cases. Then
-- `count` is how many more cases the dataset says to have than it lists, "none" where it says nothing; most_rows,
-- requests with more are answered with 400; refused, those with a row that holds this text; other, observations that
-- the server lists.
local observations = {}

local ROUTE = [==[
local number, request = ...
local setup = { id = @ID@, faults = { @FAULTS@ }, held = { @HELD@ }, faulty = @FAULTY@, most_bytes = @MOST@,
   lists = @LISTS@, piece = @PIECE@, split = @SPLIT@, room = @ROOM@, count = @COUNT@, most_rows = @ROWS@,
   refused = @REFUSED@, other = @OTHER@, wait = @WAIT@ }
local state = rawget(_G, "observations_state")
if not state or state.id ~= setup.id then
   state = { id = setup.id, rows = {}, posts = 0, lists = 0, turn = 0, random = 7, later = {} }
   rawset(_G, "observations_state", state)
   for _, text in ipairs(setup.held) do state.rows[#state.rows + 1] = text end
end

local TURNS = { "429", "503 later", "503", "reset before", "reset after" }

local function texts_in(body)
   local list = {}
   for text in body:gmatch("%b{}") do list[#list + 1] = text end
   return list
end

local is_cases = setup.room == "cases"

local function case(index)
   local text, count = state.rows[index]:sub(2, -2), 0
   for _, name in ipairs{ "expectedPayload", "split", "metadata" } do
      if not text:find('"' .. name .. '":', 1, true) then text = text .. (',"%s":null'):format(name) end
   end
   return ('{"id":%d,"datasetId":"d","idx":%d,%s,"createdAt":"c"}'):format(index + 1000, index - 1, text)
end

local function observation(index)
   if is_cases then return case(index) end
   local text = state.rows[index]
   local split = text:find('"split":', 1, true) and "" or ',"split":' .. setup.split
   return ('{"id":%d,"experimentId":"e","idx":%d,%s%s,"createdAt":"c","updatedAt":"u"}')
      :format(index + 1000, index - 1, text:sub(2, -2), split)
end

local function list(first, last)
   local all = {}
   for index = first, last do all[#all + 1] = observation(index) end
   return '{"data":[' .. table.concat(all, ",") .. "]}"
end

local function take(texts, last)
   local first = #state.rows + 1
   for index = 1, last or #texts do state.rows[#state.rows + 1] = texts[index] end
   return first
end

if request.target:find("/experiments/[^/]+$") then
   return { body = is_cases and '{"id":"e","aiComponentId":"c","datasetId":"d"}' or '{"id":"e","aiComponentId":"c"}' }
elseif is_cases and request.target:find("/observations$") then
   if setup.other == "" then return { status = 404, body = '{"error":"Not found"}' } end
   return { body = '{"data":[' .. setup.other .. "]}" }
elseif request.method == "GET" then
   state.lists = state.lists + 1
   if state.lists > setup.lists then return { status = 404, body = '{"error":"no list"}' } end
   local body, pieces = list(1, #state.rows), {}
   if is_cases then
      local count = setup.count ~= "none" and (',"caseCount":%d'):format(#state.rows + setup.count) or ""
      body = '{"id":"d","cases":' .. body:sub(9, -2) .. count .. "}"
   end
   if setup.piece == 0 then return { body = body } end
   for at = 1, #body, setup.piece do pieces[#pieces + 1] = body:sub(at, at + setup.piece - 1) end
   return { pieces = pieces, every = 1 }
end

local texts = texts_in(request.body)
state.posts = state.posts + 1
for index = #state.later, 1, -1 do
   if state.later[index].at <= state.posts then take(table.remove(state.later, index).texts) end
end

local fault = setup.faults[state.posts]
if setup.faulty > 0 then
   state.random = (state.random * 1103515245 + 12345) % 2147483648
   if state.random // 65536 % setup.faulty == 0 then
      state.turn = state.turn + 1
      fault = TURNS[(state.turn - 1) % #TURNS + 1]
   end
end

if #texts > setup.most_rows then
   return { status = 400, body = ('{"error":"Array must contain at most %d element(s)"}'):format(setup.most_rows) }
elseif setup.refused ~= "" and request.body:find(setup.refused, 1, true) then
   return { status = 400, body = '{"error":"Required"}' }
elseif request.body_length > setup.most_bytes then
   return { status = 413, body = '{"error":"too large"}' }
elseif not fault then
   return { status = 201, wait = setup.wait, body = list(take(texts), #state.rows) }
elseif fault == "400" or fault == "403" or fault == "429" or fault == "503" then
   return { status = tonumber(fault), body = '{"error":"no"}' }
elseif fault == "503 later" then
   return { status = 503, headers = { ["Retry-After"] = "0" }, body = '{"error":"busy"}' }
elseif fault == "502 before" then
   return { status = 502, body = '{"error":"bad gateway"}' }
elseif fault == "late" then
   state.later[#state.later + 1] = { at = state.posts + 2, texts = texts }
elseif fault == "changed" then
   for index, text in ipairs(texts) do texts[index] = text:gsub('("expected%a*":")', '%1~') end
end
if fault == "part" then
   take(texts, #texts // 2)
elseif fault:find("after", 1, true) or fault == "empty" or fault == "changed" then
   take(texts)
end
if fault == "500 after" then
   return { status = 500, body = '{"error":"oops"}' }
elseif fault == "empty" then
   return { status = 201 }
elseif fault:find("stall", 1, true) then
   return { stall = true }
end
return { close = "reset" }
]==]

local serial = 0

--- Makes the server such a platform, with no observations but those in options.held (texts).
function observations.serve(server, faults, options)
   options = options or {}
   serial = serial + (options.keep and 0 or 1)
   local list, held = {}, {}
   for number, fault in pairs(faults or {}) do
      list[#list + 1] = ("[%d] = %q"):format(number, fault)
   end
   for index, text in ipairs(options.held or {}) do
      held[index] = ("%q"):format(text)
   end
   local values = {
      ID = tostring(serial),
      FAULTS = table.concat(list, ", "),
      HELD = table.concat(held, ", "),
      FAULTY = tostring(options.faulty or 0),
      MOST = tostring(options.most_bytes or 1e9),
      LISTS = tostring(options.lists or 1e9),
      SPLIT = ("%q"):format(options.split or '"eval"'),
      PIECE = tostring(options.piece or 0),
      ROOM = ("%q"):format(options.room or "observations"),
      COUNT = options.count == "none" and '"none"' or tostring(options.count or 0),
      ROWS = tostring(options.most_rows or 1e9),
      REFUSED = ("%q"):format(options.refused or ""),
      WAIT = tostring(options.wait or 0),
      OTHER = ("%q"):format(options.other or ""),
   }
   server:route((ROUTE:gsub("@(%u+)@", values)))
end

--- Serves a platform that is empty and takes any rows, whatever they hold; it remembers none.
function observations.accept(server)
   server:route[[
      local _, request = ...
      if request.method == "GET" then return { body = '{"data":[]}' } end -- of the experiment too
      local ids = {}
      for _ in request.body:gmatch('[%[,]{"variables":') do
         count = (rawget(_G, "count") or 0) + 1
         ids[#ids + 1] = ('{"id":%d}'):format(count)
      end
      return { status = 201, body = '{"data":[' .. table.concat(ids, ",") .. "]}" }
   ]]
end

--- How many requests of the method the server has seen, beside the one for the experiment with which an upload begins.
function observations.count(server, method)
   local count = 0
   for _, request in ipairs(server:requests()) do
      local is_first = request.target:find("/experiments/[^/]+$")
      count = count + (request.method == method and not is_first and 1 or 0)
   end
   return count
end

--- The texts of these observations' variables.text and expected, sorted: rows that were sent twice show.
function observations.texts(list)
   local texts = {}
   for index, one in ipairs(list) do
      texts[index] = tostring((one.variables or one.inputPayload).text) .. " -> " .. (one.expected
         or one.expectedPayload)
   end
   table.sort(texts)
   return texts
end

--- A list of so many observations with the texts "row 1", "row 2", ...
function observations.rows(count)
   local list = {}
   for index = 1, count do
      list[index] = { variables = { text = "row " .. index }, expected = "label " .. index % 3 }
   end
   return list
end

return observations
