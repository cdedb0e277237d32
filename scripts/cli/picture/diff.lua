--- What changed between two texts, line by line.
local diff = {}

-- The table of common lines has a cell for each pair of lines; past this many, all that lies between the
-- common beginning and the common end counts as changed.
local MOST_CELLS = 4000000

--- The lines of a text; a newline at its end makes no further line, and an empty text has none.
function diff.lines(text)
   local lines = {}
   if text == "" then return lines end
   for line in (text:gsub("\n$", "") .. "\n"):gmatch "(.-)\r?\n" do lines[#lines + 1] = line end
   return lines
end

-- lengths[i][j]: how many lines the ends of both lists have in common, from old[i] and new[j] on.
local function common_lengths(old, new, from, old_last, new_last)
   local lengths = {}
   for i = old_last + 1, from, -1 do
      local row, below = {}, lengths[i + 1]
      lengths[i] = row
      for j = new_last + 1, from, -1 do
         if i > old_last or j > new_last then
            row[j] = 0
         elseif old[i] == new[j] then
            row[j] = below[j + 1] + 1
         else
            row[j] = math.max(below[j], row[j + 1])
         end
      end
   end
   return lengths
end

-- What of the middle parts is removed, added and kept; removals stand before additions.
local function compare(result, old, new, from, old_last, new_last)
   local lengths
   if (old_last - from + 1) * (new_last - from + 1) <= MOST_CELLS then
      lengths = common_lengths(old, new, from, old_last, new_last)
   end
   local i, j = from, from
   while i <= old_last or j <= new_last do
      if lengths and i <= old_last and j <= new_last and old[i] == new[j] then
         result[#result + 1] = { kind = "kept", text = new[j] }
         i, j = i + 1, j + 1
      elseif i <= old_last and (j > new_last or not lengths or lengths[i + 1][j] >= lengths[i][j + 1]) then
         result[#result + 1] = { kind = "removed", text = old[i] }
         i = i + 1
      else
         result[#result + 1] = { kind = "added", text = new[j] }
         j = j + 1
      end
   end
end

--- A list of { kind = "kept", "removed" or "added", text }, and how many lines were added and removed. The
-- kept and added ones make the new text, the kept and removed ones the old.
function diff.of(old_text, new_text)
   local old, new, result = diff.lines(old_text), diff.lines(new_text), {}
   local from, old_last, new_last = 1, #old, #new
   while from <= old_last and from <= new_last and old[from] == new[from] do
      result[from] = { kind = "kept", text = new[from] }
      from = from + 1
   end
   while old_last >= from and new_last >= from and old[old_last] == new[new_last] do
      old_last, new_last = old_last - 1, new_last - 1
   end
   compare(result, old, new, from, old_last, new_last)
   for j = new_last + 1, #new do result[#result + 1] = { kind = "kept", text = new[j] } end
   local counts = { added = 0, removed = 0, kept = 0 }
   for _, line in ipairs(result) do counts[line.kind] = counts[line.kind] + 1 end
   return result, counts.added, counts.removed
end

return diff
