--- Which of some words somebody may have meant.
local near = {}

-- How many letters have to be added, removed, changed or swapped with their neighbour.
local function distance(a, b)
   local before, last = {}, {}
   for j = 0, #b do last[j] = j end
   for i = 1, #a do
      local row = { [0] = i }
      for j = 1, #b do
         local cost = a:byte(i) == b:byte(j) and 0 or 1
         row[j] = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost)
         if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
            row[j] = math.min(row[j], before[j - 2] + 1)
         end
      end
      before, last = last, row
   end
   return last[#b]
end

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

--- The word that is near enough to have been meant, or nil.
function near.find(word, words)
   word = word:lower()
   if contains(words, ELSEWHERE[word]) then return ELSEWHERE[word] end
   local best, least = nil, #word < 4 and 2 or 3
   for _, candidate in ipairs(words) do
      local lower = candidate:lower()
      local away = distance(word, lower)
      if #word > 1 and lower:sub(1, #word) == word then away = math.min(away, 1) end
      if away < least then best, least = candidate, away end
   end
   return best
end

--- " Did you mean 'list'?", or "" where nothing is near.
function near.hint(word, words)
   local found = near.find(word, words)
   return found and (" Did you mean '%s'?"):format(found) or ""
end

return near
