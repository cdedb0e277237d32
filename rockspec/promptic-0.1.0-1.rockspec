-- The module for the Lua that LuaRocks serves: luarocks make rockspec/promptic-0.1.0-1.rockspec
-- The interpreter promptic-lua and the sandbox are not part of the rock; `make install` installs them.
rockspec_format = "3.0"
package = "promptic"
version = "0.1.0-1"
source = {
   url = "file://promptic-lua-0.1.0.tar.gz",
}
description = {
   summary = "Client for the Promptic platform",
   detailed = [[
      Every endpoint of the Promptic platform as a Lua function, over libcurl: exact JSON, retries, deadlines,
      errors as values. Needs the headers of libcurl and zlib, GNU make and a C11 compiler.
   ]],
   license = "MIT",
   labels = { "api", "http", "llm" },
}
dependencies = {
   "lua >= 5.1, < 5.5",
}
-- libcurl and zlib are not named under external_dependencies: Debian keeps libcurl's headers in a folder that LuaRocks does not
-- search, the compiler does. The Makefile says what is missing.
build = {
   type = "make",
   build_target = "rock",
   install_target = "install-rock",
   build_variables = {
      CC = "$(CC)",
      CFLAGS = "$(CFLAGS)",
      LIBFLAG = "$(LIBFLAG)",
      LUA_INCDIR = "$(LUA_INCDIR)",
   },
   install_variables = {
      LIBDIR = "$(LIBDIR)",
      LUADIR = "$(LUADIR)",
   },
}
