--- report.lua - the figures as a page and as a picture.
local figures = require "figures"

local report = {}

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

local function escape(text)
   return (tostring(text):gsub('[&<>"]', ESCAPES))
end

local function number(value)
   return value and ("%.3g"):format(value) or ""
end

-- ------------------------------------------------------------------- page

local PAGE = [[
<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>promptic-lua: make bench</title>
<style>
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 72em; padding: 0 1em; color: #1c2733; }
table { border-collapse: collapse; width: 100%%; margin-bottom: 2em; }
th, td { text-align: left; padding: .25em .8em .25em 0; border-bottom: 1px solid #dde3e8; vertical-align: top; }
td.n, th.n { text-align: right; white-space: nowrap; }
.peer td { color: #66727e; border-bottom: 0; padding-top: 0; } .peer td:first-child { padding-left: 2em; }
.missed { color: #9a5b00; } .over { color: #b3261e; font-weight: bold; }
@media (prefers-color-scheme: dark) { body { background: #14191f; color: #dfe5ea; } th, td { border-color: #2c353e; } }
</style>
<h1>promptic-lua: make bench</h1>
<p>%s. Medians of runs in turns with their peers, %d s in all. Amber: the aim is missed; red: past the limit, which is
what was reached when it was set plus a fifth.</p>
%s</html>
]]

local function cells(row)
   local class = row.is_over and "n over" or row.aim and row.value > row.aim and "n missed" or "n"
   local lines = {
      ('<tr><td>%s</td><td class="%s">%s</td><td class="n">%s</td><td class="n">%s</td><td>%s</td></tr>'):format(
         escape(row.work), class, number(row.value), number(row.aim), number(row.limit), escape(row.unit)),
   }
   for _, peer in ipairs(row.peers or {}) do
      lines[#lines + 1] = ('<tr class="peer"><td>%s</td><td class="n">%s</td><td colspan="3"></td></tr>'):format(
         escape(peer[1]), number(peer[2]))
   end
   if row.note then
      lines[#lines + 1] = ('<tr class="peer"><td colspan="5">%s</td></tr>'):format(escape(row.note))
   end
   return table.concat(lines, "\n")
end

local function machine()
   local model
   for line in io.lines("/proc/cpuinfo") do model = model or line:match("^model name%s*:%s*(.+)") end
   return ("%s, %s"):format(os.date("!%Y-%m-%d"), model or "an unknown processor")
end

--- Writes all figures as a page that needs nothing else.
function report.html(path, seconds)
   local parts, group = {}, nil
   for _, row in ipairs(figures.rows) do
      if row.group ~= group then
         parts[#parts + 1] = (group and "</table>\n" or "") .. ('<h2>%s</h2>\n<table><tr><th></th><th class="n">'
            .. 'measured</th><th class="n">aim</th><th class="n">limit</th><th></th></tr>'):format(escape(row.group))
         group = row.group
      end
      parts[#parts + 1] = cells(row)
   end
   parts[#parts + 1] = "</table>\n"
   figures.write(path, PAGE:format(escape(machine()), seconds, table.concat(parts, "\n")))
end

-- ----------------------------------------------------------------- picture

-- What the picture shows: the key of a figure, a title and what 1 stands for, where its unit is a ratio to that.
local SHOWN = {
   { "sequential CPU", "3,000 GETs in turn, decoded: CPU time", "libcurl in C, not decoded" },
   { "concurrent", "3,000 GETs of 25 KB, 32 at once, decoded: CPU time", "libcurl in C, not decoded" },
   { "upload list", "100,000 observations from Lua tables: CPU time", "libcurl in C, ready bodies" },
   { "upload latency", "100,000 observations at 200 ms latency: seconds" },
   { "decode 1", "decode 4.8 MB of JSON: time", "lua-cjson" },
   { "step with 100 idle", "a step with 100 requests under way: µs" },
}

local WIDTH, LABEL, BAR, LINE = 760, 330, 350, 18
local OURS, THEIRS = "#2f6fde", "#9aa7b4"

local function bars(row, base)
   local list = { { "promptic-lua", row.value, OURS } }
   if base then
      list[2] = { base, 1, THEIRS }
   end
   for _, peer in ipairs(row.peers or {}) do
      if not peer[1]:find("^promptic") then
         list[#list + 1] = { peer[1], peer[2], THEIRS }
      end
   end
   return list
end

local function find(key)
   for _, row in ipairs(figures.rows) do
      if row.key == key then return row end
   end
   error("no figure " .. key)
end

-- Adds a group of bars to the lines; gives the place below it.
local function draw(lines, y, row, title, base)
   local list, longest = bars(row, base), 0
   for _, bar in ipairs(list) do longest = math.max(longest, bar[2]) end
   lines[#lines + 1] = ('<text x="10" y="%d" class="t">%s</text>'):format(y, escape(title))
   for _, bar in ipairs(list) do
      y = y + LINE
      local width = math.max(1, bar[2] / longest * BAR)
      lines[#lines + 1] = ('<text x="%d" y="%d" text-anchor="end">%s</text>'):format(LABEL - 8, y, escape(bar[1]))
      lines[#lines + 1] = ('<rect x="%d" y="%d" width="%.1f" height="12" rx="2" fill="%s"/>'):format(LABEL, y - 10,
         width, bar[3])
      lines[#lines + 1] = ('<text x="%.1f" y="%d">%s</text>'):format(LABEL + width + 6, y, number(bar[2]))
   end
   return y + LINE + 14
end

--- Writes the picture that README shows.
function report.svg(path)
   local lines, y = {}, 24
   for _, shown in ipairs(SHOWN) do
      y = draw(lines, y, find(shown[1]), shown[2], shown[3])
   end
   local height = y - 14
   figures.write(path, ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d"\n'
      .. '  role="img" aria-label="promptic-lua beside other clients; shorter bars are better">\n'
      .. "<style>text { font: 12px sans-serif; fill: #333 } .t { font-weight: bold }</style>\n"
      .. '<rect width="100%%" height="100%%" rx="6" fill="#fff"/>\n%s\n</svg>\n'):format(WIDTH, height, WIDTH, height,
      table.concat(lines, "\n")))
end

return report
