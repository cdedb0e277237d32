-- promptic.httpd's functions on bytes and files: gzip, base64, SHA-256, and a file's owner.
-- Tags: valgrind
local httpd = require "promptic.httpd"
local process = require "spec.support.process"

local function gzip(text)
   return process.run{ "gzip", "-c", stdin = text }.stdout
end

describe("gunzip", function()
   it("undoes what gzip does, of any size", function()
      for _, size in ipairs{ 0, 1, 1000, 100000, 3000000 } do
         local text = ("0123456789\0\255"):rep(size // 12 + 1):sub(1, size)
         assert.is_true(httpd.gunzip(gzip(text), size) == text)
      end
   end)

   it("joins members, and takes nothing behind them", function()
      assert.equal("onetwo", httpd.gunzip(gzip "one" .. gzip "two", 6))
      assert.is_nil(httpd.gunzip(gzip "one" .. "x", 100))
   end)

   it("stops at the size that is allowed, before it has inflated the rest", function()
      local bomb = gzip(("\0"):rep(10000000))
      assert.same({ nil, "too large" }, { httpd.gunzip(bomb, 9999999) })
      local before = collectgarbage "count"
      httpd.gunzip(bomb, 1000)
      assert.is_true(collectgarbage "count" - before < 1000)
      assert.equal(10000000, #httpd.gunzip(bomb, 10000000))
   end)

   it("says why it cannot", function()
      local whole = gzip(("text "):rep(1000))
      assert.same({ nil, "the stream is cut off" }, { httpd.gunzip(whole:sub(1, -9), 10000) })
      assert.same({ nil, "the stream is cut off" }, { httpd.gunzip("", 10000) })
      assert.same({ nil, "incorrect header check" }, { httpd.gunzip("plain", 10000) })
      assert.same({ nil, "incorrect data check" },
         { httpd.gunzip(whole:sub(1, -9) .. "abcd" .. whole:sub(-4), 10000) })
   end)

   it("survives every cut and every changed byte of a stream", function()
      local whole = gzip "a text that is a little longer, longer, longer"
      for place = 1, #whole do
         httpd.gunzip(whole:sub(1, place), 1000)
         local byte = string.char((whole:byte(place) + 1) % 256)
         httpd.gunzip(whole:sub(1, place - 1) .. byte .. whole:sub(place + 1), 1000)
      end
   end)
end)

describe("unbase64", function()
   for text, bytes in pairs{ [""] = "", ["Zg=="] = "f", ["Zm8="] = "fo", ["Zm9v"] = "foo", ["Zm9vYmFy"] = "foobar",
      ["AP+/"] = "\0\255\191" } do
      it(("reads '%s'"):format(text), function() assert.equal(bytes, httpd.unbase64(text)) end)
   end

   for _, text in ipairs{ "Zg=", "Zg", "=g==", "Zm9v=", "Z===", "Zm9\n", "Zm9-", "Zh==", "Zm9=", "====", "Zg==Zg==" } do
      it(("refuses '%s'"):format(text:gsub("\n", "\\n")), function() assert.is_nil((httpd.unbase64(text))) end)
   end
end)

it("sha256 is sha256sum's, at every length around its blocks", function()
   local text = ("abcdefghij"):rep(20)
   for length = 0, 200 do
      if length < 4 or length % 64 > 52 or length % 64 < 2 then
         local result = process.run{ "sha256sum", stdin = text:sub(1, length) }
         assert.equal(result.stdout:sub(1, 64), httpd.sha256(text:sub(1, length)))
      end
   end
end)

it("hex writes every byte", function()
   local bytes = {}
   for byte = 0, 255 do bytes[#bytes + 1] = string.char(byte) end
   local digits = httpd.hex(table.concat(bytes))
   for byte = 0, 255 do assert.equal(("%02x"):format(byte), digits:sub(2 * byte + 1, 2 * byte + 2)) end
end)

describe("files", function()
   local folder
   before_each(function() folder = process.folder() end)
   after_each(function() process.remove(folder) end)

   local function mode(path)
      return process.run{ "stat", "-c", "%a", path }.stdout
   end

   it("are looked into without a change, and made private", function()
      local path = folder .. "/file"
      assert.equal("", httpd.peek(path, 10))
      process.write_file(path, "0123456789")
      process.run{ "chmod", "664", path }
      assert.same({ "0123", "0123456789" }, { httpd.peek(path, 4), httpd.peek(path, 4096) })
      assert.equal("664\n", mode(path))
      assert.is_true(httpd.make_private(path))
      assert.same({ "600\n", "0123456789" }, { mode(path), process.read_file(path) })
      assert.is_true(httpd.make_private(folder .. "/new"))
      assert.equal("600\n", mode(folder .. "/new"))
   end)

   it("are files", function()
      process.run{ "mkfifo", folder .. "/fifo" }
      for _, path in ipairs{ folder .. "/fifo", folder } do
         local bytes, problem = httpd.peek(path, 10)
         assert.is_nil(bytes)
         assert.equal("not a regular file", problem)
         assert.is_nil((httpd.make_private(path)))
      end
      assert.has_error(function() httpd.peek(folder, 256 * 1024 + 1) end)
   end)
end)
