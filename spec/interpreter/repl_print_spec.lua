-- How the prompt shows values, which statements its history keeps, and what TAB offers, each as rows. The modules
-- are built into promptic-lua, so that is what runs them.
local interpreter = require "spec.support.interpreter"
local json = require "cjson"

-- What promptic-lua prints for a piece of Lua that uses `value(name)` modules of the prompt; decoded.
local function ask(source)
   local result = interpreter.run(interpreter.OURS, { "-e", [[
      local json = require "promptic.json"
      local function answer(value) io.write(json.encode(value)) end
   ]] .. source })
   assert.equal("", result.stderr)
   return json.decode(result.stdout)
end

local function q(text)
   return ("%q"):format(text):gsub("\\\n", "\\n")
end

-- Each: name, the value in Lua, the text, and the columns if there are not 80.
local PRINTED = {
   { "nil", "nil", "nil" },
   { "a number", "1.5", "1.5" },
   { "a string as print does", [["a\nb"]], "a\nb" },
   { "no control characters", [["a\27[31mb"]], "a␛[31mb" },
   { "null", "promptic.null", "promptic.null" },
   { "an empty table", "{}", "{}" },
   { "an empty list", "promptic.array{}", "{}" },
   { "a short list in a line", "{ 1, 2, 3 }", "{ 1, 2, 3 }" },
   { "a short table in a line, keys in order", "{ b = 1, a = true, [1] = 'x' }", '{ "x", a = true, b = 1 }' },
   { "keys that are no names", "{ ['a b'] = 1, ['end'] = 2, [2.5] = 3, [true] = 4 }",
      '{ [2.5] = 3, ["a b"] = 1, ["end"] = 2, [true] = 4 }' },
   { "strings in quotes", [[{ 'a"b\\', "\t\n\0" }]], [[{ "a\"b\\", "\t\n\x00" }]] },
   { "strings that are no UTF-8", [[{ "\xff\xe3\x81" }]], [[{ "\xFF\xE3\x81" }]] },
   { "wide characters", "{ name = '日本語' }", '{ name = "日本語" }' },
   { "what does not fit in lines of its own", "{ alpha = 'one', beta = { 1, 2 } }",
      '{\n   alpha = "one",\n   beta = { 1, 2 },\n}', 24 },
   { "by columns, not by bytes", "{ '日本語日本語', 'x' }", '{ "日本語日本語", "x" }', 24 },
   { "a list of tables", "{ { a = 1 }, { a = 2 } }", "{\n   { a = 1 },\n   { a = 2 },\n}", 18 },
   { "a list of numbers in lines that are full", "{ 1111, 2222, 3333, 4444, 5555 }",
      "{\n   1111, 2222,\n   3333, 4444,\n   5555,\n}", 16 },
   { "a table in itself", "(function() local t = { n = 1 } t.t = t return t end)()",
      "{ n = 1, t = { --[[ itself ]] } }" },
   { "a list that is long", "(function() local t = {} for i = 1, 23 do t[i] = { ('x'):rep(70) } end return t end)()",
      "{\n" .. ('   { "' .. ("x"):rep(70) .. '" },\n'):rep(20) .. "   -- 3 more\n}" },
   { "what is deep", "{ { { { { { { 1 } } }, ('x'):rep(60) } }, ('y'):rep(60) } }", nil },
   { "what tells itself", "setmetatable({}, { __tostring = function() return 'told' end })", "told" },
   { "what fails to", "setmetatable({}, { __tostring = error })", "{}" },
   { "what has another pairs", "setmetatable({ a = 1 }, { __pairs = error, __index = error, __len = error })",
      "{ a = 1 }" },
   { "an error of the platform", "select(2, pcall(promptic.client, { endpoint = 'x', api_key = 'k' }))", nil },
   { "a client without its key", "promptic.client{ api_key = 'k', config_file = '' }",
      "promptic.client (https://promptic.eu, api_key from arguments)" },
   { "a list with a hole", "{ 1, nil, 3 }", "{ 1, nil, 3 }" },
   { "a long string cut", "{ text = ('ab '):rep(50) }",
      '{\n   text = "' .. ("ab "):rep(17) .. "ab" .. '…", -- 150 bytes\n}' },
}

describe("a value is printed:", function()
   for _, row in ipairs(PRINTED) do
      it(row[1], function()
         local text = ask(([[
            local printer = require "promptic.repl.printer"
            local settings = { width = %d, paint = function(_, text) return text end }
            for name, limit in pairs(printer.LIMITS) do settings[name] = limit end
            answer{ printer.render(%s, settings) }
         ]]):format(row[4] or 80, row[2]))[1]
         if row[3] then
            assert.equal(row[3], text)
         else
            for line in text:gmatch("[^\n]+") do
               assert.is_true(#line <= 80, text)
            end
         end
      end)
   end
end)

local KEY = "q8Zr-value-of-the-key"

-- Each: the statement, and whether it may be kept.
local STATEMENTS = {
   { "client = promptic.client()", true },
   { "client:get_experiment('3b241101-e2bb-4255-8caf-4136c566a962')", true },
   { "client:get_trace('0af7651916cd43dd8448eb211c80319c')", true },
   { "if options.api_key == nil then print('none') end", true },
   { "help 'create_component'", true },
   { "client:create_component('secret-santa', { description = 'task-manager' })", true },
   { "for _, trace in client:each_trace{ status = 'ERROR' } do print(trace.traceId) end", true },
   { "x = 'sandbox'", true },
   { "client = promptic.client{ api_key = 'x' }", false },
   { "options['api_key'] = 'x'", false },
   { "options.access_token='x'", false },
   { "headers = { ['Authorization'] = 'Bearer x' }", false },
   { "os.execute [[curl -H 'authorization: bearer abc']]", false },
   { "setenv('PROMPTIC_API_KEY', 'x')", false },
   { "local API_KEY = 'x'", false },
   { "password = 'x'", false },
   { "x = 'sk-abcdef123456'", false },
   { "x = 'pk_live_abcdef'", false },
   { "x = 'eyJhbGciOi.J9.x'", false },
   { "x = 'Zm9vYmFyMTIzNDU2Nzg5MFhZWmFiYw'", false },
   { "x = 'k3j5h2k3j5h2k3j5h23kj5h2k3j5h2zz'", false },
   { "print('" .. KEY .. "')", false },
   { 'token = "abcd"', false },
   { "db.pass = 'x'", false },
   { "pw='x'", false },
   { "local pw = io.read()", false },
   { 'options = { ["key"] = "x" }', false },
   { "openai_key = [[x]]", false },
   { "setenv('TOKEN', 'x')", false },
   { "get('https://x.test/?key=abc')", false },
   { "for key, value in pairs(row) do print(key, value) end", true },
   { "print(row.tokens, row.max_tokens == 5)", true },
   { "keys = {}", true },
   { "if token == nil then print(key) end", true },
}

describe("the history", function()
   it("keeps no statement that may hold a credential", function()
      local sources = {}
      for index, row in ipairs(STATEMENTS) do
         sources[index] = q(row[1])
      end
      local kept = ask(([[
         local secrets, kept = require "promptic.repl.secrets", {}
         for index, statement in ipairs{ %s } do
            kept[index] = not secrets.has(statement, { %q, "sandbox", "x" })
         end
         answer(kept)
      ]]):format(table.concat(sources, ", "), KEY))
      for index, row in ipairs(STATEMENTS) do
         assert.equal(row[2], kept[index], row[1])
      end
   end)

   it("knows the credentials of the environment and of the file", function()
      local known = ask[[
         local folder = os.tmpname()
         os.remove(folder)
         os.execute("mkdir " .. folder)
         local file = io.open(folder .. "/config.toml", "w")
         file:write('endpoint = "https://x.test"\napi_key = "from file"  # mine\n"access_token" = \'token\'\n')
         file:close()
         answer(require("promptic.repl.secrets").known(folder))
         os.execute("rm -r " .. folder)
      ]]
      assert.same({ "from file", "token" }, known)
   end)

   it("does not wait for a pipe in the file's place", function()
      assert.same({}, ask[[
         local folder = os.tmpname()
         os.remove(folder)
         os.execute("mkdir " .. folder .. " && mkfifo " .. folder .. "/config.toml")
         answer(require("promptic.repl.secrets").known(folder))
         os.execute("rm -r " .. folder)
      ]])
   end)
end)

-- Each: what is before the cursor, how much of it is the word, and all that is offered.
local COMPLETED = {
   { "thing.", 0, { "list", "name", "nested" } },
   { "thing.ne", 2, { "nested" } },
   { "thing.nested.", 0, { "x" } },
   { 'thing["nested"].', 0, { "x" } },
   { "thing.list[1].", 0, { "first" } },
   { "thing . nested . ", 0, { "x" } },
   { "print(thing.nested.", 0, { "x" } },
   { "thing.missing.", 0, {} },
   { "object:", 0, { "method" } },
   { "object.", 0, { "field", "method" } },
   { "call().", 0, {} },
   { "1 ..", 0, {} },
   { "retu", 4, { "return" } },
   { "for i = 1, 2 do\n   thi", 3, { "thing" } },
   { "for i = 1, 2 do\n", 0, { "   " } },
   { "c:create_evaluators(id, { { sca", 3, { "scale_max = ", "scale_min = " } },
   { "c:create_evaluators(id, { sca", 3, {} },
   { "c:list_experiments{ status = 'pending', off", 3, { "offset = " } },
   { "c:list_experiments{\n   off", 3, { "offset = " } },
   { "c:create_experiment(a, b, { optimizer = '", 0, nil },
   { "require 'promptic.ann", 3, { "annotations" } },
}

describe("TAB offers", function()
   for _, row in ipairs(COMPLETED) do
      it(("what goes on after %q"):format(row[1]), function()
         local offered = ask(([[
            local object = setmetatable({ field = 1 }, { __index = { method = print } })
            local environment = {
               thing = { name = 1, nested = { x = 1 }, list = { { first = 1 } } }, object = object,
               call = function() error "called" end,
               guarded = setmetatable({}, { __index = function() error "called" end }),
            }
            local before = %s
            answer(promptic.array(require("promptic.repl.completer").complete(environment, before,
               #before - %d + 1)))
         ]]):format(q(row[1]), row[2]))
         if row[3] then
            assert.same(row[3], offered)
         else
            assert.is_true(#offered > 0)
         end
      end)
   end

   for _, row in ipairs(require("promptic").library) do
      local positional, options = {}, {}
      for _, parameter in ipairs(row.parameters) do
         if row.kind == "class" or parameter.name == "..." then
            positional = nil
            break
         elseif parameter.passed == "position" then
            positional[#positional + 1] = '"x"'
         else
            options[#options + 1] = parameter.name .. " = "
         end
      end
      if positional and #options > 0 then
         it("all options of " .. row.key, function()
            table.insert(positional, "{ ")
            local before = ("client:%s(%s"):format(row.name, table.concat(positional, ", "))
            table.sort(options)
            assert.same(options, ask(([[
               answer(require("promptic.repl.completer").complete({}, %s, %d))
            ]]):format(q(before), #before + 1)))
         end)
      end
   end
end)

describe("help", function()
   it("tells what each row of the library says, and its parameters", function()
      local texts = ask[[
         local help, texts = require "promptic.repl.help", {}
         for index, row in ipairs(promptic.library) do
            local name = row.kind == "task" and "task:" .. row.name or row.key
            texts[index] = help.about(name, { width = 1000, paint = function(_, text) return text end })
         end
         answer(texts)
      ]]
      for index, row in ipairs(require("promptic").library) do
         assert.matches(row.summary, texts[index], 1, true)
         for _, parameter in ipairs(row.parameters) do
            assert.matches("\n   " .. parameter.name .. "  ", texts[index], 1, true)
            assert.matches(parameter.summary, texts[index], 1, true)
         end
      end
   end)
end)
