--- pages.lua - what the benchmarks' server answers: as the platform does, with made-up values.
local pages = {}

local COMPONENT = '{"id":"3f6c2a60-0000-4000-8000-%012d","name":"component %d",'
   .. '"description":"Which team takes a support ticket","costAnalysisConfig":null,'
   .. '"workspaceId":"5a4db0c5-0000-4000-8000-000000000001",'
   .. '"createdAt":"2026-11-26T09:30:00.000Z","updatedAt":"2026-11-26T09:30:00.000Z"}'

local SCORED = '{"id":"3f6c2a60-0000-4000-8000-%012d","name":"component %d","score":%.6f,"tokens":%d}'

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

return pages
