--- contract.lua - the platform's contract as a list of operations, read from spec/contract/openapi.yaml.
--
--    for _, operation in ipairs(contract.operations()) do ... end
--
-- An operation: id, verb, path, tag, parameters (of the path and the query, references resolved), body (the
-- JSON schema of the request's body, resolved; of one that is a list or one element, the list's; nil where there
-- is none), success (status -> response), redirects (whether it answers with one), session_only (whether a session
-- token without a scope is what it takes), since, dropped.
local yaml = require "lyaml"

local contract = {}

contract.path = "spec/contract/openapi.yaml"

local VERBS = { "get", "put", "post", "patch", "delete" }

function contract.load()
   local file = assert(io.open(contract.path))
   local document = yaml.load((file:read("*a")))
   file:close()
   return document
end

--- What node stands for: itself, or what its $ref names.
function contract.resolve(document, node)
   while type(node) == "table" and node["$ref"] do
      local found = document
      for step in node["$ref"]:gmatch("[^#/]+") do
         found = found[step]
      end
      node = assert(found, "dangling reference")
   end
   return node
end

local function parameters_of(document, item, operation)
   local list = {}
   for _, source in ipairs{ item.parameters or {}, operation.parameters or {} } do
      for _, parameter in ipairs(source) do
         parameter = contract.resolve(document, parameter)
         list[#list + 1] = {
            name = parameter.name,
            place = parameter["in"],
            required = parameter.required or false,
            schema = contract.resolve(document, parameter.schema),
         }
      end
   end
   return list
end

local function success_of(operation)
   local success = {}
   for status, response in pairs(operation.responses) do
      if tostring(status):match("^2") then
         success[tonumber(status)] = response
      end
   end
   return success
end

local function body_of(document, operation)
   local body = operation.requestBody
   if not body then
      return nil
   end
   local schema = contract.resolve(document, body.content["application/json"].schema)
   if schema.oneOf then
      assert(schema.oneOf[1].type == "array", "a list, or one of its elements")
      assert(schema.oneOf[1].items["$ref"] == schema.oneOf[2]["$ref"])
      return schema.oneOf[1]
   end
   return schema
end

local function is_session_only(operation)
   local security = operation.security
   local only = security and #security == 1 and security[1]
   return only and only.sessionToken ~= nil and next(only, "sessionToken") == nil or false
end

function contract.operations(document)
   document = document or contract.load()
   local list = {}
   for path, item in pairs(document.paths) do
      for _, verb in ipairs(VERBS) do
         local operation = item[verb]
         if operation then
            list[#list + 1] = {
               id = operation.operationId,
               verb = verb:upper(),
               path = path,
               tag = operation.tags[1],
               parameters = parameters_of(document, item, operation),
               body = body_of(document, operation),
               success = success_of(operation),
               redirects = operation.responses["302"] ~= nil,
               session_only = is_session_only(operation),
               since = operation["x-since"],
               dropped = operation["x-dropped"],
            }
         end
      end
   end
   table.sort(list, function(a, b)
      return a.id < b.id
   end)
   return list
end

return contract
