-- tracer.lua - promptic.tracer: spans go out in the background, bounded, and from a spool if there is one.
-- Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local ipairs, math, pcall, setmetatable = ipairs, math, pcall, setmetatable
local tonumber, tostring, type = tonumber, tostring, type

local library, methods, scheduler = import "c.library", import "methods", import "scheduler"
local background, failure, host = import "background", import "failure", import "c.tasks"
local offload, otlp, span, spools = import "offload", import "otlp", import "span", import "spool"

local check, promptic, warn = library.check, library.promptic, library.warn

local Tracer = { __name = "promptic.tracer" }
Tracer.__index = Tracer

-- ------------------------------------------------------------------ what was counted

local REASONS = { "queue_full", "too_large", "refused", "expired", "before_send", "sampled" }

local function new_stats()
   local dropped = {}
   for _, reason in ipairs(REASONS) do
      dropped[reason] = 0
   end
   return { made = 0, sent = 0, dropped = dropped }
end

local function drop(self, count, reason)
   self.stats.dropped[reason] = self.stats.dropped[reason] + count
end

-- Says it in the client's log, each thing once.
local function note(self, key, text)
   if not self.noted[key] then
      self.noted[key] = true
      pcall(warn, self.client, text)
   end
end

-- ------------------------------------------------------------------ the queue

-- Spans that are in memory, from `first` to `last`, oldest first.
local function push(self, item)
   if self.last - self.first + 1 >= self.max_queue then
      self.queue[self.first] = nil
      self.first = self.first + 1
      drop(self, 1, "queue_full")
   end
   self.last = self.last + 1
   self.queue[self.last] = item
end

local function count(self)
   return self.last - self.first + 1
end

local function is_empty(self)
   return count(self) == 0 and (not self.spool or self.spool:is_empty())
end

-- The oldest ones as JSON texts, and the function to call once their fate is known.
local function next_batch(self)
   if self.spool and not self.spool:is_empty() then
      local lines, taken = self.spool:batch(self.batch)
      if lines then
         return lines, function() self.spool:settle(taken) end
      end
   end
   local list, size = {}, math.min(count(self), self.batch)
   for index = 1, size do
      list[index] = self.queue[self.first + index - 1]
   end
   local first = self.first
   return list, function()
      for index = first, first + size - 1 do -- some may have been dropped meanwhile
         self.queue[index] = nil
      end
      self.first = math.max(self.first, first + size)
   end
end

-- ------------------------------------------------------------------ sending

local STEP = 16 -- spans that are encoded before others have their turn

-- Texts of spans that can be sent: those of the queue are encoded, what is too long for a span becomes an artifact.
local function texts_of(self, list)
   local texts = {}
   for index, item in ipairs(list) do
      local text = type(item) == "string" and item or promptic.json.encode(otlp.span(item, self.common))
      texts[index] = offload.text(self.client, text)
      if index % STEP == 0 then
         background.pause(0)
      end
   end
   return texts
end

local function refusal(err)
   local status = err.status_code
   return status and status >= 400 and status < 500 and status ~= 408 and status ~= 429 and status ~= 413
end

-- The platform took the request but not all of it, or has something to say of it.
local function heed(self, response)
   local partial = type(response) == "table" and response.partialSuccess
   if type(partial) ~= "table" then
      return 0
   elseif type(partial.errorMessage) == "string" and partial.errorMessage ~= "" then
      note(self, partial.errorMessage, "traces: " .. partial.errorMessage)
   end
   return tonumber(partial.rejectedSpans) or 0
end

local function slice(list, first, last)
   local part = {}
   for index = first, last do
      part[#part + 1] = list[index]
   end
   return part
end

-- Sends the spans of texts; true once their fate is known. In doubt it sends them once more: a span that arrives twice
-- has the same id.
local function deliver(self, texts, is_repeated)
   local body = otlp.request(self.resource, texts)
   local fine, result = failure.attempt(methods.ingest_traces, self.client, body)
   if fine then
      local rejected = heed(self, result)
      self.stats.sent = self.stats.sent + #texts - rejected
      drop(self, rejected, "refused")
      return true
   elseif not failure.is_error(result) then
      note(self, "unsent", "traces cannot be sent: " .. tostring(result))
      drop(self, #texts, "refused")
      return true
   elseif result.status_code == 413 and #texts > 1 then
      local half = math.floor(#texts / 2)
      return deliver(self, slice(texts, 1, half)) and deliver(self, slice(texts, half + 1, #texts))
   elseif result.status_code == 413 then
      note(self, "too_large", "a span is larger than the platform accepts, and was dropped")
      drop(self, 1, "too_large")
      return true
   elseif refusal(result) or result.kind == "auth" or result.kind == "config" or result.kind == "decode" then
      note(self, tostring(result), "the platform refuses traces: " .. tostring(result))
      drop(self, #texts, "refused")
      return true
   elseif result.maybe_sent and not is_repeated then
      return deliver(self, texts, true)
   elseif result.maybe_sent then
      drop(self, #texts, "expired")
      return true
   end
   return false, result
end

local FIRST_PAUSE, LONGEST_PAUSE = 1, 30 -- seconds between attempts while the platform is away

-- The task that sends, for as long as there is something.
local function work(self)
   local pause = FIRST_PAUSE
   while not is_empty(self) do
      if count(self) < self.batch then
         background.pause(self.interval)
      end
      local list, settle = next_batch(self)
      if #list > 0 and deliver(self, texts_of(self, list)) then
         settle()
         pause = FIRST_PAUSE
      elseif #list > 0 then
         note(self, "away", "the platform does not take traces now; they wait")
         if background.pause(pause) and background.is_flushing() then
            break -- whoever flushes is to learn of it, and not to wait for a platform that is away
         end
         pause = math.min(2 * pause, LONGEST_PAUSE)
      end
   end
   self.is_sending = false
end

local function sender(self)
   local fine, problem = failure.attempt(work, self)
   if not fine then
      self.is_sending = false
      if not (failure.is_error(problem) and problem.kind == "cancelled") then
         note(self, "sender", "traces: " .. tostring(problem))
      end
   end
end

local function wake(self)
   if not self.is_sending then
      self.is_sending = true
      background.start(sender, self)
   end
end

-- A forked child starts empty: what waits is the parent's, and so is its sender.
local function check_process(self)
   if self.generation ~= host.generation() then
      self.generation, self.queue, self.first, self.last = host.generation(), {}, 1, 0
      self.is_sending = false
   end
end

-- ------------------------------------------------------------------ what spans call

-- A random number from 0 to 1, and not 1.
local function fraction()
   return tonumber(library.random_hex(4), 16) / 2 ^ 32
end

--- What the spans of a new trace share. Whether it is sampled is decided once.
function Tracer:new_trace()
   return { id = false, sampled = self.sample >= 1 or fraction() < self.sample, remote = false }
end

local function is_wanted(self, me)
   if not me.trace.sampled then
      return false, "sampled"
   elseif self.before_send then
      local fine, verdict = pcall(self.before_send, me)
      if not fine then
         note(self, "before_send", "before_send has failed, and the span was dropped: " .. tostring(verdict))
      end
      return fine and verdict ~= false, "before_send"
   end
   return true
end

local function keep(self, me)
   check_process(self)
   local wanted, reason = is_wanted(self, me)
   self.stats.made = self.stats.made + 1
   if not wanted or self.is_closed then
      return drop(self, 1, reason or "expired")
   end
   if not (self.spool and self.spool:append(promptic.json.encode(otlp.span(me, self.common)))) then
      push(self, me)
   end
   wake(self)
end

--- Takes a span that has ended. Never waits, never raises.
function Tracer:take(me)
   local fine, problem = pcall(keep, self, me)
   if not fine then
      note(self, "take", "a span was lost: " .. tostring(problem))
   end
end

-- ------------------------------------------------------------------ public

--- A span under the current one. With f it runs f(span) and returns what that returns; without, span:finish ends it.
function Tracer:span(name, attributes, f)
   attributes, f = span.check("span", 1, name, attributes, f)
   return span.start(self, nil, name, attributes, f)
end

--- A span whose parent is in another process, by its header traceparent; a malformed one begins a trace.
function Tracer:continue(header, name, attributes, f)
   attributes, f = span.check("continue", 2, name, attributes, f)
   return span.start(self, span.trace_of(header) or self:new_trace(), name, attributes, f)
end

--- The span that is current in this task; nil if there is none.
function Tracer:current()
   local current = scheduler.context()
   return current and current.tracer == self and current or nil
end

--- Waits until everything is sent, for so many seconds at most; whether it is.
function Tracer:flush(seconds)
   check_process(self)
   if not is_empty(self) then
      wake(self)
   end
   promptic.flush(seconds)
   return is_empty(self)
end

--- The same, and takes no further spans. What the spool holds stays for the next process.
function Tracer:close(seconds)
   if self.is_closed then
      return true
   end
   local done = self:flush(seconds or 2)
   self.is_closed = true
   if self.spool then
      self.spool:close()
   end
   drop(self, count(self), "expired")
   self.queue, self.first, self.last = {}, 1, 0
   return done
end

function Tracer:__close()
   self:close()
end

function promptic.tracer(...)
   local client, options = check.tracer(...)
   local self = setmetatable({
      client = client, sample = options.sample, max_queue = options.max_queue, batch = options.batch,
      interval = options.interval, before_send = options.before_send, stats = new_stats(), noted = {}, queue = {},
      first = 1, last = 0, is_sending = false, is_closed = false, spool = false, generation = host.generation(),
      common = { ["promptic.ai_component"] = options.component, ["promptic.dataset.id"] = options.dataset },
      resource = { ["service.name"] = options.service, ["deployment.environment.name"] = options.environment },
   }, Tracer)
   if options.spool then
      local opened, problem = spools.open(options.spool, function(number, reason) drop(self, number, reason) end)
      if not opened then
         failure.raise("argument", ("the spool cannot be used: %s"):format(problem), "not_written")
      end
      self.spool = opened
      if not is_empty(self) then
         wake(self)
      end
   end
   return self
end

return Tracer
