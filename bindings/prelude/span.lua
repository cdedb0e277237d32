-- span.lua - spans of promptic.tracer: what one holds, and which is current.
-- Baked into the module; runs in Lua 5.1 to 5.4. Nothing here calls the platform.
local import = ...

local error, pairs, pcall, rawequal, select = error, pairs, pcall, rawequal, select
local setmetatable, tostring, type = setmetatable, tostring, type
local unpack = table.unpack or unpack -- luacheck: ignore 113 143
local can_yield_in_pcall = _VERSION ~= "Lua 5.1" or jit ~= nil -- luacheck: ignore 113

local library, scheduler, failure = import "c.library", import "scheduler", import "failure"
local random_hex, stamp, time = library.random_hex, library.stamp, library.time

local span = {}

-- A span's fields: tracer, name, began, attributes (false if none), ended (Unix time, or false). Few have those below.
-- Up to eight fields lie in a table of half the size of one of nine, and most of what a span costs is memory.
local Span = { __name = "promptic.span", __metatable = "promptic.span" }
Span.__index = Span

-- Kinds of OTLP (opentelemetry-proto, trace.proto, SpanKind).
local INTERNAL, CLIENT = 1, 3

Span.parent = false   -- the span that it belongs to
Span.trace = false    -- what the spans of a trace share, in the first of them, or in a table if that is elsewhere
Span.process = 0      -- the generation that it began in: a forked child sends nothing that its parent has begun
Span.id = false       -- made when it is first needed
Span.trace_id = false -- of the first of a trace: the same
Span.sampled = true   -- of the first of a trace
Span.kind = INTERNAL
Span.events = false
Span.failed = false   -- or why
Span.remote = false   -- the parent's id where that belongs to another process

local function wrong(position, where, expected, value)
   return ("bad argument #%d to '%s' (%s expected, got %s)"):format(position, where, expected, type(value))
end

-- What is wrong with attributes; nil if nothing is.
local function problem_of(position, where, attributes)
   if type(attributes) ~= "table" then
      return wrong(position, where, "table", attributes)
   end
   for key in pairs(attributes) do
      if type(key) ~= "string" or key == "" then
         local text = "bad argument #%d to '%s' (attribute names must be non-empty strings, got '%s')"
         return text:format(position, where, tostring(key))
      end
   end
end

--- The attributes and the function of a method that starts a span; both may be left out. Called by the method itself,
--- so that an error names the script's line. `first`: the position of the name.
function span.check(where, first, name, attributes, f)
   if type(attributes) == "function" and f == nil then
      attributes, f = nil, attributes
   end
   local problem = attributes ~= nil and problem_of(first + 1, where, attributes)
   if type(name) ~= "string" or name == "" then
      problem = wrong(first, where, "name", name)
   elseif not problem and f ~= nil and type(f) ~= "function" then
      problem = wrong(first + 2, where, "function", f)
   end
   if problem then
      error(problem, 3)
   end
   return attributes, f
end

local function copy(attributes)
   local list = {}
   for key, value in pairs(attributes) do
      list[key] = value
   end
   return list
end

-- A span's attributes, to be changed.
local function attributes_of(me)
   me.attributes = me.attributes or {}
   return me.attributes
end

-- The text of any value, also of one whose __tostring raises.
local function text_of(value)
   local fine, text = pcall(tostring, value)
   return fine and text or "an error without text"
end

local function new(tracer, name, attributes)
   local began, process = stamp()
   local me = setmetatable({
      tracer = tracer, name = name, began = began, ended = false,
      attributes = attributes and copy(attributes) or false,
   }, Span)
   if process ~= 0 then
      me.process = process
   end
   return me
end

-- Whether a span can have children in this process. In a forked child the ids of a span of the parent process are known
-- only if they were made before the fork; made anew they would be others than the parent's.
local function can_have_children(parent, process)
   return parent.process == process or parent.id and (parent.trace or parent).trace_id
end

-- A span below another one, or the first of a trace if there is none.
local function new_below(tracer, parent, name, attributes)
   local me = new(tracer, name, attributes)
   if parent and can_have_children(parent, me.process) then
      me.parent, me.trace = parent, parent.trace or parent
   elseif tracer.sample < 1 then
      me.sampled = tracer:is_sampled()
   end
   return me
end

-- ------------------------------------------------------------------ current

local function pack(...)
   return { n = select("#", ...), ... }
end

-- Ends the span of a function that has returned or raised, and does the same.
local function leave(me, before, fine, ...)
   scheduler.set_context(before)
   if not fine then
      me:fail((...))
   end
   me:finish()
   if not fine then
      error((...), 0)
   end
   return ...
end

local function leave_packed(me, before, fine, packed)
   if fine then
      return leave(me, before, true, unpack(packed, 1, packed.n))
   end
   return leave(me, before, false, packed)
end

-- Runs f(me) with the span current. In a task of Lua 5.1 f is a task of its own: nothing is suspended inside of pcall.
local function run(me, f)
   local before = scheduler.context()
   scheduler.set_context(me)
   if can_yield_in_pcall or not scheduler.running() then
      return leave(me, before, pcall(f, me))
   end
   return leave_packed(me, before, failure.attempt(function() return pack(f(me)) end))
end

--- Starts a span of the tracer: of this trace, else under the current one, else as the first of a trace. With f it runs
--- f(span). The arguments are checked.
function span.start(tracer, trace, name, attributes, f)
   local me
   if trace then
      me = new(tracer, name, attributes)
      me.trace, me.remote = trace, trace.remote
   else
      local parent = scheduler.context()
      me = new_below(tracer, parent and rawequal(parent.tracer, tracer) and parent, name, attributes)
   end
   if f then
      return run(me, f)
   end
   return me
end

-- ------------------------------------------------------------------ methods

--- A span below this one; with f it runs f(span), as tracer:span does.
function Span:child(name, attributes, f)
   attributes, f = span.check("child", 1, name, attributes, f)
   local me = new_below(self.tracer, self, name, attributes)
   if f then
      return run(me, f)
   end
   return me
end

--- Sets an attribute, or those of a table.
function Span:set(key, value)
   if type(key) == "table" then
      local problem = problem_of(1, "set", key)
      if problem then
         error(problem, 2)
      end
      local attributes = attributes_of(self)
      for name, one in pairs(key) do
         attributes[name] = one
      end
   elseif type(key) ~= "string" or key == "" then
      error(wrong(1, "set", "name or table", key), 2)
   else
      attributes_of(self)[key] = value
   end
   return self
end

--- Notes that something happened now.
function Span:event(name, attributes)
   span.check("event", 1, name, attributes)
   self.events = self.events or {}
   self.events[#self.events + 1] = { name = name, time = time(), attributes = copy(attributes or {}) }
   return self
end

--- Marks it as failed; err is the reason.
function Span:fail(err)
   self.failed = err == nil and "" or text_of(err)
   return self
end

--- Ends it; its delivery never blocks and never raises. A second time nothing happens.
function Span:finish()
   if not self.ended then
      self.ended = stamp()
      local tracer = self.tracer
      local put = tracer.put
      local is_plain = put and (self.trace or self).sampled and not self.events
      if not (is_plain and put(self, self.process, self.attributes)) then
         tracer:take(self)
      end
   end
end

--- The header traceparent for a request to another service (W3C Trace Context).
function Span:traceparent()
   return ("00-%s-%s-%s"):format(span.trace_id(self), span.id(self), (self.trace or self).sampled and "01" or "00")
end

-- ------------------------------------------------------------------ models and tools

-- Fields of span:model and span:tool, with their names in OpenTelemetry's conventions for generative AI.
local MODEL = {
   provider = "gen_ai.provider.name", model = "gen_ai.request.model", input_tokens = "gen_ai.usage.input_tokens",
   output_tokens = "gen_ai.usage.output_tokens", cost = "gen_ai.usage.cost",
   temperature = "gen_ai.request.temperature", max_tokens = "gen_ai.request.max_tokens",
   finish_reasons = "gen_ai.response.finish_reasons", response_id = "gen_ai.response.id",
   input = "gen_ai.input.messages", output = "gen_ai.output.messages", tools = "gen_ai.tool.definitions",
}
local TOOL = {
   name = "gen_ai.tool.name", id = "gen_ai.tool.call.id", arguments = "gen_ai.tool.call.arguments",
   result = "gen_ai.tool.call.result",
}

local function set_named(self, where, names, fields)
   if type(fields) ~= "table" then
      error(wrong(1, where, "table", fields), 3)
   end
   for field, value in pairs(fields) do
      if not names[field] then
         error(("bad argument #1 to '%s' (unknown field '%s')"):format(where, tostring(field)), 3)
      end
      attributes_of(self)[names[field]] = value
   end
   return self
end

--- Says of a span that it is a call of a language model.
function Span:model(fields)
   set_named(self, "model", MODEL, fields)
   self.kind = CLIENT
   attributes_of(self)["gen_ai.operation.name"] = "chat"
   return self
end

--- Says of a span that it is a call of a tool.
function Span:tool(fields)
   set_named(self, "tool", TOOL, fields)
   attributes_of(self)["gen_ai.operation.name"] = "execute_tool"
   return self
end

-- ------------------------------------------------------------------ ids

--- The ids are made when they are first needed: most spans are asked for theirs by the sender only.
function span.id(me)
   if not me.id then
      me.id = random_hex(8)
   end
   return me.id
end

function span.trace_id(me)
   local first = me.trace or me
   if not first.trace_id then
      first.trace_id = random_hex(16)
   end
   return first.trace_id
end

--- What the spans of a trace share that began in another process, or nil for a header that is malformed.
function span.trace_of(header)
   local version, id, parent, flags, rest = tostring(header):match("^(%x%x)%-(%x+)%-(%x+)%-(%x%x)(.*)$")
   local is_known = rest == "" or version ~= "00" and rest and rest:find("^-") -- later ones may add to it
   local is_whole = is_known and version:lower() ~= "ff" and #id == 32 and #parent == 16
   if not is_whole or id:find("^0+$") or parent:find("^0+$") then
      return nil
   end
   local is_sampled = flags:match("[13579bdfBDF]$") ~= nil
   return { trace_id = id:lower(), remote = parent:lower(), sampled = is_sampled }
end

return span
