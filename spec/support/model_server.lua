--- model_server.lua - a server that speaks OpenAI's protocol and answers the questions of examples/agent.lua by rule: a
-- call of a tool first, then its result in words. `wrong` makes it say something else.
local scripted = require "spec.support.scripted"

local model_server = {}

local ROUTE = [==[
   local _, request = ...
   local wrong = %s
   local function quoted(text) return '"' .. text:gsub('[%%c"\\]', "") .. '"' end
   local function choice(message, reason)
      return { body = '{"id":"c","choices":[{"index":0,"finish_reason":"' .. reason .. '","message":' .. message
         .. '}],"usage":{"prompt_tokens":20,"completion_tokens":5}}' }
   end
   local messages = request.body:match('"messages":(%%b[])')
   local result
   for content in messages:gmatch('{[^{}]*"role":"tool"[^{}]*}') do result = content:match('"content":"([^"]*)"') end
   if result then
      local text = wrong and "I do not know." or "The order: " .. result
      return choice('{"role":"assistant","content":' .. quoted(text) .. "}", "stop")
   end
   local order = messages:match("order (%%d+)") or messages:match("Order (%%d+)")
   local name = messages:find("money back", 1, true) and "refund" or "find_order"
   return choice('{"role":"assistant","content":null,"tool_calls":[{"id":"t1","type":"function","function":{"name":'
      .. quoted(name) .. ',"arguments":"{\\"order\\":\\"' .. order .. '\\"}"}}]}', "tool_calls")
]==]

--- Starts it; server:stop() ends it.
function model_server.start(wrong)
   local server = scripted.start()
   server:route(ROUTE:format(tostring(wrong or false)))
   return server
end

return model_server
