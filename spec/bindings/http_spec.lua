--- promptic.http: requests to any server, their results and failures, redirects, secrets, files. on_data is in
-- http_stream_spec.
-- Tags: luas
local promptic = require "promptic"
local child = require "spec.support.child"
local clients = require "spec.support.clients"
local driving = require "spec.support.driving"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"
local tls_server = require "spec.support.tls_server"

driving.guard()

local TEXT = { ["Content-Type"] = "text/plain" }
local server = scripted.shared{ body = "ok", headers = TEXT }
local other = scripted.shared{ body = "other", headers = TEXT }
local http, failure = promptic.http, clients.failure

local SECRET = "sk-very-secret-0123456789"

local function last()
   local requests = server:requests()
   return requests[#requests]
end

------------------------------------------------------------------- results

describe("a response", function()
   it("of any status is a result, with its whole body", function()
      for _, status in ipairs{ 200, 204, 304, 400, 404, 429, 500, 503 } do
         local body = (status == 204 or status == 304) and "" or ("x"):rep(200000)
         server:always{ status = status, body = body, headers = TEXT }
         local result = http("GET", server.url .. "/a")
         assert.equal(status, result.status)
         assert.equal(body, result.body)
         assert.is_nil(result.json)
      end
   end)

   it("has headers, url and time", function()
      server:always{ body = "", headers = { { "X-One", "1" }, { "Set-Cookie", "a=1" }, { "Set-Cookie", "b=2" } } }
      local result = http("GET", server.url .. "/a?b=c#d")
      assert.same({ "1", "a=1, b=2" }, { result.headers["x-one"], result.headers["set-cookie"] })
      assert.equal(server.url .. "/a?b=c", result.url)
      assert.is_true(result.elapsed > 0 and result.elapsed < 60)
   end)

   it("is decoded if its type is JSON", function()
      for _, kind in ipairs{ "application/json", "Application/JSON; charset=utf-8", "application/problem+json" } do
         server:always{ status = 422, body = '{"a":[1,2]}', headers = { ["Content-Type"] = kind } }
         assert.same({ a = { 1, 2 } }, http("GET", server.url).json)
      end
      for _, kind in ipairs{ "text/plain", "application/jsonl", "+json" } do
         server:always{ body = '{"a":1}', headers = { ["Content-Type"] = kind } }
         assert.is_nil(http("GET", server.url).json)
      end
   end)

   it("that claims to be JSON and is not is an error if it is a 2xx, else a result", function()
      server:always{ body = "<html>" .. SECRET }
      local problem = failure(http, "GET", server.url .. "/a")
      assert.same({ "decode", "not_json" }, { problem.kind, problem.code })
      server:always{ status = 502, body = "<html>" }
      local result = http("GET", server.url)
      assert.same({ 502, "<html>" }, { result.status, result.body })
      assert.is_nil(result.json)
   end)

   it("that is large JSON is decoded in steps in a task", function()
      server:always{ body = "[" .. ("[1,2,3],"):rep(50000) .. "1]" }
      local task = promptic.spawn(http, "GET", server.url)
      local steps = 0
      driving.wait(function()
         steps = steps + 1
         return task.status == "done"
      end)
      assert.equal(50001, #task:await().json)
      assert.is_true(steps > 10)
   end)

   it("to HEAD has no body, whatever its headers say", function()
      for _, coding in ipairs{ "gzip", "br" } do
         server:always{ raw = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Encoding: " .. coding .. "\r\n\r\n" }
         local result = http("HEAD", server.url)
         assert.same({ 200, "", "1000" }, { result.status, result.body, result.headers["content-length"] })
      end
      assert.equal("HEAD", last().method)
   end)

   it("may be no larger than max_response_bytes, of any status", function()
      for _, status in ipairs{ 200, 500 } do
         server:always{ status = status, body = ("x"):rep(1001), headers = TEXT }
         local problem = failure(http, "GET", server.url, { max_response_bytes = 1000 })
         assert.same({ "decode", "too_large" }, { problem.kind, problem.code })
         assert.equal(1001, #http("GET", server.url, { max_response_bytes = 1001 }).body)
      end
   end)
end)

------------------------------------------------------------------ requests

describe("a request", function()
   it("has the method, the query and the headers that are given", function()
      for _, method in ipairs{ "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" } do
         http(method, server.url .. "/p?x=1", { query = { q = "a b&", n = 1.5, list = { true, 2 } },
            headers = { ["X-Number"] = 12, ["User-Agent"] = "mine" } })
         local request = last()
         assert.equal(method .. " /p?x=1&list=true&list=2&n=1.5&q=a%20b%26 HTTP/1.1", request.line)
         assert.same({ "12", "mine" }, { request.header["x-number"], request.header["user-agent"] })
         assert.is_nil(request.header["content-type"])
      end
   end)

   it("has a body of bytes, JSON or a form", function()
      http("POST", server.url, { body = "\0\255" , headers = { ["Content-Type"] = "application/x-own" } })
      assert.same({ "application/x-own", 2 }, { last().header["content-type"], last().body_length })
      http("POST", server.url, { json = { a = { 1 } } })
      assert.same({ "application/json", '{"a":[1]}' }, { last().header["content-type"], last().body })
      http("POST", server.url, { json = { a = 1 }, headers = { ["content-type"] = "application/ld+json" } })
      assert.equal("application/ld+json", last().header["content-type"])
      http("POST", server.url, { form = { a = "1 2", b = { "x", "y" } } })
      assert.same({ "application/x-www-form-urlencoded", "a=1%202&b=x&b=y" },
         { last().header["content-type"], last().body })
   end)

   it("has its own method, with a body and without", function()
      for _, method in ipairs{ "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" } do
         for _, body in ipairs{ false, "", "x" } do
            http(method, server.url, { body = body or nil })
            assert.same({ method, body or "" }, { last().method, last().body })
         end
      end
   end)

   it("leaves nothing of itself to the next one", function()
      server:always{ body = "ok", headers = TEXT }
      local with_user = server.url:gsub("//", "//joe:password@") .. "/user"
      http("PUT", server.url .. "/put", { body = ("x"):rep(100), headers = { ["X-One"] = "1" } })
      assert.equal("ok", http("GET", server.url .. "/get").body)
      http("GET", with_user)
      assert.equal("", http("HEAD", server.url .. "/head").body)
      assert.equal("ok", http("GET", server.url .. "/get").body)
      http("POST", server.url .. "/post")
      assert.equal("ok", http("DELETE", server.url .. "/delete").body)
      for index, request in ipairs(server:requests()) do
         local has_user = request.target == "/user"
         assert.equal(request.method:lower(), has_user and "get" or request.target:sub(2))
         assert.equal(has_user, request.header.authorization ~= nil)
         assert.equal(index == 1 and "1" or nil, request.header["x-one"])
         assert.equal(index == 1 and 100 or 0, #request.body)
      end
   end)

   it("has neither credential nor cookies of anybody", function()
      local client = clients.open(server.url)
      server:reply{ body = "{}" }
      client:list_components()
      server:always{ body = "{}", headers = { { "Set-Cookie", "a=1" } } }
      http("GET", server.url)
      http("GET", server.url)
      client:close()
      local head = last().head
      assert.is_nil(head:find(clients.KEY, 1, true))
      assert.same({}, { last().header.authorization, last().header.cookie })
   end)

   it("is refused as an argument if it cannot be sent", function()
      local function refuses(words, ...)
         local arguments = { n = select("#", ...), ... }
         clients.refused(function()
            http(arguments[1], arguments[2], arguments[3])
         end, words)
      end
      refuses("method", "FETCH", server.url)
      refuses("url", "GET", "/relative")
      refuses("neither https nor http", "GET", "ftp://example.com/")
      refuses("cannot write the host name in ASCII", "GET", "http://a\255.example/")
      refuses("exclude each other", "POST", server.url, { body = "a", json = 1 })
      refuses("exclude each other", "POST", server.url, { save = "a", on_data = print })
      refuses("a HEAD request has no body", "HEAD", server.url, { body = "" })
      refuses("headers.X-A: string or number expected", "GET", server.url, { headers = { ["X-A"] = {} } })
      refuses("headers.X-A: holds a control character", "GET", server.url, { headers = { ["X-A"] = "a\r\nB: c" } })
      refuses("a name that HTTP does not allow", "GET", server.url, { headers = { ["X A"] = "a" } })
      refuses("query.a: string, number or boolean expected", "GET", server.url, { query = { a = print } })
      refuses("json.x: NaN", "POST", server.url, { json = { x = 0 / 0 } })
      refuses("did you mean 'headers'?", "GET", server.url, { header = {} })
      assert.equal(0, server:count())
   end)
end)

------------------------------------------------------------------ failures

describe("a failure", function()
   it("is a promptic.Error that shows neither user nor query", function()
      local url = (scripted.refusing()):gsub("//", "//user:" .. SECRET .. "@")
      local problem = failure(http, "GET", url .. "/path?key=" .. SECRET, { query = { token = SECRET },
         headers = { Authorization = SECRET } })
      assert.equal("connection", problem.kind)
      assert.matches("^http://127%.0%.0%.1:%d+/path$", problem.path)
      for _, value in pairs(setmetatable(problem, nil)) do
         assert.is_nil(tostring(value):find(SECRET, 1, true))
      end
   end)

   it("of an argument shows no part of the URL", function()
      local _, problem = pcall(http, "GET", "htp://user:" .. SECRET .. "@a.example/?" .. SECRET)
      assert.is_nil(problem:find(SECRET, 1, true))
   end)

   it("comes after a quiet time, and at the deadline", function()
      server:always{ stall = true, body = "x", length = 2, headers = TEXT }
      local problem = failure(http, "GET", server.url, { timeout = 0.05 })
      assert.same({ "timeout", "no data was sent or received for 0.05 s" }, { problem.kind, problem.message })
      server:always{ chunked = true, body = "", pieces = { "a", "b", "c", "d", "e", "f", "g", "h" }, every = 50 }
      problem = failure(http, "GET", server.url, { deadline = 0.12 })
      assert.same({ "timeout", "deadline", "the deadline of 0.12 s has passed in attempt 1" },
         { problem.kind, problem.code, problem.message })
   end)

   it("is repeated by the rules of the platform's calls, if max_retries says so", function()
      local function attempts(method, options, ...)
         server:reset():always{ body = "ok", headers = TEXT }
         server:reply(...)
         local fine, result = pcall(http, method, server.url, options)
         return fine and result.status or result.kind, server:count()
      end
      local busy, broken = { status = 503, headers = { ["Retry-After"] = "0" } }, { close = "reset" }
      assert.same({ 503, 1 }, { attempts("GET", {}, busy) })
      assert.same({ 200, 2 }, { attempts("GET", { max_retries = 1 }, busy) })
      assert.same({ 200, 2 }, { attempts("POST", { max_retries = 1 }, busy) })
      assert.same({ 200, 2 }, { attempts("GET", { max_retries = 1 }, broken) })
      assert.same({ 200, 2 }, { attempts("HEAD", { max_retries = 1 }, broken) })
      assert.same({ "connection", 1 }, { attempts("POST", { max_retries = 1 }, broken) })
      assert.same({ "connection", 1 }, { attempts("PUT", { max_retries = 1 }, broken) })
      assert.same({ 500, 1 }, { attempts("POST", { max_retries = 1 }, { status = 500 }) })
      assert.same({ 500, 2 }, { attempts("GET", { max_retries = 1 }, { status = 500 }, { status = 500 }) })
      assert.same({ 404, 2 }, { attempts("DELETE", { max_retries = 1 }, { status = 500 }, { status = 404 }) })
   end)

   it("is in the request's own log, without secrets", function()
      local lines = {}
      server:reply{ status = 503, headers = { ["Retry-After"] = "0" } }
      http("GET", server.url .. "/path?key=" .. SECRET, { max_retries = 1, log = function(level, line)
         if not line:find("the idle connection had ended", 1, true) then
            lines[#lines + 1] = level .. " " .. line
         end
      end, headers = { Authorization = SECRET } })
      assert.equal(2, #lines, table.concat(lines, "\n"))
      assert.matches("^warning GET http://127%.0%.0%.1:%d+/path: HTTP status 503; attempt 2 follows", lines[1])
      assert.matches("^debug GET .*/path: 200", lines[2])
      assert.is_nil(table.concat(lines):find(SECRET, 1, true))
   end)

   it("of a task's cancellation ends the transfer", function()
      server:always{ stall = true }
      local task = promptic.spawn(http, "GET", server.url)
      driving.wait(function() return server:count() == 1 end, 0.01)
      task:cancel()
      assert.equal("cancelled", failure(task.await, task).kind)
      driving.wait(function() return server:seen().open == 0 end, 0.01)
   end)
end)

------------------------------------------------------------------- secrets

-- What a process says that has `other` as its proxy: whatever it asks for on another host comes there.
local function by_proxy(source, ...)
   return child.lua([[
      local promptic = require "promptic"
      local function ask(...)
         local fine, result = pcall(promptic.http, ...)
         print(fine and result.body or result.kind .. " " .. tostring(result.code) .. " " .. result.message)
      end
   ]] .. source, { ... }, { http_proxy = other.url })
end

describe("plain http to another host", function()
   for _, name in ipairs{ "Authorization", "proxy-authorization", "Cookie", "X-Api-Key", "Api-Key", "X-Auth-Token",
      "x-goog-api-key", "Ocp-Apim-Subscription-Key" } do
      it("does not get " .. name .. " without allow_http", function()
         local said = by_proxy([=[
            ask("GET", "http://host.invalid/", { headers = { [arg[1]] = arg[2] } })
            ask("GET", "http://host.invalid/", { headers = { [arg[1]] = arg[2] }, allow_http = true })
         ]=], name, "own-" .. SECRET)
         assert.equal(("config plain_http plain http to host.invalid would send the header %s unencrypted: use https, "
            .. "or set allow_http\nother\n"):format(name), said)
         assert.equal(1, other:count())
      end)
   end

   it("does not get the user of a URL", function()
      local said = by_proxy([[ ask("GET", "http://me:" .. arg[1] .. "@host.invalid/") ]], SECRET)
      assert.matches("^config plain_http .*the user of the URL", said)
      assert.is_nil(said:find(SECRET, 1, true))
      assert.equal(0, other:count())
   end)

   it("gets headers without secrets", function()
      assert.equal("other\n", by_proxy[[
         ask("GET", "http://host.invalid/", { headers = { Accept = "text/plain", ["Idempotency-Key"] = "1" } })
      ]])
   end)

   it("is what this machine is not", function()
      http("GET", server.url, { headers = { Authorization = SECRET } })
      assert.equal(SECRET, last().header.authorization)
      http("GET", (server.url:gsub("//", "//me:pw@")))
      assert.equal("Basic bWU6cHc=", last().header.authorization)
   end)
end)

----------------------------------------------------------------- redirects

local function redirect(status, location)
   return { status = status, headers = { Location = location, ["Content-Type"] = "text/plain" }, body = "moved" }
end

describe("a redirect", function()
   it("is a result unless redirects says how many are followed", function()
      server:always(redirect(302, "/next"))
      assert.same({ 302, 1 }, { http("GET", server.url).status, server:count() })
      local result = http("GET", server.url .. "/a/b", { redirects = 2 })
      assert.same({ 302, 4, server.url .. "/next" }, { result.status, server:count(), result.url })
   end)

   it("turns POST into GET as browsers do", function()
      local rows = {
         { 301, "POST", "GET" }, { 302, "POST", "GET" }, { 303, "POST", "GET" }, { 303, "PUT", "GET" },
         { 307, "POST", "POST" }, { 308, "POST", "POST" }, { 301, "PUT", "PUT" }, { 302, "GET", "GET" },
         { 303, "HEAD", "HEAD" },
      }
      for _, row in ipairs(rows) do
         server:reset():always{ body = "" }
         server:reply(redirect(row[1], "b?c=d"))
         local body = row[2] ~= "GET" and row[2] ~= "HEAD" and "x" or nil
         http(row[2], server.url .. "/a/", { redirects = 1, body = body, headers = { ["Content-Language"] = "de" } })
         local request = last()
         assert.equal(row[3] .. " /a/b?c=d HTTP/1.1", request.line)
         local keeps = row[3] == row[2]
         assert.equal(keeps and body or "", request.body or "")
         assert.equal(keeps and "de" or nil, request.header["content-language"])
      end
   end)

   it("to another origin gets no secret", function()
      local headers = { Authorization = SECRET, Cookie = SECRET, ["X-Api-Key"] = SECRET, ["X-Mine"] = "1" }
      server:reply(redirect(307, "/here"), redirect(307, other.url .. "/there"))
      local result = http("POST", server.url, { redirects = 5, headers = headers, body = "x" })
      assert.same({ "other", other.url .. "/there" }, { result.body, result.url })
      assert.equal(SECRET, last().header.authorization)
      local request = other:requests()[1]
      assert.is_nil(request.head:find(SECRET, 1, true))
      assert.same({ "1", "x" }, { request.header["x-mine"], request.body })
      assert.equal(SECRET, headers.Authorization)
   end)

   it("does not take the URL's user to another origin", function()
      server:reply(redirect(302, other.url .. "/there"))
      http("GET", (server.url:gsub("//", "//me:pw@")), { redirects = 1 })
      assert.is_nil(other:requests()[1].header.authorization)
   end)

   it("to something else than a URL of http is a result", function()
      for _, location in ipairs{ "ftp://a.example/", "javascript:x", "http://", "" } do
         server:always(redirect(302, location))
         local fine, result = pcall(http, "GET", server.url .. "/p?a=1", { redirects = 1 })
         assert.is_true(fine, tostring(result))
         assert.same({ 302, server.url .. "/p?a=1" }, { result.status, result.url })
      end
   end)

   it("is bounded by the deadline", function()
      server:route[[ return { status = 302, headers = { Location = "/" }, wait = 30 } ]]
      local problem = failure(http, "GET", server.url, { redirects = 50, deadline = 0.1 })
      assert.same({ "timeout", "deadline" }, { problem.kind, problem.code })
   end)
end)

describe("over TLS", function()
   local secure

   setup(function()
      secure = tls_server.start("localhost", { raw = {
         moved = ("HTTP/1.1 302 Found\r\nLocation: %s/plain\r\nContent-Length: 0\r\n\r\n"):format(server.url),
      } })
   end)

   teardown(function()
      secure:stop()
   end)

   it("ca_file is the request's", function()
      local url = ("https://localhost:%d/api/v1/workspace"):format(secure.port)
      assert.equal("over tls", http("GET", url, { ca_file = secure.certificate }).json.id)
      assert.equal("tls", failure(http, "GET", url).kind)
   end)

   it("a redirect to http is a result", function()
      local url = ("https://localhost:%d/api/v1/moved"):format(secure.port)
      local result = http("GET", url, { ca_file = secure.certificate, redirects = 5 })
      assert.same({ 302, 0 }, { result.status, server:count() })
   end)
end)

it("the proxy of the environment is used, its password shown nowhere", function()
   local proxy = other.url:gsub("//", "//me:" .. SECRET .. "@")
   other:reply({ body = "other", headers = TEXT }, { status = 407 })
   local said = child.lua([[
      local promptic = require "promptic"
      local result = promptic.http("GET", "http://host.invalid/path?key=x", { log = print })
      print(result.body)
      print(pcall(promptic.http, "GET", "https://host.invalid/"))
   ]], {}, { http_proxy = proxy, https_proxy = proxy })
   assert.matches("^debug.*\nother\n.*the proxy", said)
   assert.equal("GET http://host.invalid/path?key=x HTTP/1.1", other:requests()[1].line)
   assert.is_nil(said:find(SECRET, 1, true))
end)

---------------------------------------------------------------------- save

describe("save", function()
   local folder

   before_each(function()
      folder = process.folder()
   end)

   after_each(function()
      process.remove(folder)
   end)

   local function names()
      return process.run{ "ls", "-A", folder }.stdout
   end

   it("writes a 2xx to the file", function()
      local body = ("bytes\0"):rep(50000)
      server:reply(redirect(302, "/b"), { body = body, headers = TEXT })
      local result = http("GET", server.url, { save = folder .. "/f", redirects = 1 })
      assert.same({ 200, "" }, { result.status, result.body })
      assert.equal(body, process.read_file(folder .. "/f"))
      assert.equal("f\n", names())
   end)

   it("keeps the file for any other status, and gives the body", function()
      process.write_file(folder .. "/f", "before")
      server:always{ status = 404, body = "not here", headers = TEXT }
      local result = http("GET", server.url, { save = folder .. "/f" })
      assert.same({ 404, "not here", "before" }, { result.status, result.body, process.read_file(folder .. "/f") })
      assert.equal("f\n", names())
   end)

   it("keeps the file after a failure", function()
      process.write_file(folder .. "/f", "before")
      server:always{ body = "half", length = 100, close = "fin", headers = TEXT }
      assert.equal("connection", failure(http, "GET", server.url, { save = folder .. "/f" }).kind)
      server:always{ body = "long enough", headers = TEXT }
      local problem = failure(http, "GET", server.url, { save = folder .. "/f", max_response_bytes = 5 })
      assert.equal("too_large", problem.code)
      assert.matches("max_response_bytes", problem.message, 1, true)
      assert.same({ "before", "f\n" }, { process.read_file(folder .. "/f"), names() })
   end)

   it("leaves nothing behind where its task is cancelled", function()
      server:always{ body = "half", length = 100, stall = true, headers = TEXT }
      local task = promptic.spawn(http, "GET", server.url, { save = folder .. "/f" })
      driving.wait(function() return server:count() == 1 end, 0.01)
      task:cancel()
      assert.equal("cancelled", failure(task.await, task).kind)
      assert.equal("", names())
   end)

   it("names the file that cannot be written, before anything is sent", function()
      local problem = failure(http, "GET", server.url, { save = folder .. "/no/f" })
      assert.same({ "argument", "not_written" }, { problem.kind, problem.code })
      assert.equal(0, server:count())
   end)
end)

it("many exchanges run beside each other, on connections that are kept", function()
   server:route[[ local _, request = ... return { wait = 20, body = '{"t":"' .. request.target .. '"}' } ]]
   local list = {}
   for i = 1, 30 do
      list[i] = i
   end
   local results = promptic.run(function()
      return promptic.map(list, function(i)
         return http("POST", server.url .. "/" .. i, { json = { i = i } }).json.t
      end, { concurrency = 8 })
   end)
   for i = 1, 30 do
      assert.equal("/" .. i, results[i])
   end
   assert.is_true(server:seen().accepted <= 8)
end)
