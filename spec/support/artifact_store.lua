--- artifact_store.lua - what specs of artifacts share: the bytes of a store that the platform sends its clients to, the
--- signature in its URLs, and the check that a request to it carries no credential.
local assert = require "luassert"
local clients = require "spec.support.clients"

local artifact_store = {
   SIGNATURE = "X-Amz-Signature=very-secret-signature",
   BYTES = "\137PNG\r\n\26\n\0\255" .. ("bytes "):rep(5000),
}

local CREDENTIALS = { "authorization", "x-workspace-id", "x-ai-application-id", "cookie" }

--- Fails if the request holds a credential of the platform.
function artifact_store.assert_anonymous(request)
   for _, name in ipairs(CREDENTIALS) do
      assert.is_nil(request.header[name], name)
   end
   assert.is_nil(request.head:find(clients.KEY, 1, true))
end

return artifact_store
