--- A prompt's messages as one text.
local prompt_text = {}

--- The text of messages: the content of a single one as it is, several with their roles; nil if there is
-- none.
function prompt_text.of_messages(messages)
   local texts = {}
   for place, message in ipairs(messages or {}) do
      local role = #messages > 1 and ("[%s]\n"):format(message.role) or ""
      texts[place] = role .. tostring(message.content)
   end
   return #texts > 0 and table.concat(texts, "\n\n") or nil
end

return prompt_text
