--- What OpenSSL's own server presents: a certificate or a version that will not do is kind tls at once, whatever the
--- method, and nothing is sent.
local calls = require "spec.network.calls"
local lab = require "spec.network.lab"
local process = require "spec.support.process"
local s_server = require "spec.network.s_server"

local lacks = lab.lacks("openssl")
if lacks then
   return it("certificates", function() pending("there is no " .. lacks) end)
end

local OLD = { "-cipher", "ALL:@SECLEVEL=0" }

-- { title, certificate, options of s_server, whether the client takes it, whether it trusts another certificate }
local SERVERS = {
   { "a good certificate", {}, {}, true },
   { "TLS 1.2 only", {}, { "-tls1_2" }, true },
   { "TLS 1.3 only", {}, { "-tls1_3" }, true },
   { "TLS 1.0 only", {}, lab.join({ "-tls1" }, OLD) },
   { "TLS 1.1 only", {}, lab.join({ "-tls1_1" }, OLD) },
   { "a certificate that has expired", { expired = true }, {} },
   { "a certificate of another host", { names = "DNS:other.example" }, {} },
   { "a certificate that nobody vouches for", {}, {}, false, true },
}

for _, row in ipairs(SERVERS) do
   local title, wanted, options, is_good, is_strange = lab.unpack(row, 1, 5)
   describe(title, function()
      local certificate, other, server

      setup(function()
         certificate = lab.certificate(wanted)
         other = is_strange and lab.certificate()
         server = s_server.start(certificate, options)
      end)

      teardown(function()
         server:stop()
         process.remove(certificate.folder)
         if other then
            process.remove(other.folder)
         end
      end)

      for _, way in ipairs(calls.WAYS) do
         it(way.name .. (is_good and " is taken" or " ends calls with kind tls, not sent, at once"), function()
            local client = calls.client(server, { ca_file = other and other.file })
            local get = way.run(client.get_workspace, client)
            local post = not is_good and way.run(client.create_component, client, "n")
            client:close()
            if is_good then
               assert.equal("success after 1", calls.brief(get))
            else
               assert.equal("tls after 1, not sent", calls.brief(get))
               assert.equal("tls after 1, not sent", calls.brief(post))
            end
         end)
      end
   end)
end

-- That the servers that are refused are there at all, for a client that takes anything.
describe("OpenSSL's own client, which takes anything, speaks with", function()
   for _, row in ipairs(SERVERS) do
      it(row[1], function()
         local certificate = lab.certificate(row[2])
         local server = s_server.start(certificate, row[3])
         local result = process.run(lab.join({ "openssl", "s_client", "-connect",
            "127.0.0.1:" .. server.port }, row[3], { stdin = "" }))
         server:stop()
         process.remove(certificate.folder)
         assert.matches("New, TLSv1", result.stdout, 1, true)
      end)
   end
end)
