--- A C host that forks over TLS: spec/host/forks.c, which spec/core/host_spec.lua runs over plain HTTP.
local lab = require "spec.network.lab"
local host_server = require "spec.support.host_server"
local nginx = require "spec.network.nginx"
local process = require "spec.support.process"

local lacks = lab.lacks("openssl", "nginx", "cc")
if lacks then
   return it("fork", function() pending("there is no " .. lacks) end)
end

it("a call in each state ends as cancelled in the child, and goes on in the parent", function()
   local folder, certificate, server = lab.folder(), lab.certificate(), host_server.start()
   local front = nginx.start{ certificate = certificate,
      location = ("proxy_pass http://127.0.0.1:%d; proxy_http_version 1.1;"):format(server.port) }
   finally(function()
      front:stop()
      server:stop()
      process.remove(certificate.folder)
      process.remove(folder)
   end)
   local program = folder .. "/host/forks"
   local made = process.run{ "make", "--no-print-directory", "BUILD=" .. folder, "CHECK=module", program }
   assert(made.code == 0, made.stderr)
   local ended = process.run{ "env", "SSL_CERT_FILE=" .. certificate.file, program, front.url }
   assert.equal(0, ended.code, ended.stdout .. ended.stderr)
   assert.equal("forks: passed\n", ended.stdout)
end)
