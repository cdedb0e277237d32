-- tracer.lua - promptic.tracer: spans go out in the background, bounded, and from a spool if there is one.
-- Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local error, ipairs, math, pcall, setmetatable = error, ipairs, math, pcall, setmetatable
local tonumber, tostring, type = tonumber, tostring, type

local library, files, scheduler = import "c.library", import "c.files", import "scheduler"
local background, failure, generation = import "background", import "failure", import("c.tasks").generation
local new_queue = import "c.span_queue"
local offload, otlp, span, spools = import "offload", import "otlp", import "span", import "spool"
local tasks = import "tasks"

local check, now, promptic, warn = library.check, library.now, library.promptic, library.warn

local Tracer = { __name = "promptic.tracer", __metatable = "promptic.tracer" }
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

local MOST_NOTES = 20

-- Says it in the client's log, each thing once.
local function note(self, key, text)
   if not self.noted[key] and self.note_count < MOST_NOTES then
      self.noted[key], self.note_count = true, self.note_count + 1
      pcall(warn, self.client, text)
   end
end

-- ------------------------------------------------------------------ the queue

local function is_empty(self)
   return self.queue.count() == 0 and self.in_flight == 0 and (not self.spool or self.spool:is_empty())
end

local function has_batch(self)
   return self.queue.count() >= self.batch or self.spool and self.spool:has(self.batch)
end

-- The oldest ones, off the queue, or lines of the spool; a function to call with the number of those whose fate is
-- known; and whether another process has written them.
local function next_batch(self)
   local spool = self.spool
   if spool and not spool:is_empty() then
      local lines, taken = spool:batch(self.batch)
      if lines then
         return lines, function(number) spool:settle(taken, number) end, taken.is_foreign
      end
   end
   local list = {}
   for index = 1, math.min(self.queue.count(), self.batch) do
      list[index] = self.queue.take()
   end
   self.in_flight = #list
   return list, function(number) self.in_flight = self.in_flight - number end, false
end

-- ------------------------------------------------------------------ sending

local STEP_SECONDS = 0.00025 -- that spans are encoded for before others have their turn

-- The JSON text of a span, or a line of the spool.
local function encode(self, item)
   return type(item) == "string" and item or otlp.span(item, self.common)
end

-- The same with artifacts in place of long values.
local function shorten(self, text)
   local record = promptic.json.decode(text)
   offload.replace(self.client, record)
   return promptic.json.encode(record)
end

-- The text of what can be sent, or false.
local function text_of(self, item, is_foreign)
   local fine, text = failure.pcall(encode, self, item)
   if fine and (is_foreign or offload.may_apply(text)) then -- loss of power may leave anything in a file
      fine, text = failure.attempt(shorten, self, text)
   end
   if fine then
      return text
   elseif failure.is_error(text) and text.kind == "cancelled" then
      error(text, 0)
   end
   note(self, "form", "a span cannot be sent: " .. tostring(text))
   drop(self, 1, "refused")
   return false
end

-- Texts of a batch, in a list of the same length.
local function texts_of(self, list, is_foreign)
   local texts, began = { doubted = 0 }, now()
   for index, item in ipairs(list) do
      texts[index] = text_of(self, item, is_foreign)
      if now() - began > STEP_SECONDS then
         background.pause(0)
         began = now()
      end
   end
   return texts
end

local HOPELESS = { argument = true, auth = true, config = true }

-- Whether there is no use in another attempt. A 2xx that is not JSON is a gateway's page: the platform may have the
-- request.
local function is_refusal(err)
   local status = err.status_code
   return HOPELESS[err.kind] or status and status >= 400 and not failure.is_passing(err)
end

-- The platform took the request but not all of it, or has something to say of it. Returns how many of `number` spans it
-- rejected.
local function heed(self, response, number)
   local partial = type(response) == "table" and response.partialSuccess
   if type(partial) ~= "table" then
      return 0
   elseif type(partial.errorMessage) == "string" and partial.errorMessage ~= "" then
      note(self, partial.errorMessage, "traces: " .. partial.errorMessage)
   end
   return math.max(0, math.min(number, math.floor(tonumber(partial.rejectedSpans) or 0)))
end

local function slice(texts, first, last)
   local part = {}
   for index = first, last do
      part[#part + 1] = texts[index] or nil
   end
   return part
end

local function refuse(self, number, err, reason)
   if reason == "too_large" then
      note(self, "too_large", "a span is larger than the platform accepts, and was dropped")
   else
      note(self, ("%s %s"):format(err.kind, err.status_code), "the platform refuses traces: " .. tostring(err))
   end
   drop(self, number, reason)
end

-- Sends the spans of texts from `first` to `last`, in halves if the platform says that they are too much. Returns the
-- place behind the last one whose fate is known. In doubt a span is sent once more; it has the same id then.
local function deliver(self, texts, first, last)
   local part = slice(texts, first, last)
   if #part == 0 then
      return last + 1
   end
   local fine, result = failure.attempt(files.post, self.client, "ingest_traces", otlp.request(self.resource, part))
   if fine then
      local rejected = heed(self, result, #part)
      self.stats.sent = self.stats.sent + #part - rejected
      drop(self, rejected, "refused")
      return last + 1
   elseif not failure.is_error(result) or result.kind == "cancelled" then
      error(result, 0)
   elseif result.status_code == 413 and #part > 1 then
      local middle = math.floor((first + last) / 2)
      local reached = deliver(self, texts, first, middle)
      return reached > middle and deliver(self, texts, reached, last) or reached
   end
   self.last_problem = result
   if is_refusal(result) then
      refuse(self, #part, result, result.status_code == 413 and "too_large" or "refused")
      return last + 1
   elseif result.maybe_sent then
      local again = math.min(last, texts.doubted)
      texts.doubted = math.max(last, texts.doubted)
      drop(self, #slice(texts, first, again), "expired")
      return math.max(first, again + 1)
   end
   return first
end

-- Whether the platform answers: a request without spans, which leaves nothing in doubt.
local function is_there(self)
   local fine, result = failure.attempt(files.post, self.client, "ingest_traces", otlp.NOTHING)
   return fine or failure.is_error(result) and is_refusal(result)
end

local AWAY = "the platform does not accept traces at the moment; spans wait in the queue: "
local FIRST_PAUSE, LONGEST_PAUSE = 1, 30 -- seconds between attempts while the platform is away

-- Sends all of texts, for as long as it takes. What is in doubt waits until the platform answers again.
local function send(self, texts, settle)
   local first, pause = 1, FIRST_PAUSE
   while first <= #texts and not self.is_closed do
      if texts.doubted < first or is_there(self) then
         local reached = deliver(self, texts, first, #texts)
         if reached > first then
            settle(reached - first)
            first, pause = reached, FIRST_PAUSE
         end
      end
      if first <= #texts and not self.is_closed then
         note(self, "away", AWAY .. tostring(self.last_problem))
         background.rest(pause)
         pause = math.min(2 * pause, LONGEST_PAUSE)
      end
   end
end

-- So many spans may come before the sender has to be woken, or looked at, as it may have died.
local function be_quiet(self)
   local number = self.is_waiting and self.batch - 1 - self.queue.count() or self.batch
   self.queue.quiet(self.is_closed and 0 or number)
end

-- Waits for a batch, for the interval at most.
local function await_more(self)
   self.is_waiting = true
   be_quiet(self)
   background.pause(self.interval)
   self.is_waiting = false
end

-- The task that sends, for as long as there is something.
local function work(self)
   self.worker = scheduler.current()
   while not self.is_closed and not is_empty(self) do
      if not has_batch(self) then
         await_more(self)
      end
      local list, settle, is_foreign = next_batch(self)
      send(self, texts_of(self, list, is_foreign), settle)
   end
end

local function end_spool(self)
   if self.spool then
      self.spool:close()
      self.spool = false
   end
end

-- Spans in memory are given up, those in the spool stay for the next process.
local function give_up(self)
   drop(self, self.queue.count() + self.in_flight, "expired")
   self.queue.clear()
   self.in_flight, self.is_closed = 0, true
   end_spool(self)
end

local function sender(self)
   local fine, problem = failure.attempt(work, self)
   self.is_waiting = false
   self.queue.quiet(0) -- the next one starts another
   if not fine and failure.is_error(problem) and problem.code == "client_closed" then
      give_up(self)
   elseif not fine and not (failure.is_error(problem) and problem.kind == "cancelled") then
      note(self, "sender", "traces: " .. tostring(problem))
   end
end

-- Starts the sender unless it is there, and wakes it if there is enough for a request.
local function wake(self)
   local task = self.sender
   if not task or scheduler.is_finished(task) then
      drop(self, self.in_flight, "expired") -- of one that did not end by itself
      self.in_flight = 0
      self.sender = background.start(sender, self)
   elseif self.is_waiting and has_batch(self) then
      background.wake(self.worker)
   end
   be_quiet(self)
end

-- A forked child starts empty: what waits is the parent's, and so is its sender.
local function check_process(self)
   if self.generation ~= generation() then
      self.generation = generation()
      self.queue.clear()
      self.in_flight, self.sender, self.worker, self.is_waiting = 0, false, false, false
      self.stats.made, self.stats.sent = 0, 0
      for _, reason in ipairs(REASONS) do
         self.stats.dropped[reason] = 0
      end
   end
end

-- ------------------------------------------------------------------ what spans call

-- A random number from 0 to 1, and not 1.
local function fraction()
   return tonumber(library.random_hex(4), 16) / 2 ^ 32
end

--- Whether a new trace is sampled, which is decided once.
function Tracer:is_sampled()
   return self.sample >= 1 or fraction() < self.sample
end

-- Why a span is not to be sent; nil if it is.
local function reason_to_drop(self, me)
   if self.is_closed then
      return "expired"
   elseif not (me.trace or me).sampled then
      return "sampled"
   elseif self.before_send then
      me.attributes = me.attributes or {}
      local fine, verdict = pcall(self.before_send, me)
      if not fine then
         note(self, "before_send", "before_send has failed, and the span was dropped: " .. tostring(verdict))
      end
      return (not fine or verdict == false) and "before_send" or nil
   end
end

-- Works on the queue, where no other coroutine of a host's may come in: by tasks.enter.
local function store(self, me, reason)
   self.stats.made = self.stats.made + 1
   if reason then
      return drop(self, 1, reason)
   end
   if not (self.spool and self.spool:append(otlp.span(me, self.common))) then
      otlp.freeze(me)
      drop(self, self.queue.add(me) and 1 or 0, "queue_full")
   end
   wake(self)
end

local function keep(self, me)
   check_process(self)
   if me.process == self.generation then -- otherwise the parent process sends it
      tasks.enter(store, self, me, reason_to_drop(self, me))
   end
end

--- Takes a span that has ended and that Tracer.put, the short way of most spans, has not. Never waits, never raises.
function Tracer:take(me)
   local fine, problem = failure.pcall(keep, self, me)
   if not fine then
      note(self, "form", "a span cannot be sent: " .. tostring(problem))
      drop(self, 1, "refused")
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
   return span.start(self, span.trace_of(header) or { sampled = self:is_sampled() }, name, attributes, f)
end

--- The span that is current in this task; nil if there is none.
function Tracer:current()
   local current = scheduler.context()
   return current and current.tracer == self and current or nil
end

-- Called by the method itself, so that an error names the script's line.
local function check_seconds(where, seconds)
   if seconds ~= nil and (type(seconds) ~= "number" or not (seconds >= 0)) then
      error(("bad argument #1 to '%s' (seconds expected, got %s)"):format(where, tostring(seconds)), 3)
   end
end

local function flush(self, seconds)
   check_process(self)
   if not is_empty(self) then
      wake(self)
   end
   background.flush(seconds, function()
      return self.sender and not scheduler.is_finished(self.sender) and self.sender or nil
   end)
   return is_empty(self)
end

--- Waits until everything is sent, for so many seconds at most; whether it is.
function Tracer:flush(seconds)
   check_seconds("flush", seconds)
   local done = flush(self, seconds)
   return done
end

--- The same, and takes no further spans. What the spool holds stays for the next process.
function Tracer:close(seconds)
   check_seconds("close", seconds)
   if self.is_closed then
      return true
   end
   local done = flush(self, seconds or 2)
   give_up(self)
   if self.sender then
      scheduler.cancel(self.sender)
   end
   return done
end

function Tracer:__close()
   self:close()
end

function promptic.tracer(...)
   local client, options = check.tracer(...)
   local self = setmetatable({
      client = client, sample = options.sample, max_queue = options.max_queue, batch = options.batch,
      interval = options.interval, before_send = options.before_send, stats = new_stats(), noted = {}, note_count = 0,
      in_flight = 0, sender = false, worker = false, is_waiting = false, is_closed = false, spool = false,
      generation = generation(),
      common = { ["promptic.ai_component"] = options.component, ["promptic.dataset.id"] = options.dataset },
      resource = { ["service.name"] = options.service, ["deployment.environment.name"] = options.environment },
   }, Tracer)
   self.queue = new_queue(self.max_queue, self.stats)
   self.put = not (options.spool or self.before_send) and self.queue.put
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
