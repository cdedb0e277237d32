--- readmes.lua - every README.md of the tree, and the code blocks in them.
--
--    for _, path in ipairs(readmes.paths()) do ... end
--    for _, block in ipairs(readmes.blocks(path)) do
--       block.place      "README.md:31"
--       block.language   "lua", or "" where none is named
--       block.text
--       block.how        of the comment before it: "run: sandbox", "output", "generated: help sandbox"; or nil
--       block.output     the text of the block marked "output" that follows, or nil
--    end
local process = require "spec.support.process"

local readmes = {}

function readmes.paths()
   local list = {}
   local found = io.popen "find . -name build -prune -o -name node_modules -prune -o -name README.md -print | sort"
   for path in found:lines() do list[#list + 1] = (path:gsub("^%./", "")) end
   found:close()
   return list
end

--- The text without generated blocks, which docs_spec.lua checks.
function readmes.written(path)
   return (process.read_file(path):gsub("<!%-%- generated: .-<!%-%- end %-%->\n", ""))
end

function readmes.blocks(path)
   local list, open, how, number, generated = {}, nil, nil, 0, false
   for line in (process.read_file(path)):gmatch "([^\n]*)\n" do
      number = number + 1
      local language = line:match "^```(%w*)$"
      if open and language then
         open.text = table.concat(open.lines, "\n") .. "\n"
         if open.how == "output" and list[#list] then list[#list].output = open.text else list[#list + 1] = open end
         open, how = nil, nil
      elseif open then
         table.insert(open.lines, line)
      elseif language then
         open = { place = ("%s:%d"):format(path, number), language = language, lines = {}, how = how }
         if generated then open.how = "generated" end
      else
         if line == "<!-- end -->" then
            generated = false
         else
            generated = generated or line:find "^<!%-%- generated: " ~= nil
         end
         how = line:match "^<!%-%- (.-) %-%->$" -- a marker counts for the very next line
      end
   end
   assert(not open, path .. ": a block does not end")
   return list
end

--- What a script of a block prints: the output block that follows, or what its --> say.
function readmes.said(block)
   if block.output then return block.output end
   local lines = ""
   for line in block.text:gmatch "%-%-> ([^\n]+\n)" do lines = lines .. line end
   return lines
end

--- Targets of links and pictures, without those of other hosts.
function readmes.links(path)
   local list = {}
   for target in (readmes.written(path):gsub('src="([^"]+)"', "](%1)")):gmatch "%]%(([^)%s]+)%)" do
      if not target:find "^https?:" then list[#list + 1] = target end
   end
   return list
end

--- The anchors of a file's headings, as GitHub makes them.
function readmes.anchors(path)
   local anchors, in_block = {}, false
   for line in process.read_file(path):gmatch "([^\n]*)\n" do
      if line:find "^```" then in_block = not in_block end
      local heading = not in_block and line:match "^##* (.+)$"
      if heading then
         anchors[heading:lower():gsub("[^%w%- _]", ""):gsub(" ", "-")] = true
      end
   end
   return anchors
end

return readmes
