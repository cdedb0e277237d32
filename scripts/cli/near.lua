--- The nearest of some words to a misspelt one.
local nearest = require "promptic.nearest"

local near = {}

-- Words of other programs for what these commands are called here.
local ELSEWHERE = {
   ls = "list", show = "get", view = "get", info = "get", cat = "get", describe = "get", rm = "delete",
   remove = "delete", del = "delete", destroy = "delete", new = "create", add = "create", edit = "update",
   set = "update", run = "start", watch = "wait", clone = "duplicate", copy = "duplicate",
   signin = "login", signout = "logout", whoami = "auth", config = "configure",
}

local function contains(words, word)
   for _, candidate in ipairs(words) do
      if candidate == word then return true end
   end
   return false
end

--- The word that is near enough to have been meant, or nil: one of another program's, one that begins so, else the
-- nearest by letters.
function near.find(word, words)
   local lower = word:lower()
   if contains(words, ELSEWHERE[lower]) then return ELSEWHERE[lower] end
   if #word > 1 then
      for _, candidate in ipairs(words) do
         if candidate:lower():sub(1, #word) == lower then return candidate end
      end
   end
   return nearest(word, words)
end

--- " Did you mean 'list'?", or "" where nothing is near.
function near.hint(word, words)
   local found = near.find(word, words)
   return found and (" Did you mean '%s'?"):format(found) or ""
end

return near
