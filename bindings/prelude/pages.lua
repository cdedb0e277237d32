-- pages.lua - each_experiment and each_trace: iterators over all pages of a list.
-- Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local error, math, next, rawget, type = error, math, next, rawget, type

local methods, library = import "methods", import "c.library"
local failure = import "failure"
local check = library.check

-- A page that is not full is the last one, but a platform may cut pages to the size that it gives by default: one
-- of that size or more, and less than the limit, does not end the iteration.
local DEFAULT_SIZE = 50

-- An iteration ends here with an error: a platform whose pages never end is broken, or hostile.
local MOST_VALUES = 10000000

-- An iterator over the values of all pages. fetch(settings) returns a page's list, and the total if the
-- platform reports one.
local function pages(settings, fetch)
   local list, index, total, ended, read = {}, 0, nil, false, 0

   local function turn()
      list, total = fetch(settings)
      index = 0
      settings.offset, read = settings.offset + #list, read + #list
      if read > MOST_VALUES then
         error(failure.new{
            kind = "decode",
            message = ("the list does not end after %d values: use the option `offset` to begin further on")
               :format(MOST_VALUES),
         })
      end
      if total then
         ended = settings.offset >= total
      else
         ended = #list < math.min(settings.limit, DEFAULT_SIZE)
      end
   end

   return function() -- after an empty page the index is past its end, so no further one is asked for
      if index == #list and not ended then
         turn()
      end
      index = index + 1
      return list[index]
   end
end

local function refuse(message, path)
   error(failure.unexpected(message, "GET", path), 0)
end

-- Not an object with fields.
local function is_list(value)
   return type(value) == "table" and (rawget(value, 1) ~= nil or next(value) == nil)
end

-- The list in the response, under the second name where the platform's sources disagree. A missing list is an
-- error: it would look like the end of all pages.
local function list_in(response, path, field, other)
   local list = type(response) == "table" and rawget(response, field) -- raw: its type may have no such field
   if is_list(list) then
      return list
   elseif other then
      return list_in(response, path, other)
   end
   refuse(("the response has no list '%s'"):format(field), path)
end

local function total_in(response, path)
   local total = response.total
   if total ~= nil and type(total) ~= "number" then
      refuse("the response has no number 'total'", path)
   end
   return total
end

function methods.each_experiment(...)
   local client, options = check.each_experiment(...)
   return pages(options, function(settings)
      return list_in(methods.list_experiments(client, settings), "/experiments", "data")
   end)
end

function methods.each_trace(...)
   local client, options = check.each_trace(...)
   return pages(options, function(settings)
      local response = methods.list_traces(client, settings)
      return list_in(response, "/traces", "traces", "data"), total_in(response, "/traces")
   end)
end
