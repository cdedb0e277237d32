--- upload_once.lua - one upload, and what it took.
--
--    upload_once.lua ENDPOINT SOURCE [ordered]
--
-- SOURCE is a path; with "list:" before it the rows of that .jsonl file are first read into a list, with "made:" it is
-- a number, of rows that a function makes on the way. Prints "cpu wall peak sent": seconds of the upload with what it
-- reads or makes, seconds, KiB, rows. Without `ordered` several requests
-- are under way at one time.
local promptic = require "promptic"

local TEXT = "My invoice of last month lists the same seat twice, could you have a look at it, please?"

local endpoint, source = arg[1], arg[2]
local path, count = source:match("^list:(.*)$"), tonumber(source:match("^made:(%d+)$"))
if count then
   local index, labels = 0, { "billing", "bug", "feature request", "spam" }
   source = function()
      index = index + 1
      if index <= count then
         return {
            variables = { ticket = ("Ticket %d: %s"):format(index, TEXT), channel = "mail" },
            expected = labels[index % #labels + 1],
         }
      end
   end
elseif path then
   source = {}
   for line in io.lines(path) do source[#source + 1] = promptic.json.decode(line) end
end

local cpu = os.clock()
local client = promptic.client{ endpoint = endpoint, api_key = "bench", config_file = "", backoff = 0.01 }
local result = client:upload_observations("bench", source, { ordered = arg[3] == "ordered" })
local peak = io.open("/proc/self/status"):read("a"):match("VmHWM:%s*(%d+)")
print(("%.6f %.6f %d %d"):format(os.clock() - cpu, result.elapsed, peak, result.sent))
