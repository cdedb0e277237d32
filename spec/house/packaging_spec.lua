--- What leaves the build: installing and uninstalling, a C program against the installed library, the rock.
-- And what a machine is told that lacks something. Everything goes into a temporary folder.
-- Tags: heavy
local promptic = require "promptic"
local process = require "spec.support.process"

local LUA = os.getenv("PROMPTIC_SERVER_LUA") or "lua5.4"

local folder

local function run(command, ...)
   local result = process.run{ "sh", "-c", "exec 2>&1; " .. command:format(...) }
   return result.stdout, result.code
end

-- The output of a shell command that is to succeed.
local function output_of(command, ...)
   local output, code = run(command, ...)
   assert.equal(0, code, output)
   return output
end

setup(function()
   folder = process.folder()
end)

teardown(function()
   process.remove(folder)
end)

describe("the version #packaging", function()
   local function rockspec(version)
      return process.read_file(("rockspec/promptic-%s.rockspec"):format(version))
   end

   it("is the same wherever it shows", function()
      local version = process.read_file("core/promptic.h"):match('#define PROMPTIC_VERSION "([%d.]+)"')
      assert.equal(version, promptic.version)
      assert.equal(version, process.read_file("CHANGELOG.md"):match("\n## %[([%d.]+)%]"))
      assert.matches(('version = "%s-1"'):format(version), rockspec(version .. "-1"), 1, true)
   end)

   it("is all in which the two rockspecs differ", function()
      local pattern = "\ndescription = .*"
      assert.equal(rockspec("scm-1"):match(pattern), rockspec(promptic.version .. "-1"):match(pattern))
   end)
end)

describe("make install #packaging", function()
   local PREFIX = "/opt/promptic"
   local root, installed

   setup(function()
      root = folder .. "/root"
      installed = root .. PREFIX
      -- what was put there by hand and is to be replaced, not written through
      process.write_file(folder .. "/victim", "precious")
      output_of("mkdir -p '%s/bin' && ln -s '%s/victim' '%s/bin/promptic' && ln -s '%s/victim' '%s/bin/promptic-lua'",
         installed, folder, installed, folder, installed)
      output_of("make install DESTDIR='%s' PREFIX=%s", root, PREFIX)
   end)

   it("writes through no link", function()
      assert.equal("precious", process.read_file(folder .. "/victim"))
      assert.equal("", output_of("find '%s/bin' -type l", installed))
   end)

   it("makes an interpreter that runs from any directory", function()
      local output = output_of("cd / && '%s/bin/promptic-lua' -e 'print(promptic.version)'", installed)
      assert.equal(promptic.version .. "\n", output)
   end)

   it("makes an interpreter that finds what its sandbox needs", function()
      process.write_file(folder .. "/hello.lua", 'print(promptic.client():create_component("a").id)')
      local output = output_of("cd / && '%s/bin/promptic-lua' --sandbox '%s/hello.lua'", installed, folder)
      assert.matches("^%S+\n$", output)
   end)

   it("makes the promptic command and the manual pages", function()
      local command = installed .. "/bin/promptic"
      assert.equal("#!" .. PREFIX .. "/bin/promptic-lua -E", process.read_file(command):match("^[^\n]*"))
      assert.is_true(os.execute(("test -x '%s'"):format(command)))
      assert.equal("promptic " .. promptic.version,
         output_of("cd / && '%s/bin/promptic-lua' '%s' --version", installed, command):match("^[^\n]*"))
      for _, name in ipairs{ "promptic", "promptic-lua" } do
         assert.matches("^%.TH ", process.read_file(("%s/share/man/man1/%s.1"):format(installed, name)))
      end
   end)

   it("makes a module that stock Lua loads", function()
      local script = [[print(require("promptic").version, require("promptic.runs").get_run)]]
      local cpath = installed .. "/lib/lua/5.4/?.so;;"
      local output = output_of("cd / && LUA_CPATH='%s' %s -e '%s'", cpath, LUA, script)
      assert.matches("^" .. promptic.version:gsub("%p", "%%%0") .. "\tfunction: ", output)
   end)

   it("puts the types beside the module, where a strict client finds them", function()
      local script = [[print(require("promptic").client{ strict = true, api_key = "k" })]]
      local lua = installed .. "/lib/lua/5.4/?"
      local output = output_of("cd / && LUA_CPATH='%s.so;;' LUA_PATH='%s.lua' %s -e '%s'", lua, lua, LUA, script)
      assert.matches("^promptic.client %(", output)
   end)

   it("says in promptic.pc where things will be, not where they were built", function()
      local text = process.read_file(installed .. "/lib/pkgconfig/promptic.pc")
      assert.matches(("prefix=%s\n"):format(PREFIX), text, 1, true)
      assert.is_nil(text:find(root, 1, true))
   end)

   it("is undone by make uninstall", function()
      output_of("make uninstall DESTDIR='%s' PREFIX=%s", root, PREFIX)
      assert.equal("", output_of("find '%s' ! -type d -o -path '*/lua/5.4/*'", root))
   end)
end)

describe("a C program #packaging", function()
   local HOST = [[
#include <promptic.h>
#include <stdio.h>

int main(void) {
    size_t count;
    promptic_error error = {.kind = PROMPTIC_OK};
    promptic_options options;
    promptic_endpoints(&count);
    promptic_options_init(&options, sizeof options);
    options.api_key = "a key";
    options.config_file = "";
    promptic_loop *loop = promptic_loop_new(&error);
    promptic_client *client = promptic_client_new(loop, &options, &error);
    printf("%s %d %s\n", PROMPTIC_VERSION, count > 40,
           client ? promptic_client_endpoint(client) : error.message);
    promptic_client_free(client);
    promptic_loop_free(loop);
    return 0;
}
]]
   local prefix, pkg_config

   setup(function()
      prefix = folder .. "/prefix"
      process.write_file(folder .. "/host.c", HOST)
      output_of("make install PREFIX='%s'", prefix)
      pkg_config = ("PKG_CONFIG_PATH='%s/lib/pkgconfig' pkg-config"):format(prefix)
   end)

   teardown(function()
      output_of("make build/promptic.pc")
   end)

   local function check(libraries, environment)
      local compiler = "cc -std=c11 -Wall -Wextra -Wpedantic -Werror"
      local flags = ("$(%s --cflags promptic)"):format(pkg_config)
      output_of("cd '%s' && %s %s -o host host.c %s", folder, compiler, flags, libraries)
      local output = output_of("%s '%s/host'", environment, folder)
      assert.equal(promptic.version .. " 1 https://promptic.eu\n", output)
   end

   it("finds the shared library with pkg-config", function()
      check(("$(%s --libs promptic)"):format(pkg_config), ("LD_LIBRARY_PATH='%s/lib'"):format(prefix))
      assert.equal(promptic.version .. "\n", output_of("%s --modversion promptic", pkg_config))
   end)

   it("asks for a library of the same minor version", function()
      local name = "libpromptic.so." .. promptic.version:match("^%d+%.%d+")
      local headers = output_of("objdump -p '%s/host'", folder)
      assert.matches(("NEEDED +%s\n"):format(name:gsub("%p", "%%%0")), headers)
   end)

   it("links the static library", function()
      check(("'%s/lib/libpromptic.a' $(%s --libs libcurl zlib) -pthread -lm"):format(prefix, pkg_config), "")
   end)
end)

describe("luarocks make #packaging", function()
   it("builds and installs the module, with nothing from the network", function()
      local tree = folder .. "/tree"
      output_of("luarocks --lua-version 5.4 make --tree '%s' --deps-mode=none %s", tree,
         "rockspec/promptic-scm-1.rockspec")
      local script = [[print(require("promptic").version, require("promptic.json").encode{ 1 })]]
      local cpath = tree .. "/lib/lua/5.4/?.so;;"
      local output = output_of("cd / && LUA_CPATH='%s' %s -e '%s'", cpath, LUA, script)
      assert.equal(promptic.version .. "\t[1]\n", output)
   end)
end)

describe("a machine that lacks something #packaging", function()
   -- A PATH with links to the given commands and no others.
   local function path_with(...)
      local path = output_of("mktemp -d -p '%s'", folder):gsub("\n", "")
      for _, name in ipairs{ ... } do
         output_of("ln -s \"$(command -v %s)\" '%s/%s'", name, path, name)
      end
      return path
   end

   it("is told which package has a header, before the compiler complains", function()
      local advice = "missing: lua.h (Debian and Ubuntu have it in the package liblua5.4-dev)"
      local output, code = run("make BUILD='%s/elsewhere' LUA_CFLAGS=-I/nowhere", folder)
      assert.equal(2, code)
      assert.matches(advice, output, 1, true)
      assert.is_nil(output:find(" error: ", 1, true), output)
   end)

   it("without apt is told what to type, for each system", function()
      local output, code = run("PATH='%s' .ci/deps module sandbox", path_with("sh", "sort", "cat"))
      assert.equal(1, code)
      for _, line in ipairs{
         "Debian, Ubuntu: sudo apt-get install ", "Fedora:         sudo dnf install ",
         "Alpine:         doas apk add ", "Arch:           sudo pacman -S ", "Homebrew:       brew install ",
      } do
         assert.matches(line, output, 1, true)
      end
   end)

   -- An apt-get that notes what it is asked, and what it cannot install without removing something.
   local function play_apt(conflicting)
      local path, asked = path_with("sh", "sort", "tr", "env", "id", "cc"), folder .. "/asked"
      os.remove(asked)
      process.write_file(path .. "/apt-get", ([[#!/bin/sh
echo "$@" >>"%s"
case "$*" in *--no-remove*%s*) echo "E: Packages need to be removed but remove is disabled." >&2; exit 100 ;; esac
]]):format(asked, conflicting or "no-such-package"))
      process.write_file(path .. "/apt-cache", "#!/bin/sh\n")
      process.write_file(path .. "/sudo", '#!/bin/sh\n[ "$1" = -n ] || "$@"\n')
      output_of("cd '%s' && chmod +x apt-get apt-cache sudo", path)
      return path, asked
   end

   it("asks apt for the missing packages and no others", function()
      local path, asked = play_apt()
      output_of("PATH='%s' .ci/deps valgrind contract", path)
      local calls = process.read_file(asked)
      assert.matches("install .* nodejs npm valgrind *\n$", calls)
      assert.is_nil(calls:find("update", 1, true))
   end)

   it("never loses a package: a group that conflicts with one fails, the others are installed", function()
      local path, asked = play_apt("nodejs")
      local output, code = run("PATH='%s' .ci/deps valgrind contract", path)
      assert.equal(1, code)
      assert.matches("group contract: apt would have to remove packages of this machine to install nodejs npm",
         output, 1, true)
      assert.not_matches("group valgrind", output, 1, true)
      local installed = {}
      for call in process.read_file(asked):gmatch("[^\n]+") do
         assert.matches("--no-remove", call, 1, true)
         if not call:find(" -s ", 1, true) then installed[#installed + 1] = call:match("%S+ *$"):match("%S+") end
      end
      assert.same({ "valgrind" }, installed)
   end)
end)

describe("make help #packaging", function()
   it("has a line for every target", function()
      local help = "\n" .. output_of("make help")
      local makefile = process.read_file("Makefile"):gsub("\\\n", " ")
      for target in makefile:match("%.PHONY: (all [^\n]+)"):gmatch("%S+") do
         assert.matches(("\n  %s +%%S"):format(target:gsub("%p", "%%%0")), help)
      end
   end)
end)
