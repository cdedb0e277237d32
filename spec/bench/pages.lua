--- pages.lua - what the benchmarks' server answers: as the platform does, with made-up values.
local pages = {}

local COMPONENT = '{"id":"3f6c2a60-0000-4000-8000-%012d","name":"component %d",'
   .. '"description":"Which team takes a support ticket","costAnalysisConfig":null,'
   .. '"workspaceId":"5a4db0c5-0000-4000-8000-000000000001",'
   .. '"createdAt":"2026-11-26T09:30:00.000Z","updatedAt":"2026-11-26T09:30:00.000Z"}'

local SCORED = '{"id":"3f6c2a60-0000-4000-8000-%012d","name":"component %d","score":%.6f,"tokens":%d}'

local WORDS = { "invoice", "refund", "order", "late", "please", "parcel", "account", "cannot", "log", "in", "since",
   "yesterday", "the", "my", "a", "is", "was", "and", "still", "waiting" }

local function sentence(seed, count)
   local words = {}
   for index = 1, count do
      seed = (seed * 16807) % 2147483647
      words[index] = WORDS[seed % #WORDS + 1]
   end
   return table.concat(words, " ")
end

--- An observation as the platform lists it.
function pages.observation(index)
   return ('{"id":%d,"experimentId":"exp_4f1c2d","variables":{"message":"%s","customer":"c-%d","priority":%d},'
      .. '"expected":"%s","split":"%s","createdAt":"2025-03-0%dT10:%02d:00.000Z","updatedAt":null}'):format(
      index, sentence(index, 14), index * 7, index % 5, WORDS[index % #WORDS + 1], index % 3 == 0 and "train" or "eval",
      index % 9 + 1, index % 60)
end

function pages.component(index)
   return COMPONENT:format(index, index)
end

function pages.components(count)
   local list = {}
   for index = 1, count do list[index] = pages.component(index) end
   return '{"data":[' .. table.concat(list, ",") .. "]}"
end

--- A list of small objects with whole numbers and others, of at least so many bytes.
function pages.scores(bytes)
   local list, size = {}, 0
   while size < bytes do
      local index = #list + 1
      list[index] = SCORED:format(index, index, index / 7, index * 1234)
      size = size + #list[index] + 1
   end
   return '{"data":[' .. table.concat(list, ",") .. "]}"
end

--- A list of observations of at least so many bytes.
function pages.observations(bytes)
   local list, size = {}, 0
   while size < bytes do
      list[#list + 1] = pages.observation(#list + 1)
      size = size + #list[#list] + 1
   end
   return '{"data":[' .. table.concat(list, ",") .. "]}"
end

return pages
