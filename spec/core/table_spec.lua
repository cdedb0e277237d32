--- Compares the table of endpoints with the platform's contract, both ways: nothing is missing, nothing is
-- made up.
local promptic = require "promptic"
local contract = require "spec.support.contract"

local document = contract.load()
local operations = contract.operations(document)

local UNBOUNDED = 2147483647 -- what the table writes where the contract sets no maximum

local function in_place(row, place)
   local list = {}
   for _, parameter in ipairs(row.parameters) do
      if parameter.place == place then
         list[#list + 1] = parameter
      end
   end
   return list
end

local function names(list, key)
   local found = {}
   for index, one in ipairs(list) do
      found[index] = one[key or "name"]
   end
   return found
end

local function sorted(list)
   table.sort(list)
   return list
end

local function keys(map)
   local found = {}
   for key in pairs(map or {}) do
      found[#found + 1] = key
   end
   return sorted(found)
end

local function set(list)
   local found = {}
   for _, one in ipairs(list or {}) do
      found[one] = true
   end
   return found
end

-- Visits the parameters, and those of the elements of lists inside a body.
local each_parameter
function each_parameter(parameters, visit)
   for _, parameter in ipairs(parameters) do
      visit(parameter)
      each_parameter(parameter.items or {}, visit)
   end
end

local function snake_case(wire)
   return (wire:gsub("%u", function(letter)
      return "_" .. letter:lower()
   end))
end

-- The table's word for a schema's type, and whether null is a value. A schema without a type takes anything.
local function type_of(schema)
   local kind, nullable = schema.type, false
   if kind == nil and not schema.enum then
      return "any", true
   end
   if type(kind) == "table" then
      nullable = set(kind)["null"] or false
      kind = kind[1]
   end
   if kind == "array" and schema.items and schema.items.type == "string" then
      kind = "strings"
   end
   return kind, nullable
end

-- The values of an enum without null, which the type tells already.
local function values_of(schema)
   local values = {}
   for _, value in ipairs(schema.enum or {}) do
      if type(value) == "string" then
         values[#values + 1] = value
      end
   end
   return schema.enum and values
end

-- The bounds of a number, or of the length of a list or a text.
local function bounds_of(schema)
   local low = schema.minimum or schema.minItems or schema.minLength
   local high = schema.maximum or schema.maxItems or schema.maxLength
   if low or high then
      return low or 0, high or UNBOUNDED
   end
end

local compare_fields

-- A parameter of a row against the schema that the contract has for it. `sent`: whether a client sends it always.
local function compare(parameter, schema, sent)
   local assumed = schema.default -- stands beside a $ref, or in what it names
   schema = contract.resolve(document, schema)
   local kind, nullable = type_of(schema)
   local low, high = bounds_of(schema)
   if assumed == nil then
      assumed = schema.default
   end
   assumed = assumed ~= nil and tostring(assumed) or nil
   assert.equal(kind, parameter.type)
   assert.equal(nullable, parameter.nullable or false)
   assert.same(values_of(schema), parameter.values)
   assert.equal(schema.format, parameter.format)
   assert.equal(low, parameter.minimum)
   assert.equal(high, parameter.maximum)
   assert.equal(sent and assumed or nil, parameter.default)
   assert.equal(not sent and assumed or nil, parameter.assumed)
   if parameter.items then
      compare_fields(parameter.items, contract.resolve(document, schema.items))
   elseif kind == "array" then
      assert.is_nil(schema.items["$ref"], "the elements have a form, and no rows")
   end
end

-- The parameters of a body (or of one element of a list) against an object's schema.
function compare_fields(parameters, schema, ignore_required)
   local required, by_wire = set(schema.required), {}
   for _, parameter in ipairs(parameters) do
      -- "a.b" is an older spelling of what has a row of its own.
      if not parameter.wire:find(".", 1, true) then
         assert.is_nil(by_wire[parameter.wire], "twice: " .. parameter.wire)
         by_wire[parameter.wire] = parameter
         assert.equal(snake_case(parameter.wire), parameter.name)
      end
   end
   assert.same(keys(schema.properties), keys(by_wire))
   for wire, property in pairs(schema.properties) do
      compare(by_wire[wire], property, required[wire] and not ignore_required)
      if not ignore_required then
         local always_sent = by_wire[wire].required or by_wire[wire].default ~= nil
         assert.equal(required[wire] or false, always_sent, wire)
      end
   end
end

-- Positional arguments come in the order in which the contract names the required fields.
local function compare_order(parameters, schema)
   local expected, found = {}, {}
   for _, parameter in ipairs(parameters) do
      if parameter.required then
         found[#found + 1] = parameter.wire
      end
   end
   for _, wire in ipairs(schema.required or {}) do
      if set(found)[wire] then
         expected[#expected + 1] = wire
      end
   end
   assert.same(expected, found)
end

local function reference_name(schema)
   return schema["$ref"] and schema["$ref"]:match("[^/]+$")
end

-- Types of ours for objects to which the contract gives no name, by their operation.
local UNNAMED = {
   create_component = "ComponentId", start_experiment = "Started", deploy = "Deployed", list_traces = "TracePage",
   duplicate_experiment = "DuplicatedExperiment",
}

-- What a method returns, in the form of the table, from the schema of the answer.
local function form(operation, schema)
   local name = UNNAMED[operation.id] or reference_name(schema)
   if name and not name:find("List$") then
      return { form = "object", type = name }
   end
   schema = contract.resolve(document, schema)
   if schema.oneOf then
      assert.equal("null", schema.oneOf[2].type)
      return { form = "object", type = reference_name(schema.oneOf[1]), optional = true }
   end
   local field, more = next(schema.properties)
   assert(next(schema.properties, field) == nil and more.type == "array", operation.id)
   return { form = "list", field = field, type = reference_name(more.items) }
end

local function returned(operation)
   local status, response = next(operation.success)
   assert.is_nil(next(operation.success, status))
   if operation.redirects then
      assert.is_table(response.content["application/octet-stream"])
      return { form = "bytes" }
   end
   return status == 204 and { form = "nothing" } or form(operation, response.content["application/json"].schema)
end

it("the library names the contract that it follows", function()
   local newest = document["x-newest-client"]
   assert.same({ date = document["x-contract-date"], newest_client = newest.version, newest_client_date = newest.date },
      promptic.contract)
   for _, field in ipairs(promptic.library.Contract.parameters) do
      assert.is_string(promptic.contract[field.name])
   end
end)

describe("the table of endpoints", function()
   it("has one row for each operation of the contract and no other", function()
      assert.is_true(#operations > 40)
      assert.same(sorted(names(operations, "id")), sorted(names(promptic.endpoints)))
   end)

   it("is keyed by name as well", function()
      for _, row in ipairs(promptic.endpoints) do
         assert.equal(row, promptic.endpoints[row.name])
      end
   end)

   it("has reference text for every row and every parameter, one line each", function()
      for _, row in ipairs(promptic.endpoints) do
         assert.matches("^%u[^\n]+%.$", row.summary, row.name)
         each_parameter(row.parameters, function(parameter)
            assert.matches("^[^\n]+$", parameter.summary, row.name .. ": " .. parameter.name)
         end)
      end
   end)

   it("uses no parameter name twice in a row", function()
      for _, row in ipairs(promptic.endpoints) do
         local seen = {}
         for _, parameter in ipairs(row.parameters) do
            local inner = parameter.place == "item" or parameter.place == "field"
            local place = inner and parameter.place or "call"
            assert.is_nil(seen[place .. parameter.name], row.name .. ": " .. parameter.name)
            seen[place .. parameter.name] = true
         end
      end
   end)
end)

for _, operation in ipairs(operations) do
   describe(operation.id, function()
      local row = promptic.endpoints[operation.id]

      it("has the contract's verb, path, resource and answer", function()
         assert.equal(operation.verb, row.verb)
         assert.equal(operation.path, row.path)
         assert.equal(operation.tag, row.module)
         assert.same(returned(operation), row.returns)
      end)

      it("says since when the Python client has it, and until when", function()
         assert.equal(operation.since, row.since)
         assert.equal(operation.dropped, row.dropped)
      end)

      it("redirects where the contract says so", function()
         assert.equal(operation.redirects, row.redirects)
      end)

      it("may be repeated only where that does no harm", function()
         local expected = row.verb == "GET" or row.verb == "DELETE" or row.name == "upsert_annotation"
         assert.equal(expected, row.repeatable or false)
         assert.equal(operation.session_only, row.without_workspace or false)
      end)

      it("has the contract's parameters of the path and the query", function()
         local expected = { path = {}, query = {} }
         for _, parameter in ipairs(operation.parameters) do
            expected[parameter.place][parameter.name] = parameter
         end
         for place, by_name in pairs(expected) do
            local found = in_place(row, place)
            assert.same(keys(by_name), sorted(names(found, "wire")))
            for _, parameter in ipairs(found) do
               assert.equal(snake_case(parameter.wire), parameter.name)
               assert.equal(place == "path", parameter.required or false)
               compare(parameter, by_name[parameter.wire].schema, true)
            end
         end
      end)

      it("takes the arguments of the path in the order of the template", function()
         local template = {}
         for name in operation.path:gmatch("{(.-)}") do
            template[#template + 1] = name
         end
         assert.same(template, names(in_place(row, "path")))
      end)

      it("has the contract's body", function()
         local body, places = operation.body, { body = {}, list = {}, item = {}, changes = {}, field = {} }
         for place in pairs(places) do
            places[place] = in_place(row, place)
         end
         local whole
         if body and body.type == "array" then
            local item = contract.resolve(document, body.items)
            compare_fields(places.item, item)
            whole = { list = 1, item = #places.item }
            assert.equal("array", places.list[1].type)
            assert.is_true(places.list[1].required)
            assert.same({ bounds_of(body) }, { places.list[1].minimum, places.list[1].maximum })
         elseif body and (operation.verb == "PATCH" or operation.id == "ingest_traces") then
            compare_fields(places.field, body, true)
            whole = { changes = 1, field = #places.field }
            assert.equal(operation.verb == "PATCH" and "object" or "document", places.changes[1].type)
            assert.is_true(places.changes[1].required)
         elseif body then
            compare_fields(places.body, body)
            compare_order(places.body, body)
            whole = { body = #places.body }
         end
         for place, list in pairs(places) do
            assert.equal(whole and whole[place] or 0, #list, place)
         end
      end)

      it("knows the older key of an observation where the contract does", function()
         local older = {}
         for _, parameter in ipairs(row.parameters) do
            if parameter.wire:find(".", 1, true) then
               older[#older + 1] = parameter.name .. " -> " .. parameter.wire
            end
         end
         local observation = operation.id == "create_observations" or operation.id == "update_observation"
         assert.same(observation and { "input -> variables.input" } or {}, older)
      end)
   end)
end
