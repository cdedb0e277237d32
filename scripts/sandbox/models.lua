--[[
The models of the sandbox: a catalogue for show, since whatever experiments name as targetModel is played by the same
offline model. The names are its own: those of real models come and go. --gone MODEL takes one out: copies of
experiments that use it say modelUnavailable, and an experiment that starts with it fails.
]]
local json = require "promptic.json"

local models = { handlers = {} }

-- id, name, provider for display, group
local catalogue = {
   { "sandbox-small", "Sandbox small", "OpenAI", "openai" },
   { "sandbox-large", "Sandbox large", "OpenAI", "openai" },
   { "sandbox-flash", "Sandbox flash", "Google", "google" },
   { "sandbox/open-70b", "Sandbox open 70B", "OpenRouter", "openrouter" },
}

--- The model of a tool-selection experiment that names none.
models.DEFAULT = "sandbox-small"

--- Whether a model can no longer be used.
function models.is_gone(sandbox, id)
   return sandbox.gone[id] == true
end

function models.handlers.list_models(sandbox)
   local list = json.array {}
   for _, model in ipairs(catalogue) do
      if not models.is_gone(sandbox, model[1]) then
         -- nothing here can judge
         list[#list + 1] = { id = model[1], name = model[2], provider = model[3], group = model[4],
            judgeEligible = false }
      end
   end
   return 200, { data = list }
end

return models
