--- prompt:render and prompt:attributes.
-- Tags: luas
local clients = require "spec.support.clients"
local prompts = require "spec.support.prompts"

local ID = prompts.ID
local deployed = prompts.deployed

local world = prompts.shared()
local client, deploy = world.client, world.deploy

describe("prompt:render", function()
   -- A prompt of this text that nothing was fetched for.
   local function of(text, options)
      options = options or {}
      options.fallback = text
      return client:prompt(ID, options)
   end

   local function rendered(text, variables, options) return of(text, options):render(variables) end

   it("puts values into {{name}} and {name}", function()
      for _, row in ipairs{
         { "Hi {name}, {{name}}, {{ name }}!", { name = "Ann" }, "Hi Ann, Ann, Ann!" },
         { "{{{name}}}", { name = "x" }, "{x}" },
         { "{{name}", { name = "x" }, "{x" },
         { "{name}}", { name = "x" }, "x}" },
         { "{a}{b}", { a = "{b}", b = "{{a}}" }, "{b}{{a}}" }, -- values are not scanned again
         { "{a}", { a = "%1 %% \\0" }, "%1 %% \\0" },
         { "{n} {y} {t} {l}", { n = 3, y = true, t = { a = 1 }, l = { 1, "b" } }, '3 true {"a":1} [1,"b"]' },
         { "{user.name} {user-id} {_x1}", { ["user.name"] = 1, ["user-id"] = 2, _x1 = 3 }, "1 2 3" },
         { "{größe}", { ["größe"] = "groß" }, "groß" },
         { "{Ticket Text}", { ["Ticket Text"] = "x" }, "x" },
         { "", {}, "" },
         { "no braces", nil, "no braces" },
         { 'Like {"label": "spam", "why": {}} or [{"a": {"b": 1}}] { } {1} {} }{ {{', {},
            'Like {"label": "spam", "why": {}} or [{"a": {"b": 1}}] { } {1} {} }{ {{' },
         { '{"label": "{label}"}', { label = "x" }, '{"label": "x"}' },
         { "{a} {a}", { a = false }, "false false" },
      } do
         assert.equal(row[3], rendered(row[1], row[2]), row[1])
      end
   end)

   it("names all variables without a value at once", function()
      local err = clients.failure(rendered, "{b} {{a}} {given} {größe} {b}", { given = 1 })
      assert.same({ "argument", "no_variable" }, { err.kind, err.code })
      assert.matches("no value for: a, b, größe", err.message, 1, true)
      err = clients.failure(rendered, "{a}")
      assert.matches("no value for: a", err.message, 1, true)
   end)

   it("has the variables of input_variables only", function()
      local options = { input_variables = { "text", "Ticket Text" } }
      assert.equal("x {other} {{other}} y y", rendered("{text} {other} {{other}} {Ticket Text} {{ Ticket Text }}",
         { text = "x", other = "no", ["Ticket Text"] = "y" }, options))
      local err = clients.failure(rendered, "{text} {other} {Ticket Text}", {}, options)
      assert.matches("no value for: Ticket Text, text$", err.message)
   end)

   it("renders each message of multi_message", function()
      local messages = { { role = "system", content = "Be {how}." }, { role = "user", content = "{{text}}" } }
      local prompt = of(deployed("", { promptFormat = "multi_message", promptMessages = messages }))
      assert.same({ { role = "system", content = "Be kind." }, { role = "user", content = "{how}" } },
         prompt:render{ how = "kind", text = "{how}" })
      assert.equal("Be {how}.", messages[1].content)
      local err = clients.failure(prompt.render, prompt, {})
      assert.matches("no value for: how, text", err.message, 1, true)
      prompt = of(deployed("{x}", { promptFormat = "single", promptMessages = messages }))
      assert.equal("1", prompt:render{ x = 1 })
   end)

   it("takes linear time for whatever text", function()
      local function time(unit, count)
         local prompt = of((unit):rep(count), { input_variables = { "a" } })
         local began = os.clock()
         prompt:render{ a = "x" }
         return os.clock() - began
      end
      for _, unit in ipairs{ "{", "{{", "}", "{{ ", "{ a", "{{a", "{{}", "{a}", "{{ a }} ", " ",
         "{{" .. (" "):rep(50) .. "a" } do
         local size = 1000000
         local seconds = time(unit, math.floor(size / #unit))
         assert.is_true(seconds < 5, ("%q: %.1f s"):format(unit, seconds))
      end
      for _, text in ipairs{ "{{" .. (" "):rep(2000000), "{" .. ("a"):rep(2000000), "{{" .. (" "):rep(2000000) .. "}}",
         "{{a" .. (" "):rep(2000000) .. "b}}", "{{" .. ("a"):rep(2000000) .. "}}" } do
         local began = os.clock()
         assert.equal(text, rendered(text, {}, { input_variables = { "b" } }))
         assert.equal(text, rendered(text, {}))
         assert.is_true(os.clock() - began < 5)
      end
   end)

   it("refuses variables that are no table, and fallbacks that are no prompt", function()
      local prompt = of "x"
      local fine, problem = pcall(function() prompt:render(5) end)
      assert.is_false(fine)
      assert.matches("prompt_render_spec.lua:%d+: bad argument #1 to 'render'", problem)
      for _, wrong in ipairs{ 5, {}, { prompt = 5 }, { prompt = "", promptMessages = { 5 } }, true } do
         assert.equal("wrong_fallback", clients.failure(of, wrong).code)
      end
      clients.refused(function() client:prompt() end, "component")
      clients.refused(function() client:prompt(ID, { tll = 1 }) end, "did you mean 'ttl'")
      clients.refused(function() client:prompt(ID, { ttl = 0 }) end, "ttl")
      clients.refused(function() client:prompt(ID, { on_change = 5 }) end, "on_change")
   end)
end)

describe("prompt:attributes", function()
   it("says what a span used", function()
      deploy "one"
      local prompt = client:prompt(ID)
      assert.same({}, prompt:attributes())
      prompt:fetch(10)
      assert.same({ ["promptic.prompt.source"] = "fresh", ["promptic.component.id"] = ID,
         ["promptic.experiment.id"] = "e", ["promptic.iteration.id"] = 3 }, prompt:attributes())
      assert.same({ ["promptic.prompt.source"] = "fallback" }, client:prompt(ID, { fallback = "x" }):attributes())
   end)
end)
