--- promptic configure: an API key and the endpoint, without a login.
local failure = require "promptic.cli.failure"
local promptic = require "promptic"

local DEFAULT = require("promptic.cli.endpoint").DEFAULT

-- "-" reads the key from standard input, where no other program can see it as it could on a command line.
local function given_key(values)
   if values.api_key ~= "-" then return values.api_key end
   local line = io.read "l"
   if not line or line == "" then failure.raise "standard input holds no API key" end
   return line
end

-- Asks for values that the command line leaves out; nil keeps the stored one.
local function ask_for_rest(context, key, endpoint)
   local ask = require "promptic.cli.ask"
   if key then return key, endpoint end
   if not ask.possible() then
      if not endpoint then context:misuse "there is no terminal to ask at: --api-key or --endpoint is missing" end
      return key, endpoint
   end
   key = ask.secret "API key (it is not shown; empty keeps the stored one): "
   endpoint = endpoint or ask.text("Endpoint", promptic.auth.status().endpoint or DEFAULT)
   return key, endpoint
end

-- Reports what a client would refuse now, not at the next command.
local function check(endpoint)
   promptic.client({ endpoint = endpoint, api_key = "unused", config_file = "" }):close()
end

local function trimmed(text)
   return text and text:match "^%s*(.-)%s*$"
end

return {
   section = "Account",
   summary = "Store an API key and the endpoint.",
   options = {
      { "api_key", label = "KEY", summary = "the API key; - reads it from standard input" },
      { "endpoint", label = "URL", summary = "where the platform is" },
   },
   notes = "They are stored in ~/.promptic/config.toml, which only you can read. Without a key it asks for "
      .. "one, which is not shown while you type it.",
   examples = "promptic configure\nprintf %s \"$KEY\" | promptic configure --api-key -",
   run = function(context, values)
      local key, endpoint = ask_for_rest(context, given_key(values), values.endpoint)
      key, endpoint = trimmed(key), trimmed(endpoint)
      if endpoint then check(endpoint) end
      local is_default = endpoint and endpoint:gsub("/+$", "") == DEFAULT
      promptic.auth.save { api_key = key, endpoint = not is_default and endpoint }
      local status = promptic.auth.status()
      if key and status.credential == "access_token" and status.source == "file" then
         context:note "Note: the session of `promptic login` goes before it; `promptic logout` removes that."
      elseif key and status.source == "environment" then
         context:note "Note: a credential in the environment goes before the key: see `promptic auth status`."
      end
      return { stored = key and "the API key" .. (endpoint and " and the endpoint" or "") or "the endpoint",
         config_file = status.config_file }
   end,
   done = function(result)
      local text = ("Stored %s in %s."):format(result.stored, result.config_file)
      local elsewhere = require("promptic.cli.endpoint").elsewhere()
      return elsewhere and text .. "\n" .. elsewhere or text
   end,
}
