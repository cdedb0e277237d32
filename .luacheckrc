-- luacheck's settings; `make lint` runs it.
std = "lua54"
max_line_length = 120
-- not (x >= 0) is no slip for x < 0: it is true of a NaN as well.
ignore = { "581" }
exclude_files = { "build", "spec/contract/node_modules", "spec/otlp/node_modules" }

-- The interpreter sets a global of this name, which scripts may use instead of requiring the module.
files["examples"] = { read_globals = { "promptic" } }
files["examples/love"] = { std = "luajit+love" }
files["scripts"] = { read_globals = { "promptic" } }

-- Their globals are a copy that nothing typed at the prompt can change; luacheck sees no use of it.
files["scripts/repl"] = { ignore = { "211/_ENV" } }

-- Baked into the module, which also runs in older Luas and in LuaJIT: only what all of them have.
files["bindings/prelude"] = { std = "min" }

-- Specs of the module run in any of them and ask for what there is.
files["spec"] = { std = "max+busted" }
files["spec/support/picture"] = { std = "luajit+love" }
