-- pace.lua - how many rows an upload puts into a request, and how many requests it has under way.
-- Baked into the module; runs in Lua 5.1 to 5.4.
--
-- Both grow to what the caller allows, as TCP's window does: with each response at first, and once a round of responses
-- after the platform has asked for less (429, 503), which halves them. Refusals of one round halve them once.
local import = ...

local math, setmetatable = math, setmetatable

local now = import "c.library".now

-- Fields of a pace:
--    rows, width              of a request, of requests at one time
--    most_rows, most_width    what they grow to
--    least                    by `rows`, seconds of the quickest response
--    slowed_at                when the platform asked for less; false: never
--    calm                     responses since the last change
local Pace = {}
Pace.__index = Pace

-- What it starts with: small enough for a platform that is slow or busy.
local FIRST_ROWS, FIRST_WIDTH = 500, 4

-- A response within so many seconds leaves room for a request twice as large, far below the default timeout (30 s).
local QUICK = 2

-- Latency is the limit as long as a response takes at most so many times the quickest one: were it the platform's work,
-- requests would wait for each other.
local LATENCY = 1.5

-- After the platform has asked for less, rows grow by this part of the most.
local ROW_STEPS = 8

function Pace.new(most_rows, most_width)
   return setmetatable({
      rows = math.min(FIRST_ROWS, most_rows), width = math.min(FIRST_WIDTH, most_width),
      most_rows = most_rows, most_width = most_width,
      least = {},
      slowed_at = false,
      calm = 0,
   }, Pace)
end

local function grow(pace, rows, took, least)
   local step = pace.slowed_at and math.ceil(pace.most_rows / ROW_STEPS) or pace.rows
   if rows == pace.rows and took <= QUICK then
      pace.rows = math.min(pace.most_rows, pace.rows + step)
   end
   if least and took <= LATENCY * least then
      pace.width = math.min(pace.most_width, pace.width + 1)
   end
end

--- A request with so many rows at most has succeeded.
function Pace:succeeded(rows, began)
   local took, least = now() - began, self.least[rows]
   if self.slowed_at and began < self.slowed_at then
      return
   end
   self.least[rows] = math.min(took, least or took)
   self.calm = self.calm + 1
   if not self.slowed_at or self.calm >= self.width then
      self.calm = 0
      grow(self, rows, took, least)
   end
end

--- The platform takes no more rows at one time.
function Pace:limit(most_rows)
   self.most_rows = math.min(self.most_rows, most_rows)
   self.rows = math.min(self.rows, self.most_rows)
end

--- The platform has refused a request that began then.
function Pace:refused(began)
   if self.slowed_at and began < self.slowed_at then
      return
   end
   self.slowed_at, self.calm = now(), 0
   self.rows, self.width = math.max(1, math.floor(self.rows / 2)), math.max(1, math.floor(self.width / 2))
end

return Pace
