--- The words of the formats of parameters, by their names in promptic.endpoints and promptic.library; how each is
-- checked: bindings/table/formats.c.
--
--    words        what help and reference say in place of the type; nil: the type
--    annotation   the type for LuaLS; nil: that of the type
--    label        what stands for a value in the help of the command; nil: the parameter's name decides
--    minimum      of a number
--    read         the type by which the command reads it (scripts/cli/parameters.lua); nil: that of the parameter
local formats = {
   uuid = {}, id = {}, bytes = {}, name = {},
   ["date-time"] = { label = "TIME", read = "time" },
   seconds = { words = "seconds", label = "SECONDS", minimum = 0 },
   positive_seconds = { words = "positive seconds", label = "SECONDS" },
   ["function"] = {},
   text_or_false = { words = "string or false", annotation = "string|false" },
   client = { words = "client", annotation = "promptic.Client" },
   rows_source = { words = "list, function or path", annotation = "table|function|string" },
   bytes_source = { words = "bytes or table", annotation = "string|table" },
}

local NONE = {}

--- The row of a parameter's format; an empty one if it has none.
function formats.of(parameter)
   return formats[parameter.format] or NONE
end

--- What a reader is told of a parameter's type: "integer", "seconds", "function(level, text)".
function formats.words(parameter)
   if parameter.signature then return ("function(%s)"):format(parameter.signature) end
   return formats.of(parameter).words or parameter.type
end

return formats
