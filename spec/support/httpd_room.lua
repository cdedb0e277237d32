--- httpd_room.lua - a promptic.httpd for the specs of a describe, with clients in the same process.
--
--    local room = httpd_room.shared()
--    room.start(options)      -- room.server; stopped after the spec
--    room.reply = { status, headers, body }     -- or a function(request) that returns them; at first 200, "fine"
--    room.seen                -- the requests of this spec
--    room.connect()           -- a Peer; room.get(target): its response to GET
local httpd = require "promptic.httpd"

local Peer = require "spec.support.peer"

local httpd_room = {}

function httpd_room.shared()
   local busted, room = require "busted", {}

   busted.before_each(function()
      room.server, room.seen, room.reply = nil, {}, { 200, nil, "fine" }
   end)

   busted.after_each(function()
      if room.server then
         room.server:stop()
      end
   end)

   function room.start(options)
      options = options or {}
      options.on_request = options.on_request or function(request)
         room.seen[#room.seen + 1] = request
         if type(room.reply) == "function" then
            return room.reply(request)
         end
         return table.unpack(room.reply, 1, 3)
      end
      room.server = httpd.listen(options)
   end

   function room.connect()
      return Peer.connect(room.server)
   end

   function room.get(target)
      return room.connect():exchange(Peer.request("GET " .. target))
   end

   return room
end

return httpd_room
