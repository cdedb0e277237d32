--- A kept connection whose local address this machine has lost is not used: in a network namespace of its own.
-- Tags: slow
local lab = require "spec.network.lab"
local process = require "spec.support.process"

local lacks = lab.lacks("unshare", "ip", "python3")
local allowed = not lacks and process.run{ "unshare", "-rn", "ip", "link", "set", "lo", "up" }.code == 0
if not allowed then
   return it("an address that is gone", function()
      pending(lacks and "there is no " .. lacks or "no network namespace may be made here")
   end)
end

local SERVER = [[
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(201)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
    def log_message(self, *words):
        pass
server = http.server.ThreadingHTTPServer(("0.0.0.0", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
]]

-- In the namespace: ADDRESS is this machine's, then it is not; `idle` are the seconds between.
local CLIENT = [[
local idle = tonumber((...))
local pipe = assert(io.popen("exec python3 " .. arg[2]))
local port = pipe:read "l"
local client = promptic.client{
   endpoint = "http://10.7.7.7:" .. port, api_key = "a-key", config_file = "", allow_http = true, timeout = 2,
   max_retries = 0,
}
local function post()
   return pcall(client.request, client, "POST", "/x", { body = {} })
end
local _, first = post()
local _, second = post()
print(promptic.response(first).connection_reused, promptic.response(second).connection_reused)
promptic.sleep(idle)
if arg[3] == "gone" then assert(os.execute "ip addr del 10.7.7.7/32 dev lo") end
local fine, problem = post()
print(fine, fine and promptic.response(problem).connection_reused or problem.kind, not fine and problem.maybe_sent)
os.execute("kill " .. io.popen("pgrep -P $PPID python3"):read "a")
]]

describe("a kept connection", function()
   local folder

   setup(function()
      folder = process.folder()
      process.write_file(folder .. "/server.py", SERVER)
      process.write_file(folder .. "/client.lua", CLIENT)
   end)

   teardown(function() process.remove(folder) end)

   local function run(idle, change)
      local result = process.run{ "unshare", "-rn", "sh", "-c",
         'ip link set lo up; ip addr add 10.7.7.7/32 dev lo; exec "$0" -E "$@"',
         os.getenv "PROMPTIC_LUA", folder .. "/client.lua", tostring(idle), folder .. "/server.py", change }
      assert.equal("", result.stderr)
      return result.stdout
   end

   it("is not used once its local address is gone: nothing is sent", function()
      assert.equal("false\ttrue\nfalse\tconnection\tfalse\n", run(1.1, "gone"))
   end)

   it("is used after a pause if the address is still there", function()
      assert.equal("false\ttrue\ntrue\ttrue\tfalse\n", run(1.1, "there"))
   end)
end)
