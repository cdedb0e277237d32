-- Runs busted in the interpreter that runs this file, which need not be the one that /usr/bin/busted names:
--
--    lua5.4 .ci/run-specs.lua [busted's arguments]
--    build/sanitize/promptic-lua .ci/run-specs.lua [busted's arguments]
require "busted.runner"{ standalone = false }
