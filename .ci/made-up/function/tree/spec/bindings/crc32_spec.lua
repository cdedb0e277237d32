--- promptic.crc32. Its seed is 1 by default, which only the row says.
local process = require "spec.support.process"
local promptic = require "promptic"

it("sums up bytes", function()
   assert.equal(0xcbf43926, promptic.crc32("123456789", { seed = 0 }))
   assert.equal(0xcbf43926, promptic.crc32("6789", { seed = promptic.crc32("12345", { seed = 0 }) }))
   assert.equal(promptic.crc32("\0", { seed = 0 }) ~= promptic.crc32("", { seed = 0 }), true)
end)

it("gets its options with the defaults of the row", function()
   assert.equal(promptic.crc32("x", { seed = 1 }), promptic.crc32 "x")
   assert.equal(promptic.crc32("x", { seed = 1 }), promptic.crc32("x", {}))
end)

it("checks its arguments", function()
   for _, case in ipairs{
      { 5, nil, "bad argument #1 to 'crc32' (bytes: string expected, got number)" },
      { "", { sead = 1 }, "unknown option 'sead', did you mean 'seed'?" },
      { "", { seed = -1 }, "option 'seed': -1 is not in the range 0 to 4294967295" },
   } do
      local done, problem = pcall(promptic.crc32, case[1], case[2])
      assert.is_false(done)
      assert.matches(case[3], problem, 1, true)
   end
end)

it("is in help and stubs", function()
   local program = os.getenv "PROMPTIC_LUA"
   local stubs = process.run{ program, "--run", "promptic.stubs" }.stdout
   assert.matches("---@return integer\nfunction promptic.crc32(bytes, options) end", stubs, 1, true)
   assert.matches("\n---@field seed? integer the sum of what came before; 1\n", stubs, 1, true)
end)
