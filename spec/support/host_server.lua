--- host_server.lua - the server of the programs in spec/host: a scripted one that answers by the path.
--
--    local server = host_server.start()   -- see scripted.lua
--
-- Below /api/v1: /flaky?id=x refuses the first request of each id; /wait is always a 502; /silent never answers; /slow
-- does after 50 ms, /late after 500; /wrong, /page, /coded and /moved are errors; /large is 200 KB; /close ends the
-- connection after the answer. A POST below /experiments creates observations. What nothing else is said of is
-- {"data":[]}.
local scripted = require "spec.support.scripted"

local host_server = {}

local ROUTE = [==[
   local _, request = ...
   seen = seen or {}
   local path, query = request.target:match("^/api/v1(/%a*)[^?]*%??(.*)$")
   local answer = { headers = { ["X-Request-Id"] = "r-1" }, body = '{"data":[]}' }
   if path == "/flaky" and not seen[query] then
      seen[query] = true
      answer.status, answer.headers["Retry-After"] = 503, "0"
   elseif path == "/wait" then
      answer.status = 502
   elseif path == "/silent" then
      return { stall = true }
   elseif path == "/slow" or path == "/late" then
      answer.wait = path == "/slow" and 50 or 500
   elseif path == "/wrong" then
      answer.status = 404
      answer.body = [[{"detail":{"a":["]"]},"err\u006fr":{"message":"no such th\u00efng"}}]]
   elseif path == "/page" then
      answer.status, answer.headers["Content-Type"] = 501, "text/html"
      answer.body = "<html><style>p{}</style><p>" .. ("not here ").rep("not here ", 50) .. "</p>"
   elseif path == "/coded" then
      answer.status, answer.body = 400, '{"error":"a_code","message":"a text"}'
   elseif path == "/moved" then
      answer.status, answer.headers.Location = 302, "http://elsewhere.example/"
   elseif path == "/large" then
      answer.body = '"' .. ("x"):rep(200 * 1024) .. '"'
   elseif path == "/close" then
      answer.close = "fin"
   elseif path == "/experiments" and request.method == "POST" then
      created = created or 0
      answer.status, answer.body = 201, {}
      for row in request.body:gmatch("%b{}") do
         created = created + 1
         table.insert(answer.body, ('{"id":%d,%s'):format(created, row:sub(2)))
      end
      answer.body = '{"data":[' .. table.concat(answer.body, ",") .. "]}"
   end
   return answer
]==]

--- Starts a server that forgets nothing between two programs; on host where given.
function host_server.start(host)
   return scripted.start(host):route(ROUTE)
end

return host_server
