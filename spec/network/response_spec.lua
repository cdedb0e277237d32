--- What responses do to people and to uploads: text of a server is cleaned before anybody sees it, and nginx's early
--- 413 is the response, whatever of the body has gone out.
local calls = require "spec.network.calls"
local clients = require "spec.support.clients"
local lab = require "spec.network.lab"
local nginx = require "spec.network.nginx"
local tls_peer = require "spec.network.tls_peer"

local lacks = lab.lacks("nginx", "openssl", "python3")
if lacks then
   return it("responses", function() pending("there is no " .. lacks) end)
end

local peer = tls_peer.shared()

local ESCAPES = "\27[31mred\27[0m \194\155H \226\128\174bidi \127"

local function escaped(text)
   return (text:gsub(".", function(c) return ("%%%02X"):format(c:byte()) end))
end

-- { title, reply; may hold KEY }
local REPLIES = {
   { "a redirect's Location", { status = 302, headers = { Location = "https://h/" .. ESCAPES } } },
   { "x-request-id", { status = 404, headers = { ["X-Request-Id"] = "id " .. ESCAPES }, body = '{"error":"no"}' } },
   { "the reason", { status = 404, reason = "No " .. ESCAPES, body = "" } },
   { "a body of text", { status = 500, headers = { ["Content-Type"] = "text/plain" }, body = "no " .. ESCAPES } },
   { "an error as JSON", { status = 400, body = [[{"error":"\u001b[31mred\u009bH \u202e"}]] } },
   { "a code as JSON", { status = 400, body = [[{"error":{"code":"\u001b[31m","message":"m\u001b[0m"}}]] } },
   { "a body that is not JSON", { status = 200, body = "<p>" .. ESCAPES } },
   { "the key", { status = 401, body = '{"error":"no such key KEY"}' } },
   { "the key, escaped in JSON", { status = 401, body = [[{"error":"key \u0070k-secret-0123456789"}]] } },
   { "the key, percent-encoded", { status = 302, headers = { Location = "/?key=PERCENT" } } },
   { "the key in x-request-id", { status = 404, headers = { ["X-Request-Id"] = "KEY" } } },
   { "a long text of two-byte characters", { status = 500, body = '{"error":"x' .. ("\195\164"):rep(4000) .. '"}' } },
}

local function filled(value)
   if type(value) == "table" then
      local copy = {}
      for name, each in pairs(value) do
         copy[name] = filled(each)
      end
      return copy
   end
   if type(value) ~= "string" then
      return value
   end
   return (value:gsub("%u%u%u+", { KEY = clients.KEY, PERCENT = escaped(clients.KEY) }))
end

local function is_utf8(text)
   local rest = text:gsub("[\194-\223][\128-\191]", ""):gsub("[\224-\239][\128-\191][\128-\191]", "")
      :gsub("[\240-\244][\128-\191][\128-\191][\128-\191]", "")
   return not rest:find("[\128-\255]")
end

local function assert_clean(text, what)
   if text == nil then
      return
   end
   assert.is_nil(text:find("%c"), what)
   assert.is_nil(text:find("\194[\128-\159]"), what)            -- C1
   assert.is_nil(text:find("\226\128[\142\143\170-\174]"), what) -- marks of direction
   assert.is_nil(text:find("secret-0123456789", 1, true), what)
   assert.is_nil(text:find(escaped(clients.KEY), 1, true), what)
   assert.is_true(is_utf8(text), what)
end

for _, way in ipairs(calls.WAYS) do
   describe(way.name .. " the error is fit to be shown after a response with escape sequences or secrets in", function()
      for _, row in ipairs(REPLIES) do
         it(row[1], function()
            local lines = {}
            local client = calls.client(peer, {
               max_retries = 1, log = function(_, text) lines[#lines + 1] = text end,
            })
            peer:always{ { "handshake" }, { "serve", filled(row[2]) } }
            local ended = way.run(client.create_component, client, "n")
            client:close()
            assert.is_false(ended.ok)
            for _, name in ipairs{ "message", "code", "request_id", "path" } do
               assert_clean(ended.error[name], name)
            end
            assert_clean(tostring(ended.error), "tostring")
            for _, line in ipairs(lines) do
               assert_clean(line, "log")
            end
            assert.is_nil((ended.error.body or ""):find(clients.KEY, 1, true))
         end)
      end
   end)

   for _, tls in ipairs{ false, true } do
      it(("%s nginx's early 413 %s is the response to an upload"):format(way.name, tls and "over TLS" or "in plain"),
         function()
            local server = nginx.start{
               certificate = tls and peer.certificate or nil, http = "client_max_body_size 1k;",
            }
            local client = calls.client(server)
            local body = { text = ("x"):rep(4 * 1024 * 1024) }
            local ended = way.run(client.request, client, "POST", "/things/x", { body = body })
            client:close()
            lab.wait(function() return #server:log() > 0 end, "nginx to be done with the rest of the body")
            local arrivals = #server:log()
            server:stop()
            assert.equal("api", ended.kind)
            assert.equal(413, ended.status)
            assert.equal(1, ended.attempts)
            assert.equal(1, arrivals)
         end)
   end
end
